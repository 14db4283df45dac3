import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  objectsOfPhase,
  percpuMachine,
  planPercpuWorkload,
} from '../../../../src/main/lab/plan/percpu-workload-plan.ts';
import { planProfile, previewWorkload } from '../../../../src/main/lab/plan/plan-profile.ts';
import { planPercpu } from '../../../../src/main/machine/percpu/percpu-plan.ts';
import { usualAddressSpace } from '../../../../src/shared/address-space-settings.ts';
import type { AllocatorDesign } from '../../../../src/shared/design.ts';
import type { PercpuWorkload, Profile } from '../../../../src/shared/profile.ts';
import { errorOf, type PercpuProfileChanges, smallPercpuProfile, valueOf } from '../small-lab.ts';

const HOST = { cores: 2, memoryBytes: 8 * 2 ** 30, environment: {} };

/** A percpu profile, its kind known to the compiler. */
function parts(changes: PercpuProfileChanges = {}): {
  readonly workload: PercpuWorkload;
  readonly machine: Profile['machine'];
} {
  const { workload, machine } = smallPercpuProfile(changes);
  if (workload.kind !== 'percpu') throw new Error(`a ${workload.kind} workload`);
  return { workload, machine };
}

function planOf(changes: PercpuProfileChanges = {}) {
  const { workload, machine } = parts(changes);
  return planPercpuWorkload(workload, machine);
}

describe('groups', () => {
  it('are shared out equally over the online CPUs, no CPU has two more than another, none is lost', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 500 }), (cpus, groups) => {
        const machine = { possibleCpus: 64, onlineCpus: cpus };
        const { percpuJobs } = planOf({ machine, workload: { groups } });
        const shares = percpuJobs.map((job) => job.groups);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(groups);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        expect(Math.min(...shares)).toBeGreaterThan(0);
        expect(percpuJobs.map((job) => job.cpu)).toEqual(shares.map((_, cpu) => cpu));
      }),
    );
  });

  it('are made, and destroyed unless they are to stay', () => {
    const kinds = (destroy: PercpuWorkload['destroy']) =>
      planOf({ workload: { destroy } }).phases.map(({ kind, measures }) => `${kind} ${measures.join()}`);
    expect(kinds('never')).toEqual(['create create']);
    expect(kinds('in-order')).toEqual(['create create', 'destroy destroy']);
    expect(kinds('random')).toEqual(kinds('in-order'));
    const orders = (destroy: PercpuWorkload['destroy']) =>
      planOf({ workload: { destroy } }).percpuJobs.map((job) => job.destroyOrder);
    expect(orders('random')).toEqual(['random', 'random']);
    expect(orders('in-order')).toEqual(['in-order', 'in-order']);
  });

  it('are destroyed in another random order on each CPU, from one seed', () => {
    const seeds = (seed: number) => planOf({ workload: { seed } }).percpuJobs.map((job) => job.seed);
    expect(seeds(7)).toEqual([7, 8]);
    expect(seeds(0xffffffff)).toEqual([0xffffffff, 0]);
  });

  it('have objects that name their call site by number, the same site by the same', () => {
    const at = (callSite: string, sizeBytes: number) => ({ callSite, number: 1, sizeBytes, alignBytes: 4 });
    const plan = planOf({ workload: { objects: [at('b', 4), at('a', 8), at('b', 12)] } });
    expect(plan.callSites).toEqual(['b', 'a']);
    expect(plan.percpuJobs[0]?.objects.map(({ callSite }) => callSite)).toEqual([0, 1, 0]);
  });

  it('count for progress with all their objects', () => {
    const plan = planOf({ workload: { groups: 41 } });
    const [create] = plan.phases;
    if (create === undefined) throw new Error('there is no phase');
    expect(objectsOfPhase(plan.percpuJobs, create)).toBe(41 * 4);
    expect(objectsOfPhase(plan.percpuJobs, { ...create, jobs: plan.percpuJobs.slice(1).map(({ name }) => name) })).toBe(
      20 * 4,
    );
  });
});

