import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../../../src/main/machine/machine.ts';
import { liveObjects } from '../../../../../src/main/machine/percpu/chunks/live-objects.ts';
import type { PercpuPtr } from '../../../../../src/main/machine/units.ts';
import { makeMachine, smallPercpu } from '../../fixtures/make-machine.ts';
import { MachineTasks } from '../../fixtures/machine-tasks.ts';

const MOST = 65_535;

function taggingMachine(callSites: number): Machine {
  return makeMachine({ memoryBytes: 700 * 4096, percpu: smallPercpu(4096, { callSites, maxChunks: 6 }) });
}

function take(machine: Machine, sizeBytes: number, callSite?: number): PercpuPtr | undefined {
  const request = { sizeBytes, alignBytes: 4, ...(callSite === undefined ? {} : { callSite }) };
  const given = new MachineTasks(machine.arena).run(0, (cpu) => machine.percpu.allocPercpu(cpu, request));
  return given.ok ? given.value : undefined;
}

function tagOf({ area }: Machine, ptr: PercpuPtr): number {
  const at = area.allocator.locate(ptr);
  if (at === undefined) throw new Error(`${ptr} lies nowhere`);
  return area.region.callSiteOf(at.chunk, at.offsetBytes / 4);
}

describe('the tag of an object', () => {
  it('is the call site that was said, and 0 where none was', () => {
    const machine = taggingMachine(MOST);
    const sites = [1, 0, MOST - 1, 0x8000, 0x7fff];
    const ptrs = sites.map((site) => take(machine, 4, site));
    expect(ptrs.map((ptr) => (ptr === undefined ? undefined : tagOf(machine, ptr)))).toEqual(sites);
    const untold = take(machine, 4);
    expect(untold === undefined ? undefined : tagOf(machine, untold)).toBe(0);
  });

  it('is 0 on machines that do not tag, whatever was said', () => {
    const machine = taggingMachine(0);
    const ptr = take(machine, 4, 1234);
    expect(ptr === undefined ? undefined : tagOf(machine, ptr)).toBe(0);
  });

  it.each([
    [10, 10],
    [10, -1],
    [1, MOST],
  ])('of %i call sites is none of number %i', (callSites, callSite) => {
    expect(() => take(taggingMachine(callSites), 4, callSite)).toThrow(`call site ${callSite} of ${callSites}`);
  });

  it('takes 2 bytes of bookkeeping for every 4 bytes of a unit, and none where nothing is tagged', () => {
    const bytesOf = (callSites: number): number => taggingMachine(callSites).area.region.layout.chunkStride * 4;
    expect(bytesOf(1) - bytesOf(0)).toBe((32 * 1024) / 2);
    expect(bytesOf(MOST)).toBe(bytesOf(1));
  });

  it('stays with its object while others come and go next to it', () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ sizeBytes: fc.integer({ min: 1, max: 5000 }), callSite: fc.nat(MOST - 1) }),
      },
      { weight: 2, arbitrary: fc.record({ free: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const machine = taggingMachine(MOST);
        const tasks = new MachineTasks(machine.arena);
        const live = new Map<PercpuPtr, { readonly sizeBytes: number; readonly callSite: number }>();
        for (const each of steps) {
          if ('free' in each) {
            const ptr = [...live.keys()][each.free % Math.max(1, live.size)];
            if (ptr === undefined) continue;
            tasks.run(0, (cpu) => machine.percpu.freePercpu(cpu, ptr));
            live.delete(ptr);
          } else {
            const ptr = take(machine, each.sizeBytes, each.callSite);
            if (ptr !== undefined) live.set(ptr, each);
          }
          for (const [ptr, { callSite }] of live) expect(tagOf(machine, ptr)).toBe(callSite);
        }
        const listed = [...liveObjects(machine.area.region)].map(({ chunk, startBytes, sizeBytes, callSite }) => ({
          ptr: machine.area.allocator.pointer(chunk, startBytes),
          sizeBytes,
          callSite,
        }));
        const expected = [...live].map(([ptr, { sizeBytes, callSite }]) => ({
          ptr,
          sizeBytes: Math.ceil(sizeBytes / 4) * 4,
          callSite,
        }));
        const byPtr = (a: { ptr: number }, b: { ptr: number }): number => a.ptr - b.ptr;
        expect(listed.toSorted(byPtr)).toEqual(expected.toSorted(byPtr));
      }),
      { numRuns: 40 },
    );
  });
});
