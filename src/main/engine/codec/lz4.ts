/**
 * LZ4 through lz4-napi (lz4_flex): native code, called synchronously on the thread of the simulated CPU.
 *
 * lz4-napi puts 4 bytes of uncompressed size in front of its output and allocates that output itself. The adapter strips
 * and restores the prefix, so stored sizes are those of the LZ4 block alone. They differ from the kernel's by about 0.5 %,
 * because the encoders differ.
 */
import { compressSync, uncompressSync } from 'lz4-napi';
import type { Codec, CopyWords, IoPage, ObjectSpan } from '../../machine/codec.ts';
import type { PhysicalAddress } from '../../machine/units.ts';
import { WideBuffer } from '../../workload/wide-buffer.ts';

const PREFIX_BYTES = 4;

/** The library's prefix and the block of a page, in memory that it has allocated. It takes any bytes, though it declares a Buffer. */
export function compressed(page: IoPage): Buffer {
  return compressSync(page.bytes as Buffer);
}

export class Lz4Codec implements Codec {
  readonly name = 'lz4';
  /** Each output of lz4-napi is some 4 KB of native memory that Node gives back in an immediate callback, whatever is collected. */
  readonly freesInTurns = true;
  readonly copyWords: CopyWords | undefined;
  readonly #memory: WideBuffer;
  readonly #pageSizeBytes: number;
  /** Prefix and block of the object in hand. */
  readonly #input: Buffer;
  /** Views of #input by length, made at first use: the calls take no length. */
  readonly #inputOfLength: Buffer[] = [];

  constructor(arena: SharedArrayBuffer, pageSizeBytes: number, copyWords?: CopyWords) {
    this.copyWords = copyWords;
    this.#memory = new WideBuffer(arena);
    this.#pageSizeBytes = pageSizeBytes;
    this.#input = Buffer.alloc(PREFIX_BYTES + 2 * pageSizeBytes);
    this.#input.writeUInt32LE(pageSizeBytes, 0);
  }

  compress(page: IoPage, target: PhysicalAddress): number {
    const output = compressed(page);
    const length = output.length - PREFIX_BYTES;
    if (length < this.#pageSizeBytes) this.#memory.bring(output, PREFIX_BYTES, target);
    return length;
  }

  decompress(source: Readonly<ObjectSpan>, page: IoPage): boolean {
    const { first, firstBytes, rest, restBytes } = source;
    this.#memory.fetch(first, firstBytes, this.#input, PREFIX_BYTES);
    if (restBytes > 0) this.#memory.fetch(rest, restBytes, this.#input, PREFIX_BYTES + firstBytes);
    const output = this.#uncompress(firstBytes + restBytes);
    if (output?.length !== this.#pageSizeBytes) return false;
    output.copy(page.bytes);
    return true;
  }

  #uncompress(length: number): Buffer | undefined {
    const input = (this.#inputOfLength[length] ??= this.#input.subarray(0, PREFIX_BYTES + length));
    try {
      return uncompressSync(input);
    } catch {
      // The library's only way to say that the block is not LZ4; the caller reports the page.
      return undefined;
    }
  }
}
