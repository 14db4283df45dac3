import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoggedBoot } from '../../../../src/main/evidence/boot-log/boot-log.ts';
import { parseBootLog } from '../../../../src/main/evidence/boot-log/parse-boot-log.ts';
import { type KernelLog, KERNEL_LOGS } from './kernel-logs.ts';

const BOOT = [
  'setup_percpu: NR_CPUS:320 nr_cpumask_bits:12 nr_cpu_ids:12 nr_node_ids:1',
  'percpu: Embedded 64 pages/cpu s225280 r8192 d28672 u262144',
  'pcpu-alloc: s225280 r8192 d28672 u262144 alloc=1*2097152',
  'pcpu-alloc: [0] 00 01 02 03 04 05 06 07 [0] 08 09 10 11 -- -- -- -- ',
];

/** The one boot of a text, which must not have any malformed line. */
function onlyBoot(text: string): LoggedBoot {
  const { boots, malformed } = parseBootLog(text);
  const [boot] = boots;
  if (boot === undefined || boots.length > 1 || malformed.length > 0) {
    throw new Error(`${boots.length} boots, malformed: ${JSON.stringify(malformed)}`);
  }
  return boot;
}

/** What a boot states, without line numbers. */
function stated(boot: LoggedBoot): unknown {
  return JSON.parse(JSON.stringify(boot, (key, value: unknown) => (key === 'line' ? undefined : value)));
}

const PLAIN = stated(onlyBoot(BOOT.join('\n')));

