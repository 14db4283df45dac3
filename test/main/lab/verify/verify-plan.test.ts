import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyPlan } from '../../../../src/main/lab/verify/verify-plan.ts';
import { bootShortage } from '../../../../src/main/machine/boot.ts';
import { valueOf } from '../small-lab.ts';
import type { PageSet } from '../../../../src/main/workload/data/page-set.ts';

function pages(count: number): PageSet {
  return { pageSizeBytes: 4096, count, bytes: new SharedArrayBuffer(0), description: '' };
}

describe('the plan of a verification', () => {
  it('gives every page to one job, in order, and to its own slot', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 64 }), (count, wanted) => {
        const jobs = Math.min(count, wanted);
        const plan = valueOf(verifyPlan(pages(count), jobs));
        const visited = plan.jobs.flatMap(({ firstSlot, blocks }) =>
          Array.from({ length: blocks }, (_, at) => firstSlot + at),
        );
        expect(visited).toEqual(Array.from({ length: count }, (_, page) => page));
        for (const job of plan.jobs) {
          expect(job.firstSetPage).toBe(job.firstSlot);
          expect([job.blocksToDo, job.blockPages, job.ioDepth]).toEqual([job.blocks, 1, 1]);
        }
        const sizes = plan.jobs.map(({ blocks }) => blocks);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('puts every job on a CPU of its own, and measures writing and reading', () => {
    const plan = valueOf(verifyPlan(pages(10), 3));
    expect(plan.jobs.map(({ cpu }) => cpu)).toEqual([0, 1, 2]);
    expect(plan.machine).toMatchObject({ onlineCpus: 3, devices: 1, diskSizeBytes: 40960 });
    expect(plan.phases.map(({ kind, measures }) => [kind, measures])).toEqual([
      ['main', ['write']],
      ['verify', ['read']],
    ]);
  });

  it.each([1, 1000, 131072])('has a machine that holds %i pages that do not compress', (count) => {
    const { machine } = valueOf(verifyPlan(pages(count), 1));
    expect(bootShortage({ ...machine, memoryBytes: machine.memoryBytes - count * 4096 })).toBeUndefined();
  });
});
