import { defineConfig } from 'vitest/config'

/**
 * Three projects. `fast` is what `npm test` runs (under 5 minutes in all); `long` is what
 * `npm run test:long` runs (under 8); `faults` is what `npm run test:faults` runs (under 6), with files that end in
 * `.faults.test.ts`, one at a time, because they kill, fill and measure. A file whose name ends in `.long.test.ts` is long.
 */
const shared = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
}

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'fast',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/*.long.test.ts', '**/*.faults.test.ts', 'node_modules/**'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        ...shared,
        test: { name: 'long', include: ['test/**/*.long.test.ts'], testTimeout: 240_000, hookTimeout: 60_000 },
      },
      {
        ...shared,
        test: {
          name: 'faults',
          include: ['src/**/*.faults.test.ts', 'test/**/*.faults.test.ts'],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 60_000,
        },
      },
    ],
    pool: 'forks',
    maxWorkers: 2,
  },
})
