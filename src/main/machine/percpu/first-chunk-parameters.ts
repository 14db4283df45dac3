/** What a kernel's command line says about the first chunk: `percpu_alloc=page percpu=32768`. */
import { fail, ok, type Result } from '../../../shared/result.ts';

export interface FirstChunkParameters {
  /** `percpu=`: bytes of the reserved part, as in the patches of 2008. */
  readonly reservedBytes?: number | undefined;
  /** `percpu_alloc=`: forces the way. */
  readonly method?: 'embed' | 'page' | undefined;
}

/** Reads the two parameters; of a repeated one the last counts, others are passed over. Errors: 'bad-input'. */
export function readFirstChunkParameters(commandLine: string): Result<FirstChunkParameters> {
  let parameters: FirstChunkParameters = {};
  for (const word of commandLine.split(/\s+/)) {
    const [name, value] = word.split('=', 2);
    if (value === undefined) continue;
    if (name === 'percpu') {
      if (!/^(\d+|0x[\da-f]+)$/i.test(value) || Number(value) >= 2 ** 32) {
        return fail('bad-input', `percpu=${value} is not a number of bytes below 2^32`, 'percpu');
      }
      parameters = { ...parameters, reservedBytes: Number(value) };
    } else if (name === 'percpu_alloc') {
      if (value !== 'embed' && value !== 'page') {
        return fail('bad-input', `percpu_alloc=${value} is neither embed nor page`, 'percpu_alloc');
      }
      parameters = { ...parameters, method: value };
    }
  }
  return ok(parameters);
}
