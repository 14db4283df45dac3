/** Codecs for tests, the compiled one as the global set-up left it. */
import type { CodecName } from '../../../../src/shared/codec.ts';
import { codecSource } from '../../../../src/main/engine/codec/codec-source.ts';
import type { CodecParts } from '../../../../src/main/engine/codec/make-codec.ts';
import { KERNEL_LZ4, valueOf } from '../../lab/small-lab.ts';

const codecs = codecSource(KERNEL_LZ4);

export function codecParts(name: CodecName): CodecParts {
  return valueOf(codecs(name));
}
