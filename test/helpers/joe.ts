import { expect } from 'vitest';
import { parseXml, type ReadMessage, readMessages } from './answers.ts';
import type { Answer, TestBroker } from './broker.ts';

/** Runs a script in the session joe/1. */
export const asJoe = (broker: TestBroker, xml: string): Promise<Answer> => broker.post(xml, '/?session=joe/1');

/** Subscribes as joe/1 and returns the id of the subscription. */
export async function subscribe(broker: TestBroker, key: string, qos = ''): Promise<string> {
  const answer = await asJoe(broker, `<subscribe>${key}<qos>${qos}</qos></subscribe>`);
  expect(answer.status, answer.body).toBe(200);
  return parseXml(answer.body).getElementsByTagName('subscribe').item(1)?.getAttribute('id') ?? '';
}

export async function unSubscribe(broker: TestBroker, key: string): Promise<string[]> {
  const { body } = await asJoe(broker, `<unSubscribe>${key}</unSubscribe>`);
  return [...parseXml(body).getElementsByTagName('subscribe')].map((element) => element.getAttribute('id') ?? '');
}

/** What waits for joe/1; it is acknowledged. */
export async function updates(broker: TestBroker): Promise<ReadMessage[]> {
  const { status, body } = await broker.get('/updates?session=joe/1&timeout=0&max=1000');
  if (status === 204) return [];
  await broker.post('', `/ack?session=joe/1&ack=${parseXml(body).getAttribute('ack')}`);
  return readMessages(body);
}

/** What the updates that wait for joe/1 say. */
export const texts = async (broker: TestBroker): Promise<string[]> => (await updates(broker)).map(({ text }) => text);
