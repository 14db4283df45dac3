/** zram as a profile wants it. */
import type { ZramProfile } from '../../../shared/zram-profile.ts';
import { CURRENT_ZRAM, type ZramVariant } from '../../machine/zram/zram-variant.ts';

/** What the profile leaves open is as in current kernels. */
export function zramVariantOf(zram: ZramProfile | undefined): ZramVariant {
  return {
    zspagePages: zram?.zspagePages ?? CURRENT_ZRAM.zspagePages,
    freeOrder: zram?.freeOrder ?? CURRENT_ZRAM.freeOrder,
    allocationStages: zram?.allocationStages ?? CURRENT_ZRAM.allocationStages,
  };
}
