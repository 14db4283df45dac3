/** What the process keeps of its codecs: the compiled module, once somebody has asked for it. */
import type { CodecName } from '../../../shared/codec.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { loadKernelLz4 } from './lz4-kernel/kernel-lz4-module.ts';
import type { CodecParts } from './make-codec.ts';

/** The parts of a codec by name; 'unavailable' when it cannot be had here. */
export type CodecSource = (name: CodecName) => Result<CodecParts>;

/** A source that reads the module at `kernelLz4Url` at first need, and again as long as that fails. Main thread. */
export function codecSource(kernelLz4Url: URL): CodecSource {
  let module: WebAssembly.Module | undefined;
  return (name) => {
    if (module === undefined) {
      const loaded = loadKernelLz4(kernelLz4Url);
      if (loaded.ok) module = loaded.value;
      // lz4 can do without, a little slower.
      else if (name === 'lz4-kernel') return loaded;
    }
    return ok({ name, module });
  };
}
