/**
 * Everything between a fresh clone and a runnable lab: packages, the project's own Node, the build.
 *
 * Each `ensure…` is quick when nothing changed (it compares files, it starts no program), says in one line what it does
 * otherwise, and may be called by several processes at once.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly, shortened, withoutProjectBin, withProjectBin } from './child-process.mjs';
import { projectNode, say, SetUpError } from './project.mjs';
import { withSetUpLock } from './set-up-lock.mjs';

/** What dashboard, Electron entry and threads are built from. */
const BUILD_INPUTS = [
  'src',
  'resources',
  'electron.vite.config.ts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.web.json',
];
/** What the codec lz4-kernel is compiled from. */
const CODEC_SOURCE = 'src/main/engine/codec/lz4-kernel/assembly';
const CODEC_INPUTS = [CODEC_SOURCE, 'package-lock.json'];
const CODEC_STAMP = join('out', 'codec', 'fingerprint.txt');
const CODEC_OUTPUTS = [join('out', 'codec', 'lz4-kernel.wasm')];
const INSTALL_STAMP = join('node_modules', '.percpu-lab-installed');
const BUILD_STAMP = join('out', 'fingerprint.txt');
const BUILD_OUTPUTS = [
  'main/index.js',
  'main/cpu-worker.js',
  'main/job-worker.js',
  'main/storm-worker.js',
  'preload/index.cjs',
  'renderer/index.html',
].map((path) => join('out', path));
/** @type {readonly DependencyKind[]} */
const DEPENDENCY_KINDS = ['dependencies', 'devDependencies', 'optionalDependencies'];

/**
 * Makes node_modules equal to package-lock.json and the project's Node runnable.
 *
 * @param {string} root project folder
 * @returns {Promise<{ readonly changed: boolean }>} whether anything had to be done
 * @throws {SetUpError} with npm's last words when it fails
 */
export async function ensureInstalled(root) {
  if (reasonToInstall(root) === undefined && existsSync(projectNode(root))) return { changed: false };
  return withSetUpLock(root, async () => {
    const reason = reasonToInstall(root);
    if (reason !== undefined) await install(root, reason);
    if (!existsSync(projectNode(root))) await installProjectNode(root);
    await checkProjectNode(root);
    return { changed: true };
  });
}

/**
 * Builds main, preload and dashboard into out/ when what is there is not whole or not of today's sources.
 *
 * @param {string} root project folder, installed
 * @throws {SetUpError} with the builder's last words when it fails
 */
export async function ensureBuilt(root) {
  await ensureCodec(root);
  if (isMade(root, BUILD_STAMP, BUILD_OUTPUTS, buildFingerprint(root))) return;
  await withSetUpLock(root, async () => {
    const made = buildFingerprint(root);
    if (isMade(root, BUILD_STAMP, BUILD_OUTPUTS, made)) return;
    // A build that is broken off leaves some files new and some old, of which the stamp would know nothing.
    rmSync(join(root, BUILD_STAMP), { force: true });
    say('building dashboard and threads (electron-vite build)');
    await runOrThrow('electron-vite', ['build'], { ...npmOptions(root), env: withProjectBin(root, process.env) });
    mkdirSync(join(root, 'out'), { recursive: true });
    writeFileSync(join(root, BUILD_STAMP), made);
  });
}

/**
 * Compiles the codec lz4-kernel to out/codec/lz4-kernel.wasm when its source is not what that was made from. Everything that
 * runs the lab needs it; the dashboard's build does not touch it.
 *
 * @param {string} root project folder, installed
 * @throws {SetUpError} with the compiler's last words when it fails
 */
export async function ensureCodec(root) {
  if (isMade(root, CODEC_STAMP, CODEC_OUTPUTS, fingerprint(root, CODEC_INPUTS))) return;
  await withSetUpLock(root, async () => {
    const made = fingerprint(root, CODEC_INPUTS);
    if (isMade(root, CODEC_STAMP, CODEC_OUTPUTS, made)) return;
    rmSync(join(root, CODEC_STAMP), { force: true });
    say('compiling the codec lz4-kernel (AssemblyScript)');
    const args = ['--config', `${CODEC_SOURCE}/asconfig.json`];
    await runOrThrow('asc', args, { ...npmOptions(root), env: withProjectBin(root, process.env) });
    writeFileSync(join(root, CODEC_STAMP), made);
  });
}

/**
 * Why npm must run, or undefined when node_modules is what package-lock.json says. npm leaves its own record of what
 * it installed in node_modules/.package-lock.json, written last, so that a broken-off install shows.
 *
 * @param {string} root project folder
 * @returns {string | undefined}
 */
export function reasonToInstall(root) {
  const installed = installedPackages(root);
  if (installed === undefined) return 'nothing is installed yet';
  const { '': wantedByRoot, ...wanted } = readPackageFile(join(root, 'package-lock.json'))?.packages ?? {};
  const declared = readPackageFile(join(root, 'package.json'));
  const changed = DEPENDENCY_KINDS.find((kind) => !sameVersions(declared?.[kind], wantedByRoot?.[kind]));
  if (changed !== undefined && readStamp(root, INSTALL_STAMP) !== installFingerprint(root)) {
    return `package.json changed its ${changed}`;
  }
  const stale = Object.entries(wanted).find(([path, entry]) => !isInstalled(entry, installed[path]));
  return stale === undefined ? undefined : `${stale[0]} is not there as package-lock.json says`;
}

