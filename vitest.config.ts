import { defineConfig } from 'vitest/config';

const house = 'test/house/**/*.test.ts';

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 20_000,
    restoreMocks: true,
    projects: [
      { extends: true, test: { name: 'broker', include: ['test/**/*.test.ts'], exclude: [house], sequence: { groupOrder: 0 } } },
      // Installing and building keep every core busy: one file at a time, and only when the tests that watch the clock are done.
      {
        extends: true,
        test: {
          name: 'house',
          include: [house],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
