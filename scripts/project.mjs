/**
 * Where things lie in this project, and how the scripts speak. Everything in scripts/ is plain JavaScript without
 * packages, because the first run happens before anything is installed and on whatever Node the machine has.
 */
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @type {readonly NodeJS.Signals[]} */
export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** How soon a script notices that it was left alone. */
const PARENT_CHECK_MS = 300;

/** Folder that holds package.json. */
export const PROJECT_ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * A failure that the person at the terminal can act on: its message is one sentence, printed without a stack trace.
 */
export class SetUpError extends Error {}

/** The user ended a set-up step; `exitCode` is what a shell would report for the signal. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Path of the Node that this project runs on, whether or not it is there yet.
 *
 * @param {string} root project folder
 */
export function projectNode(root) {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/**
 * One line for the user on stderr; stdout belongs to the program that is being started.
 *
 * @param {string} sentence
 */
export function say(sentence) {
  process.stderr.write(`percpu-lab: ${sentence}\n`);
}

/**
 * Runs an entry script's body. Expected failures end as one sentence and an exit code, anything else as a stack trace.
 *
 * @param {() => Promise<number | undefined>} body answers the exit code; undefined leaves it to what it started
 */
export async function runEntry(body) {
  const wasSignalled = endOnSignals();
  endWithNpm(wasSignalled);
  try {
    const exitCode = await body();
    if (exitCode !== undefined) process.exitCode = exitCode;
  } catch (error) {
    if (error instanceof Interrupted) process.exitCode = error.exitCode;
    else if (error instanceof SetUpError) {
      say(error.message);
      process.exitCode = 1;
    } else throw error;
  }
}

/**
 * Keeps a signal's usual effect while nobody handles it, and takes note of it.
 *
 * @returns {() => boolean} whether one came
 */
function endOnSignals() {
  let came = false;
  const onSignal = (/** @type {NodeJS.Signals} */ signal) => {
    came = true;
    const isHandled = process.listenerCount(signal) > 1;
    if (!isHandled) process.exit(128 + constants.signals[signal]);
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
  return () => came;
}

/**
 * Ends this process as SIGTERM would when the shell that npm started it in is gone: npm passes a signal on to that shell
 * only, which dies of it and would leave this process running unseen. A Ctrl-C reaches both; then this process is
 * ending already, and a second signal would cut that short.
 *
 * @param {() => boolean} wasSignalled
 */
function endWithNpm(wasSignalled) {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    if (!wasSignalled()) process.kill(process.pid, 'SIGTERM');
  }, PARENT_CHECK_MS);
  watch.unref();
}
