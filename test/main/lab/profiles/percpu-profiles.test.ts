/** The shipped percpu profiles against what was published and recorded. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProfileFile } from '../../../../src/main/lab/profiles/profile-file.ts';
import { percpuMachine } from '../../../../src/main/lab/plan/percpu-workload-plan.ts';
import { planPercpu } from '../../../../src/main/machine/percpu/percpu-plan.ts';
import type { PercpuWorkload, Profile } from '../../../../src/shared/profile.ts';
import type { CallSiteTotal, RunRecord } from '../../../../src/shared/run-record.ts';
import { openSmallLab, RESOURCES, runToEnd, valueOf } from '../small-lab.ts';

function shipped(id: string): { readonly profile: Profile; readonly workload: PercpuWorkload } {
  const profile = valueOf(readProfileFile(join(RESOURCES, 'profiles', `${id}.json`)));
  if (profile.workload.kind !== 'percpu') throw new Error(`${id} has a ${profile.workload.kind} workload`);
  return { profile, workload: profile.workload };
}

async function runShipped(id: string): Promise<RunRecord> {
  const { record } = await runToEnd(await openSmallLab(), shipped(id).profile);
  return record;
}

function tableOf(record: RunRecord): readonly CallSiteTotal[] {
  return record.designs[0]?.percpu?.callSites ?? [];
}

function total(table: readonly CallSiteTotal[]): number {
  return table.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
}

describe('who allocated what in 2008', () => {
  it('is 103696 of 117228 bytes, 88 %, in networking, and 72 objects of 128 bytes of the workqueue', async () => {
    const record = await runShipped('percpu-2008');
    expect(record.outcome).toBe('complete');
    const table = tableOf(record);
    expect(total(table)).toBe(117_228);
    const [networking] = table;
    expect(networking?.callSite).toMatch(/^networking .*not broken down/);
    expect(networking?.totalBytes).toBe(103_696);
    expect(Math.floor((networking?.share ?? 0) * 100)).toBe(88);
    const workqueue = table.find(({ callSite }) => callSite === 'workqueue');
    expect(workqueue).toMatchObject({ number: 72, sizeBytes: 128, totalBytes: 9216 });
    expect(record.designs[0]?.percpu?.atFull.liveBytes).toBe(117_228);
  });

  it('has 72 × 64 bytes less with the smaller workqueue, and the same besides', async () => {
    const [large, small] = [await runShipped('percpu-2008'), await runShipped('percpu-2008-workqueue-64')].map(tableOf);
    expect(small?.find(({ callSite }) => callSite === 'workqueue')).toMatchObject({ number: 72, sizeBytes: 64 });
    expect(total(large ?? []) - total(small ?? [])).toBe(72 * 64);
    const others = (table: readonly CallSiteTotal[] = []) =>
      table
        .filter(({ callSite }) => callSite !== 'workqueue')
        .map(({ callSite, number, totalBytes }) => [callSite, number, totalBytes]);
    expect(others(small)).toEqual(others(large));
  });

  it('has the reserve that those patches made a parameter: 2500 machine words of 8 bytes', () => {
    expect(shipped('percpu-2008').profile.machine.percpu).toMatchObject({ reservedBytes: 2500 * 8, kernel: '2.6.27' });
  });
});

describe('cgroup churn', () => {
  const { profile, workload } = shipped('cgroup-churn');

  it('has 10,000 cgroups with the objects of the recording, in their order', () => {
    expect(workload).toMatchObject({ groups: 10_000, groupName: 'cgroup', destroy: 'random' });
    // call_site, size and align of what one mkdir allocated, between those of the processes around it.
    const recorded = [
      'percpu_ref_init 8/8',
      'css_rstat_init 128/8',
      'css_rstat_init 32/8',
      'psi_cgroup_alloc 128/64',
      'mem_cgroup_css_alloc 1216/64',
      'memcg1_alloc_events 24/8',
      'mem_cgroup_css_alloc 528/8',
      '__percpu_counter_init_many 4/4',
      'percpu_ref_init 8/8',
      'css_rstat_init 32/8',
      'percpu_ref_init 8/8',
    ];
    const own = workload.objects.map(
      ({ callSite, sizeBytes, alignBytes }) => `${callSite.split(',')[0] ?? ''} ${sizeBytes}/${alignBytes}`,
    );
    expect(own).toEqual(recorded);
    expect(workload.objects.every(({ number }) => number === 1)).toBe(true);
  });

  it("has the recorded machine's first chunk", () => {
    const { layout } = valueOf(planPercpu(valueOf(percpuMachine(profile.machine, workload, 'embed'))));
    // percpu_stats of the recorded machine, before the recording.
    expect(layout).toMatchObject({
      ...{ unitBytes: 1_048_576, staticBytes: 185_560, reservedBytes: 0, dynamicBytes: 31_528 },
      ...{ atomBytes: 2_097_152, allocBytes: 2_097_152 },
    });
  });

  it('runs: a tenth of it leaves no object behind', async () => {
    const { record } = await runToEnd(await openSmallLab(), {
      ...profile,
      workload: { ...workload, groups: 1000 },
      experiment: { ...profile.experiment, repetitions: 1 },
    });
    for (const { percpu, create } of record.samples) {
      expect(create?.operations).toBe(11_000);
      expect(percpu?.atFull).toMatchObject({ liveObjects: 11_000, liveBytes: 1000 * 2116 });
      expect(percpu?.atEnd).toMatchObject({ liveObjects: 0, liveBytes: 0 });
      expect(percpu?.atEnd.populatedBytes).toBeLessThan(percpu?.atFull.populatedBytes ?? 0);
    }
    expect(record.comparisons.map(({ direction, design }) => `${direction} ${design}`)).toEqual([
      'create page',
      'destroy page',
    ]);
  });
});
