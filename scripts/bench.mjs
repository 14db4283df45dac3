/** `npm run bench -- NAME …`: runs bench/NAME.ts; without a name, lists the benchmarks. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runProjectProgram } from './project-program.mjs';
import { PROJECT_ROOT, runEntry, say } from './project.mjs';
import { ensureCodec, ensureInstalled } from './set-up.mjs';

await runEntry(async () => {
  const [name, ...args] = process.argv.slice(2);
  const names = benchmarkNames(join(PROJECT_ROOT, 'bench'));
  if (name === undefined) {
    process.stdout.write(`npm run bench -- NAME\n${names.map((each) => `  ${each}\n`).join('')}`);
    return 0;
  }
  if (!names.includes(name)) {
    say(`no benchmark "${name}"; there are: ${names.join(', ') || 'none'}`);
    return 2;
  }
  await ensureInstalled(PROJECT_ROOT);
  await ensureCodec(PROJECT_ROOT);
  return runProjectProgram(PROJECT_ROOT, `bench/${name}.ts`, args);
});

/** @param {string} folder */
function benchmarkNames(folder) {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  return files.map((file) => file.slice(0, -'.ts'.length)).sort();
}
