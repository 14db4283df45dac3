/** Page frames behind chunks: which units have them, what is in them, and that all of them come back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RegionW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import type { PercpuPtr } from '../../../../../src/main/machine/units.ts';
import { PercpuMachine } from './percpu-machine.ts';

const PAGE_BYTES = 4096;
/** Of a chunk: units of 64 KiB. */
const PAGES_PER_UNIT = 16;

function take(machine: PercpuMachine, pages: number): PercpuPtr {
  const request = { sizeBytes: pages * PAGE_BYTES, alignBytes: PAGE_BYTES };
  const given = machine.run((cpu) => machine.allocator.allocate(cpu, request));
  if (!given.ok) throw new Error(given.error.message);
  return given.value;
}

/** `F` where a unit has a frame for a page of chunk 2, `.` where not; a row per unit. */
function drawn({ region }: PercpuMachine): string[] {
  return Array.from({ length: region.geometry.units }, (_, unit) =>
    Array.from({ length: PAGES_PER_UNIT }, (__, page) =>
      region.words.get(region.frameWord(2, page, unit)) === 0 ? '.' : 'F',
    ).join(''),
  );
}

/** Frames of chunks made after boot. */
function laterFrames(machine: PercpuMachine, atBoot: number): number {
  return machine.percpuFrames() - atBoot;
}

describe('pages of a later chunk', () => {
  it('have a frame in each unit of a CPU', () => {
    const machine = new PercpuMachine();
    take(machine, 3);
    expect(drawn(machine)).toEqual(['FFF.............', 'FFF.............', 'FFF.............', 'FFF.............']);
  });

  it('have none in an unused unit, which the kernel’s figures count all the same', () => {
    const machine = new PercpuMachine({ possibleCpus: 3 });
    const atBoot = machine.percpuFrames();
    expect(machine.area.plan.cpuOfUnit).toEqual([0, 1, 2, undefined]);
    take(machine, 3);
    expect(drawn(machine)).toEqual(['FFF.............', 'FFF.............', 'FFF.............', '................']);
    expect(laterFrames(machine, atBoot)).toBe(9);
    const { region } = machine;
    // Percpu: in /proc/meminfo is pages × units, later chunks.
    expect(region.header(RegionW.populatedPages) * region.geometry.units).toBe(12);
  });

  it('need no more frames than CPUs have units: as many as are left are enough', () => {
    const machine = new PercpuMachine({ possibleCpus: 3 });
    const request = { sizeBytes: 2 * PAGE_BYTES, alignBytes: PAGE_BYTES };
    machine.holdAllFramesBut(6);
    expect(machine.run((cpu) => machine.allocator.allocate(cpu, request)).ok).toBe(true);
    expect(machine.freeFrames()).toBe(0);
    expect(machine.run((cpu) => machine.allocator.allocate(cpu, request)).ok).toBe(false);
    expect(machine.freeFrames()).toBe(0);
  });

  it('are found by page and unit, and nowhere in an unused unit', () => {
    const machine = new PercpuMachine({ possibleCpus: 3 });
    take(machine, 2);
    const places = [0, 1, 2].flatMap((unit) => [0, 1].map((page) => machine.pages.address(2, page * PAGE_BYTES, unit)));
    expect(new Set(places).size).toBe(6);
    expect(places.every((place) => place !== undefined && place % PAGE_BYTES === 0)).toBe(true);
    expect(machine.pages.address(2, 8, 1)).toBe((machine.pages.address(2, 0, 1) ?? NaN) + 8);
    expect(machine.pages.address(2, 0, 3)).toBeUndefined();
    expect(machine.pages.address(2, 2 * PAGE_BYTES, 0)).toBeUndefined();
  });
});

describe('an object', () => {
  it('is zero on every CPU, over page borders as well, whatever its frames held before, and nothing beside it is touched', () => {
    const machine = new PercpuMachine({ possibleCpus: 3 });
    const filler = take(machine, 4);
    const bytesAt = (unit: number, offset: number): number => {
      const start = machine.pages.address(2, offset, unit);
      return start === undefined ? -1 : (machine.arena.bytes[start] ?? -1);
    };
    for (const unit of [0, 1, 2]) {
      for (let page = 0; page < 4; page++) {
        const start = machine.pages.address(2, page * PAGE_BYTES, unit) ?? 0;
        machine.arena.bytes.fill(0xaa, start, start + PAGE_BYTES);
      }
    }
    expect(machine.run((cpu) => machine.allocator.free(cpu, filler))).toBe('freed');
    machine.run((cpu) => machine.allocator.allocate(cpu, { sizeBytes: 8, alignBytes: 8 }));
    const big = machine.run((cpu) => machine.allocator.allocate(cpu, { sizeBytes: 6000, alignBytes: 8 }));
    const at = big.ok ? machine.allocator.locate(big.value) : undefined;
    const start = at?.offsetBytes ?? NaN;
    expect(at?.chunk).toBe(2);
    for (const unit of [0, 1, 2]) {
      const inside = Array.from({ length: 6000 }, (_, index) => bytesAt(unit, start + index));
      expect(inside.every((byte) => byte === 0)).toBe(true);
      expect(bytesAt(unit, start + 6000)).toBe(0xaa);
    }
  });
});

describe('frames', () => {
  it('are as many as populated pages and CPUs say, whatever is taken, freed and balanced, and no two pages share one', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constant('free'), fc.constant('balance')), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(steps, fc.constantFrom(3, 4), (all, possibleCpus) => {
        const machine = new PercpuMachine({ possibleCpus, maxChunks: 8 });
        const atBoot = machine.percpuFrames();
        const live: PercpuPtr[] = [];
        for (const step of all) {
          if (step === 'balance') machine.run((cpu) => machine.allocator.runBalanceWork(cpu));
          else if (typeof step === 'number') live.push(take(machine, step));
          else machine.run((cpu) => machine.allocator.free(cpu, live.shift()));
          const pages = machine.region.header(RegionW.populatedPages);
          expect(laterFrames(machine, atBoot)).toBe(pages * possibleCpus);
        }
        const mapped = live.flatMap((ptr) =>
          Array.from({ length: possibleCpus }, (_, unit) => {
            const at = machine.allocator.locate(ptr);
            return at === undefined ? undefined : machine.pages.address(at.chunk, at.offsetBytes, unit);
          }),
        );
        expect(new Set(mapped).size).toBe(mapped.length);
        expect(mapped).not.toContain(undefined);
      }),
      { numRuns: 40 },
    );
  });
});
