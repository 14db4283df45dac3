/**
 * `npm test`: the set-up, every check, every test. `npm test -- unit lint` runs only the named steps and what they
 * need. The last line is `N passed, N failed, N skipped`.
 */
import { runSteps, selectSteps } from './check-steps.mjs';
import { PROJECT_ROOT, runEntry } from './project.mjs';
import { ensureInstalled } from './set-up.mjs';
import { closingLine } from './test-counts.mjs';

await runEntry(async () => {
  const startedAt = Date.now();
  const steps = selectSteps(process.argv.slice(2));
  await ensureInstalled(PROJECT_ROOT);
  const { ok, counts } = await runSteps(PROJECT_ROOT, steps, (step, result, seconds) => {
    if (!result.ok && result.output) process.stdout.write(`${result.output}\n`);
    process.stdout.write(
      `${result.ok ? 'ok    ' : 'FAILED'} ${step.name.padEnd(9)}${seconds.toFixed(1).padStart(7)} s\n`,
    );
  });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
  process.stdout.write(`\n${ok ? 'all steps ok' : 'stopped at the first failure'} after ${seconds} s\n`);
  process.stdout.write(`${closingLine(counts)}\n`);
  return ok ? 0 : 1;
});
