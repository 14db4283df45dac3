/**
 * Machines under torture on four threads, whatever the host's cores. A shorter form of `npm run bench -- torture`, which does a
 * thousand sequences.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Torture, type TortureOutcome } from '../../../../../src/main/engine/live/torture/torture.ts';
import { CODECS } from '../../../../../src/shared/codec.ts';
import { codecParts } from '../../codec/test-codecs.ts';
import { FAULTY } from './faulty-torture-worker.ts';

const WORKER = new URL('../../../../../src/main/engine/live/torture/torture-worker.ts', import.meta.url);
const FAULTY_WORKER = new URL('./faulty-torture-worker.ts', import.meta.url);

let torture: Torture | undefined;

afterEach(async () => {
  await torture?.close();
  torture = undefined;
});

describe('sequences of everything at once on four threads', () => {
  it.each(CODECS)('keep all data, hold no lock and leave nothing, with %s', async (codec) => {
    torture = new Torture(WORKER, codecParts(codec));
    const outcomes: TortureOutcome[] = [];
    const sum = (name: keyof NonNullable<TortureOutcome['counts']>): number =>
      outcomes.reduce((all, { counts }) => all + (counts?.[name] ?? 0), 0);
    const often = ['cameUp', 'pagesReleased', 'recompressed'] as const;
    const seldom = ['failedWrites', 'failedReads', 'failedAllocations', 'failedBringUps'] as const;
    const didAll = (): boolean => often.every((name) => sum(name) > 20) && seldom.every((name) => sum(name) > 0);
    // How often threads meet differs from run to run: further sequences until all that they are about has come, or should have.
    for (let seed = 2000; seed < 2045 || (!didAll() && seed < 2180); seed++) {
      const outcome = await torture.run(seed, 40);
      expect(outcome.problems, `seed ${seed}`).toEqual([]);
      outcomes.push(outcome);
    }
    for (const name of seldom) expect(sum(name), name).toBeGreaterThan(0);
    for (const name of often) expect(sum(name), name).toBeGreaterThan(20);
    expect(sum('writes')).toBeGreaterThan(2 * sum('failedWrites'));
    const sites = new Set(
      outcomes.flatMap(({ faults }) => faults.filter(({ injected }) => injected > 0)).map(({ site }) => site),
    );
    expect([...sites].toSorted()).toEqual(['atomic', 'bringUps', 'codec', 'frames']);
  });
});

describe('a sequence in which something goes wrong', () => {
  function faulty(changes: { hangsAfterMs?: number } = {}): Torture {
    torture = new Torture(FAULTY_WORKER, codecParts('lz4'), changes);
    return torture;
  }

  it('names what is left: locks, preemption, pages', async () => {
    const { problems } = await faulty().run(FAULTY.leaves, 10);
    expect(problems).toEqual([
      'an operation ends with a slot held; CPU 2, idle marking, holding slot: ends',
      'slot 5 of zram0 is held',
      'CPU 2 has preemption off 1 times',
      '1 frames of ioBuffer more than before',
    ]);
  });

  it('is told as one whose thread ended, when one did, and then has no counts', async () => {
    const { problems, counts } = await faulty().run(FAULTY.ends, 10);
    expect(problems).toEqual([
      'CPU 0 was stopped because the machine was halted',
      'CPU 1 was stopped because the machine was halted',
      'a thread ended with code 7',
      'CPU 3 was stopped because the machine was halted',
    ]);
    expect(counts).toBeUndefined();
  });

  it('is told as one that hangs when a thread does not answer, and the next one gets fresh threads', async () => {
    const { problems } = await faulty({ hangsAfterMs: 15_000 }).run(FAULTY.hangs, 10);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^the sequence hangs: CPU 0 .*; CPU 1 .*; CPU 2 .*; CPU 3 /);
    expect((await torture?.run(9, 10))?.problems).toEqual([]);
  });

  it('says what a thread threw', async () => {
    const { problems } = await faulty().run(FAULTY.throws, 10);
    expect(problems).toEqual(Array.from({ length: 4 }, () => expect.stringContaining('lz4-kernel needs its module')));
  });
});
