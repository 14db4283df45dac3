import { defineStore } from 'pinia';
import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { KernelText, RunningMoment } from '../../shared/contract.ts';
import type { PercpuPicture } from '../../shared/percpu-picture.ts';
import type { LabError } from '../../shared/result.ts';
import { decodePicture } from '../../shared/wire-picture.ts';
import { useLab } from '../lab-key.ts';
import { createLooker } from './looker.ts';
import { useRunStore } from './run-store.ts';

/** Each look holds a lock of the machine that is being measured. */
const LOOK_EVERY_MS = 500;

/** The per-CPU memory of the run that goes on, looked at while somebody wants to see it; its last moment stays. */
export const useLivePictureStore = defineStore('live picture', () => {
  const lab = useLab();
  const run = useRunStore();
  /** Whether somebody wants to see it. */
  const open = ref(false);
  const picture = shallowRef<PercpuPicture>();
  /** Whether the picture may be of two moments. */
  const isTorn = ref(false);
  const at = shallowRef<RunningMoment>();
  const chunkKey = ref<string>();
  const stats = shallowRef<KernelText>();
  const error = ref<LabError>();

  function isWanted(): boolean {
    return open.value && run.state.kind === 'running';
  }

  const looker = createLooker(LOOK_EVERY_MS, async (isCurrent) => {
    const runId = run.run?.runId;
    if (runId === undefined || !isWanted()) return false;
    const answer = await lab.runningPicture({ runId, chunkKey: chunkKey.value });
    if (!isCurrent()) return false;
    // A run that has ended meanwhile is no error: its 'finished' event is under way.
    error.value = answer.ok || answer.error.code === 'not-found' ? undefined : answer.error;
    if (answer.ok && answer.value.picture !== undefined) {
      picture.value = decodePicture(answer.value.picture);
      isTorn.value = answer.value.isTorn === true;
      at.value = answer.value.at;
    }
    return true;
  });

  /** Shows another chunk; at once while the run goes on. */
  function choose(key: string | undefined): void {
    chunkKey.value = key;
    looker.lookAnew();
  }

  /** Reads percpu_stats of the machine as it is now. */
  async function readStats(): Promise<void> {
    const runId = run.run?.runId;
    if (runId === undefined) return;
    const answer = await lab.runningPercpuStats({ runId });
    if (answer.ok) stats.value = answer.value;
    error.value = answer.ok ? undefined : answer.error;
  }

  watch(
    () => run.run?.runId,
    () => {
      picture.value = undefined;
      isTorn.value = false;
      at.value = undefined;
      chunkKey.value = undefined;
      stats.value = undefined;
      error.value = undefined;
    },
  );
  watch([open, () => run.run?.runId, () => run.state.kind], looker.lookAnew);
  onScopeDispose(looker.stop);

  return { open, picture, isTorn, at, chunkKey, stats, error, choose, readStats };
});
