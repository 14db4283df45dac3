/**
 * zstd and deflate through node:zlib, called synchronously on the thread of the simulated CPU: the stronger algorithms that
 * recompression tries. Sizes are those of the libraries that come with Node, not the kernel's.
 */
import {
  constants,
  deflateRawSync,
  inflateRawSync,
  type InputType,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import type { Codec, IoPage, ObjectSpan } from '../../machine/codec.ts';
import type { PhysicalAddress } from '../../machine/units.ts';

/** What node:zlib offers of an algorithm. `decompress` throws when the input is not of it. */
interface Algorithm {
  readonly name: string;
  readonly compress: (input: InputType) => Buffer;
  readonly decompress: (input: InputType, longest: number) => Buffer;
}

class ZlibCodec implements Codec {
  readonly name: string;
  readonly #algorithm: Algorithm;
  readonly #memory: Buffer;
  readonly #pageSizeBytes: number;

  constructor(arena: SharedArrayBuffer, pageSizeBytes: number, algorithm: Algorithm) {
    this.name = algorithm.name;
    this.#algorithm = algorithm;
    this.#memory = Buffer.from(arena);
    this.#pageSizeBytes = pageSizeBytes;
  }

  compress(page: IoPage, target: PhysicalAddress): number {
    return this.#algorithm.compress(page.bytes).copy(this.#memory, target);
  }

  decompress({ first, firstBytes, rest, restBytes }: Readonly<ObjectSpan>, page: IoPage): boolean {
    const head = this.#memory.subarray(first, first + firstBytes);
    const object = restBytes === 0 ? head : Buffer.concat([head, this.#memory.subarray(rest, rest + restBytes)]);
    const output = this.#decompressed(object);
    if (output?.length !== this.#pageSizeBytes) return false;
    page.bytes.set(output);
    return true;
  }

  #decompressed(object: Buffer): Buffer | undefined {
    try {
      return this.#algorithm.decompress(object, this.#pageSizeBytes);
    } catch {
      // The library's only way to say that the input is not of the algorithm; the caller reports the page.
      return undefined;
    }
  }
}

/** zstd at a level, 1 … 22. */
export function zstdCodec(arena: SharedArrayBuffer, pageSizeBytes: number, level = 3): Codec {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return new ZlibCodec(arena, pageSizeBytes, {
    name: 'zstd',
    compress: (input) => zstdCompressSync(input, { params }),
    decompress: (input, maxOutputLength) => zstdDecompressSync(input, { maxOutputLength }),
  });
}

/** Raw deflate at a level, 1 … 9. */
export function deflateCodec(arena: SharedArrayBuffer, pageSizeBytes: number, level = 6): Codec {
  return new ZlibCodec(arena, pageSizeBytes, {
    name: 'deflate',
    compress: (input) => deflateRawSync(input, { level }),
    decompress: (input, maxOutputLength) => inflateRawSync(input, { maxOutputLength }),
  });
}
