/**
 * Whether Electron can open a window here, found out without opening one. Cheap questions come first, so that nothing is
 * downloaded for a machine that could not show it:
 *
 *   user     not root: Chromium's sandbox refuses, and this app does not run without it
 *   display  one that answers
 *   build    Electron is published for this system and processor
 *   runtime  already there, or fetched now
 *   start    the program's libraries are there, and the sandbox may be set up
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runQuietly } from './child-process.mjs';
import { displayProblem } from './display-server.mjs';
import { fetchElectron } from './electron-fetch.mjs';
import { PROJECT_ROOT, projectNode, say } from './project.mjs';

/** Loading the program's libraries takes a fraction of a second; a cold disk some. */
const START_LIMIT_MS = 15_000;
const SANDBOX_LIMIT_MS = 5000;

/**
 * @typedef {{ readonly ok: true, readonly path: string } | { readonly ok: false, readonly reason: string }} FoundElectron
 */

/**
 * @typedef {object} ElectronHost what is asked about; by default this process and its project
 * @property {NodeJS.ProcessEnv} [env]
 * @property {NodeJS.Platform} [platform]
 * @property {string} [arch]
 * @property {number | undefined} [userId] undefined where users have no numbers
 * @property {string} [packageFolder] of the electron package
 * @property {string} [node] the Node that runs Electron's installer
 * @property {boolean} [mayFetch] whether a missing runtime may be downloaded; true by default
 * @property {import('./electron-fetch.mjs').FetchLimits} [limits] of the download
 */

/**
 * Finds the program that opens the app's window. Does not throw, does not hang.
 *
 * @param {ElectronHost} [host]
 * @returns {Promise<FoundElectron>} its absolute path, or why there can be no window, as a part of a sentence
 */
export async function findElectron(host = {}) {
  const { env = process.env, platform = process.platform } = host;
  const userId = 'userId' in host ? host.userId : process.getuid?.();
  if (platform === 'linux' && userId === 0) {
    return no('Electron does not run as root, because its sandbox needs an ordinary user');
  }
  const display = await displayProblem(env, platform);
  if (display !== undefined) return no(display);
  const runtime = await findRuntime({ ...host, env, platform });
  if (!runtime.ok) return runtime;
  const problem = await startProblem(runtime.path, env, platform);
  return problem === undefined ? runtime : no(problem);
}

/**
 * @param {ElectronHost & { env: NodeJS.ProcessEnv, platform: NodeJS.Platform }} host
 * @returns {Promise<FoundElectron>}
 */
async function findRuntime(host) {
  const { platform, arch = process.arch } = host;
  const packageFolder = host.packageFolder ?? installedPackage();
  if (packageFolder === undefined) return no('the electron package is not installed');
  const program = programName(platform);
  if (program === undefined || !isPublished(packageFolder, platform, arch)) {
    return no(`Electron is not published for ${platform} on ${arch}`);
  }
  return provideRuntime(packageFolder, program, host);
}

/**
 * @param {string} reason
 * @returns {FoundElectron}
 */
function no(reason) {
  return { ok: false, reason };
}

function installedPackage() {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    // Not installed: that is the answer.
    return undefined;
  }
}

/**
 * Where the program lies in Electron's `dist` folder (electron/install.js, getPlatformPath).
 *
 * @param {NodeJS.Platform} platform
 */
