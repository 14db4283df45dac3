/** zram as a profile wants it. */
import { type BufferLayout, PROTECTIONS_OF } from '../../../shared/design.ts';
import type { ZramProfile } from '../../../shared/zram-profile.ts';
import { CURRENT_ZRAM, holderMustNotSleep, type ZramVariant } from '../../machine/zram/zram-variant.ts';

/** What the profile leaves open is as in current kernels, save that who must not sleep has two stages of allocation. */
export function zramVariantOf(zram: ZramProfile | undefined, layout: BufferLayout): ZramVariant {
  const protection = zram?.protection?.[layout];
  const stages = holderMustNotSleep(protection ?? PROTECTIONS_OF[layout][0]) ? 'two' : CURRENT_ZRAM.allocationStages;
  return {
    zspagePages: zram?.zspagePages ?? CURRENT_ZRAM.zspagePages,
    freeOrder: zram?.freeOrder ?? CURRENT_ZRAM.freeOrder,
    allocationStages: zram?.allocationStages ?? stages,
    protection,
    maxStreams: zram?.maxStreams,
    algorithms: 1 + (zram?.recompression?.length ?? 0),
  };
}
