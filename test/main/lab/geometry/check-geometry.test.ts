import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printBootLines } from '../../../../src/main/evidence/boot-log/print-boot-lines.ts';
import { checkGeometry } from '../../../../src/main/lab/geometry/check-geometry.ts';
import type { BootCheck } from '../../../../src/shared/geometry-check.ts';
import { groupCpus } from '../../../../src/main/machine/percpu/cpu-groups.ts';
import { layOutUnits } from '../../../../src/main/machine/percpu/unit-layout.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import {
  bootText,
  CARRIED_LOGS,
  COLLECTED_LOGS,
  COLLECTION_MISSING,
  isWhole,
  KERNEL_LOGS,
} from '../../evidence/boot-log/kernel-logs.ts';

const TWELVE = [
  'setup_percpu: NR_CPUS:320 nr_cpumask_bits:12 nr_cpu_ids:12 nr_node_ids:1',
  'percpu: Embedded 64 pages/cpu s225280 r8192 d28672 u262144',
  'pcpu-alloc: s225280 r8192 d28672 u262144 alloc=1*2097152',
  'pcpu-alloc: [0] 00 01 02 03 04 05 06 07 [0] 08 09 10 11 -- -- -- -- ',
].join('\n');

/** 2 × 3 CPUs that nothing but the map tells of. */
const SIX = [
  'percpu: Embedded 23 pages/cpu s56536 r8192 d29480 u94208',
  'pcpu-alloc: s56536 r8192 d29480 u94208 alloc=23*4096',
  'pcpu-alloc: [0] 0 [0] 1 [0] 2 [0] 3 [0] 4 [0] 5 ',
].join('\n');

function check(text: string): BootCheck {
  const { boots, malformed } = checkGeometry({ name: 'log', text });
  const [boot] = boots;
  if (boot === undefined || boots.length > 1 || malformed.length > 0) throw new Error(`${boots.length} boots`);
  return boot;
}

/** What the check says, in words. */
function verdict({ verdict: word, differences, missing }: BootCheck): readonly string[] {
  return [
    word,
    ...differences.map(
      ({ figure, computed, printed, line }) => `${line ?? '?'}: ${figure}: ${computed}, not ${printed}`,
    ),
    ...missing,
  ];
}

describe('logs of real kernels', () => {
  it('that the repository carries match where they print geometry and map', () => {
    const whole = CARRIED_LOGS.filter(isWhole);
    expect(whole).toHaveLength(15);
    for (const log of whole) expect([log.id, ...verdict(check(bootText(log)))]).toEqual([log.id, 'match']);
  });

  it('match, all 100 of the collection that print geometry and map', (context) => {
    context.skip(COLLECTED_LOGS.length === 0, COLLECTION_MISSING);
    const whole = COLLECTED_LOGS.filter(isWhole);
    expect(whole).toHaveLength(100);
    expect(whole.filter((log) => check(log.raw).verdict === 'match')).toHaveLength(100);
  });

  it.each(KERNEL_LOGS.filter(isWhole))(
    '$id ($arch $kernel): all computed figures and lines are the printed ones',
    (log) => {
      for (const text of [log.raw, bootText(log)]) {
        const { computed, printed, notes } = check(text);
        expect(computed).toEqual(printed);
        expect(notes).toEqual([]);
      }
    },
  );

  it.each(KERNEL_LOGS.filter((log) => !isWhole(log)))(
    '$id, which is not whole, is incomplete and nothing differs',
    (log) => {
      const { verdict: word, missing, computed, printed } = check(bootText(log));
      expect(word).toBe('incomplete');
      expect(missing.length).toBeGreaterThan(0);
      expect(printed).toMatchObject(computed);
    },
  );

  it('with a release have a dynamic part that its constants explain', () => {
    const named = KERNEL_LOGS.filter((log) => log.kernel !== null && log.dyn_size !== null);
    for (const log of named) {
      const { outcome } = check(bootText(log)).dynamicPart;
      expect([log.id, outcome]).toEqual([log.id, 'explained']);
    }
  });
});

