import { expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';

const WEATHER = '<publish><key oid="w1"><weather city="Oslo"/></key><content>cold</content></publish>';

test('a waiting poll gets what is published under an XPath', async () => {
  const broker = await startBroker();
  const waiting = broker.get(`/updates?xpath=${encodeURIComponent('//weather[@city="Oslo"]')}`);
  const published = await broker.post(WEATHER);
  expect(published.status).toBe(200);
  const { status, body } = await waiting;
  expect(status).toBe(200);
  expect(body).toContain('<key oid=\'w1\'><weather city="Oslo"/></key>\n<content>cold</content>');
});