describe('the log of a boot', () => {
  it('states what its lines state, each with its number', () => {
    const boot = onlyBoot(['Linux version 6.8.0-45-generic (builder@host)', 'x', ...BOOT].join('\n'));
    expect(boot).toEqual({
      line: 1,
      kernelRelease: '6.8.0-45-generic',
      cpuCounts: { line: 3, nrCpus: 320, nrCpumaskBits: 12, nrCpuIds: 12, nrNodeIds: 1 },
      announcement: {
        form: 'embed',
        line: 4,
        pagesPerCpu: 64,
        staticBytes: 225_280,
        reservedBytes: 8192,
        dynamicBytes: 28_672,
        unitBytes: 262_144,
        capitals: false,
      },
      allocation: {
        line: 5,
        staticBytes: 225_280,
        reservedBytes: 8192,
        dynamicBytes: 28_672,
        unitBytes: 262_144,
        atoms: 1,
        atomBytes: 2_097_152,
      },
      map: [
        {
          line: 6,
          text: '[0] 00 01 02 03 04 05 06 07 [0] 08 09 10 11 -- -- -- --',
          allocs: [
            { group: 0, units: [0, 1, 2, 3, 4, 5, 6, 7], width: 2 },
            { group: 0, units: [8, 9, 10, 11, undefined, undefined, undefined, undefined], width: 2 },
          ],
        },
      ],
      fallback: [],
    });
  });

  it.each<[string, (line: string) => string]>([
    ['time stamps', (line) => `[    0.000000] ${line}`],
    ['time stamps and threads', (line) => `[    0.071821][    T0] ${line}`],
    ['levels', (line) => `<6>[    0.000000] ${line}`],
    ['a syslog', (line) => `Jan  1 00:00:07 host kernel: [    0.000000] ${line}`],
    ['a journal', (line) => `2024-01-01T00:00:07.123456+0000 host kernel: ${line}`],
    ['dates', (line) => `[Mon Jan  1 00:00:07 2024] ${line}`],
    ['a quoting mail', (line) => `> > [    0.000000] ${line}`],
    ['line ends of Windows', (line) => `${line}\r`],
    ['trailing blanks and tabs', (line) => `  ${line}  \t`],
    ['colours', (line) => `\u001b[32m[    0.000000] \u001b[0m\u001b[33m${line.replace(': ', ': \u001b[0m')}`],
    ['a web page', (line) => `<span class="l">[0.0] ${line}</span><br/>`],
    ['a journal as JSON', (line) => `{"PRIORITY":"6","MESSAGE":"${line}","_PID":"0"}`],
    ['an exported journal', (line) => `MESSAGE=${line}`],
    ['lines of other subsystems between', (line) => `${line}\n[    0.000000] Built 1 zonelists, mobility grouping on.`],
    ['empty lines between', (line) => `${line}\n\n`],
    ['every line twice', (line) => `${line}\n[    0.000000] ${line}`],
  ])('is read with %s', (_, dress) => {
    expect(stated(onlyBoot(BOOT.map(dress).join('\n')))).toEqual(PLAIN);
  });

  it('is read from a mail that wrapped its lines', () => {
    const wrapped = BOOT.map((line) => `[    0.000000] ${line}`)
      .flatMap((line) => line.match(/.{1,38}(?: |$)/g) ?? [])
      .map((line) => line.trimEnd());
    expect(wrapped.length).toBeGreaterThan(8);
    expect(stated(onlyBoot(wrapped.join('\n')))).toEqual(PLAIN);
    expect(stated(onlyBoot(wrapped.map((line) => `> ${line}`).join('\n')))).toEqual(PLAIN);
  });

  it('is read from a console that broke the map into words', () => {
    const words = '[0] 00 01 02 03 04 05 06 07 [0] 08 09 10 11 -- -- -- --'.split(' ');
    const broken = ['pcpu-alloc: ', ...words].map((word) => `[    0.000000] ${word} `);
    expect(stated(onlyBoot([...BOOT.slice(0, 3), ...broken].join('\n')))).toEqual(PLAIN);
  });

  it('is read from quoted-printable mail', () => {
    const encoded = BOOT.join('\n').replaceAll('=', '=3D').replace('[0] 08', '[0]=\n 08').replace(/ $/, '=20');
    expect(stated(onlyBoot(encoded))).toEqual(PLAIN);
  });

  it('does not take what follows a map for a part of it', () => {
    const boot = onlyBoot([...BOOT, 'x', '12 13 14', '[0] 12'].join('\n'));
    expect(stated(boot)).toEqual(PLAIN);
  });

  it('may give nr_cpu_ids in lines of RCU and SLUB', () => {
    const map = 'pcpu-alloc: [0] 0 [0] 1';
    const rcu = 'rcu: \tRCU restricting CPUs from NR_CPUS=512 to nr_cpu_ids=340.';
    const slub = 'SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=24, Nodes=2';
    expect(onlyBoot(`${map}\n${rcu}\n${slub}`).otherNrCpuIds).toEqual({ line: 2, value: 340 });
    expect(onlyBoot(`${map}\n${slub}\n${rcu}`).otherNrCpuIds).toEqual({ line: 2, value: 24 });
    expect(onlyBoot(`${map}\nSLUB: HWalign=64, CPUs=none`).otherNrCpuIds).toBeUndefined();
  });
});

describe('the line of pages per CPU', () => {
  const sizes = { staticBytes: 1, reservedBytes: 2, dynamicBytes: 3 };
  it.each([
    [
      'percpu: Embedded 9 pages/cpu s1 r2 d3 u4',
      { form: 'embed', pagesPerCpu: 9, ...sizes, unitBytes: 4, capitals: false },
    ],
    ['PERCPU: Embedded 9 pages/cpu @f5400000 s1 r2 d3 u4', { form: 'embed', unitBytes: 4, capitals: true }],
    ['PERCPU: Embedded 9 pages/cpu @ffff880001e00000 s1 r2 d3 u4', { form: 'embed', unitBytes: 4 }],
    ['percpu: Embedded 9 pages/cpu @(____ptrval____) s1 r2 d3 u4', { form: 'embed', unitBytes: 4 }],
    ['percpu: Embedded 9 pages/cpu @        (ptrval) s1 r2 d3 u4', { form: 'embed', unitBytes: 4 }],
    ['PERCPU: Embedded 9 pages/cpu @f3000000 s1 r2 d3', { form: 'embed', unitBytes: undefined }],
    ['percpu: 9 4K pages/cpu s1 r2 d3', { form: 'page', pagesPerCpu: 9, pageSizeBytes: 4096, ...sizes }],
    ['PERCPU: 9 64K pages/cpu @ffffc90000000000 s1 r2 d3', { form: 'page', pageSizeBytes: 65_536, capitals: true }],
    ['PERCPU: 9 4k pages/cpu @f83fe000 s1 r2 d3', { form: 'page', pageSizeBytes: 4096 }],
    [
      'PERCPU: Embedded 14 pages at c1142000, static data 34204 bytes',
      { form: 'embed-2.6.30', pagesPerCpu: 14, staticBytes: 34_204 },
    ],
  ])('%s', (line, announcement) => {
    expect(onlyBoot(`[    0.000000] ${line}`).announcement).toMatchObject({ line: 1, ...announcement });
  });
});

