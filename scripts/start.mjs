/**
 * `npm start`: the set-up, then the Electron app; where Electron cannot run, one line saying why and the same dashboard
 * in a browser. Arguments go to `lab serve` in that case.
 */
import { runChild } from './child-process.mjs';
import { findElectron } from './electron-runtime.mjs';
import { runProjectProgram, V8_FLAGS } from './project-program.mjs';
import { PROJECT_ROOT, runEntry, say } from './project.mjs';
import { ensureBuilt, ensureInstalled } from './set-up.mjs';

/** An app that fails sooner than this did not start, as on a display that refuses it. */
const FAILED_START_MS = 10_000;

await runEntry(async () => {
  await ensureInstalled(PROJECT_ROOT);
  await ensureBuilt(PROJECT_ROOT);
  const reason = await runElectron();
  if (reason === undefined) return undefined;
  say(`no window: ${reason}; serving the dashboard for a browser instead`);
  return runProjectProgram(PROJECT_ROOT, 'src/main/cli/lab.ts', ['serve', ...process.argv.slice(2)]);
});

/**
 * Runs the app until it is closed.
 *
 * @returns {Promise<string | undefined>} why there is no window; undefined when there was one
 */
async function runElectron() {
  const electron = await findElectron();
  if (!electron.ok) return electron.reason;
  const { ELECTRON_RUN_AS_NODE: _asNode, ...env } = process.env;
  const startedAt = Date.now();
  const ended = await runChild(electron.path, [`--js-flags=${V8_FLAGS.join(' ')}`, PROJECT_ROOT], { env });
  if (ended.interruptedBy !== undefined || ended.exitCode === 0 || Date.now() - startedAt > FAILED_START_MS) {
    process.exitCode = ended.exitCode;
    return undefined;
  }
  return `Electron ended at once with exit code ${ended.exitCode}`;
}
