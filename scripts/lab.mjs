/**
 * `npm run -s lab -- COMMAND …`: the command line of src/main/cli, after the set-up that the command needs. Writes
 * nothing to stdout itself.
 */
import { runProjectProgram } from './project-program.mjs';
import { PROJECT_ROOT, runEntry } from './project.mjs';
import { ensureBuilt, ensureCodec, ensureInstalled } from './set-up.mjs';

await runEntry(async () => {
  const args = process.argv.slice(2);
  await ensureInstalled(PROJECT_ROOT);
  await ensureCodec(PROJECT_ROOT);
  if (args[0] === 'serve') await ensureBuilt(PROJECT_ROOT);
  return runProjectProgram(PROJECT_ROOT, 'src/main/cli/lab.ts', args);
});
