/** Counts of the per-CPU allocator against a list that the test keeps of what it was given. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryFigures } from '../../../../src/main/machine/memory-figures.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { firstChunkFrames } from '../../../../src/main/machine/percpu/boot-first-chunk.ts';
import { liveObjects } from '../../../../src/main/machine/percpu/chunks/live-objects.ts';
import { callSiteTotals, percpuMoment } from '../../../../src/main/machine/percpu/percpu-moment.ts';
import type { PercpuPtr } from '../../../../src/main/machine/units.ts';
import { makeMachine, smallPercpu } from '../fixtures/make-machine.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';

const NAMES = ['networking', 'workqueue', 'mm'];

interface Given {
  readonly ptr: PercpuPtr;
  readonly callSite: number;
  readonly sizeBytes: number;
}

function bench(): { readonly machine: Machine; readonly cpu: OneCpu } {
  const machine = makeMachine({ percpu: smallPercpu(4096, { callSites: NAMES.length, otherStaticBytes: 300 }) });
  return { machine, cpu: new OneCpu(machine.arena) };
}

function allocate({ machine, cpu }: ReturnType<typeof bench>, callSite: number, sizeBytes: number): Given | undefined {
  const made = cpu.run((on) => machine.percpu.allocPercpu(on, { sizeBytes, alignBytes: 4, callSite }));
  return made.ok ? { ptr: made.value, callSite, sizeBytes: Math.ceil(sizeBytes / 4) * 4 } : undefined;
}

/** What the table must say, from the test's own list. */
function expectedTable(given: readonly Given[]) {
  const all = given.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [...Map.groupBy(given, ({ callSite }) => callSite)].map(([callSite, own]) => {
    const totalBytes = own.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const sizes = new Set(own.map(({ sizeBytes }) => sizeBytes));
    return {
      callSite: NAMES[callSite],
      number: own.length,
      ...(sizes.size === 1 ? { sizeBytes: own[0]?.sizeBytes } : {}),
      totalBytes,
      share: totalBytes / all,
    };
  });
}

function byName<Row extends { readonly callSite: string | undefined }>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => (a.callSite ?? '').localeCompare(b.callSite ?? ''));
}

const steps = fc.array(
  fc.record({ callSite: fc.nat(2), sizeBytes: fc.integer({ min: 1, max: 3000 }), freeAt: fc.option(fc.nat()) }),
  { maxLength: 60 },
);

describe('the allocator at a moment', () => {
  it('has the objects that were given out and not taken back, their bytes, and the table of who asked', () => {
    fc.assert(
      fc.property(steps, (wanted) => {
        const under = bench();
        const { machine, cpu } = under;
        const given: Given[] = [];
        for (const { callSite, sizeBytes, freeAt } of wanted) {
          const object = allocate(under, callSite, sizeBytes);
          if (object !== undefined) given.push(object);
          if (freeAt === null || given.length === 0) continue;
          const [gone] = given.splice(freeAt % given.length, 1);
          cpu.run((on) => machine.percpu.freePercpu(on, gone?.ptr));
          cpu.run((on) => machine.percpu.runDeferredWork(on));
        }
        const { region } = machine.area;
        const moment = percpuMoment(region, firstChunkFrames(machine.arena.percpu));
        expect(moment.liveObjects).toBe(given.length);
        expect(moment.liveBytes).toBe(given.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
        // Counted by the owner of the page frames, which knows nothing of chunks.
        expect(moment.populatedBytes).toBe(memoryFigures(machine.arena).percpuAreaBytes);
        expect(moment.addressSpaceBytes).toBe(moment.chunks * 4 * 32 * 1024);
        const sizes = [...liveObjects(region)].map(({ sizeBytes }) => sizeBytes);
        expect(sizes.toSorted((a, b) => a - b)).toEqual(
          given.map(({ sizeBytes }) => sizeBytes).toSorted((a, b) => a - b),
        );
        const table = callSiteTotals(region, machine.percpu.big.list(), NAMES);
        expect(byName(table)).toEqual(byName(expectedTable(given)));
        expect(table.map(({ totalBytes }) => totalBytes)).toEqual(
          table.map(({ totalBytes }) => totalBytes).toSorted((a, b) => b - a),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('counts what is too large for the region with its call site, but not among the objects of chunks', () => {
    const under = bench();
    const { machine, cpu } = under;
    allocate(under, 1, 100);
    const big = cpu.run((on) => machine.percpu.bigPercpuAlloc(on, { sizeBytes: 40_000, callSite: 0 }));
    expect(big.ok).toBe(true);
    const [first, second] = callSiteTotals(machine.area.region, machine.percpu.big.list(), NAMES);
    expect(first).toMatchObject({ callSite: 'networking', number: 1, sizeBytes: 40_000, share: 40_000 / 40_100 });
    expect(second).toMatchObject({ callSite: 'workqueue', number: 1, sizeBytes: 100 });
    expect(percpuMoment(machine.area.region, 0).liveObjects).toBe(1);
  });

  it('puts call sites of equal totals in the order of their names, whoever came first', () => {
    const under = bench();
    for (const callSite of [1, 2, 0]) allocate(under, callSite, 64);
    const table = callSiteTotals(under.machine.area.region, [], NAMES);
    expect(table.map(({ callSite }) => callSite)).toEqual(['mm', 'networking', 'workqueue']);
  });

  it('names a call site by its number where there is no name', () => {
    const under = bench();
    allocate(under, 2, 4);
    expect(callSiteTotals(under.machine.area.region, [], [])[0]?.callSite).toBe('call site 2');
  });

  it('has nothing to tell of a machine that has just booted', () => {
    const { machine } = bench();
    expect([...liveObjects(machine.area.region)]).toEqual([]);
    expect(callSiteTotals(machine.area.region, [], NAMES)).toEqual([]);
    expect(percpuMoment(machine.area.region, firstChunkFrames(machine.arena.percpu))).toMatchObject({
      ...{ liveObjects: 0, liveBytes: 0, metadataBytes: 0 },
    });
  });
});
