/** What the lab in memory lets be seen of its scripted run: a small picture, and percpu_stats in three lines. */
import type { CurrentRun, KernelText, LabMethods } from '../../src/shared/contract.ts';
import { fail, ok, type Result } from '../../src/shared/result.ts';
import { encodePicture } from '../../src/shared/wire-picture.ts';
import { sampleChunk, samplePicture } from './sample-evidence.ts';
import { sampleDevice } from './sample-zram.ts';

type Answer = <T>(method: string, make: () => Result<T>) => Promise<Result<T>>;

/** The text of a design's machine. */
export function sampleKernelText(design: KernelText['design']): KernelText {
  const text = 'Percpu Memory Statistics\nAllocation Info:\n  unit_size           :        65536\n';
  return { design, kind: 'percpu-stats', fileName: `${design}.percpu_stats`, text };
}

/** Fresh methods. There is no machine while the script prepares one; the wanted chunk has the objects. */
export function createRunningScript(
  answer: Answer,
  current: () => CurrentRun | undefined,
): Pick<LabMethods, 'runningPicture' | 'runningZram' | 'runningPercpuStats'> {
  const goingOn = (runId: string): Result<CurrentRun> => {
    const run = current();
    return run?.runId === runId ? ok(run) : fail('not-found', 'this run is not going on');
  };
  const picture = (wanted = '2.1') =>
    samplePicture(
      ['2.1', '3.1'].map((key) => ({ ...sampleChunk({ key }), ...(key === wanted ? {} : { objects: undefined }) })),
    );
  return {
    runningPicture: ({ runId, chunkKey }) =>
      answer('runningPicture', () => {
        const run = goingOn(runId);
        if (!run.ok) return run;
        const { progress } = run.value;
        if (progress === undefined || progress.phase === 'prepare') return ok({ at: progress });
        return ok({ picture: encodePicture(picture(chunkKey)), at: progress });
      }),
    runningZram: ({ runId }) =>
      answer('runningZram', () => {
        const run = goingOn(runId);
        if (!run.ok) return run;
        const { progress } = run.value;
        if (progress === undefined || progress.phase === 'prepare') return ok({ at: progress });
        return ok({ devices: [sampleDevice()], at: progress });
      }),
    runningPercpuStats: ({ runId }) =>
      answer('runningPercpuStats', () => {
        const run = goingOn(runId);
        if (!run.ok) return run;
        const design = run.value.progress?.design;
        return design === undefined ? fail('unavailable', 'no machine runs') : ok(sampleKernelText(design));
      }),
  };
}
