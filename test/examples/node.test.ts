import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { textsOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';

test('examples/node/embed.ts starts a broker, uses it and ends it', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../../examples/node/embed.ts');
  expect(print).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^http:\/\/localhost:\d+ says hello$/));
});

test('examples/node/weekday-filter.mjs brings an access filter and a publish filter', async () => {
  const filterModule = [join(import.meta.dirname, '../../examples/node/weekday-filter.mjs')];
  const thursday = new ManualClock(Date.UTC(2026, 0, 1));
  const broker = await startBroker({ filterModule, publishFilter: ['NoShouting,max=3'] }, { clock: thursday });
  expect(await broker.put('/topics/menu', 'soup!!!!')).toMatchObject({
    status: 422,
    body: "<qos><state id='TOO_LOUD'/></qos>\n",
  });
  await broker.put('/topics/menu', 'SOUP');
  const poll = async (days: string) => broker.get(`/updates?oid=menu&timeout=0&filterType=WeekdayFilter&filter=${days}`);
  expect(textsOf((await poll('Monday,Thursday')).body)).toEqual(['soup']);
  expect((await poll('Monday')).status).toBe(204);
  expect((await poll('Someday')).body).toContain('WeekdayFilter: the days are Sunday, Monday');
});