describe('the machine of a percpu workload', () => {
  it('has the first chunk that its design says, whatever the profile says', () => {
    const { workload, machine } = parts();
    expect(valueOf(percpuMachine(machine, workload, 'embed')).percpu.method).toBe('embed');
    expect(valueOf(percpuMachine(machine, workload, 'page')).percpu.method).toBe('page');
  });

  it('has page tables where its design has, with a window of its own for the local mapping, and none otherwise', () => {
    const addressSpace = { ...usualAddressSpace(4096), translation: '4k-39', tablesFor: 'online' } as const;
    const { workload, machine } = parts({ machine: { addressSpace } });
    const tablesOf = (design: AllocatorDesign) => valueOf(percpuMachine(machine, workload, design)).addressSpace;
    expect([tablesOf('embed'), tablesOf('page')]).toEqual([undefined, undefined]);
    const { translation, tablesFor, tlb } = addressSpace;
    expect(tablesOf('page-tables')).toEqual({ translation, window: 'none', tablesFor, tlb });
    expect(tablesOf('page-local-mapping')).toEqual({ translation, window: 'same-offset', tablesFor, tlb });
    expect(valueOf(percpuMachine(machine, workload, 'page-tables')).percpu.method).toBe('page');
  });

  it.each([
    [
      'page-tables',
      { firstChunk: 'second-window' },
      'machine.addressSpace.firstChunk',
      'maps its first chunk page by page',
    ],
    [
      'page-local-mapping',
      { window: 'packed' },
      'machine.addressSpace.window',
      'packed has the units of each CPU together',
    ],
    ['page-local-mapping', { window: 'none' }, 'machine.addressSpace.window', 'page-tables is the design without one'],
  ] as const)('of design %s is refused with %j, at the field and with the reason', (design, changes, where, why) => {
    const { workload, machine } = parts({ machine: { addressSpace: { ...usualAddressSpace(4096), ...changes } } });
    const error = errorOf(percpuMachine(machine, workload, design));
    expect([error.code, error.where]).toEqual(['bad-input', where]);
    expect(error.message).toMatch(new RegExp(`^design ${design} .*${why}`));
    // The form shows it beside the field before anything runs.
    const profile = smallPercpuProfile({
      designs: [design],
      machine: { addressSpace: { ...usualAddressSpace(4096), ...changes } },
    });
    expect(previewWorkload(profile, HOST).fieldErrors).toEqual([{ field: where, message: error.message }]);
  });

  it('keeps books on chunks enough for all objects, twice, and tags their call sites', () => {
    const { workload, machine } = parts({ workload: { groups: 20_000 }, machine: { memoryBytes: 2 ** 30 } });
    const config = valueOf(percpuMachine(machine, workload, 'page'));
    const { unitBytes } = valueOf(planPercpu(config)).layout;
    expect(config.percpu.maxChunks * unitBytes).toBeGreaterThan(2 * 20_000 * 3008);
    expect(config.percpu.callSites).toBe(2);
  });

  it('keeps no books on chunks that its memory cannot hold, whatever the workload asks for', () => {
    const memoryBytes = 2 ** 26;
    const objects = [{ callSite: 'a', number: 65536, sizeBytes: 32768, alignBytes: 4096 }];
    const { workload, machine } = parts({ workload: { groups: 1_000_000, objects }, machine: { memoryBytes } });
    const config = valueOf(percpuMachine(machine, workload, 'embed'));
    const { unitBytes } = valueOf(planPercpu(config)).layout;
    const chunkBytes = unitBytes * machine.possibleCpus;
    expect(config.percpu.maxChunks * chunkBytes).toBeGreaterThan(2 * memoryBytes);
    expect((config.percpu.maxChunks - 17) * chunkBytes).toBeLessThanOrEqual(2 * memoryBytes);
  });
});

describe('a percpu profile', () => {
  it('is planned without jobs of fio', () => {
    const planned = valueOf(planProfile(smallPercpuProfile(), HOST));
    expect([...planned.machines.keys()]).toEqual(['embed', 'page']);
    expect([planned.fioJobs, planned.workload.jobs]).toEqual([[], []]);
    expect(planned.oversubscribed).toBe(false);
    expect(previewWorkload(smallPercpuProfile(), HOST)).toEqual({ fieldErrors: [], jobs: [], oversubscribed: false });
  });

  it('whose pointers the host cannot hold is refused with their number', () => {
    const objects = [{ callSite: 'a', number: 65536, sizeBytes: 4, alignBytes: 4 }];
    const planned = (groups: number) => planProfile(smallPercpuProfile({ workload: { groups, objects } }), HOST);
    const mostGroups = HOST.memoryBytes / 8 / 65536;
    const error = errorOf(planned(mostGroups + 1));
    expect([error.code, error.where]).toEqual(['bad-input', 'workload.groups']);
    expect(error.message).toContain(`${mostGroups + 1} groups have ${(mostGroups + 1) * 65536} objects`);
    expect(planned(mostGroups).ok).toBe(true);
  });

  it.each([
    [
      { ...smallPercpuProfile(), designs: ['single-mutex'] },
      'designs',
      'a percpu workload compares embed, page, page-tables, page-local-mapping',
    ],
    [
      { ...smallPercpuProfile(), experiment: { repetitions: 1, equivalencePercent: 5, seconds: 3 } },
      'experiment.seconds',
      'seconds do not limit it',
    ],
    [smallPercpuProfile({ machine: { percpu: { ...settings(), limitBytes: 4096 } } }), 'machine.percpu', '4096'],
  ])('that cannot be run is refused with its field, %#', (profile, where, words) => {
    const error = errorOf(planProfile(profile, HOST));
    expect([error.code, error.where]).toEqual(['bad-input', where]);
    expect(error.message).toContain(words);
  });
});

function settings() {
  return { architecture: 'x86-64', kernel: '6.18', firstChunk: 'auto', otherStaticBytes: 9000, nodes: 1 } as const;
}
