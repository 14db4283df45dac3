/** The contract's methods that look into the machine of the run that goes on. */
import type { CurrentRun, LabMethods, RunningMoment } from '../../shared/contract.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import { encodePicture } from '../../shared/wire-picture.ts';
import type { LiveEngine } from '../engine/live/live-engine.ts';
import { copyChunkRegion } from '../engine/live/region-copy.ts';
import { percpuStats } from '../machine/percpu/chunks/chunk-figures.ts';
import type { RunControl } from './experiment/run-control.ts';
import { percpuStatsText } from './export/kernel-evidence.ts';
import { runningMachinePicture } from './picture/running-picture.ts';
import { runningDeviceStates } from './zram/device-states.ts';

/** Each look at per-CPU memory takes pcpu_lock of the machine for as long as it takes to copy the allocator's books. */
export function createRunningMethods(
  runs: Pick<RunControl, 'current'>,
  engine: Pick<LiveEngine, 'runningMachine'>,
): Pick<LabMethods, 'runningPicture' | 'runningZram' | 'runningPercpuStats'> {
  return {
    runningPicture: ({ runId, chunkKey }) => {
      const run = goingOn(runs, runId);
      if (!run.ok) return Promise.resolve(run);
      const machine = engine.runningMachine();
      if (machine === undefined) return Promise.resolve(ok({ at: momentOf(run.value) }));
      const { picture, isOneMoment } = runningMachinePicture(machine, run.value.profile, chunkKey);
      const isTorn = !isOneMoment;
      return Promise.resolve(ok({ picture: encodePicture(picture), isTorn, at: momentOf(run.value) }));
    },
    runningZram: ({ runId }) => {
      const run = goingOn(runs, runId);
      if (!run.ok) return Promise.resolve(run);
      const machine = engine.runningMachine();
      const devices = machine === undefined ? undefined : runningDeviceStates(machine.arena);
      return Promise.resolve(ok({ devices, at: momentOf(run.value) }));
    },
    runningPercpuStats: ({ runId }) => {
      const run = goingOn(runs, runId);
      if (!run.ok) return Promise.resolve(run);
      const machine = engine.runningMachine();
      const design = run.value.progress?.design;
      if (machine === undefined || design === undefined) {
        return Promise.resolve(fail('unavailable', 'no machine runs at this moment: the next one is being prepared'));
      }
      const { region, isOneMoment } = copyChunkRegion(machine.arena);
      if (!isOneMoment) {
        return Promise.resolve(fail('unavailable', 'a CPU kept pcpu_lock for too long to read one moment: ask again'));
      }
      return Promise.resolve(ok(percpuStatsText(design, percpuStats(region))));
    },
  };
}

function momentOf({ progress }: CurrentRun): RunningMoment | undefined {
  if (progress === undefined) return undefined;
  const { design, repetition, repetitions, phase, atMs } = progress;
  return { design, repetition, repetitions, phase, atMs };
}

function goingOn(runs: Pick<RunControl, 'current'>, runId: string): Result<CurrentRun> {
  const run = runs.current();
  return run?.runId === runId ? ok(run) : fail('not-found', 'this run is not going on');
}
