import { join } from 'node:path';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { V8_FLAGS } from './scripts/project-program.mjs';

/**
 * Forks, not threads: tests start worker threads of their own, block in Atomics.wait, and measure their process. They have the
 * lab's flags.
 */
export default defineConfig({
  plugins: [vue()],
  test: {
    pool: 'forks',
    execArgv: [...V8_FLAGS],
    // Hundreds of threads load the same sources: so Node strips each of them once, not once a thread.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/test-sources') },
    reporters: ['default', './scripts/skipped-tests-reporter.mjs'],
    teardownTimeout: 10_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          globalSetup: ['./scripts/build-for-tests.mjs'],
          environment: 'node',
          // One more than the smallest machine has cores: some tests wait for what does not answer.
          maxWorkers: 3,
          // A test that comes to no assertion cannot fail.
          expect: { requireAssertions: true, poll: { timeout: 100_000 } },
          // The longest take seconds alone, and ten times that where others want the host's cores too.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Element Plus ships styles that Node cannot import by itself.
          server: { deps: { inline: ['element-plus'] } },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.e2e.ts'],
          globalSetup: ['./scripts/build-for-tests.mjs'],
          environment: 'node',
          // One browser and one lab at a time: runs are measured, and a cancelled one must not slow the next.
          fileParallelism: false,
          // What a page shows comes through a run and a socket: on a loaded host later than the usual second.
          expect: { poll: { timeout: 10_000 } },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
