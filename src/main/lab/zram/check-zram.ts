/** What can be wrong with a profile's zram beyond single fields: found before anything runs. */
import type { Profile } from '../../../shared/profile.ts';
import { fail, type Failure } from '../../../shared/result.ts';
import { sizeClassesFor } from '../../machine/zram/size-classes.ts';
import { zramVariantOf } from './zram-variant-of.ts';

/** Why the profile's zram cannot do what is asked of it afterwards; undefined when it can. */
export function zramProblem({ zram, machine }: Profile): Failure | undefined {
  const { hugeThresholdBytes } = sizeClassesFor(machine.pageSizeBytes, zramVariantOf(zram).zspagePages);
  const asked = [
    ...(zram?.recompress === undefined ? [] : [{ ...zram.recompress, where: 'zram.recompress' }]),
    ...(zram?.afterwards ?? []).flatMap((step) =>
      step.do === 'recompress' ? [{ ...step, where: 'zram.afterwards' }] : [],
    ),
  ];
  const algorithms = zram?.recompression ?? [];
  for (const { algorithm, thresholdBytes, where } of asked) {
    if (algorithms.length === 0) {
      const sentence = 'recompression needs at least one algorithm in zram.recompression';
      return fail('bad-input', sentence, 'zram.recompression');
    }
    if (algorithm !== undefined && !algorithms.includes(algorithm)) {
      return fail('bad-input', `recompression with ${algorithm}, which zram.recompression lacks`, where);
    }
    if (thresholdBytes !== undefined && thresholdBytes >= hugeThresholdBytes) {
      const sentence = `a recompression threshold of ${thresholdBytes} bytes must be below ${hugeThresholdBytes}`;
      return fail('bad-input', sentence, where);
    }
  }
  return undefined;
}
