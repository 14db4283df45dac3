import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../../src/main/cli/cli.ts';
import { ExitCode } from '../../../src/main/cli/exit-code.ts';

const HEAD = '  sh-7    [000] .....   ';
const alloc = (time: string, offset: number, site = 'mm_init+0x2bf/0x4d0'): string =>
  `${HEAD}${time}: percpu_alloc_percpu: call_site=${site} reserved=0 is_atomic=0 size=16 align=8 base_addr=00000000aaaaaaaa off=${offset} ptr=0000000012d4493a bytes_alloc=64 gfp_flags=GFP_KERNEL`;
const free = (time: string, offset: number): string =>
  `${HEAD}${time}: percpu_free_percpu: base_addr=00000000aaaaaaaa off=${offset} ptr=0000000012d4493a`;
const TRACE = [
  '# entries-in-buffer/entries-written: 6/6   #P:2',
  `${HEAD}1.000001: percpu_create_chunk: base_addr=00000000aaaaaaaa`,
  alloc('1.000002', 0),
  alloc('1.000003', 16),
  free('1.000004', 0),
  alloc('1.000005', 0, 'other+0x1/0x2'),
  alloc('1.000006', 32),
  '',
].join('\n');
const DMESG = [
  'setup_percpu: NR_CPUS:8192 nr_cpumask_bits:2 nr_cpu_ids:2 nr_node_ids:1',
  'percpu: Embedded 53 pages/cpu s185560 r0 d31528 u1048576',
].join('\n');

const field = (name: string, value: number): string => `  ${name.padEnd(20)}: ${String(value).padStart(12)}`;
/** A machine with nothing but a first chunk that is full. */
const STATS = [
  'Percpu Memory Statistics',
  'Allocation Info:',
  field('unit_size', 1048576),
  ...['static_size', 'reserved_size', 'dyn_size', 'atom_size', 'alloc_size'].map((name) => field(name, 0)),
  '',
  'Global Stats:',
  ...['nr_alloc', 'nr_dealloc', 'nr_cur_alloc', 'nr_max_alloc'].map((name) => field(name, 0)),
  ...['nr_chunks', 'nr_max_chunks'].map((name) => field(name, 1)),
  ...['min_alloc_size', 'max_alloc_size', 'empty_pop_pages'].map((name) => field(name, 0)),
  '',
  'Per Chunk Stats:',
  'Chunk: <- First Chunk',
  ...['nr_alloc', 'max_alloc_size', 'empty_pop_pages', 'first_bit', 'free_bytes', 'contig_bytes'].map((name) =>
    field(name, 0),
  ),
  ...['sum_frag', 'max_frag', 'cur_min_alloc', 'cur_med_alloc', 'cur_max_alloc'].map((name) => field(name, 0)),
  '',
].join('\n');

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function lab(...args: string[]): Promise<{ code: ExitCode; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    openLab: () => Promise.reject(new Error('a replay needs no lab')),
    dashboardFolder: '',
    version: '0',
    terminal: {
      out: (text) => (out += text),
      err: (text) => (err += text),
      isInteractive: false,
      interrupted: new AbortController().signal,
    },
  });
  return { code, out, err };
}