describe('messages about a fall-back', () => {
  it('are kept without their prefix', () => {
    const lines = [
      'PERCPU: max_distance=0x180ffe240000 too large for vmalloc space 0x1fffffffffff',
      'setup_percpu: auto allocator failed (-22), falling back to page size',
      'PERCPU: 32 4K pages/cpu @ffffc90000000000 s107200 r8192 d15680',
    ];
    expect(onlyBoot(lines.join('\n')).fallback).toEqual([
      { line: 1, value: 'max_distance=0x180ffe240000 too large for vmalloc space 0x1fffffffffff' },
      { line: 2, value: 'auto allocator failed (-22), falling back to page size' },
    ]);
  });
});

describe('several boots in one text', () => {
  const other = BOOT.map((line) => line.replaceAll('225280', '217088').replace('64 pages', '62 pages'));
  const starts = (text: string) => parseBootLog(text).boots.map(({ line }) => line);

  it.each([
    ['a version line', ['Linux version 6.8.0 (x)', ...BOOT, 'Linux version 6.9.0 (x)', ...other], [1, 6]],
    ['the first line of x86', [...BOOT, ...other], [1, 5]],
    ['the line of pages', [...BOOT.slice(1), ...other.slice(1)], [1, 4]],
    ['the sizes', [...BOOT.slice(2), ...other.slice(2)], [1, 3]],
    ['the same boot again', [...BOOT, 'x', ...BOOT], [1, 6]],
    ['sizes without a map', [BOOT[2] ?? '', other[2] ?? '', other[3] ?? ''], [1, 2]],
  ])('are told apart by %s', (_, lines, expected) => {
    expect(starts(lines.join('\n'))).toEqual(expected);
  });

  it('that say nothing about the per-CPU area are left out', () => {
    expect(starts(['Linux version 6.8.0 (x)', 'Linux version 6.9.0 (x)', ...BOOT].join('\n'))).toEqual([2]);
    expect(starts('Linux version 6.8.0 (x)\nhello')).toEqual([]);
    expect(starts('')).toEqual([]);
  });
});