describe('a log that was tampered with', () => {
  it.each([
    ['u262144', 'u524288', '3: unit: 262144, not 524288'],
    ['alloc=1*', 'alloc=2*', '3: atoms per alloc: 1, not 2'],
    ['1*2097152', '1*2097153', '3: atom: whole pages of 4096, at most 1073741824, not 2097153'],
    ['1*2097152', '1*0', '3: atom: whole pages of 4096, at most 1073741824, not 0'],
    ['1*2097152', '1*999999999999999', '3: atom: whole pages of 4096, at most 1073741824, not 999999999999999'],
    ['64 pages', '65 pages', '2: pages per CPU: 64, not 65'],
    ['d28672', 'd28673', '3: dynamic part: 32768, not 28673'],
    ['10 11', '11 10', '4: group map from alloc 2 on: [0] 08 09 10 11 -- -- -- --, not [0] 08 09 11 10 -- -- -- --'],
    ['11 -- ', '11 ', '4: group map from alloc 2 on: [0] 08 09 10 11 -- -- -- --, not [0] 08 09 10 11 -- -- --'],
    ['[0] 08', '[1] 08', '1: groups: at most 1, one per node, not 2'],
    ['10 11', '10 10', '?: units of CPU 10: 1, not more than 1'],
    ['nr_cpu_ids:12', 'nr_cpu_ids:11', '1: nr_cpu_ids: at least 12, not 11'],
  ])('%s → %s differs: %s', (from, to, sentence) => {
    // In both lines that state it, so that it is the geometry that is wrong.
    const [word, first] = verdict(check(TWELVE.replaceAll(from, to)));
    expect([word, first]).toEqual(['differs', sentence]);
  });

  it.each([
    [
      's225280 r8192 d28672 u262144\n',
      's225284 r8192 d28672 u262144\n',
      'static part: 225280 (as in line 3), not 225284',
    ],
    ['r8192 d28672 u262144\n', 'r8196 d28672 u262144\n', 'reserved part: 8192 (as in line 3), not 8196'],
    ['d28672 u262144\n', 'd28676 u262144\n', 'dynamic part: 28672 (as in line 3), not 28676'],
    ['u262144\n', 'u262140\n', 'unit: 262144 (as in line 3), not 262140'],
  ])('so that its two lines contradict each other differs: %j → %j', (from, to, sentence) => {
    expect(verdict(check(TWELVE.replace(from, to)))).toEqual(['differs', `2: ${sentence}`]);
  });

  it.each([
    ['a group that is numbered by its node', '[0] 4 [0] 5', '[2] 4 [2] 5', '[1] 4, not [2] 4'],
    ['groups in the wrong order', '[0] 0 [0] 1', '[1] 0 [1] 1', '[0] 0, not [1] 0'],
    ['an alloc of two units', '[0] 4 [0] 5', '[0] 4 5', '[0] 4, not [0] 4 5'],
    ['unused units that there are none of', '[0] 5', '[0] 5 [0] -', 'no more allocs, not [0] -'],
  ])('with %s differs', (_, from, to, sentence) => {
    const [word, first] = verdict(check(SIX.replace(from, to)));
    expect(word).toBe('differs');
    expect(first).toContain(sentence);
  });

  it('never matches when a figure of the pcpu-alloc line changes', () => {
    const at = TWELVE.indexOf('pcpu-alloc: s');
    const numbers = [...TWELVE.slice(at, TWELVE.indexOf('\n', at)).matchAll(/\d+/g)];
    fc.assert(
      fc.property(fc.constantFrom(...numbers), fc.nat(2 ** 24), (number, value) => {
        fc.pre(value !== Number(number[0]));
        const start = at + number.index;
        const text = TWELVE.slice(0, start) + String(value) + TWELVE.slice(start + number[0].length);
        expect(check(text).verdict).toBe('differs');
      }),
    );
  });
});

describe('a log that has lost something', () => {
  it.each([
    ['the map', SIX.split('\n').slice(0, 2).join('\n'), 'the group map (pcpu-alloc: [0] …) is not in the log'],
    [
      'the sizes',
      SIX.split('\n')[2] ?? '',
      'the sizes (pcpu-alloc: s… alloc=N*M) are not in the log; consoles may leave out what dmesg has',
    ],
    [
      'the end of the map',
      TWELVE.replace(' [0] 08 09 10 11 -- -- -- --', ''),
      'the map ends with CPU 7, but nr_cpu_ids is 12',
    ],
    [
      'the end of a map with two digits',
      SIX.replaceAll(/\[0\] (?=\d)/g, '[0] 0'),
      'CPU numbers have 2 digits, so 10 or more are possible; the map shows 6',
    ],
    [
      'CPUs in between',
      SIX.replace('[0] 2 [0] 3 ', ''),
      'CPUs 2-3 are not in the map: not possible, or a line of the map is lost',
    ],
  ])('%s, is incomplete', (_, text, sentence) => {
    const [word, ...sentences] = verdict(check(text));
    expect(word).toBe('incomplete');
    expect(sentences).toContain(sentence);
  });

  it('and has a wrong figure as well, differs', () => {
    expect(check(TWELVE.replace(' [0] 08 09 10 11 -- -- -- --', '').replace('64 pages', '63 pages')).verdict).toBe(
      'differs',
    );
  });

  it('a whole line of the map, is incomplete whatever nr_cpu_ids says', (context) => {
    const log = KERNEL_LOGS.find(({ id }) => id === 'd078');
    context.skip(log === undefined, 'the log d078 is not there');
    const lines = log?.raw.split('\n') ?? [];
    for (let line = 4; line < lines.length - 1; line++) {
      expect([line, check(lines.filter((_, index) => index !== line).join('\n')).verdict]).toEqual([
        line,
        'incomplete',
      ]);
    }
  });
});

