import { type ReadMessage, readMessages } from './answers.ts';
import type { Answer, TestBroker } from './broker.ts';

/** Publishes on the topic `a`, unless `key` says another. */
export function publish(broker: TestBroker, content: string, qos = '', key = '<key oid="a"/>'): Promise<Answer> {
  return broker.post(`<publish>${key}<content>${content}</content><qos>${qos}</qos></publish>`);
}

/** What joe/1 gets of the topic `a`; the first call subscribes. */
export async function updates(broker: TestBroker): Promise<ReadMessage[]> {
  const { status, body } = await broker.get('/updates?session=joe/1&oid=a&timeout=0');
  return status === 204 ? [] : readMessages(body);
}

/** What those updates say. */
export const texts = async (broker: TestBroker): Promise<string[]> => (await updates(broker)).map(({ text }) => text);
