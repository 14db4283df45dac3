/**
 * Child processes that never outlive the script that started them: SIGINT, SIGTERM and SIGHUP are passed on, and the
 * script waits for the child before it ends itself.
 *
 * Each child leads a process group of its own and is signalled with all that it started. It is out of the terminal's
 * reach, so that a Ctrl-C comes to it once, from here, and a second one is a second one.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { ENDING_SIGNALS, Interrupted } from './project.mjs';

/** On Windows, "detached" means a window of its own. */
const HAS_GROUPS = process.platform !== 'win32';
/** Enough to store a cancelled run, or for a package manager to leave its database in order. */
const GRACE_MS = 10_000;
/** A shell's exit code for a program that is not there. */
const NOT_STARTED = 127;
/** Of a failed set-up step's log, so many lines from each end are shown. */
const SHOWN_LINES = 15;
/** A captured log longer than this is cut at its beginning: the end is where errors stand. */
const MAX_CAPTURED_CHARACTERS = 1_000_000;

/**
 * @typedef {object} Ended
 * @property {number} exitCode as a shell reports it: 128 + number for a signal
 * @property {string} output what the child wrote to both streams, when it was captured
 * @property {NodeJS.Signals | undefined} interruptedBy the signal that this script received meanwhile
 * @property {boolean} timedOut
 */

/**
 * @typedef {object} ChildOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {boolean} [capture] collect stdout and stderr instead of inheriting them
 * @property {boolean} [shell] `file` is a shell command
 * @property {number} [timeoutMs]
 * @property {number} [graceMs] how long it may take to end by itself after a signal, before it is killed
 * @property {AbortSignal} [abort] ends the child early
 */

/**
 * Runs a program to its end.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<Ended>} never rejects; a program that cannot be started ends with 127, as in a shell
 */
export function runChild(file, args, options = {}) {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    shell: options.shell ?? false,
    detached: HAS_GROUPS,
    stdio: options.capture === true ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  const log = captureLog(child);
  const leash = holdChild(child, options);
  return new Promise((resolve) => {
    const finish = (/** @type {number} */ exitCode, /** @type {string} */ output) => {
      leash.release();
      resolve({ exitCode, output, interruptedBy: leash.interruptedBy(), timedOut: leash.timedOut() });
    };
    child.once('error', (error) => finish(NOT_STARTED, error.message));
    child.once('close', (code, signal) =>
      finish(signal === null ? (code ?? 1) : 128 + constants.signals[signal], log()),
    );
  });
}

/**
 * `runChild` for a step of the set-up: output captured, an interruption thrown as `Interrupted`.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {ChildOptions} [options]
 */
export async function runQuietly(file, args, options = {}) {
  const ended = await runChild(file, args, { ...options, capture: true });
  if (ended.interruptedBy !== undefined) throw new Interrupted(ended.interruptedBy);
  return ended;
}

/**
 * A captured log for the terminal: npm says first what is wrong, builders say it last, the middle may go.
 *
 * @param {string} log
 */
export function shortened(log) {
  const lines = log.trimEnd().split('\n');
  const dropped = lines.length - 2 * SHOWN_LINES;
  if (dropped <= 0) return lines.join('\n');
  return [...lines.slice(0, SHOWN_LINES), `… ${dropped} lines …`, ...lines.slice(-SHOWN_LINES)].join('\n');
}

/**
 * The environment for programs that must not see this project's packages: `npm run` puts node_modules/.bin in front of
 * PATH, whose `node` vanishes while npm replaces node_modules.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withoutProjectBin(env) {
  const ownFolder = join('node_modules', '.bin');
  const kept = (env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.endsWith(ownFolder));
  return { ...env, PATH: kept.join(delimiter) };
}

/**
 * The environment that `npm run` gives to scripts, as far as they need it: packages' programs first in PATH.
 *
 * @param {string} root project folder
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withProjectBin(root, env) {
  const clean = withoutProjectBin(env);
  return { ...clean, PATH: [join(root, 'node_modules', '.bin'), clean['PATH']].join(delimiter) };
}

/** @param {import('node:child_process').ChildProcess} child */
function captureLog(child) {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (/** @type {string} */ piece) => {
      text = (text + piece).slice(-MAX_CAPTURED_CHARACTERS);
    });
  }
  return () => text;
}

/**
 * Passes signals, the time limit and the abort signal on to the child until released.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {ChildOptions} options
 */
function holdChild(child, options) {
  /** @type {NodeJS.Signals | undefined} */
  let interruptedBy;
  let timedOut = false;
  /** @type {NodeJS.Timeout[]} */
  const timers = [];
  const end = (/** @type {NodeJS.Signals} */ signal) => {
    signalChild(child, signal);
    const kill = () => signalChild(child, 'SIGKILL');
    timers.push(setTimeout(kill, options.graceMs ?? GRACE_MS));
  };
  const onSignal = (/** @type {NodeJS.Signals} */ signal) => {
    interruptedBy ??= signal;
    end(signal);
  };
  const onAbort = () => end('SIGTERM');
  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
  options.abort?.addEventListener('abort', onAbort);
  if (options.timeoutMs !== undefined) {
    const onTimeout = () => {
      timedOut = true;
      end('SIGTERM');
    };
    timers.push(setTimeout(onTimeout, options.timeoutMs));
  }
  const release = () => {
    for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
    options.abort?.removeEventListener('abort', onAbort);
    for (const timer of timers) clearTimeout(timer);
  };
  return { release, interruptedBy: () => interruptedBy, timedOut: () => timedOut };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function signalChild(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(HAS_GROUPS ? -child.pid : child.pid, signal);
  } catch (error) {
    // The child ended in the meantime: what the signal was for.
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ESRCH') throw error;
  }
}
