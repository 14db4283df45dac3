/**
 * The lab's own LZ4 as the machine's codec: sizes are exactly those of the kernel's zram.
 *
 *     arena (a shared WebAssembly memory)   │ … page … │ … work memory … │ … buffer … │ … object … │
 *                                               └── encode ──┴──────────────▶ │            │
 *                                               ◀───────────────────────────── decode ─────┘
 *
 * The arena is the module's only memory, so an address of the machine is an address of the module: nothing is copied on the
 * way in or out and nothing is allocated. The module keeps a few numbers of the call in hand, so every thread makes an
 * instance of its own; the compiled module is shared.
 */
import type { Codec, CopyWords, IoPage, ObjectSpan } from '../../../machine/codec.ts';
import type { PhysicalAddress } from '../../../machine/units.ts';
import type { KernelLz4Exports } from './kernel-lz4-module.ts';

/** LZ4's default: search every position. */
const ACCELERATION = 1;

export class KernelLz4Codec implements Codec {
  readonly name = 'lz4-kernel';
  readonly copyWords: CopyWords;
  readonly #module: KernelLz4Exports;
  readonly #pageSizeBytes: number;

  /** `module` works in the arena. */
  constructor(module: KernelLz4Exports, pageSizeBytes: number) {
    this.copyWords = module.copyWords;
    this.#module = module;
    this.#pageSizeBytes = pageSizeBytes;
  }

  compress(page: IoPage, target: PhysicalAddress, workMemory: PhysicalAddress): number {
    return this.#module.encode(page.address, this.#pageSizeBytes, workMemory, target, ACCELERATION);
  }

  decompress(source: Readonly<ObjectSpan>, page: IoPage): boolean {
    const { first, firstBytes, rest, restBytes } = source;
    return this.#module.decode(first, firstBytes, rest, restBytes, page.address, this.#pageSizeBytes) !== 0;
  }
}
