import { Refusal } from './frame-client.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** @throws a `Refusal` for an error of the broker, and what `fetch` throws when there is none. */
export async function request(port: number, path: string, options: RequestInit = {}): Promise<HttpAnswer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, options);
  const body = await response.text();
  if (response.status >= 400) throw new Refusal(/errorCode='([^']*)'/.exec(body)?.[1] ?? String(response.status), body);
  return { status: response.status, body };
}

/** What `GET /admin/PATH` answers, without its last line end. */
export async function ask(port: number, path: string): Promise<string> {
  return (await request(port, `/admin/${path}`)).body.replace(/\n$/, '');
}

/** One message of an answer in the broker's own XML. */
export interface ReadUnit {
  readonly content: string;
  readonly redeliver: number;
  readonly rcvTimestamp: bigint;
}

/** The updates of a poll, or the messages of a get: their contents are plain text here. */
export function readUnits(xml: string): ReadUnit[] {
  return [...xml.matchAll(/<qos>(.*?)<\/qos>.*?<content>(.*?)<\/content>/gs)].map(([, qos = '', content = '']) => ({
    content,
    redeliver: redeliverIn(qos),
    rcvTimestamp: rcvTimestampsIn(qos)[0] ?? 0n,
  }));
}

export function rcvTimestampsIn(qos: string): bigint[] {
  return [...qos.matchAll(/<rcvTimestamp nanos='([0-9]+)'/g)].map(([, nanos = '0']) => BigInt(nanos));
}

/** How often it had been handed out before. */
export function redeliverIn(qos: string): number {
  return Number(/<redeliver>([0-9]+)<\/redeliver>/.exec(qos)?.[1] ?? 0);
}

/** The cursor of a poll's answer. */
export function cursorIn(xml: string): string {
  return /<xmlBlasterResponse ack='([^']*)'/.exec(xml)?.[1] ?? '';
}
