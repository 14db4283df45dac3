/** From a codec's name to the codec of one thread. */
import type { CodecName } from '../../../shared/codec.ts';
import { assertUnreachable } from '../../../shared/result.ts';
import type { Codec } from '../../machine/codec.ts';
import { KernelLz4Codec } from './lz4-kernel/kernel-lz4-codec.ts';
import { Lz4Codec } from './lz4.ts';
import type { ArenaMemory } from './arena-memory.ts';
import { arenaModule } from './arena-module.ts';

/** What a thread needs to make its codec; can be sent to it. */
export interface CodecParts {
  readonly name: CodecName;
  /** The compiled module: lz4-kernel itself, copies of objects, and locks; quicker than without it. */
  readonly module?: WebAssembly.Module | undefined;
}

/** A codec over the machine in `memory`, for the calling thread alone. Throws when `parts` or `memory` lack what it needs. */
export function makeCodec(parts: CodecParts, memory: ArenaMemory, pageSizeBytes: number): Codec {
  const module = arenaModule(parts.module, memory);
  switch (parts.name) {
    case 'lz4':
      return new Lz4Codec(memory.buffer, pageSizeBytes, module?.copyWords);
    case 'lz4-kernel':
      if (module === undefined) throw new Error('lz4-kernel needs its module and an arena in a WebAssembly memory');
      return new KernelLz4Codec(module, pageSizeBytes);
    default:
      return assertUnreachable(parts.name);
  }
}
