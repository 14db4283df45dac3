/**
 * Global set-up of the unit tests, also where vitest is started by itself: the codec lz4-kernel is there and up to date.
 */
import { PROJECT_ROOT } from './project.mjs';
import { ensureCodec } from './set-up.mjs';

export async function setup() {
  await ensureCodec(PROJECT_ROOT);
}
