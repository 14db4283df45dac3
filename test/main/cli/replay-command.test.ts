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
    expect(out).toContain('2 possible CPUs, 2 units; unit 1048576, static 185560, reserved 0, dynamic 31528 bytes');
    expect(out).toMatch(/chunks born within the trace +4 +4 +100\.000/);
    expect(out).toMatch(/mm_init\+0x2bf\/0x4d0 +3 +16 +48 +75\.0 +2/);
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
