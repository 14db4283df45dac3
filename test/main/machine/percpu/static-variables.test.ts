import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOutStatic, perCpuPtr } from '../../../../src/main/machine/percpu/static-area.ts';
import { cpuId, percpuPtr } from '../../../../src/main/machine/units.ts';
import {
  BUFFER_PAGES,
  LZ4_WORK_MEMORY_BYTES,
  percpuVariables,
} from '../../../../src/main/machine/zram/compress-buffers.ts';
import { makeMachine } from '../fixtures/make-machine.ts';

/** A unit as a row of letters, one a byte, `.` for padding. */
function drawUnit(text: string): string {
  const variables = text
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', size, align] = line.trim().split(/\s+/);
      return { name, sizeBytes: Number(size), alignBytes: Number(align) };
    });
  const { offsets, staticBytes } = layOutStatic(variables, 4096);
  const unit = new Array<string>(staticBytes).fill('.');
  for (const { name, sizeBytes } of variables) unit.fill(name, offsets[name], (offsets[name] ?? 0) + sizeBytes);
  return unit.join('');
}

describe('static variables', () => {
  it('lie in the order given, each on its alignment', () => {
    expect(
      drawUnit(`
        a 1 1
        b 4 4
        c 2 2
        d 8 8`),
    ).toBe('a...bbbbcc......dddddddd');
  });

  it('need no padding where they fit as they come', () => {
    expect(
      drawUnit(`
        a 4 4
        b 4 4
        c 8 8`),
    ).toBe('aaaabbbbcccccccc');
  });

  it('take a unit of whole pages', () => {
    const unitPages = (sizeBytes: number): number =>
      layOutStatic([{ name: 'a', sizeBytes, alignBytes: 1 }], 4096).unitPages;
    expect([1, 4096, 4097, 3 * 4096].map(unitPages)).toEqual([1, 1, 2, 3]);
  });

  it('take no memory when there are none', () => {
    expect(layOutStatic([], 4096)).toEqual({ offsets: {}, staticBytes: 0, unitPages: 0 });
  });

  it('may not ask for an alignment that a unit cannot keep', () => {
    for (const alignBytes of [3, 8192, 0, -4]) {
      expect(() => layOutStatic([{ name: 'a', sizeBytes: 1, alignBytes }], 4096)).toThrow(
        `per-CPU variable a: alignment ${alignBytes} is no power of two up to a page`,
      );
    }
  });

  it('never overlap and are always aligned', () => {
    const sizes = fc.integer({ min: 1, max: 9000 });
    const aligns = fc.integer({ min: 0, max: 12 }).map((power) => 2 ** power);
    fc.assert(
      fc.property(fc.array(fc.tuple(sizes, aligns), { maxLength: 12 }), (drawn) => {
        const variables = drawn.map(([sizeBytes, alignBytes], index) => ({ name: `v${index}`, sizeBytes, alignBytes }));
        const layout = layOutStatic(variables, 4096);
        let end = 0;
        for (const { name, sizeBytes, alignBytes } of variables) {
          const offset = layout.offsets[name] ?? -1;
          expect(offset % alignBytes).toBe(0);
          expect(offset).toBeGreaterThanOrEqual(end);
          expect(offset - end).toBeLessThan(alignBytes);
          end = offset + sizeBytes;
        }
        expect(layout.staticBytes).toBe(end);
        expect(layout.unitPages * 4096).toBeGreaterThanOrEqual(end);
        expect((layout.unitPages - 1) * 4096).toBeLessThan(Math.max(1, end));
      }),
    );
  });
});

describe('the variables of the designs', () => {
  it('are a buffer of two pages and the work memory of LZ4 under per-cpu-global', () => {
    for (const pageSizeBytes of [4096, 16384, 65536]) {
      const { offsets, staticBytes } = percpuVariables('per-cpu-global', pageSizeBytes);
      expect(offsets.compress_buffer).toBe(0);
      expect(offsets.compress_workmem).toBe(BUFFER_PAGES * pageSizeBytes);
      expect(staticBytes).toBe(BUFFER_PAGES * pageSizeBytes + LZ4_WORK_MEMORY_BYTES);
    }
  });

  it('are none under single-mutex', () => {
    expect(percpuVariables('single-mutex', 4096)).toMatchObject({ staticBytes: 0, unitPages: 0 });
  });
});

describe('perCpuPtr', () => {
  it('gives each possible CPU its own copy, a unit apart', () => {
    const { arena } = makeMachine({ possibleCpus: 8, onlineCpus: 2 });
    const { offsets, unitPages } = percpuVariables('per-cpu-global', 4096);
    const addresses = Array.from({ length: 8 }, (_, cpu) => perCpuPtr(arena, offsets.compress_workmem, cpuId(cpu)));
    for (const [cpu, address] of addresses.entries()) {
      expect(address - (addresses[0] ?? 0)).toBe(cpu * unitPages * 4096);
    }
  });

  it('keeps what one CPU wrote away from all others, and from the rest of the memory', () => {
    const { arena } = makeMachine({ possibleCpus: 8, onlineCpus: 8 });
    const { unitPages } = percpuVariables('per-cpu-global', 4096);
    const unitBytes = unitPages * 4096;
    const before = Buffer.from(arena.bytes);
    for (let cpu = 0; cpu < 8; cpu++) {
      const start = perCpuPtr(arena, percpuPtr(0), cpuId(cpu));
      arena.bytes.fill(cpu + 1, start, start + unitBytes);
    }
    const first = perCpuPtr(arena, percpuPtr(0), cpuId(0));
    for (let cpu = 0; cpu < 8; cpu++) {
      const unit = arena.bytes.subarray(first + cpu * unitBytes, first + (cpu + 1) * unitBytes);
      expect(unit.every((byte) => byte === cpu + 1)).toBe(true);
    }
    const end = first + 8 * unitBytes;
    expect(before.subarray(0, first).equals(arena.bytes.subarray(0, first))).toBe(true);
    expect(before.subarray(end).equals(arena.bytes.subarray(end))).toBe(true);
  });

  it('throws for a CPU that is not possible', () => {
    const { arena } = makeMachine({ possibleCpus: 4 });
    expect(() => perCpuPtr(arena, percpuPtr(0), cpuId(4))).toThrow('CPU 4 is not possible on this machine');
  });
});
