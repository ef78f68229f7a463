import type { RawUnit } from '../../codec/socket-frame.ts';
import { decodeScriptCalls } from '../../codec/socket-script.ts';
import type { MethodCall, RpcValue } from '../../codec/xmlrpc.ts';
import { BrokerError } from '../../model/error.ts';

/**
 * The method that a script with one command calls (protocol/xmlrpc.md, "Scripts").
 *
 * @throws BrokerError `user.illegalArgument` for what is not well-formed, and for several commands.
 */
export function decodeScriptCall(script: string): MethodCall {
  const [call, ...others] = decodeScriptCalls(script);
  if (!call || others.length > 0) {
    throw new BrokerError('user.illegalArgument', 'The script must hold one command; call xmlScriptInvoke once for each');
  }
  const { method, secretSessionId, units } = call;
  const [{ key, content, qos }] = units as [RawUnit, ...RawUnit[]];
  switch (method) {
    case 'connect':
      return { method: 'authenticate.connect', params: [null, qos] };
    case 'disconnect':
      return { method: 'authenticate.disconnect', params: [secretSessionId, qos] };
    case 'ping':
      return { method: 'authenticate.ping', params: [qos] };
    case 'publish':
      return { method: 'xmlBlaster.publish', params: [secretSessionId, key, content, qos] };
    case 'publishArr':
    case 'publishOneway':
      return { method: `xmlBlaster.${method}`, params: [secretSessionId, units.map(toParam)] };
    case 'get':
      return { method: 'xmlBlaster.get', params: [secretSessionId, key, qos, 'true'] };
    default:
      return { method: `xmlBlaster.${method}`, params: [secretSessionId, key, qos] };
  }
}

function toParam({ key, content, qos }: RawUnit): RpcValue {
  return [key, content, qos];
}
