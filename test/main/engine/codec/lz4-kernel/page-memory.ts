/**
 * A WebAssembly memory with the codec over it and places for a page, work memory, a buffer and objects, each with room around
 * it that must not change.
 *
 *     │ … guard │ page │ guard … │ work memory │ guard … │ buffer, 2 pages │ guard … │ first piece │ … │ second piece │ … │
 */
import type { IoPage, ObjectSpan } from '../../../../../src/main/machine/codec.ts';
import { type PhysicalAddress, physicalAddress } from '../../../../../src/main/machine/units.ts';
import { LZ4_WORK_MEMORY_BYTES } from '../../../../../src/main/machine/zram/streams/stream.ts';
import { KernelLz4Codec } from '../../../../../src/main/engine/codec/lz4-kernel/kernel-lz4-codec.ts';
import { allocateArena } from '../../../../../src/main/engine/codec/arena-memory.ts';
import { arenaModule } from '../../../../../src/main/engine/codec/arena-module.ts';
import { valueOf } from '../../../lab/small-lab.ts';
import { codecParts } from '../test-codecs.ts';

const GUARD = 0xa5;

export class PageMemory {
  readonly codec: KernelLz4Codec;
  readonly bytes: Buffer;
  readonly pageSizeBytes: number;
  /** What is read and written as a page. */
  readonly page: IoPage;
  readonly workMemory: PhysicalAddress;
  readonly buffer: PhysicalAddress;
  readonly #placeBytes: number;
  /** What the memory holds where the codec has no business. */
  readonly #guards: Buffer;

  constructor(pageSizeBytes = 4096) {
    this.#placeBytes = 4 * Math.max(pageSizeBytes, 8192);
    const memory = valueOf(allocateArena(6 * this.#placeBytes, 'lz4-kernel'));
    const { buffer } = memory;
    const module = arenaModule(codecParts('lz4-kernel').module, memory);
    if (module === undefined) throw new Error('lz4-kernel has a module and a memory');
    this.codec = new KernelLz4Codec(module, pageSizeBytes);
    this.bytes = Buffer.from(buffer).fill(GUARD);
    this.#guards = Buffer.alloc(buffer.byteLength, GUARD);
    this.workMemory = physicalAddress(2 * this.#placeBytes);
    this.buffer = physicalAddress(3 * this.#placeBytes);
    this.pageSizeBytes = pageSizeBytes;
    const address = physicalAddress(this.#placeBytes);
    this.page = {
      address,
      bytes: this.bytes.subarray(address, address + pageSizeBytes),
      words: new Int32Array(buffer, address, pageSizeBytes / 4),
    };
  }

  /** The compressed form of `content`, a copy. Throws when anything but work memory and buffer was written to. */
  compress(content: Uint8Array): Buffer {
    this.page.bytes.set(content);
    const length = this.codec.compress(this.page, this.buffer, this.workMemory);
    const object = Buffer.from(this.bytes.subarray(this.buffer, this.buffer + length));
    if (Buffer.compare(content, this.page.bytes) !== 0) throw new Error('compression changed the page');
    this.bytes.fill(GUARD, this.workMemory, this.workMemory + LZ4_WORK_MEMORY_BYTES);
    this.bytes.fill(GUARD, this.buffer, this.buffer + 2 * this.pageSizeBytes);
    this.#expectGuards();
    return object;
  }

  /** What `object` decompresses to, cut in two after `cut` bytes; undefined when it is refused. Throws as `compress`. */
  decompress(object: Uint8Array, cut = object.length): Buffer | undefined {
    const [first, rest] = [4 * this.#placeBytes, 5 * this.#placeBytes];
    this.bytes.set(object.subarray(0, cut), first);
    this.bytes.set(object.subarray(cut), rest);
    const span: ObjectSpan = {
      first: physicalAddress(first),
      firstBytes: cut,
      rest: physicalAddress(rest),
      restBytes: object.length - cut,
    };
    const intact = this.codec.decompress(span, this.page);
    this.bytes.fill(GUARD, first, first + cut);
    this.bytes.fill(GUARD, rest, rest + object.length - cut);
    this.#expectGuards();
    return intact ? Buffer.from(this.page.bytes) : undefined;
  }

  #expectGuards(): void {
    const page = Buffer.from(this.page.bytes);
    this.page.bytes.fill(GUARD);
    const isIntact = this.bytes.equals(this.#guards);
    this.page.bytes.set(page);
    if (!isIntact) throw new Error("the codec wrote to bytes that are nobody's");
  }
}
