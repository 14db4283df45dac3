/**
 * Global set-up of the tests, also where vitest is started by itself: the codec lz4-kernel, and the threads and the dashboard that
 * the command line uses, are there and up to date.
 */
import { PROJECT_ROOT } from './project.mjs';
import { ensureBuilt } from './set-up.mjs';

export async function setup() {
  await ensureBuilt(PROJECT_ROOT);
}
