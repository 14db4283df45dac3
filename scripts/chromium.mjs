/**
 * The system's Chromium, which the end-to-end tests drive. It comes from the system's own packages; nothing is
 * downloaded from elsewhere.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runQuietly, shortened } from './child-process.mjs';
import { say, SetUpError } from './project.mjs';

const PROGRAM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
/** A snap's first start unpacks a file system; an ordinary one answers within a second. */
const ANSWER_LIMIT_MS = 30_000;
const INSTALL_LIMIT_MS = 15 * 60 * 1000;
const OWN_BROWSER = 'install any Chromium or Chrome and set CHROMIUM_PATH to its program';

/**
 * A Chromium that runs: CHROMIUM_PATH when it is set (then no other), else the first of the usual names in PATH.
 * Ubuntu's `chromium-browser` may be a script that only tells to install the snap, so each candidate is asked for
 * its version.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string | undefined>} its absolute path
 */
export async function findChromium(env = process.env) {
  for (const candidate of candidates(env)) {
    const answer = await runQuietly(candidate, ['--version'], { env, timeoutMs: ANSWER_LIMIT_MS });
    if (answer.exitCode === 0 && /chrom/i.test(answer.output)) return candidate;
  }
  return undefined;
}

/**
 * Finds a Chromium, installing it from the system's packages where that needs no password.
 *
 * @returns {Promise<string>} its absolute path
 * @throws {SetUpError} saying what to do where it cannot be installed from here
 */
export async function ensureChromium() {
  const found = await findChromium();
  if (found !== undefined) return found;
  if (process.env['CHROMIUM_PATH'] !== undefined) {
    throw new SetUpError(`CHROMIUM_PATH is ${process.env['CHROMIUM_PATH']}, which is not a Chromium that runs`);
  }
  const plan = installPlan(readOsRelease(), existsSync('/run/snapd.socket'));
  if (plan.commands.length === 0) throw new SetUpError(plan.advice);
  const prefix = await rootPrefix();
  if (prefix === undefined) throw new SetUpError(plan.advice);
  say(`installing Chromium for the tests (${plan.commands.at(-1)?.join(' ')})`);
  for (const command of plan.commands) await runAsRoot([...prefix, ...command], plan.advice);
  const installed = await findChromium();
  if (installed === undefined) throw new SetUpError(`Chromium was installed but does not run; ${OWN_BROWSER}`);
  return installed;
}

/**
 * How this system gets a Chromium.
 *
 * @param {string} osRelease content of /etc/os-release, empty where there is none
 * @param {boolean} hasSnap whether the snap service runs
 * @returns {{ readonly commands: readonly (readonly string[])[], readonly advice: string }} commands for root, none
 *   where nothing can be done from here; and the sentence for a user who has to do it
 */
export function installPlan(osRelease, hasSnap) {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) => match[1]?.split(' ') ?? []);
  if (ids.includes('ubuntu')) {
    return hasSnap
      ? {
          commands: [['snap', 'install', 'chromium']],
          advice: `the end-to-end tests need Chromium: run "sudo snap install chromium", or ${OWN_BROWSER}`,
        }
      : {
          commands: [],
          advice: `the end-to-end tests need Chromium, which Ubuntu has only as a snap and the snap service does not run here: ${OWN_BROWSER}`,
        };
  }
  if (ids.includes('debian')) {
    return {
      commands: [
        ['apt-get', 'update', '-q'],
        [
          'apt-get',
          'install',
          '-q',
          '-y',
          '--no-install-recommends',
          'chromium',
          'chromium-sandbox',
          'fonts-liberation',
        ],
      ],
      advice: `the end-to-end tests need Chromium: run "sudo apt-get install chromium", or ${OWN_BROWSER}`,
    };
  }
  return { commands: [], advice: `the end-to-end tests need Chromium: ${OWN_BROWSER}` };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {readonly string[]} programs that exist, best first
 */
function candidates(env) {
  if (env['CHROMIUM_PATH'] !== undefined) return [env['CHROMIUM_PATH']].filter(isExecutable);
  // A shell that was open before snapd was installed lacks its folder.
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/snap/bin'].filter((folder) => folder !== '');
  return PROGRAM_NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).filter(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns {Promise<readonly string[] | undefined>} what makes a command run as root, asking nothing */
async function rootPrefix() {
  const quiet = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  if (process.getuid?.() === 0) return quiet;
  const allowed = await runQuietly('sudo', ['-n', 'true']);
  return allowed.exitCode === 0 ? ['sudo', '-n', ...quiet] : undefined;
}

/**
 * @param {readonly string[]} command
 * @param {string} advice
 */
async function runAsRoot(command, advice) {
  const [program = '', ...args] = command;
  const ended = await runQuietly(program, args, { timeoutMs: INSTALL_LIMIT_MS });
  if (ended.exitCode === 0) return;
  process.stderr.write(`${shortened(ended.output)}\n`);
  throw new SetUpError(`"${command.join(' ')}" failed, its output stands above; ${advice}`);
}

function readOsRelease() {
  const path = '/etc/os-release';
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
