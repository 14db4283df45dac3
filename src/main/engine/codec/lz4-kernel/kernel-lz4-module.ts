/** The compiled module of lz4-kernel: made by set-up from the source in assembly/, loaded once per process. */
import { readFileSync } from 'node:fs';
import { fail, ok, type Result } from '../../../../shared/result.ts';

/**
 * Compiles the file at `url` (out/codec/lz4-kernel.wasm of a project that is set up). Error 'unavailable' when it is not there
 * or is no module. Any thread; the answer may be sent to others.
 */
export function loadKernelLz4(url: URL): Result<WebAssembly.Module> {
  try {
    return ok(new WebAssembly.Module(readFileSync(url)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail(
      'unavailable',
      `the codec lz4-kernel is not there (${reason}); npm run build makes it, or take the codec lz4`,
      'machine.codec',
    );
  }
}
