import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { PercpuPicture } from '../../shared/percpu-picture.ts';
import type { LabError } from '../../shared/result.ts';
import { decodePicture } from '../../shared/wire-picture.ts';
import { useLab } from '../lab-key.ts';

/** Which picture of a replay is wanted. */
export interface MomentWish {
  readonly replayId: string;
  readonly moment: number;
  readonly chunkKey?: string | undefined;
}

/** The chunks at one moment of a replay. A slider asks faster than pictures come: only the newest wish is kept. */
export const useMomentStore = defineStore('moment', () => {
  const lab = useLab();
  const picture = shallowRef<PercpuPicture>();
  const shown = shallowRef<MomentWish>();
  const error = ref<LabError>();
  let wanted: MomentWish | undefined;
  let asking = false;

  /** Shows a moment; the picture before stays until the new one is there. */
  async function show(wish: MomentWish): Promise<void> {
    if (wish.replayId !== (wanted ?? shown.value)?.replayId) picture.value = undefined;
    wanted = wish;
    if (asking) return;
    asking = true;
    while (wanted !== undefined) {
      const next: MomentWish = wanted;
      wanted = undefined;
      const answer = await lab.replayPicture(next);
      if (answer.ok) picture.value = decodePicture(answer.value);
      error.value = answer.ok ? undefined : answer.error;
      shown.value = next;
    }
    asking = false;
  }

  return { picture, shown, error, show };
});
