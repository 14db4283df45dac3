import { describe, expect, it } from 'vitest';
import { planProfile, previewWorkload } from '../../../../src/main/lab/plan/plan-profile.ts';
import { turnsPerUnit } from '../../../../src/main/engine/live/storm/storm-plan.ts';
import { usualAddressSpace } from '../../../../src/shared/address-space-settings.ts';
import { errorOf, smallThisCpuProfile, type ThisCpuProfileChanges, valueOf } from '../small-lab.ts';

const HOST = { cores: 2, memoryBytes: 8 * 2 ** 30, environment: {} };

function stormsOf(changes: ThisCpuProfileChanges = {}) {
  const planned = valueOf(planProfile(smallThisCpuProfile(changes), HOST));
  return [...planned.storms.values()];
}

describe('a this-cpu profile', () => {
  it('is planned as a storm for each design and a phase for each mix', () => {
    const planned = valueOf(planProfile(smallThisCpuProfile(), HOST));
    expect([...planned.storms.keys()]).toEqual(['preempt-offset', 'local-mapping']);
    expect(planned.machines.size).toBe(0);
    expect(planned.workload.phases.map(({ kind, jobs, measures }) => [kind, jobs, measures])).toEqual([
      ['access', ['storm'], ['access']],
      ['access', ['fault'], ['access']],
    ]);
    expect(previewWorkload(smallThisCpuProfile(), HOST)).toEqual({ fieldErrors: [], jobs: [], oversubscribed: false });
  });

  it('shares its operations out over mixes and tasks, in whole units', () => {
    const [plan] = stormsOf({ workload: { operations: 8001 } });
    // 4000.5 operations each; four tasks; units of one and of four.
    expect(plan?.mixes.map((mix) => [mix.name, mix.unitsPerTask, turnsPerUnit(mix)])).toEqual([
      ['storm', 1001, 1],
      ['fault', 251, 4],
    ]);
  });

  it('has no warm-up that serves all samples: a profile that asks for one is refused with its field', () => {
    const profile = smallThisCpuProfile({ experiment: { warmUpSeconds: 2 } });
    expect(errorOf(planProfile(profile, HOST))).toMatchObject({ code: 'bad-input', where: 'experiment.warmUpSeconds' });
  });

  it('has units for as long as time lasts, and no more than the counters hold', () => {
    const [plan] = stormsOf({ experiment: { seconds: 2 } });
    const [storm, fault] = plan?.mixes ?? [];
    expect((storm?.unitsPerTask ?? 0) * 4).toBeLessThan(2 ** 31);
    expect((fault?.unitsPerTask ?? 0) * 4 * 3).toBeLessThan(2 ** 31);
    expect((fault?.unitsPerTask ?? 0) * 4 * 3).toBeGreaterThan(2 ** 31 - 100);
  });

  it('has the operations of a unit in the order of the machine, without those that it has none of', () => {
    const mixes = [
      { name: 'all', unit: 'one', operations: { cmpxchg: 2, read: 1, shared_add: 3, add: 0 }, source: '' },
    ];
    const [plan] = stormsOf({ workload: { mixes } });
    expect(plan?.mixes[0]?.steps).toEqual([
      { operation: 'shared_add', number: 3 },
      { operation: 'read', number: 1 },
      { operation: 'cmpxchg', number: 2 },
    ]);
  });

  it('has page tables as the profile says, or as usual', () => {
    const tlb = { entries: 16, ways: 2 };
    const addressSpace = { ...usualAddressSpace(4096), window: 'packed' as const, tlb };
    const [own] = stormsOf({ machine: { addressSpace } });
    expect(own?.machine).toMatchObject({ tlb: { entries: 16, ways: 2, cpusPerTlb: 1 }, mapping: { window: 'packed' } });
    const [usual] = stormsOf();
    expect(usual?.machine).toMatchObject({
      translation: '4k-48',
      mapping: { window: 'same-offset', unitBytes: 196_608 },
    });
  });

  it('that wants a local mapping without a window is refused with its field', () => {
    const addressSpace = { ...usualAddressSpace(4096), window: 'none' as const };
    const profile = smallThisCpuProfile({ machine: { addressSpace } });
    expect(errorOf(planProfile(profile, HOST))).toMatchObject({
      code: 'bad-input',
      where: 'machine.addressSpace.window',
    });
    const others = smallThisCpuProfile({ designs: ['preempt-offset', 'segment'], machine: { addressSpace } });
    expect(planProfile(others, HOST).ok).toBe(true);
  });

  it('is not for the kernel engine', () => {
    const sentence = "the kernel engine runs fio workloads on this host's zram, not this-cpu workloads";
    expect(errorOf(planProfile(smallThisCpuProfile(), HOST, 'kernel')).message).toBe(sentence);
  });
});