describe('lab replay', () => {
  it('says how many offsets are the kernel’s, and who allocated', async () => {
    const { code, out } = await lab('replay', file('trace.txt', TRACE), '--dmesg', file('dmesg.txt', DMESG));
    expect(code).toBe(ExitCode.done);
    expect(out).toContain('6 events in 7 lines: 4 allocations, 1 free');
    expect(out).toContain('2 possible CPUs (from the boot log)\n2 units of 1048576 bytes (from the boot log)\n');
    expect(out).toContain('static 185560, reserved 0, dynamic 31528 bytes (from the boot log)\n');
    expect(out).toMatch(/chunks born within the trace +4 +4 +100\.000/);
    expect(out).toMatch(/mm_init\+0x2bf\/0x4d0 +3 +16 +48 +75\.0 +2/);
  });

  it('says what is assumed of the machine where nothing but the trace tells of it', async () => {
    const { out } = await lab('replay', file('trace.txt', TRACE));
    expect(out).toContain('2 possible CPUs assumed: the trace');
    expect(out).toContain('bytes assumed: the smallest power of two that holds every object of the trace\n');
    expect(out).toContain('static, reserved and dynamic part of the first chunk not known');
    expect(out).not.toContain('static 0');
    const json: unknown = JSON.parse((await lab('replay', join(folder, 'trace.txt'), '--json')).out);
    expect(json).toMatchObject({ geometryOrigin: { possibleCpus: 'trace', unit: 'trace', firstChunk: 'assumed' } });
  });

  it('ends with 4 when lines are malformed, and lists them', async () => {
    const { code, out } = await lab('replay', file('trace.txt', TRACE.replace('off=32', 'off=x')));
    expect(code).toBe(ExitCode.inconclusive);
    expect(out).toContain('1 malformed line was passed over\n  line 7: ');
  });

  it('ends with 4 when a difference is explained by a header alone that counts more entries than there are', async () => {
    const odd = TRACE.replace('off=32', 'off=64');
    expect((await lab('replay', file('trace.txt', odd))).code).toBe(ExitCode.failed);
    const filtered = await lab('replay', file('trace.txt', odd.replace('6/6', '8/8')));
    expect(filtered.code).toBe(ExitCode.inconclusive);
    expect(filtered.out).toContain('the header counts 2 entries that the text does not have');
    expect((await lab('replay', file('trace.txt', TRACE.replace('6/6', '8/8')))).code).toBe(ExitCode.done);
  });

  it('ends with 4 when it had to put right what nobody says was lost', async () => {
    const lines = TRACE.trimEnd().split('\n');
    const older = [alloc('2.000001', 16, 'older'), alloc('2.000002', 16, 'older')];
    const whole = [...lines, ...older].join('\n').replace('6/6', '8/8');
    const { code, out } = await lab('replay', file('trace.txt', `${whole}\n`));
    expect(code).toBe(ExitCode.inconclusive);
    expect(out).toContain('NOT PROVEN: by its header the text has every event (8 of 8): either');
    const lost = await lab('replay', file('trace.txt', `${whole.replace('8/8', '8/9')}\n`));
    expect(lost.code).toBe(ExitCode.done);
    const headless = await lab('replay', file('trace.txt', `${whole.split('\n').slice(1).join('\n')}\n`));
    expect(headless.code).toBe(ExitCode.inconclusive);
    expect(headless.out).toContain('NOT PROVEN: the text does not say that events were lost: either');
  });

  it('ends with 4 when a gzip file is cut, and says how far it was read', async () => {
    const long = Array.from({ length: 3000 }, (_, index) => alloc(`2.${String(index).padStart(6, '0')}`, index * 16));
    const whole = gzipSync([TRACE.split('\n').slice(0, 2).join('\n'), ...long].join('\n'));
    const trace = file('trace.gz', whole.subarray(0, whole.length * 0.8));
    const { code, out } = await lab('replay', trace);
    expect(code).toBe(ExitCode.inconclusive);
    expect(out).toMatch(
      /\nCUT: the file is damaged or cut \(unexpected end of file\): read to line \d+, \d+ events in the first \d\.\d{3} seconds/,
    );
    const json = JSON.parse((await lab('replay', trace, '--json')).out);
    expect(json.cutShort).toMatchObject({ reason: 'unexpected end of file', line: json.lines });
  });

  it('says which events are missing, and between which lines', async () => {
    const lines = TRACE.split('\n');
    lines.splice(4, 1);
    const { code, out } = await lab('replay', file('trace.txt', lines.join('\n')));
    expect(code).toBe(ExitCode.done);
    expect(out).toContain('the header counts 1 entry that the text does not have');
    expect(out).toContain(
      '  line 5 needs the place of an object of chunk 00000000aaaaaaaa that line 3 allocates: its free is missing between them\n',
    );
  });

  it('takes a line that stands twice once', async () => {
    const lines = TRACE.split('\n');
    lines.splice(3, 0, lines[3] ?? '');
    const { code, out } = await lab('replay', file('trace.txt', lines.join('\n')));
    expect(code).toBe(ExitCode.done);
    expect(out).toContain('note: 1 line stands twice, one below the other, first line 5: taken once');
    expect(out).not.toContain('missing');
    expect(out).toMatch(/chunks born within the trace +4 +4 +100\.000/);
  });

  it('leaves a percpu_stats text out that contradicts the trace, says why, and ends with 1', async () => {
    const trace = file('trace.txt', TRACE);
    const stats = (unit: number): string => STATS.replace('1048576', String(unit));
    expect((await lab('replay', trace, '--stats', file('good.txt', stats(1048576)))).code).toBe(ExitCode.done);
    const small = await lab('replay', trace, '--stats', file('small.txt', stats(32)));
    expect(small.code).toBe(ExitCode.failed);
    expect(small.out).toContain(
      'the percpu_stats text was left out: its units have 32 bytes, and the trace has an object that ends at byte 48 of its chunk: it is of another machine\n',
    );
    const cut = STATS.replace('nr_chunks           :            1', 'nr_chunks           :            3');
    const found = await lab('replay', trace, '--stats', file('cut.txt', cut), '--json');
    expect([found.code, JSON.parse(found.out).statsContradiction]).toEqual([
      ExitCode.failed,
      'it counts 3 chunks and shows 1: it is not whole',
    ]);
    const odd = await lab('replay', trace, '--stats', join(folder, 'good.txt'), '--dmesg', file('d', DMESG));
    expect(odd.out).toContain("left out: its static part has 0 bytes and the boot log's 185560");
  });

  it('has its exit codes in the help', async () => {
    const { out } = await lab('replay', '--help');
    for (const code of [0, 1, 2, 4]) expect(out).toMatch(new RegExp(`^ +${code} +\\w`, 'm'));
  });

  it('reads gzip, prints one JSON document, and says what another machine would pay', async () => {
    const trace = file('trace.gz', gzipSync(TRACE));
    const { code, out } = await lab('replay', trace, '--dmesg', file('dmesg.txt', DMESG), '--cpus', '160', '--json');
    expect(code).toBe(ExitCode.done);
    const found = JSON.parse(out);
    expect(found).toMatchObject({ events: 6, bornWithin: { matched: 4, total: 4 }, overall: { matched: 4, total: 4 } });
    expect(found.machines).toMatchObject([
      { possibleCpus: 2, units: 2, chunksPeak: 1 },
      { possibleCpus: 160, units: 160, chunksPeak: 1 },
    ]);
    expect(found.machines[1].populatedBytesPeak).toBe(80 * found.machines[0].populatedBytesPeak);
  });

  it('says what a local mapping would take, and that times are not in a trace', async () => {
    const trace = file('trace.txt', TRACE);
    const { code, out } = await lab('replay', trace, '--cpus', '160', '--access-mode', 'local-mapping');
    expect(code).toBe(ExitCode.done);
    expect(out).toMatch(/private page tables at peak, MiB +0\.00 +\d+\.\d\d/);
    expect(out).toContain('a trace tells of allocations, not of accesses');
  });

  it('fails when a difference is not explained', async () => {
    const { code, out } = await lab('replay', file('trace.txt', TRACE.replace('off=32', 'off=64')));
    expect(code).toBe(ExitCode.failed);
    expect(out).toContain('1 differs, UNEXPLAINED');
    expect(out).toContain('line 7: 16/8 at 00000000aaaaaaaa+64, the model has 00000000aaaaaaaa+32 (unexplained)');
  });

  it('explains differences after lost events', async () => {
    const lines = TRACE.replace('off=32', 'off=64').split('\n');
    lines.splice(6, 0, 'CPU:0 [LOST 3 EVENTS]');
    const { code, out } = await lab('replay', file('trace.txt', lines.join('\n')));
    expect(code).toBe(ExitCode.done);
    expect(out).toContain('the tracer lost events in 1 place, 3 that it counted');
    expect(out).toContain('(lost-events: line 7)');
  });

  it.each([
    ['a file that is not there', ['missing.txt'], 'cannot read'],
    ['no trace', [], 'replay needs a trace'],
    ['an option without sense', ['trace.txt', '--cpus', 'many'], "--cpus is a whole number above 0, not 'many'"],
    ['a text without events', ['empty.txt'], 'has no percpu event'],
    ['a boot log without the area', ['trace.txt', '--dmesg', 'empty.txt'], 'says nothing about the per-CPU area'],
    ['statistics that are none', ['trace.txt', '--stats', 'empty.txt'], 'lacks the parts'],
    [
      'an access mode that there is not',
      ['trace.txt', '--access-mode', 'magic'],
      "--access-mode is segment, preempt-offset, fixup, local-mapping, not 'magic'",
    ],
    ['a unit that is no number of pages', ['trace.txt', '--unit', '40000'], 'is no number of pages'],
  ])('refuses %s in one sentence', async (_name, args, sentence) => {
    file('trace.txt', TRACE);
    file('empty.txt', 'nothing here\n');
    const { code, out, err } = await lab(
      'replay',
      ...args.map((arg) => (arg.endsWith('.txt') ? join(folder, arg) : arg)),
    );
    expect(code).toBe(ExitCode.usage);
    expect(out).toBe('');
    expect(err).toContain(sentence);
  });

  it('refuses a damaged gzip file', async () => {
    const damaged = gzipSync(TRACE.repeat(50)).subarray(0, 100);
    const { code, err } = await lab('replay', file('trace.gz', damaged));
    expect(code).toBe(ExitCode.usage);
    expect(err).toContain('cannot be read to its end');
  });
});