describe('CPU numbers that are not possible', () => {
  it('are believed where nr_cpu_ids and the lines leave no other reason', () => {
    const sparse = SIX.replace('[0] 2 [0] 3 ', '').concat(
      '\nrcu: RCU restricting CPUs from NR_CPUS=64 to nr_cpu_ids=6.',
    );
    const { verdict: word, notes } = check(sparse);
    expect([word, notes]).toEqual(['match', ['CPUs 2-3 are not in the map: taken as not possible']]);
  });

  it('may come from a kernel with a fixed nr_cpu_ids', () => {
    const text = `setup_percpu: NR_CPUS:64 nr_cpumask_bits:64 nr_cpu_ids:64 nr_node_ids:1\n${SIX}`;
    expect(check(text)).toMatchObject({
      verdict: 'match',
      notes: ['nr_cpu_ids is NR_CPUS, 64, and the map ends with CPU 5: taken for CONFIG_FORCE_NR_CPUS'],
    });
    expect(check(`Linux version 5.4.0 (x)\n${text}`).verdict).toBe('incomplete');
    expect(check(text.replace('percpu: E', 'PERCPU: E')).verdict).toBe('incomplete');
  });
});

describe('what was taken from the log and what was assumed', () => {
  it('is said', () => {
    expect(check(`Linux version 6.8.0 (x)\n${TWELVE}`).inputs).toEqual([
      { name: 'page size', value: '4096', source: 'x86, which alone prints what is in line 2' },
      { name: 'static part', value: '225280', source: 'the log' },
      { name: 'reserved part', value: '8192', source: 'the log' },
      { name: 'dynamic part', value: '28672', source: 'the log' },
      { name: 'atom', value: '2097152', source: 'line 4' },
      { name: 'minimum unit', value: '32768', source: 'Linux 6.8.0' },
      { name: 'possible CPUs', value: '12', source: 'the map: 1 group' },
    ]);
  });

  it.each([
    [SIX, '4096', 'bytes per CPU / pages per CPU of line 1'],
    [SIX.split('\n').slice(1).join('\n'), '4096', 'assumed: the atom of line 1'],
    [TWELVE.split('\n').slice(2).join('\n'), '4096', 'assumed: no line of pages per CPU'],
    ['percpu: 9 16K pages/cpu s1 r2 d147453', '16384', 'line 1'],
  ])('for the page size', (text, value, source) => {
    expect(check(text).inputs[0]).toEqual({ name: 'page size', value, source });
  });

  it('for a page size that there is not', () => {
    const { verdict: word, inputs } = check(SIX.replace('23 pages', '22 pages'));
    expect(word).toBe('differs');
    expect(inputs[0]?.source).toBe('assumed: nearest to bytes per CPU / pages per CPU, which is no page size');
  });

  it('for the minimum unit, which was larger before 2.6.37', () => {
    const old = 'pcpu-alloc: s5792 r8192 d14688 u65536 alloc=16*4096\npcpu-alloc: [0] 0 [0] 1';
    const minimum = (text: string) => check(text).inputs.find(({ name }) => name === 'minimum unit');
    expect(minimum(old)).toEqual({ name: 'minimum unit', value: '65536', source: 'assumed: before Linux 2.6.37' });
    expect(check(old).verdict).toBe('match');
    expect(check(`Linux version 2.6.36 (x)\n${old}`).verdict).toBe('match');
    expect(check(`Linux version 2.6.38 (x)\n${old}`).verdict).toBe('differs');
    const small = `percpu: Embedded 7 pages/cpu s5792 r8192 d14688 u65536\n${old}`;
    expect(verdict(check(small))[0]).toBe('differs');
  });

  it('of figures that are the log’s own, which nothing else gives', () => {
    const taken = (text: string) => check(text).takenFromLog;
    const always = ['staticBytes', 'reservedBytes', 'atomBytes'];
    expect(taken(`Linux version 6.8.0 (x)\n${TWELVE}`)).toEqual(always);
    const dynamicToo = ['staticBytes', 'reservedBytes', 'dynamicBytes', 'atomBytes'];
    expect(taken(TWELVE)).toEqual(dynamicToo);
    expect(taken(`Linux version 3.2.0 (x)\n${TWELVE}`)).toEqual(dynamicToo);
    // No line tells the page size but that of the pages per CPU.
    expect(taken(SIX)).toContain('pagesPerCpu');
  });

  it('for the dynamic part', () => {
    const part = (release: string, text = TWELVE) => check(`Linux version ${release} (x)\n${text}`).dynamicPart;
    expect(part('6.8.0')).toEqual({ outcome: 'explained', reason: '28672 bytes asked for: 64-bit' });
    expect(part('6.8.0', TWELVE.replaceAll('d28672', 'd114688').replace('64 pages', '85 pages'))).toEqual({
      outcome: 'explained',
      reason: '114688 bytes asked for: 64-bit, randomised kmalloc caches',
    });
    expect(part('3.2.0')).toEqual({
      outcome: 'unexplained',
      reason: 'no build of Linux 3.2.0 that is known here asks for what became 28672 bytes',
    });
    expect(check(TWELVE).dynamicPart).toEqual({ outcome: 'not-checked', reason: 'the log names no kernel release' });
  });
});

