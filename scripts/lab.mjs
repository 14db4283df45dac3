/**
 * `npm run -s lab -- COMMAND …`: the command line of src/main/cli, after the set-up (packages, codec, threads and dashboard). Writes
 * nothing to stdout itself.
 */
import { runProjectProgram } from './project-program.mjs';
import { PROJECT_ROOT, runEntry } from './project.mjs';
import { ensureBuilt, ensureInstalled } from './set-up.mjs';

await runEntry(async () => {
  await ensureInstalled(PROJECT_ROOT);
  await ensureBuilt(PROJECT_ROOT);
  return runProjectProgram(PROJECT_ROOT, 'src/main/cli/lab.ts', process.argv.slice(2));
});
