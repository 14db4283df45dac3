/**
 * Runs a TypeScript program of this project on the project's own Node, whichever Node runs the script.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runChild } from './child-process.mjs';
import { projectNode } from './project.mjs';

/**
 * With these V8 collects garbage on the thread that made it. Its helpers would take the host's cores from the simulated CPUs of a
 * codec that leaves garbage for every page (lz4-napi), and nobody could tell that from a busy host. package.json gives
 * them to its scripts as well.
 *
 * @type {readonly string[]}
 */
export const V8_FLAGS = ['--single-threaded-gc'];

/**
 * Becomes the program where this process already is the project's Node with its flags (inside `npm run` after the first time), which
 * costs nothing and leaves signals and streams alone; starts it as a child otherwise. Either way the program finds its
 * arguments in `process.argv.slice(2)`.
 *
 * @param {string} root project folder, installed
 * @param {string} entry path of the .ts file, relative to root
 * @param {readonly string[]} args
 * @returns {Promise<number | undefined>} the child's exit code; undefined when the program runs in this process and
 *   sets its own
 */
export async function runProjectProgram(root, entry, args) {
  const path = join(root, entry);
  if (isProjectNode(root) && V8_FLAGS.every((flag) => process.execArgv.includes(flag))) {
    process.argv.splice(1, process.argv.length - 1, path, ...args);
    await import(pathToFileURL(path).href);
    return undefined;
  }
  const ended = await runChild(projectNode(root), [...V8_FLAGS, path, ...args]);
  return ended.exitCode;
}

/** @param {string} root */
function isProjectNode(root) {
  return realpathSync(process.execPath) === realpathSync(projectNode(root));
}
