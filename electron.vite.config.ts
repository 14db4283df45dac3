import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

/**
 * out/main      index.js (Electron's entry), cpu-worker.js (one thread per simulated CPU) , job-worker.js (one thread per
 *               job on the kernel's zram) and storm-worker.js (one thread per CPU of a this-cpu workload): ES modules, packages
 *               from node_modules
 * out/preload   index.cjs: one CommonJS file with all that it needs in it, as the sandbox demands
 * out/renderer  the dashboard, for the window and for `lab serve` alike
 */
export default defineConfig({
  main: {
    build: {
      rolldownOptions: {
        input: {
          index: source('main/index.ts'),
          'cpu-worker': source('main/engine/live/cpu-worker.ts'),
          'job-worker': source('main/engine/kernel/job-worker.ts'),
          'storm-worker': source('main/engine/live/storm/storm-worker.ts'),
        },
      },
    },
  },
  preload: {
    build: {
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: source('preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    plugins: [vue()],
    // Relative, so that the same files work under app:// and under any address of `lab serve`.
    base: './',
    build: { minify: true, rolldownOptions: { input: { index: source('renderer/index.html') } } },
  },
});
