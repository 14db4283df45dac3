/**
 * One set-up at a time per project folder: two terminals that start the lab at once must not both run npm.
 *
 *   out/.set-up.lock     exists while someone works; holds that process's id
 *
 * The file appears with its content (written aside, then linked), which fails where one is already. A holder that died leaves it behind; the next one sees that no such process exists
 * and takes the file away by renaming it, which only one of several waiters can do.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say, SetUpError } from './project.mjs';

const POLL_MS = 100;
const GIVE_UP_MS = 30 * 60 * 1000;
/** What the file system answers where the user may not write, there is no room, or a file is in a folder's place. */
const CANNOT_WRITE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EEXIST', 'ENOTDIR'];

/**
 * Runs `work` while holding the project's set-up lock; waits for another holder first.
 *
 * @template T
 * @param {string} root project folder
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 * @throws {SetUpError} when the project's folder cannot be written, by the lock or by `work`
 */
export async function withSetUpLock(root, work) {
  const lock = join(root, 'out', '.set-up.lock');
  try {
    mkdirSync(dirname(lock), { recursive: true });
    await take(lock);
    try {
      return await work();
    } finally {
      rmSync(lock, { force: true });
    }
  } catch (error) {
    if (!CANNOT_WRITE.some((code) => hasCode(error, code)) || !(error instanceof Error)) throw error;
    throw new SetUpError(`the project has to be set up, and its folder cannot be written: ${error.message}`);
  }
}

/** @param {string} lock */
async function take(lock) {
  const deadline = Date.now() + GIVE_UP_MS;
  let announced = false;
  while (!tryCreate(lock)) {
    const holder = readHolder(lock);
    if (holder !== undefined && !isAlive(holder)) removeStale(lock, holder);
    else {
      if (!announced) say(`waiting for the set-up that process ${holder ?? 'just ended'} is doing`);
      announced = true;
      if (Date.now() > deadline) {
        throw new SetUpError(`gave up waiting for another set-up; if none is running, delete ${lock}`);
      }
      await sleep(POLL_MS);
    }
  }
}

/** @param {string} lock */
function tryCreate(lock) {
  const prepared = `${lock}.${process.pid}`;
  try {
    writeFileSync(prepared, String(process.pid));
    linkSync(prepared, lock);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(prepared, { force: true });
  }
}

/**
 * @param {string} lock
 * @returns {number | undefined} undefined when it was released just now
 */
function readHolder(lock) {
  try {
    const text = readFileSync(lock, 'utf8');
    return text === '' ? undefined : Number(text);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** @param {number} processId */
function isAlive(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/**
 * Takes a dead holder's file away, unless another waiter did so and already put its own in place.
 *
 * @param {string} lock
 * @param {number} deadHolder
 */
function removeStale(lock, deadHolder) {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (readHolder(aside) !== deadHolder) linkSync(aside, lock);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function hasCode(error, code) {
  return error instanceof Error && 'code' in error && error.code === code;
}