describe('lines that cannot be read', () => {
  it.each([
    ['pcpu-alloc: [0] 0 1 x 3', 'is no group map: [group] and then CPUs or dashes'],
    ['pcpu-alloc: [0]', 'is no group map: [group] and then CPUs or dashes'],
    ['pcpu-alloc: s1 r2 d3 u4 alloc=5', 'has neither the sizes s r d u alloc=N*M nor a group map'],
    ['pcpu-alloc: s1 r2 d3 u1234567890123456 alloc=5*6', 'has neither the sizes s r d u alloc=N*M nor a group map'],
    ['percpu: Embedded many pages/cpu', 'is no line of pages per CPU that a kernel prints'],
    ['percpu: Embedded 64 pages/cpu s1 r2', 'is no line of pages per CPU that a kernel prints'],
    ['setup_percpu: NR_CPUS:8', 'does not give NR_CPUS, nr_cpumask_bits, nr_cpu_ids and nr_node_ids'],
  ])('are listed and do not stop the rest: %s', (line, problem) => {
    const { boots, malformed } = parseBootLog(['x', `[    0.000000] ${line}`, 'x', ...BOOT].join('\n'));
    expect(malformed).toEqual([{ line: 2, message: `'${line}' ${problem}` }]);
    expect(boots.map(stated)).toEqual([PLAIN]);
  });

  it('are shown no longer than needed', () => {
    const [fault] = parseBootLog(`pcpu-alloc: ${'long '.repeat(100)}`).malformed;
    expect(fault?.message).toHaveLength(
      60 + "'…' ".length + 'has neither the sizes s r d u alloc=N*M nor a group map'.length,
    );
  });

  it.each([
    ['[0] 08 09 1', [8, 9]],
    ['[0] 08 09 10 11 -', [8, 9, 10, 11]],
    ['[0] 0', []],
    ['', []],
  ])('are map lines that are cut, `%s`, whose whole numbers are taken', (cut, cpus) => {
    const whole = 'pcpu-alloc: [0] 00 01 02 03 04 05 06 07 ';
    const { boots, malformed } = parseBootLog([...BOOT.slice(0, 3), whole, `pcpu-alloc: ${cut}`].join('\n'));
    const [first, ...others] = boots[0]?.map.flatMap(({ allocs }) => allocs.map(({ units }) => units)) ?? [];
    expect(first).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(others.flat()).toEqual(cpus);
    expect(malformed).toMatchObject([{ line: 5, message: expect.stringContaining('is cut') as string }]);
  });

  it('are not those that only mention the words', () => {
    const talk = [
      'grep percpu: and pcpu-alloc:x',
      'percpu: allocation failed, size=16',
      'no-pcpu-alloc: [0] 0',
      'my-percpu: Embedded',
    ];
    expect(parseBootLog(talk.join('\n'))).toEqual({ boots: [], malformed: [] });
  });
});

describe('any text', () => {
  const word = fc.constantFrom(
    ...[
      'pcpu-alloc:',
      'percpu:',
      'PERCPU:',
      'Embedded',
      'setup_percpu:',
      'NR_CPUS:8',
      '[0]',
      '00',
      '--',
      's1',
      'r2',
      'd3',
    ],
    ...[
      'u4',
      'alloc=1*2',
      'alloc=3D1*2',
      '=',
      '\n',
      '\r\n',
      '>',
      'Linux version 6',
      '@x',
      '4K',
      'pages/cpu',
      '"',
      'SLUB: CPUs=3',
    ],
  );

  it('is read without a throw, and every line number is one of its lines', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(word).map((words) => words.join(' ')),
          fc.string(),
        ),
        (text) => {
          const lines = text.split(/\r\n|\n|\r/).length;
          const { boots, malformed } = parseBootLog(text);
          for (const { line } of [...boots, ...malformed]) expect(line >= 1 && line <= lines).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('logs of real kernels', () => {
  it.each(KERNEL_LOGS)('$id ($arch $kernel) say what a person read in them', (log: KernelLog) => {
    const boot = onlyBoot(log.raw);
    const { announcement, allocation } = boot;
    const announced = announcement?.form === 'embed-2.6.30' ? undefined : announcement;
    expect({
      nr_cpu_ids: boot.cpuCounts?.nrCpuIds ?? log.nr_cpu_ids,
      nr_node_ids: boot.cpuCounts?.nrNodeIds ?? log.nr_node_ids,
      pages_per_cpu: announcement?.pagesPerCpu ?? null,
      static_size: (allocation ?? announcement)?.staticBytes ?? null,
      reserved_size: (allocation ?? announced)?.reservedBytes ?? null,
      dyn_size: (allocation ?? announced)?.dynamicBytes ?? null,
      alloc_groups: allocation === undefined ? null : [allocation.atoms, allocation.atomBytes],
    }).toEqual({
      nr_cpu_ids: log.nr_cpu_ids,
      nr_node_ids: log.nr_node_ids,
      pages_per_cpu: log.pages_per_cpu,
      static_size: log.static_size,
      reserved_size: log.reserved_size,
      dyn_size: log.dyn_size,
      alloc_groups: log.alloc_groups,
    });
    const units = boot.map.flatMap(({ allocs }) => allocs).flatMap((alloc) => alloc.units.map((cpu) => cpu ?? null));
    expect(units).toEqual(log.group_map?.flat() ?? []);
  });
});
