import { expect, test, vi } from 'vitest';

test('examples/node/embed.ts starts a broker, uses it and ends it', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../../examples/node/embed.ts');
  expect(print).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^http:\/\/localhost:\d+ says hello$/));
});
