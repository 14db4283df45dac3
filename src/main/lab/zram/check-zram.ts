/** What can be wrong with a profile's zram beyond single fields: found before anything runs. */
import type { Profile } from '../../../shared/profile.ts';
import { BUFFER_LAYOUTS } from '../../../shared/design.ts';
import { fail, type Failure } from '../../../shared/result.ts';
import type { ZramProfile } from '../../../shared/zram-profile.ts';
import { sizeClassesFor } from '../../machine/zram/size-classes.ts';
import { CURRENT_ZRAM, holderMustNotSleep } from '../../machine/zram/zram-variant.ts';

/** Why the profile's zram cannot do what is asked of it afterwards; undefined when it can. */
export function zramProblem({ zram, machine }: Profile): Failure | undefined {
  const stages = stagesProblem(zram);
  if (stages !== undefined) return stages;
  const { hugeThresholdBytes } = sizeClassesFor(machine.pageSizeBytes, zram?.zspagePages ?? CURRENT_ZRAM.zspagePages);
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

/** Stages of allocation that the profile names and a protection that it names as well do not allow. */
function stagesProblem(zram: ZramProfile | undefined): Failure | undefined {
  const stages = zram?.allocationStages;
  if (stages === undefined) return undefined;
  for (const layout of BUFFER_LAYOUTS) {
    const protection = zram?.protection?.[layout];
    if (stages === 'one' && protection !== undefined && holderMustNotSleep(protection)) {
      const sentence = `under ${protection} (${layout}) the holder of a stream must not sleep, so allocation needs two stages, not one`;
      return fail('bad-input', sentence, 'zram.allocationStages');
    }
    if (stages === 'two' && (protection === 'read-write' || (protection === 'mutex' && layout !== 'single-mutex'))) {
      const sentence = `under ${protection} (${layout}) the holder of a stream may sleep, so allocation has one stage, not two`;
      return fail('bad-input', sentence, 'zram.allocationStages');
    }
  }
  return undefined;
}
