import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FIRST_CHUNK_METHODS,
  type PercpuConfig,
  percpuConfigFromWords,
  percpuConfigToWords,
  PERCPU_SIZE_FIELDS,
} from '../../../../src/main/machine/percpu/percpu-config.ts';
import { type PercpuMachine, planPercpu } from '../../../../src/main/machine/percpu/percpu-plan.ts';
import { errorOf, valueOf } from '../../lab/small-lab.ts';
import { smallPercpu } from '../fixtures/make-machine.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** x86-64 of 4.15 as in a printed log, less the machine's own two pointers where it has them. */
function planOf(percpu: Partial<PercpuConfig>, machine: Partial<PercpuMachine> = {}) {
  return planPercpu({
    possibleCpus: 8,
    pageSizeBytes: 4 * KIB,
    bufferLayout: 'single-mutex',
    ...machine,
    percpu: smallPercpu(4 * KIB, {
      method: 'embed',
      otherStaticBytes: 144_408,
      reservedBytes: 8192,
      dynamicRequestBytes: 28 * KIB,
      earlyDynamicBytes: 12 * KIB,
      atomBytes: 2 * MIB,
      ...percpu,
    }),
  });
}

describe('a configuration', () => {
  it('survives the arena’s header, whatever it is', () => {
    const size = fc.nat(2 ** 31 - 1);
    const fields = Object.fromEntries(PERCPU_SIZE_FIELDS.map((name) => [name, size]));
    fc.assert(
      fc.property(fc.constantFrom(...FIRST_CHUNK_METHODS), fc.record(fields), (method, sizes) => {
        const config = { ...smallPercpu(), ...sizes, method };
        const words = Int32Array.from(percpuConfigToWords(config));
        expect(words).toHaveLength(11);
        expect(percpuConfigFromWords((index) => words[index] ?? -1)).toEqual(config);
      }),
    );
  });

  it('has a word of its own for every field', () => {
    const words = percpuConfigToWords(smallPercpu());
    for (const [index, name] of PERCPU_SIZE_FIELDS.entries()) {
      const changed = percpuConfigToWords(smallPercpu(4 * KIB, { [name]: 12_345 }));
      expect(
        changed.flatMap((word, at) => (word === words[at] ? [] : [at])),
        name,
      ).toEqual([index + 1]);
    }
  });

  it('of an unknown method is refused', () => {
    expect(() => percpuConfigFromWords(() => 4)).toThrow('unknown first chunk method 4');
  });
});

describe('the units', () => {
  it('of one node are one group', () => {
    const plan = valueOf(planOf({}));
    expect(plan.layout.groups).toEqual([[0, 1, 2, 3, 4, 5, 6, 7]]);
    expect(plan.geometry).toMatchObject({ unitBytes: 256 * KIB, units: 8, possibleCpus: 8 });
  });

  it('of several nodes are a group for each, with unused units at its end', () => {
    // At 4 units per alloc 4 would be unused, more than a third of 8 CPUs; at 2 it is 2.
    const plan = valueOf(planOf({ nodes: 3 }));
    expect(plan.layout.groups).toEqual([
      [0, 1, 2, undefined],
      [3, 4, 5, undefined],
      [6, 7],
    ]);
    expect(plan.cpuOfUnit).toEqual(plan.layout.groups.flat());
    for (const [cpu, unit] of plan.unitOfCpu.entries()) expect(plan.cpuOfUnit[unit]).toBe(cpu);
  });

  it('of more nodes than CPUs are a group for each CPU', () => {
    expect(valueOf(planOf({ nodes: 16 }, { possibleCpus: 3 })).layout.groups.map(([cpu]) => cpu)).toEqual([0, 1, 2]);
  });

  it('are found from their CPU and the other way round, whatever the machine', () => {
    const machine = fc.record({
      possibleCpus: fc.integer({ min: 1, max: 70 }),
      nodes: fc.integer({ min: 1, max: 8 }),
      method: fc.constantFrom('embed', 'page', 'fixed-unit'),
      atomBytes: fc.constantFrom(256 * KIB, 2 * MIB),
    });
    fc.assert(
      fc.property(machine, ({ possibleCpus, ...percpu }) => {
        const plan = valueOf(planOf(percpu, { possibleCpus }));
        const { cpuOfUnit, unitOfCpu, geometry, capacity } = plan;
        expect(unitOfCpu).toHaveLength(possibleCpus);
        expect(new Set(unitOfCpu).size).toBe(possibleCpus);
        for (const [cpu, unit] of unitOfCpu.entries()) expect(cpuOfUnit[unit]).toBe(cpu);
        expect(cpuOfUnit.filter((cpu) => cpu !== undefined)).toHaveLength(possibleCpus);
        expect(geometry.units).toBe(cpuOfUnit.length);
        expect(capacity.mappedUnits).toBe(cpuOfUnit.length);
      }),
    );
  });
});

describe('the static part', () => {
  it('has the two pointers of the 2010 patch in front of the rest, under per-cpu-global alone', () => {
    const { statics, geometry } = valueOf(planOf({}, { bufferLayout: 'per-cpu-global' }));
    expect(statics).toEqual({
      offsets: { compress_buffer: 0, compress_workmem: 8, other: 16 },
      staticBytes: 16 + 144_408,
    });
    expect(geometry.staticBytes).toBe(16 + 144_408);
    expect(valueOf(planOf({})).statics).toEqual({ offsets: { other: 0 }, staticBytes: 144_408 });
  });
});

describe('a limit', () => {
  it('that the parts break is an error of the field, with the sum', () => {
    expect(errorOf(planOf({ limitBytes: 64 * KIB }))).toEqual({
      code: 'bad-input',
      message:
        'the per-CPU area of a CPU holds 65536 bytes, but static 144408 + reserved 8192 + dynamic 31720 = 184320 bytes' +
        ' are 118784 too many',
      where: 'machine.percpu',
    });
  });

  it('that they just keep is none', () => {
    expect(valueOf(planOf({ limitBytes: 184_320 })).layout.dynamicBytes).toBe(31_720);
    expect(planOf({ limitBytes: 184_319 }).ok).toBe(false);
  });

  it('of a fixed unit of 64 KiB, as on ia64, holds for static and reserved part', () => {
    const ia64 = (reservedBytes: number) =>
      planOf(
        { method: 'fixed-unit', atomBytes: 64 * KIB, otherStaticBytes: 43_032, reservedBytes },
        { pageSizeBytes: 64 * KIB },
      );
    // ia64 2.6.33 printed s43032 r8192 d14312 u65536 alloc=1*65536.
    expect(valueOf(ia64(8192)).geometry).toMatchObject({
      staticBytes: 43_032,
      reservedBytes: 8192,
      dynBytes: 14_312,
      unitBytes: 65_536,
      allocBytes: 65_536,
    });
    // The default of 2008, 2500 words of 8 bytes, fits; a reserve of 32 KiB does not.
    expect(ia64(20_000).ok).toBe(true);
    expect(errorOf(ia64(32 * KIB))).toEqual({
      code: 'bad-input',
      message:
        'the per-CPU area of a CPU holds 65536 bytes, but static 43032 + reserved 32768 = 75800 bytes are 10264 too many',
      where: 'machine.percpu',
    });
  });
});