function programName(platform) {
  if (platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  if (platform === 'win32') return 'electron.exe';
  return platform === 'linux' ? 'electron' : undefined;
}

/** @param {string} packageFolder */
function versionOf(packageFolder) {
  return String(JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')).version);
}

/**
 * The package lists the checksum of every build that there is.
 *
 * @param {string} packageFolder
 * @param {string} platform
 * @param {string} arch
 */
function isPublished(packageFolder, platform, arch) {
  const checksums = JSON.parse(readFileSync(join(packageFolder, 'checksums.json'), 'utf8'));
  return `electron-v${versionOf(packageFolder)}-${platform}-${arch}.zip` in checksums;
}

/**
 * @param {string} packageFolder
 * @param {string} program
 * @param {ElectronHost & { env: NodeJS.ProcessEnv }} host
 * @returns {Promise<FoundElectron>}
 */
async function provideRuntime(packageFolder, program, host) {
  const override = host.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (override) {
    const path = join(override, program);
    return existsSync(path) ? { ok: true, path } : no(`there is no ${path}, where ELECTRON_OVERRIDE_DIST_PATH points`);
  }
  const path = join(packageFolder, 'dist', program);
  if (isInstalled(packageFolder, program)) return { ok: true, path };
  if (host.mayFetch === false) return no('Electron’s runtime is not there');
  say(`fetching the runtime of Electron ${versionOf(packageFolder)}, about 120 MB, once`);
  const problem = await fetchElectron(packageFolder, {
    node: host.node ?? installerNode(),
    env: host.env,
    ...(host.limits === undefined ? {} : { limits: host.limits }),
  });
  if (problem !== undefined) return no(`Electron’s runtime is not there, and ${problem}`);
  return existsSync(path) ? { ok: true, path } : no('Electron’s installer ended without a runtime');
}

/** Electron's installer needs a newer Node than the one that may run this script. */
function installerNode() {
  const own = projectNode(PROJECT_ROOT);
  return existsSync(own) ? own : process.execPath;
}

/**
 * As electron/install.js decides whether there is nothing to do.
 *
 * @param {string} packageFolder
 * @param {string} program
 */
function isInstalled(packageFolder, program) {
  const versionFile = join(packageFolder, 'dist', 'version');
  const pathFile = join(packageFolder, 'path.txt');
  return (
    existsSync(versionFile) &&
    readFileSync(versionFile, 'utf8').trim().replace(/^v/, '') === versionOf(packageFolder) &&
    existsSync(pathFile) &&
    readFileSync(pathFile, 'utf8') === program &&
    existsSync(join(packageFolder, 'dist', program))
  );
}

/**
 * Why the program would end at once.
 *
 * @param {string} path
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} platform
 * @returns {Promise<string | undefined>}
 */
async function startProblem(path, env, platform) {
  // As Node it loads all its libraries, but opens nothing.
  const started = await runQuietly(path, ['-e', '0'], {
    env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
    timeoutMs: START_LIMIT_MS,
  });
  if (started.timedOut) return `Electron did not start within ${START_LIMIT_MS / 1000} seconds`;
  if (started.exitCode !== 0) {
    const line = started.output.split('\n').find((one) => one.trim() !== '');
    return `Electron does not start (${line?.trim() ?? `exit code ${started.exitCode}`})`;
  }
  if (platform === 'linux' && !(await mayUseSandbox(dirname(path), env))) {
    return 'this system does not let ordinary programs set up a sandbox (user namespaces are restricted), and Electron’s helper for that is not owned by root';
  }
  return undefined;
}

/**
 * Chromium's sandbox needs user namespaces, or else its helper as root's set-user-id program. Creating a namespace is not
 * enough to ask for: Ubuntu 24.04's AppArmor allows that, and then nothing in it; so a user is mapped, too.
 *
 * @param {string} distFolder
 * @param {NodeJS.ProcessEnv} env
 */
async function mayUseSandbox(distFolder, env) {
  const helper = statSync(join(distFolder, 'chrome-sandbox'), { throwIfNoEntry: false });
  if (helper?.uid === 0 && (helper.mode & 0o4000) !== 0) return true;
  const tried = await runQuietly('unshare', ['--user', '--map-root-user', 'true'], {
    env,
    timeoutMs: SANDBOX_LIMIT_MS,
  });
  // 127: there is no unshare to ask with; Electron will say it itself.
  return tried.exitCode === 0 || tried.exitCode === 127;
}
