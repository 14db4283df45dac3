/**
 * Fetches Electron's runtime with Electron's own installer, but not for ever. Since version 42 the package installs no
 * runtime; `install.js` downloads it (about 120 MB, from where ELECTRON_MIRROR and its relatives say) through the
 * system's folder for temporary files into a cache of the user, and unpacks it into the package's `dist`.
 *
 * The installer has no time limit. Here it gets a temporary folder of its own, so that what has arrived can be seen: it
 * is ended when nothing more comes.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runQuietly } from './child-process.mjs';

/** The first bytes may wait for names, proxies and redirections; later ones for a bad line. */
const DEFAULT_LIMITS = { firstByteMs: 8000, stallMs: 20_000, totalMs: 15 * 60_000, checkMs: 250 };

/**
 * @typedef {object} FetchLimits
 * @property {number} firstByteMs until something arrives
 * @property {number} stallMs without anything more
 * @property {number} totalMs
 * @property {number} checkMs between two looks
 */

/**
 * @param {string} packageFolder of the electron package
 * @param {{ node: string, env: NodeJS.ProcessEnv, limits?: FetchLimits }} options `node` is the Node that runs the installer
 * @returns {Promise<string | undefined>} why the runtime was not fetched, as a part of a sentence; undefined when it was
 */
export async function fetchElectron(packageFolder, { node, env, limits = DEFAULT_LIMITS }) {
  const temporary = mkdtempSync(join(tmpdir(), 'electron-runtime-'));
  const watch = watchArrivals([temporary, join(packageFolder, 'dist')], limits);
  try {
    const ended = await runQuietly(node, [join(packageFolder, 'install.js')], {
      env: { ...env, TMPDIR: temporary, TEMP: temporary, TMP: temporary, ELECTRON_GET_NO_PROGRESS: '1' },
      abort: watch.givenUp,
    });
    if (watch.reason() !== undefined) return watch.reason();
    return ended.exitCode === 0 ? undefined : `its download failed (${causeIn(ended.output)})`;
  } finally {
    watch.stop();
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Looks at how much lies in `folders` until stopped, and gives up when it does not grow.
 *
 * @param {readonly string[]} folders
 * @param {FetchLimits} limits
 */
function watchArrivals(folders, limits) {
  const controller = new AbortController();
  const startedAt = Date.now();
  const atFirst = bytesIn(folders);
  /** @type {string | undefined} */
  let reason;
  let bytes = atFirst;
  let grownAt = startedAt;
  const giveUp = (/** @type {string} */ why) => {
    reason = why;
    clearInterval(timer);
    controller.abort();
  };
  const timer = setInterval(() => {
    const now = Date.now();
    const current = bytesIn(folders);
    if (current !== bytes) [bytes, grownAt] = [current, now];
    const began = bytes !== atFirst;
    const limitMs = began ? limits.stallMs : limits.firstByteMs;
    if (now - startedAt > limits.totalMs) giveUp(`its download was not finished in ${seconds(limits.totalMs)}`);
    else if (now - grownAt > limitMs) {
      giveUp(
        began ? `its download stood still for ${seconds(limitMs)}` : `nothing of it arrived within ${seconds(limitMs)}`,
      );
    }
  }, limits.checkMs);
  return { givenUp: controller.signal, reason: () => reason, stop: () => clearInterval(timer) };
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${Math.round(milliseconds / 100) / 10} seconds`;
}

/** @param {readonly string[]} folders */
function bytesIn(folders) {
  return folders.reduce((sum, folder) => sum + bytesInFolder(folder), 0);
}

/** @param {string} folder */
function bytesInFolder(folder) {
  const files = filesIn(folder);
  return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/**
 * @param {string} folder
 * @returns {readonly string[]}
 */
function filesIn(folder) {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    // Not there yet, or the installer removed a folder while it was read: the next look sees what is left.
    return [];
  }
}
/**
 * The line of an installer's log that says why: the deepest cause, as `[cause]: Error: connect ECONNREFUSED …`, or the
 * first error.
 *
 * @param {string} log
 */
function causeIn(log) {
  const lines = log.split('\n').map((line) => line.trim());
  const line =
    lines.findLast((one) => one.startsWith('[cause]')) ?? lines.find((one) => /error/i.test(one)) ?? lines[0];
  return (
    (line ?? '')
      .replace(/^\[cause\]:\s*/, '')
      .replace(/^(?:\w*Error:\s*)+/, '')
      .replace(/\s*\{$/, '') || 'no reason given'
  );
}
