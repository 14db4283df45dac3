import { describe, expect, it } from 'vitest';
import { runInTurn } from '../../../../src/main/engine/live/run-in-turn.ts';
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
async function batchesBeforeTurns(batches: number, roundsToTurn: number): Promise<readonly number[]> {
  const course: string[] = [];
  const seen: number[] = [];
  let goesOn = true;
  const look = (): void => {
    seen.push(course.length);
    if (goesOn) setImmediate(look);
  };
  setImmediate(look);
  await runInTurn(undefined, [jobOf(batches, 'a', course)], roundsToTurn);
  goesOn = false;
  await new Promise((resolve) => setImmediate(resolve));
  return [...new Set(seen)];
}

describe('jobs in turn', () => {
  it('do a batch each, until the last of them has finished', async () => {
    const course: string[] = [];
    const jobs = [jobOf(1, 'a', course), jobOf(3, 'b', course), jobOf(2, 'c', course)];
    expect(await runInTurn(undefined, jobs, Infinity)).toBeUndefined();
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
    expect(await runInTurn(undefined, [jobOf(9, 'a', course), failing], Infinity)).toBe(failure);
    expect(course.join('')).toBe('a');
  });

  it('reject with what a job throws', async () => {
    const broken = {
      *batch(): Suspending<BatchOutcome> {
        throw new Error('a broken invariant');
      },
    };
    await expect(runInTurn(undefined, [broken], Infinity)).rejects.toThrow('a broken invariant');
  });

  it('let the event loop have a turn after as many rounds as are asked for', async () => {
    expect(await batchesBeforeTurns(10, Infinity)).toEqual([10]);
    expect(await batchesBeforeTurns(10, 3)).toEqual([3, 6, 9, 10]);
  });
});
