import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild } from '../../scripts/child-process.mjs';
import { PROJECT_ROOT } from '../../scripts/project.mjs';
import { temporaryFolder } from './temporary-folder.ts';

const DEPCRUISE = join(PROJECT_ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
const CONFIG = join(PROJECT_ROOT, '.dependency-cruiser.cjs');

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** The complaints of dependency-cruiser, under this project's rules, about a tree of files that import each other. */
async function complaints(files: Readonly<Record<string, string>>): Promise<string[]> {
  const root = temporaryFolder({ 'package.json': '{"type":"module","dependencies":{"valibot":"1"}}', ...files });
  const folders = [...new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''))];
  const args = [
    DEPCRUISE,
    '--config',
    CONFIG,
    '--output-type',
    'json',
    ...folders.filter((name) => name !== 'node_modules'),
  ];
  const ended = await runChild(process.execPath, args, { cwd: root, capture: true });
  const violations: Violation[] = JSON.parse(ended.output).summary.violations;
  return violations.map((each) => `${each.from} > ${each.to}: ${each.rule.name}`).sort();
}

const EXPORT = 'export const x = 1;';
const from = (path: string) => `import { x } from '${path}'; export const y = x;`;

test('imports along the layers are allowed', async () => {
  const found = await complaints({
    'src/shared/result.ts': EXPORT,
    'src/shared/profile.ts': `import * as v from 'valibot'; ${from('./result.ts')} export const z = v;`,
    'node_modules/valibot/package.json': '{"name":"valibot","main":"index.js"}',
    'node_modules/valibot/index.js': '',
    'src/main/machine/zram/device.ts': from('../../../shared/result.ts'),
    'src/main/workload/job.ts': from('../machine/zram/device.ts'),
    'src/main/engine/live/pool.ts': `import { Worker } from 'node:worker_threads'; ${from('../../workload/job.ts')} export const w = Worker;`,
    'src/main/lab/run.ts': from('../engine/live/pool.ts'),
    'src/main/serve/server.ts': from('../lab/run.ts'),
    'src/main/cli/lab.ts': from('../serve/server.ts'),
    'src/renderer/App.vue': `<script setup lang="ts">${from('../shared/result.ts')}</script><template><p>{{ y }}</p></template>`,
    'test/main/lab/run.test.ts': from('../../../src/main/lab/run.ts'),
  });
  expect(found).toEqual([]);
});

test('imports against the layers are refused, type imports and Vue files included', async () => {
  const found = await complaints({
    'src/shared/result.ts': from('../main/lab/run.ts'),
    'src/main/lab/run.ts': EXPORT,
    'src/main/engine/pool.ts': from('../lab/run.ts'),
    'src/main/evidence/dmesg.ts': `import type { y } from '../engine/pool.ts'; export type Z = typeof y;`,
    'src/main/cli/lab.ts': from('../engine/pool.ts'),
    'src/renderer/App.vue': `<script setup lang="ts">${from('../main/lab/run.ts')}</script><template><p>{{ y }}</p></template>`,
    'src/main/app/window.ts': from('../../../test/stand-in.ts'),
    'test/stand-in.ts': EXPORT,
  });
  expect(found).toEqual([
    'src/main/app/window.ts > test/stand-in.ts: not-in-allowed',
    'src/main/cli/lab.ts > src/main/engine/pool.ts: not-in-allowed',
    'src/main/engine/pool.ts > src/main/lab/run.ts: not-in-allowed',
    'src/main/evidence/dmesg.ts > src/main/engine/pool.ts: not-in-allowed',
    'src/renderer/App.vue > src/main/lab/run.ts: not-in-allowed',
    'src/shared/result.ts > src/main/lab/run.ts: not-in-allowed',
  ]);
});

test('the machine may import neither Node’s modules nor packages', async () => {
  const found = await complaints({
    'src/main/machine/clock.ts': `import { performance } from 'node:perf_hooks'; export const now = performance;`,
    'src/main/machine/parse.ts': `import * as v from 'valibot'; export const z = v;`,
    'node_modules/valibot/package.json': '{"name":"valibot","main":"index.js"}',
    'node_modules/valibot/index.js': '',
  });
  expect(found).toEqual([
    'src/main/machine/clock.ts > perf_hooks: not-in-allowed',
    'src/main/machine/parse.ts > node_modules/valibot/index.js: not-in-allowed',
  ]);
});

test('a cycle is refused even inside a layer', async () => {
  const found = await complaints({
    'src/shared/a.ts': `import type { B } from './b.ts'; export interface A { readonly b: B }`,
    'src/shared/b.ts': `import type { A } from './a.ts'; export interface B { readonly a?: A }`,
  });
  expect(found).toContain('src/shared/a.ts > src/shared/b.ts: no-cycles');
});

test('an import of a file that does not exist is refused', async () => {
  const found = await complaints({ 'src/main/lab/run.ts': from('./gone.ts') });
  expect(found).toContain('src/main/lab/run.ts > ./gone.ts: no-unresolved');
});