describe('a file', () => {
  const wrong = TWELVE.replaceAll('u262144', 'u524288');
  const half = SIX.split('\n').slice(0, 2).join('\n');

  it('has the verdict of its worst boot, and that boot’s figures', () => {
    const verdictOf = (...texts: string[]) => checkGeometry({ name: 'f', text: texts.join('\n') });
    expect(verdictOf(TWELVE, SIX).verdict).toBe('match');
    expect(verdictOf(TWELVE, half).verdict).toBe('incomplete');
    const worst = verdictOf(half, TWELVE, wrong);
    expect(worst.verdict).toBe('differs');
    expect(worst.printed?.unitBytes).toBe(524_288);
    expect(worst.computed?.unitBytes).toBe(262_144);
    expect(worst.boots.map((boot) => boot.verdict)).toEqual(['incomplete', 'match', 'differs']);
  });

  it('without any line about the per-CPU area is incomplete', () => {
    expect(checkGeometry({ name: 'f', text: 'hello\n' })).toEqual({
      file: 'f',
      verdict: 'incomplete',
      boots: [],
      malformed: [],
    });
  });

  it('matches in spite of lines that cannot be read, and lists them', () => {
    const { verdict: word, malformed } = checkGeometry({ name: 'f', text: `pcpu-alloc: what\n${TWELVE}` });
    expect(word).toBe('match');
    expect(malformed).toHaveLength(1);
  });

  it('keeps a fall-back’s reasons as notes', () => {
    const text =
      'setup_percpu: auto allocator failed (-22), falling back to page size\npercpu: 32 4K pages/cpu s107200 r8192 d15680';
    expect(check(text).notes).toEqual(['the kernel says: auto allocator failed (-22), falling back to page size']);
  });
});

describe('a page first chunk', () => {
  it('whose sizes and map were printed matches', () => {
    const lines = [
      'percpu: 56 4K pages/cpu s208152 r8192 d13032',
      'pcpu-alloc: s208152 r8192 d13032 u229376 alloc=56*4096',
      'pcpu-alloc: [0] 0 [0] 1 ',
    ];
    expect(check(lines.join('\n')).verdict).toBe('match');
    const two = lines.join('\n').replace('[0] 1', '[1] 1');
    expect(verdict(check(two))).toEqual(['differs', '3: group map from alloc 2 on: [0] 1, not [1] 1']);
  });
});

