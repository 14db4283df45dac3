/** A this-cpu run of which a thread fails in the middle, for real. */
import { afterEach, expect, it, vi } from 'vitest';
import { openSmallLab, runToEnd, smallThisCpuProfile } from '../small-lab.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const FAILING = new URL('../../engine/live/storm/failing-storm-worker.ts', import.meta.url);

afterEach(() => {
  vi.unstubAllEnvs();
});

it('keeps the repetitions that were finished, says what failed, and the lab runs the next one', async () => {
  const lab = await openSmallLab(temporaryFolder(), FAILING);
  let samples = 0;
  lab.subscribe((event) => {
    if (event.kind !== 'sample') return;
    samples += 1;
    // Of the threads that start from now on.
    if (samples === 2) vi.stubEnv('FAILING_STORM_CPU', 'exit 1 interrupt 3');
  });
  const profile = smallThisCpuProfile({ experiment: { repetitions: 3 } });
  const { record } = await runToEnd(lab, profile);
  expect(record.outcome).toBe('failed');
  expect(record.error?.message).toMatch(
    /^design (local-mapping|preempt-offset): CPU 1 died in mix [a-z-]+, at (operation \d of \d \([a-z_]+\)|the end) of an interrupted unit of task \d, which has \d+ units left: its thread exited with code 3$/,
  );
  expect(record.samples.map(({ repetition }) => repetition)).toEqual([1, 1]);
  vi.unstubAllEnvs();
  const next = await runToEnd(lab, smallThisCpuProfile());
  expect(next.record.outcome).toBe('complete');
});
