import { describe, expect, it } from 'vitest';
import { type LoopTurns, runInTurn } from '../../../../src/main/engine/live/run-in-turn.ts';
import type { Suspending } from '../../../../src/main/machine/cpu.ts';
import type { BatchOutcome } from '../../../../src/main/workload/job-clock.ts';

/** A job of so many batches, which notes its name at each in `course`. */
function jobOf(batches: number, name: string, course: string[]): { batch(): Suspending<BatchOutcome> } {
  let left = batches;
  return {
    *batch() {
      course.push(name);
      left--;
      return left === 0 ? 'finished' : 'more';
    },
  };
}

/** Batches that were done before each turn of the event loop; the last turn comes after all of them. */
async function batchesBeforeTurns(batches: number, turns: LoopTurns): Promise<readonly number[]> {
  const course: string[] = [];
  const seen: number[] = [];
  let goesOn = true;
  const look = (): void => {
    seen.push(course.length);
    if (goesOn) setImmediate(look);
  };
  setImmediate(look);
  await runInTurn(undefined, [jobOf(batches, 'a', course)], turns);
  goesOn = false;
  await new Promise((resolve) => setImmediate(resolve));
  return [...new Set(seen)];
}

describe('jobs in turn', () => {
  it('do a batch each, until the last of them has finished', async () => {
    const course: string[] = [];
    const jobs = [jobOf(1, 'a', course), jobOf(3, 'b', course), jobOf(2, 'c', course)];
    expect(await runInTurn(undefined, jobs, 'never')).toBeUndefined();
    expect(course.join('')).toBe('abcbcb');
  });

  it('end with the first that cannot go on', async () => {
    const course: string[] = [];
    const failure = { kind: 'no-memory', job: 'b', device: 0, slot: 7 } as const;
    const failing = {
      *batch(): Suspending<BatchOutcome> {
        return failure;
      },
    };
    expect(await runInTurn(undefined, [jobOf(9, 'a', course), failing], 'never')).toBe(failure);
    expect(course.join('')).toBe('a');
  });

  it('reject with what a job throws', async () => {
    const broken = {
      *batch(): Suspending<BatchOutcome> {
        throw new Error('a broken invariant');
      },
    };
    await expect(runInTurn(undefined, [broken], 'never')).rejects.toThrow('a broken invariant');
  });

  it('let the event loop have turns while they go on, where that is asked for alone', async () => {
    expect(await batchesBeforeTurns(200, 'never')).toEqual([200]);
    const turns = await batchesBeforeTurns(200, 'now-and-then');
    expect(turns.at(-1)).toBe(200);
    expect(turns.length).toBeGreaterThan(4);
  });
});