describe('any geometry', () => {
  it('that was computed and printed matches when it is read', () => {
    const machine = fc.record({
      pageSizeBytes: fc.constantFrom(4096, 16_384, 65_536),
      staticBytes: fc.integer({ min: 1, max: 3_000_000 }),
      reservedBytes: fc.constantFrom(0, 8192, 65_536),
      dynamicRequestBytes: fc.constantFrom(20_480, 28_672, 114_688),
      atomBytes: fc.constantFrom(65_536, 1_048_576, 2_097_152, 4_194_304),
      nodes: fc.array(fc.nat(3), { minLength: 1, maxLength: 140 }),
    });
    fc.assert(
      fc.property(machine, ({ nodes, ...sizes }) => {
        const cpus = nodes.map((_, cpu) => cpuId(cpu));
        const groups = groupCpus(cpus, (a, b) => (nodes[a] === nodes[b] ? 10 : 20), 'seed');
        const layout = layOutUnits({ ...sizes, earlyDynamicBytes: 20_480, minUnitBytes: 32_768, groups });
        const lines = printBootLines({ ...layout, form: 'embed', capitals: false });
        const { verdict: word, computed, printed, notes } = check(lines.join('\n'));
        expect([word, notes]).toEqual(['match', []]);
        expect(computed).toEqual(printed);
      }),
    );
  });

  it('of any text is checked without a throw', () => {
    const number = fc.oneof(fc.nat(200), fc.nat(), fc.constantFrom(0, 4096, 2_097_152, 999_999_999_999_999));
    const line = fc.oneof(
      fc
        .tuple(number, number, number, number, number, number)
        .map(([s, r, d, u, n, m]) => `pcpu-alloc: s${s} r${r} d${d} u${u} alloc=${n}*${m}`),
      fc
        .tuple(number, number, number, number)
        .map(([p, s, r, d]) => `percpu: Embedded ${p} pages/cpu s${s} r${r} d${d} u${s}`),
      fc.tuple(number, number, number).map(([p, s, d]) => `percpu: ${p} ${s}K pages/cpu s${s} r${d} d${d}`),
      fc
        .array(
          fc.oneof(
            fc.nat(20).map((cpu) => ` ${cpu}`),
            fc.constant(' -'),
            fc.nat(3).map((group) => ` [${group}] 7`),
          ),
        )
        .map((units) => `pcpu-alloc: [0] 1${units.join('')}`),
      fc
        .tuple(number, number, number)
        .map(
          ([n, ids, nodes]) => `setup_percpu: NR_CPUS:${n} nr_cpumask_bits:${n} nr_cpu_ids:${ids} nr_node_ids:${nodes}`,
        ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const { verdict: word, boots } = checkGeometry({ name: 'x', text: lines.join('\n') });
        expect(['match', 'differs', 'incomplete']).toContain(word);
        expect(boots.length).toBeLessThanOrEqual(lines.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a collection of logs in JSON Lines', () => {
  const line = (record: object): string => JSON.stringify(record);

  it('is checked log by log, each found by its line', () => {
    const text = [
      line({ id: 'a', kernel: '6.8.0', raw: TWELVE }),
      '',
      line({ note: 'no log here', log: SIX.replace('u94208', 'u94204') }),
      '{"id": "cut", "raw": "percpu:',
      line({ id: 'none', raw: 'hello' }),
      line({ id: 'bad line', raw: `${SIX}\npcpu-alloc: what` }),
    ].join('\n');
    const { verdict: worst, boots, malformed } = checkGeometry({ name: 'logs.jsonl', text });
    expect(worst).toBe('differs');
    expect(boots.map((boot) => [boot.line, boot.record, boot.verdict, boot.kernelRelease])).toEqual([
      [1, 'a', 'match', '6.8.0'],
      [3, undefined, 'differs', undefined],
      [6, 'bad line', 'match', undefined],
    ]);
    expect(boots[0]?.dynamicPart.outcome).toBe('explained');
    expect(boots[1]?.differences.every((difference) => difference.line === 3)).toBe(true);
    expect(malformed.map((each) => [each.line, each.message.replace(/'.*'/, 'LINE')])).toEqual([
      [4, 'the line is no JSON object'],
      [5, 'no text field of the object has a line about the per-CPU area'],
      [6, 'line 4 of the log: LINE has neither the sizes s r d u alloc=N*M nor a group map'],
    ]);
  });

  it('gives every log the verdict that it has alone', () => {
    const { boots, malformed } = checkGeometry({ name: 'x', text: KERNEL_LOGS.map(line).join('\n') });
    const alone = KERNEL_LOGS.flatMap((log) => {
      const [boot] = checkGeometry({ name: 'x', text: bootText(log) }).boots;
      return boot === undefined ? [] : [[log.id, boot.verdict]];
    });
    expect(boots.map(({ record, verdict: word }) => [record, word])).toEqual(alone);
    expect(boots.length + malformed.length).toBe(KERNEL_LOGS.length);
    expect(boots.filter(({ verdict: word }) => word === 'match').length).toBeGreaterThanOrEqual(15);
  });

  it('is not seen in a journal, whose lines are one log', () => {
    const journal = TWELVE.split('\n').map((MESSAGE) => line({ PRIORITY: '6', MESSAGE }));
    expect(checkGeometry({ name: 'x', text: journal.join('\n') }).boots.map((boot) => boot.verdict)).toEqual(['match']);
  });
});
