import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBootLog } from '../../../../src/main/evidence/boot-log/parse-boot-log.ts';
import {
  type BootFigures,
  groupMapLines,
  printBootLines,
} from '../../../../src/main/evidence/boot-log/print-boot-lines.ts';
import { isWhole, type KernelLog, KERNEL_LOGS } from './kernel-logs.ts';

const FIGURES: BootFigures = {
  form: 'embed',
  pageSizeBytes: 4096,
  staticBytes: 225_280,
  reservedBytes: 8192,
  dynamicBytes: 28_672,
  unitBytes: 1_048_576,
  atomBytes: 2_097_152,
  unitsPerAlloc: 2,
  groups: [
    [0, 2],
    [1, undefined],
  ],
  capitals: false,
};

/** What the lines of a log state, as the printer takes it. */
function figuresOf(log: KernelLog): BootFigures {
  const [atoms, atomBytes] = log.alloc_groups ?? [0, 0];
  const counts = /NR_CPUS:(\d+) nr_cpumask_bits:(\d+) nr_cpu_ids:(\d+) nr_node_ids:(\d+)/.exec(log.raw);
  const [nrCpus = 0, nrCpumaskBits = 0, nrCpuIds = 0, nrNodeIds = 0] = counts?.slice(1).map(Number) ?? [];
  const unitBytes = log.unit_size ?? 0;
  return {
    form: log.pages_per_cpu === null ? 'none' : 'embed',
    pageSizeBytes: log.page_size,
    staticBytes: log.static_size ?? 0,
    reservedBytes: log.reserved_size ?? 0,
    dynamicBytes: log.dyn_size ?? 0,
    unitBytes,
    atomBytes,
    unitsPerAlloc: (atoms * atomBytes) / unitBytes,
    groups: (log.group_map ?? []).map((cpus) => cpus.map((cpu) => cpu ?? undefined)),
    cpuCounts: counts === null ? undefined : { nrCpus, nrCpumaskBits, nrCpuIds, nrNodeIds },
    capitals: log.raw.includes('PERCPU:'),
    address: /@( *\S+)/.exec(log.raw)?.[1],
  };
}

describe('boot lines', () => {
  it('are those of a kernel, blanks at the end of the map included', () => {
    expect(
      printBootLines({ ...FIGURES, cpuCounts: { nrCpus: 8, nrCpumaskBits: 8, nrCpuIds: 3, nrNodeIds: 2 } }),
    ).toEqual([
      'setup_percpu: NR_CPUS:8 nr_cpumask_bits:8 nr_cpu_ids:3 nr_node_ids:2',
      'percpu: Embedded 64 pages/cpu s225280 r8192 d28672 u1048576',
      'pcpu-alloc: s225280 r8192 d28672 u1048576 alloc=1*2097152',
      'pcpu-alloc: [0] 0 2 [1] 1 - ',
    ]);
  });

  it('have the forms of other times and ways', () => {
    const second = (changes: Partial<BootFigures>) => printBootLines({ ...FIGURES, ...changes })[0];
    expect(second({ capitals: true, address: 'ffff88022fc00000' })).toBe(
      'PERCPU: Embedded 64 pages/cpu @ffff88022fc00000 s225280 r8192 d28672 u1048576',
    );
    expect(second({ form: 'page' })).toBe('percpu: 64 4K pages/cpu s225280 r8192 d28672');
    expect(second({ form: 'none' })).toBe('pcpu-alloc: s225280 r8192 d28672 u1048576 alloc=1*2097152');
  });

  it.each(KERNEL_LOGS.filter(isWhole))('of $id ($arch $kernel) are printed as its kernel did', (log) => {
    // 2.6.32 has no prefix before NR_CPUS; blanks at the line's end did not survive in every copy.
    const lines = log.raw.split('\n').map((line) => line.replace(/^(?=NR_CPUS)/, 'setup_percpu: ').trimEnd());
    expect(printBootLines(figuresOf(log)).map((line) => line.trimEnd())).toEqual(lines);
  });

  it('keep the blank at the end of the map that logs have kept', () => {
    const kept = KERNEL_LOGS.filter((log) => isWhole(log) && /\[0\].* $/m.test(log.raw));
    expect(kept.length).toBeGreaterThan(5);
    for (const log of kept) {
      const last = printBootLines(figuresOf(log)).at(-1) ?? '';
      if (/[^ ] $/.test(log.raw)) expect(log.raw.endsWith(last)).toBe(true);
    }
  });

  it('of any geometry are read back as they were', () => {
    const size = fc.nat(2 ** 30);
    const shape = fc.record({
      upa: fc.constantFrom(1, 2, 4, 8, 16, 32),
      allocs: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 }),
      unused: fc.boolean(),
    });
    fc.assert(
      fc.property(shape, size, size, ({ upa, allocs, unused }, staticBytes, unitBytes) => {
        let cpu = 0;
        const groups = allocs.map((count) =>
          Array.from({ length: count * upa }, (_, unit) =>
            unused && upa > 1 && unit === count * upa - 1 ? undefined : cpu++,
          ),
        );
        const figures = {
          ...FIGURES,
          form: 'none' as const,
          staticBytes,
          unitBytes,
          unitsPerAlloc: upa,
          groups,
          atomBytes: 1,
        };
        const { boots, malformed } = parseBootLog(printBootLines(figures).join('\n'));
        expect(malformed).toEqual([]);
        expect(boots[0]?.allocation).toMatchObject({ staticBytes, unitBytes, atoms: unitBytes * upa });
        const read = boots[0]?.map.flatMap((line) => line.allocs) ?? [];
        expect(
          groups.map((_, group) => read.filter((alloc) => alloc.group === group).flatMap((alloc) => alloc.units)),
        ).toEqual(groups);
      }),
    );
  });
});

describe('the lines of a group map', () => {
  const map = (cpus: number, upa: number, groups = 1): readonly string[] =>
    groupMapLines(
      Array.from({ length: groups }, (_, group) => Array.from({ length: cpus }, (__, cpu) => group * cpus + cpu)),
      upa,
    );

  it.each([
    // 60 columns: an alloc has upa × (digits + 1) + digits of the groups + 3.
    ['8 CPUs alone', 8, 1, [8]],
    ['10 CPUs alone', 10, 1, [8, 2]],
    ['100 CPUs alone', 100, 1, Array.from({ length: 25 }, () => 4)],
    ['16 CPUs in twos', 16, 2, [4, 4]],
    ['16 CPUs in eights', 16, 8, [2]],
    ['64 CPUs in sixteens', 64, 16, [1, 1, 1, 1]],
    ['64 CPUs in an alloc longer than a line', 64, 64, [1]],
  ])('of %s hold powers of two of allocs', (_, cpus, upa, perLine) => {
    expect(map(cpus, upa).map((line) => line.split('[0]').length - 1)).toEqual(perLine);
  });

  it('do not begin anew with a group', () => {
    expect(map(2, 2, 3)).toEqual(['pcpu-alloc: [0] 0 1 [1] 2 3 [2] 4 5 ']);
  });

  it('pad CPUs to the digits of their number and groups to the digits of theirs', () => {
    expect(map(1, 1, 10)).toEqual([
      // 60 / (3 + 2 + 3) is 7.5, so four.
      'pcpu-alloc: [00] 00 [01] 01 [02] 02 [03] 03 ',
      'pcpu-alloc: [04] 04 [05] 05 [06] 06 [07] 07 ',
      'pcpu-alloc: [08] 08 [09] 09 ',
    ]);
    expect(groupMapLines([[10, undefined]], 2)).toEqual(['pcpu-alloc: [0] 10 - ']);
  });
});