/**
 * A digest of all that the build reads: names and contents, not times, so that a fresh clone or a touched file does
 * not cause one.
 *
 * @param {string} root project folder
 */
export function buildFingerprint(root) {
  return fingerprint(root, BUILD_INPUTS);
}

/**
 * @param {string} root
 * @param {readonly string[]} inputs relative paths of files and folders
 */
function fingerprint(root, inputs) {
  const hash = createHash('sha256');
  for (const path of inputs.flatMap((input) => filesUnder(root, input))) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * @param {string} root
 * @param {string} reason
 */
async function install(root, reason) {
  say(`installing packages (npm ci), because ${reason}`);
  // Dev dependencies hold the dashboard's parts and Node itself: they are wanted under NODE_ENV=production, too.
  await runOrThrow('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], npmOptions(root));
  writeFileSync(join(root, INSTALL_STAMP), installFingerprint(root));
}

/**
 * What npm was given: it accepts some differences between the two files, which are then no reason to run it again.
 *
 * @param {string} root
 */
function installFingerprint(root) {
  const declared = readPackageFile(join(root, 'package.json'));
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  return hash.update(JSON.stringify(DEPENDENCY_KINDS.map((kind) => declared?.[kind]))).digest('hex');
}

/**
 * The npm package `node` fetches the binary for this system in its install script. Where install scripts are switched
 * off (npm's ignore-scripts, or a policy), that one script is run here.
 *
 * @param {string} root
 */
async function installProjectNode(root) {
  say('fetching Node for this project from the npm registry, as npm ran no install script for it');
  const folder = join(root, 'node_modules', 'node');
  await runOrThrow('node', ['installArchSpecificPackage'], { ...npmOptions(root), cwd: folder });
}

/** @param {string} root */
async function checkProjectNode(root) {
  const node = projectNode(root);
  const wanted = readPackageFile(join(root, 'node_modules', 'node', 'package.json'))?.version;
  const found = (await runQuietly(node, ['--version'])).output.trim();
  if (found !== `v${wanted}`) {
    throw new SetUpError(`Node ${wanted} of the npm package "node" does not run at ${node}: ${found || 'no answer'}`);
  }
}

/** @param {string} root */
function npmOptions(root) {
  // npm.cmd on Windows starts only through a shell.
  return { cwd: root, env: withoutProjectBin(process.env), shell: process.platform === 'win32' };
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('./child-process.mjs').ChildOptions} options
 */
async function runOrThrow(program, args, options) {
  // What they leave half done is done again next time; npm takes its time over a signal.
  const ended = await runQuietly(program, args, { ...options, graceMs: 1000 });
  if (ended.exitCode === 0) return;
  process.stderr.write(`${shortened(ended.output)}\n`);
  throw new SetUpError(`${program} ${args[0]} failed with exit code ${ended.exitCode}; its output stands above`);
}

/**
 * Whether what was made from inputs with this fingerprint is there.
 *
 * @param {string} root
 * @param {string} stamp relative path
 * @param {readonly string[]} outputs relative paths of files, without which the stamp says nothing
 * @param {string} wanted
 */
function isMade(root, stamp, outputs, wanted) {
  return readStamp(root, stamp) === wanted && outputs.every((path) => existsSync(join(root, path)));
}

/**
 * @param {string} root
 * @param {string} stamp relative path
 */
function readStamp(root, stamp) {
  const path = join(root, stamp);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/**
 * @param {string} root
 * @param {string} path relative to root, file or folder
 * @returns {readonly string[]} relative paths of files in name order; none when it does not exist
 */
function filesUnder(root, path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [path];
  const names = readdirSync(join(root, path)).sort();
  return names.flatMap((name) => filesUnder(root, `${path}/${name}`));
}

/**
 * @param {LockEntry} wanted
 * @param {LockEntry | undefined} present
 */
function isInstalled(wanted, present) {
  // Packages for other systems are optional and absent.
  if (present === undefined) return wanted.optional === true;
  return present.version === wanted.version && present.integrity === wanted.integrity;
}

/**
 * @param {unknown} first
 * @param {unknown} second
 */
function sameVersions(first, second) {
  const sorted = (/** @type {unknown} */ versions) => JSON.stringify(Object.entries(versions ?? {}).sort());
  return sorted(first) === sorted(second);
}

/**
 * The parts of package.json and npm's lock files that are read here.
 *
 * @typedef {'dependencies' | 'devDependencies' | 'optionalDependencies'} DependencyKind
 * @typedef {Partial<Record<DependencyKind, Record<string, string>>>} Dependencies
 * @typedef {{ version?: string, integrity?: string, optional?: boolean } & Dependencies} LockEntry
 * @typedef {{ version?: string, packages?: Record<string, LockEntry> } & Dependencies} PackageFile
 */

/**
 * What npm's record says is installed; undefined without one, or with one that was cut off while it was written.
 *
 * @param {string} root
 */
function installedPackages(root) {
  try {
    return readPackageFile(join(root, 'node_modules', '.package-lock.json'))?.packages;
  } catch (error) {
    if (error instanceof SetUpError) return undefined;
    throw error;
  }
}

/**
 * @param {string} path
 * @returns {PackageFile | undefined} undefined when there is no such file
 * @throws {SetUpError} when it is not JSON, as after a merge
 */
function readPackageFile(path) {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new SetUpError(`${path} is not JSON: ${error.message}`);
    throw error;
  }
}
