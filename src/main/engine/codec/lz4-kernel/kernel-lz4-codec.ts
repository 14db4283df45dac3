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
import type { Codec, IoPage, ObjectSpan } from '../../../machine/codec.ts';
import type { PhysicalAddress } from '../../../machine/units.ts';

/** LZ4's default: search every position. */
const ACCELERATION = 1;

/** What assembly/index.ts exports; addresses and lengths in bytes. */
interface KernelLz4Exports {
  readonly copyWords: (...args: [to: number, from: number, count: number]) => void;
  readonly encode: (
    ...args: [page: number, size: number, table: number, target: number, acceleration: number]
  ) => number;
  readonly decode: (
    ...args: [first: number, firstBytes: number, rest: number, restBytes: number, page: number, size: number]
  ) => number;
}

export class KernelLz4Codec implements Codec {
  readonly name = 'lz4-kernel';
  readonly #copyWords: KernelLz4Exports['copyWords'];
  readonly #encode: KernelLz4Exports['encode'];
  readonly #decode: KernelLz4Exports['decode'];
  readonly #pageSizeBytes: number;

  /** `memory` is the arena's. Compiling `module` from the lab's source is set-up's work (kernel-lz4-module.ts). */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, pageSizeBytes: number) {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    if (!isKernelLz4(exports)) throw new Error('the WebAssembly module is not that of lz4-kernel');
    this.#copyWords = exports.copyWords;
    this.#encode = exports.encode;
    this.#decode = exports.decode;
    this.#pageSizeBytes = pageSizeBytes;
  }

  compress(page: IoPage, target: PhysicalAddress, workMemory: PhysicalAddress): number {
    return this.#encode(page.address, this.#pageSizeBytes, workMemory, target, ACCELERATION);
  }

  copyWords(from: PhysicalAddress, to: PhysicalAddress, bytes: number): void {
    this.#copyWords(to, from, bytes);
  }

  decompress(source: Readonly<ObjectSpan>, page: IoPage): boolean {
    const { first, firstBytes, rest, restBytes } = source;
    return this.#decode(first, firstBytes, rest, restBytes, page.address, this.#pageSizeBytes) !== 0;
  }
}

function isKernelLz4(exports: object): exports is KernelLz4Exports {
  return (
    'copyWords' in exports &&
    typeof exports.copyWords === 'function' &&
    'encode' in exports &&
    typeof exports.encode === 'function' &&
    'decode' in exports &&
    typeof exports.decode === 'function'
  );
}
