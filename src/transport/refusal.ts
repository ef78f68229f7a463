import type { Protocol } from './recognise.ts';

/** The answer to whoever asks for an IOR. */
export const NO_CORBA = 'CORBA is not supported yet; use SOCKET or HTTP';

/**
 * What a client of a protocol that is not there gets before its connection ends: in its own language where it has one. TLS is
 * there only with a certificate.
 */
export const REFUSALS: Readonly<Partial<Record<Protocol, Buffer>>> = {
  // GIOP 1.0 MessageError
  giop: Buffer.from('GIOP\x01\x00\x00\x06\x00\x00\x00\x00', 'latin1'),
  // JRMP ProtocolNotSupported
  jrmi: Buffer.from([0x4f]),
  stomp: Buffer.from('ERROR\nmessage:STOMP is not supported yet\ncontent-length:0\n\n\0'),
  // CONNACK of MQTT 3.1.1: unacceptable protocol version
  mqtt: Buffer.from([0x20, 0x02, 0x00, 0x01]),
  http2: http('HTTP/1.1 505 HTTP Version Not Supported', 'HTTP/2 is not supported; use HTTP/1.1\n'),
  ior: http('HTTP/1.0 404 Not Found', `${NO_CORBA}\n`),
  // Alert: fatal, handshake_failure
  tls: Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28]),
};

function http(statusLine: string, text: string): Buffer {
  const header = `Content-Type: text/plain\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n`;
  return Buffer.from(`${statusLine}\r\n${header}${text}`);
}
