/** From a codec's name to the codec of one thread. */
import type { CodecName } from '../../../shared/codec.ts';
import { assertUnreachable } from '../../../shared/result.ts';
import type { Codec, CopyWords } from '../../machine/codec.ts';
import { KernelLz4Codec } from './lz4-kernel/kernel-lz4-codec.ts';
import { kernelLz4Exports } from './lz4-kernel/kernel-lz4-module.ts';
import { Lz4Codec } from './lz4.ts';
import type { ArenaMemory } from './arena-memory.ts';

/** What a thread needs to make its codec; can be sent to it. */
export interface CodecParts {
  readonly name: CodecName;
  /** The compiled module: lz4-kernel itself; where lz4 has it, it copies objects for it, quicker than lz4 can. */
  readonly module?: WebAssembly.Module | undefined;
}

/** A codec over the machine in `memory`, for the calling thread alone. Throws when `parts` or `memory` lack what it needs. */
export function makeCodec(parts: CodecParts, memory: ArenaMemory, pageSizeBytes: number): Codec {
  switch (parts.name) {
    case 'lz4':
      return new Lz4Codec(memory.buffer, pageSizeBytes, copierOf(parts, memory));
    case 'lz4-kernel':
      if (parts.module === undefined || memory.wasm === undefined) {
        throw new Error('lz4-kernel needs its module and an arena in a WebAssembly memory');
      }
      return new KernelLz4Codec(parts.module, memory.wasm, pageSizeBytes);
    default:
      return assertUnreachable(parts.name);
  }
}

function copierOf({ module }: CodecParts, { wasm }: ArenaMemory): CopyWords | undefined {
  return module === undefined || wasm === undefined ? undefined : kernelLz4Exports(module, wasm).copyWords;
}
