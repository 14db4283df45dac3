/**
 * What the module offers; see copy.ts, decode.ts, encode.ts, lock.ts and finish-write.ts. It has no memory of its own: that of the
 * machine is imported.
 */
export { copyWords } from './copy';
export { decode } from './decode';
export { encode } from './encode';
export { finishWrite } from './finish-write';
export { tryLock, unlock } from './lock';
