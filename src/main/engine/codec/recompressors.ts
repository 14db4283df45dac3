/** The stronger codecs that recompression tries, made for one thread. */
import { assertUnreachable } from '../../../shared/result.ts';
import type { RecompressionAlgorithm } from '../../../shared/zram-profile.ts';
import type { Codec } from '../../machine/codec.ts';
import { deflateCodec, zstdCodec } from './zlib.ts';

/** By priority, from 1 on, over the machine in `arena`; for the calling thread alone. */
export function makeRecompressors(
  names: readonly RecompressionAlgorithm[],
  arena: SharedArrayBuffer,
  pageSizeBytes: number,
): readonly Codec[] {
  return names.map((name) => {
    switch (name) {
      case 'zstd':
        return zstdCodec(arena, pageSizeBytes);
      case 'deflate':
        return deflateCodec(arena, pageSizeBytes);
      default:
        return assertUnreachable(name);
    }
  });
}
