import { defineStore } from 'pinia';
import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { RunningMoment } from '../../shared/contract.ts';
import type { LabError } from '../../shared/result.ts';
import type { ZramDeviceState } from '../../shared/zram-report.ts';
import { useLab } from '../lab-key.ts';
import { createLooker } from './looker.ts';
import { useRunStore } from './run-store.ts';

/** Takes no lock, but the caches of the CPUs under measurement feel it. */
const LOOK_EVERY_MS = 500;

/** The zram devices of the run that goes on, looked at while somebody wants to see them; the last moment stays. */
export const useLiveZramStore = defineStore('live zram', () => {
  const lab = useLab();
  const run = useRunStore();
  /** Whether somebody wants to see it. */
  const open = ref(false);
  const devices = shallowRef<readonly ZramDeviceState[]>();
  const at = shallowRef<RunningMoment>();
  const error = ref<LabError>();

  const looker = createLooker(LOOK_EVERY_MS, async (isCurrent) => {
    const runId = run.run?.runId;
    if (runId === undefined || !open.value || run.state.kind !== 'running') return false;
    const answer = await lab.runningZram({ runId });
    if (!isCurrent()) return false;
    // A run that has ended meanwhile is no error: its 'finished' event is under way.
    error.value = answer.ok || answer.error.code === 'not-found' ? undefined : answer.error;
    if (answer.ok && answer.value.devices !== undefined) {
      devices.value = answer.value.devices;
      at.value = answer.value.at;
    }
    return true;
  });

  watch(
    () => run.run?.runId,
    () => {
      devices.value = undefined;
      at.value = undefined;
      error.value = undefined;
    },
  );
  watch([open, () => run.run?.runId, () => run.state.kind], looker.lookAnew);
  onScopeDispose(looker.stop);

  return { open, devices, at, error };
});
