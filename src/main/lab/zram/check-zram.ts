/** What can be wrong with a profile's zram beyond single fields: found before anything runs. */
import type { Profile } from '../../../shared/profile.ts';
import { fail, type Failure } from '../../../shared/result.ts';
import { sizeClassesFor } from '../../machine/zram/size-classes.ts';
import { zramVariantOf } from './zram-variant-of.ts';

/** Why the profile's zram cannot do what is asked of it afterwards; undefined when it can. */
export function zramProblem({ zram, machine }: Profile): Failure | undefined {
  const { hugeThresholdBytes } = sizeClassesFor(machine.pageSizeBytes, zramVariantOf(zram).zspagePages);
  for (const step of zram?.afterwards ?? []) {
    if (step.do !== 'recompress') continue;
    const algorithms = zram?.recompression ?? [];
    const { algorithm, thresholdBytes } = step;
    if (algorithms.length === 0) {
      return fail(
        'bad-input',
        'recompression needs at least one algorithm in zram.recompression',
        'zram.recompression',
      );
    }
    if (algorithm !== undefined && !algorithms.includes(algorithm)) {
      return fail('bad-input', `recompression with ${algorithm}, which zram.recompression lacks`, 'zram.afterwards');
    }
    if (thresholdBytes !== undefined && thresholdBytes >= hugeThresholdBytes) {
      const sentence = `a recompression threshold of ${thresholdBytes} bytes must be below ${hugeThresholdBytes}`;
      return fail('bad-input', sentence, 'zram.afterwards');
    }
  }
  return undefined;
}
