/** The compiled module of lz4-kernel: made by set-up from the source in assembly/, loaded once per process. */
import { readFileSync } from 'node:fs';
import { fail, ok, type Result } from '../../../../shared/result.ts';
import type { CopyWords } from '../../../machine/codec.ts';
import type { WriteSteps } from '../../../machine/write-steps.ts';
import type { LockWord } from '../../../machine/units.ts';

/** What assembly/index.ts exports; addresses and lengths in bytes, lock words by their index. */
export interface KernelLz4Exports extends WriteSteps {
  readonly copyWords: CopyWords;
  readonly encode: (
    ...args: [page: number, size: number, table: number, target: number, acceleration: number]
  ) => number;
  readonly decode: (
    ...args: [first: number, firstBytes: number, rest: number, restBytes: number, page: number, size: number]
  ) => number;
  /** 1 when the lock was free and is held now, else 0. */
  readonly tryLock: (word: LockWord) => number;
  /** What the word held before. */
  readonly unlock: (word: LockWord) => number;
}

/** An instance for the calling thread over the arena in `memory`. Throws when the module is another one. */
export function kernelLz4Exports(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelLz4Exports {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  if (!isKernelLz4(exports)) throw new Error('the WebAssembly module is not that of lz4-kernel');
  // An object of V8's usual kind: calls through the one that WebAssembly makes are looked up by name.
  const { copyWords, encode, decode, tryLock, unlock, finishWrite } = exports;
  return { copyWords, encode, decode, tryLock, unlock, finishWrite };
}

function isKernelLz4(exports: object): exports is KernelLz4Exports {
  const functions: Partial<Record<string, unknown>> = { ...exports };
  const names = ['copyWords', 'encode', 'decode', 'tryLock', 'unlock', 'finishWrite'];
  return names.every((name) => typeof functions[name] === 'function');
}

/**
 * Compiles the file at `url` (out/codec/lz4-kernel.wasm of a project that is set up). Error 'unavailable' when it is not there
 * or is no module. Any thread; the answer may be sent to others.
 */
export function loadKernelLz4(url: URL): Result<WebAssembly.Module> {
  try {
    return ok(new WebAssembly.Module(readFileSync(url)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail(
      'unavailable',
      `the codec lz4-kernel is not there (${reason}); npm run build makes it, or take the codec lz4`,
      'machine.codec',
    );
  }
}
