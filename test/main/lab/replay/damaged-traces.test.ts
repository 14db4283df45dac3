/** Recordings of real kernels, damaged on purpose in many ways: followed as far as can be, and nothing left unexplained. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { replayTrace } from '../../../../src/main/lab/replay/replay-trace.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import type { ReplayReport } from '../../../../src/shared/replay-report.ts';
import { hasRecordings, HEADER_LINES, MISSING, recordedLines, recordingPath, replayText } from './trace-text.ts';

const wrong = ({ overall }: ReplayReport): number => overall.total - overall.matched;

/** Each mismatch that is told has its lines, all of them lines of the text. */
function expectEvidence(found: ReplayReport): void {
  for (const { line, evidence, class: mismatchClass } of found.mismatches) {
    if (mismatchClass !== 'unexplained') expect(evidence.length, `line ${line}`).toBeGreaterThan(0);
    for (const each of evidence) expect(each).toBeLessThanOrEqual(found.lines);
  }
}

const isAlloc = (line: string | undefined): boolean => line?.includes(' percpu_alloc_percpu:') ?? false;
const isFree = (line: string | undefined): boolean => line?.includes(' percpu_free_percpu:') ?? false;

/** Every n-th line that `isMeant` is left out, at random. */
function without(lines: readonly string[], n: number, isMeant: (line: string) => boolean, seed = 1): string[] {
  const random = new Random(seed);
  return lines.filter((line, index) => index < HEADER_LINES || !isMeant(line) || random.nextBelow(n) > 0);
}

describe('a recording', () => {
  beforeEach((context) => context.skip(!hasRecordings, MISSING));

  it('that begins in the middle agrees in the chunks born within, and explains the rest by its start', async () => {
    const lines = recordedLines('percpu-cgroups-3000');
    lines.splice(HEADER_LINES, 29_988);
    const found = await replayText(lines.join('\n'));
    expect(found.bornWithin).toEqual({ matched: 17095, total: 17095 });
    expect(found.freesOfOlderObjects).toBeGreaterThan(17_000);
    expect(found.mismatchCounts).toMatchObject({ unexplained: 0, 'lost-events': 0, 'event-order': 0 });
    expectEvidence(found);
  });

  it('with frees printed before the allocations that they followed is put in order', async () => {
    const lines = recordedLines('percpu-cgroups-3000');
    const timeOf = (line: string): string => /\d+\.\d{6}/.exec(line)?.[0] ?? '';
    let swapped = 0;
    for (let index = HEADER_LINES; index + 1 < lines.length; index += 2) {
      const [first = '', second = ''] = lines.slice(index, index + 2);
      if (!isAlloc(first) || !isFree(second)) continue;
      const [early, late] = [timeOf(first), timeOf(second)];
      const free = second.replace(/\[000\] \S+/, '[001] d.s1.').replace(late, early);
      lines.splice(index, 2, free, first.replace(early, late));
      swapped += 1;
    }
    const found = await replayText(lines.join('\n'));
    expect(swapped).toBeGreaterThan(1000);
    expect(wrong(found)).toBeLessThan(10);
    expect(found.mismatchCounts.unexplained).toBe(0);
    expect(found.reordered).toBeGreaterThan(500);
    expect(found.displacedLines).toBe(0);
  });

  it.each(['percpu-cgroups-3000', 'percpu-mixed'] as const)(
    '%s with neighbours swapped is put in order',
    async (name) => {
      const lines = recordedLines(name);
      const random = new Random(3);
      for (let index = HEADER_LINES; index + 2 < lines.length; index++) {
        if (random.nextBelow(100) > 0) continue;
        lines.splice(index, 2, lines[index + 1] ?? '', lines[index] ?? '');
        index += 1;
      }
      const found = await replayText(lines.join('\n'));
      expect(found.displacedLines).toBeGreaterThan(100);
      expect(found.notes.some((note) => note.includes('they are taken in the order of time'))).toBe(true);
      expect(wrong(found)).toBeLessThan(10);
      expect(found.mismatchCounts.unexplained).toBe(0);
      expectEvidence(found);
    },
  );

  it('with a block of events missing is followed, says so, and has no unexplained difference', async () => {
    const lines = recordedLines('percpu-cgroups-3000');
    lines.splice(30_000, 400, 'CPU:0 [LOST 400 EVENTS]');
    const found = await replayText(lines.join('\n'));
    expect(found.lostEvents).toMatchObject({ markers: 1, counted: 400 });
    expect(found.lostEvents.missingAllocations).toBeGreaterThan(100);
    expect(found.repaired).toBeGreaterThan(0);
    expect(found.mismatchCounts.unexplained).toBe(0);
    expect(wrong(found)).toBeLessThan(10);
    expectEvidence(found);
  });

  it.each([
    ['one event in 10,000', 10_000, () => true, 10],
    ['one allocation in 1000', 1000, isAlloc, 100],
    ['one event in 100', 100, () => true, 200],
  ] as const)('without %s has no unexplained difference', async (_name, n, isMeant, mostWrong) => {
    let noticed = 0;
    for (const name of ['percpu-cgroups-3000', 'percpu-mixed'] as const) {
      const found = await replayText(without(recordedLines(name), n, isMeant).join('\n'));
      const { missingFrees, missingAllocations } = found.lostEvents;
      noticed += missingFrees + missingAllocations;
      expect(wrong(found)).toBeLessThan(mostWrong);
      expect(found.mismatchCounts.unexplained).toBe(0);
      expectEvidence(found);
    }
    expect(noticed).toBeGreaterThan(0);
  });

  it.each(['percpu_create_chunk', 'percpu_destroy_chunk'])('without one %s is followed all the same', async (event) => {
    const lines = recordedLines('percpu-cgroups-3000');
    const second = lines.findIndex(
      (line, index) => line.includes(event) && index > lines.findIndex((each) => each.includes(event)),
    );
    lines.splice(second, 1);
    const found = await replayText(lines.join('\n'));
    expect(found.overall).toEqual({ matched: 57024, total: 57024 });
  });

  it('with lines doubled notices each of them, and takes it once', async () => {
    const doubled = recordedLines('percpu-mixed').flatMap((line, index) =>
      index % 997 === 996 ? [line, line] : [line],
    );
    const found = await replayText(doubled.join('\n'));
    expect(found.doubledLines).toBe(doubled.length - recordedLines('percpu-mixed').length);
    expect(found.overall).toEqual({ matched: 22379, total: 22379 });
    expect(found.lostEvents).toMatchObject({ proofCount: 0, notInText: 0 });
  });

  it.each([
    ['a line in the middle', 1],
    ['a block of a thousand lines in the middle', 1000],
  ])('without %s says that events are missing and where, and does not blame the beginning', async (_name, count) => {
    for (const name of ['percpu-cgroups-3000', 'percpu-mixed'] as const) {
      const lines = recordedLines(name);
      // A line that is an event's, whose loss shows: the free of an object whose place is used again.
      const at = lines.findIndex((line, index) => index > lines.length / 2 && isFree(line));
      lines.splice(at, count);
      const found = await replayText(lines.join('\n'));
      const { notInText, proofs, proofCount } = found.lostEvents;
      expect(notInText).toBe(count);
      expect(proofCount).toBeGreaterThan(0);
      expect(proofs.every(({ after, before }) => after <= at && before > at)).toBe(true);
      expect(found.mismatchCounts).toMatchObject({ unexplained: 0, 'event-order': 0 });
      expect(found.mismatchCounts['starting-state']).toBe(0);
      expect(found.overall.matched / found.overall.total).toBeGreaterThan(0.98);
    }
  });

  it('in the older format, in both formats mixed, and with carriage returns gives the same', async () => {
    const lines = recordedLines('percpu-mixed');
    const old = (line: string): string => line.replace(/call_site=\S+ /, '').replace(/ bytes_alloc=.*/, '');
    const all = { matched: 22379, total: 22379 };
    const older = await replayText(lines.map(old).join('\n'));
    expect(older.overall).toEqual(all);
    expect(older.callSites).toMatchObject([{ callSite: 'unknown', allocations: 22379 }]);
    const mixed = await replayText(lines.map((line, index) => (index % 3 === 0 ? old(line) : line)).join('\r\n'));
    expect(mixed.overall).toEqual(all);
    expect(mixed.callSites.reduce((sum, { allocations }) => sum + allocations, 0)).toBe(22379);
  });

  it('among other tracers’ lines and rubbish gives the same, and lists the rubbish', async () => {
    const lines = recordedLines('percpu-mixed');
    const other = '            bash-5940    [000] d..1.   743.060891: kmalloc: call_site=x ptr=1 bytes_req=8';
    lines.splice(20_000, 0, 'rubbish', other);
    lines.splice(30_000, 0, (lines[29_000] ?? '').slice(0, 80));
    const found = await replayText(lines.join('\n'));
    expect(found.overall).toEqual({ matched: 22379, total: 22379 });
    expect(found.malformed.map(({ line }) => line)).toEqual([20_001, 30_001]);
  });
});

describe('a file', () => {
  function inFolder(name: string, bytes: Uint8Array): string {
    const folder = mkdtempSync(join(tmpdir(), 'percpu-lab-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  it('of gzip that is cut short is followed to the cut, which is said', async (context) => {
    context.skip(!hasRecordings, MISSING);
    const bytes = readFileSync(recordingPath('percpu-cgroups-3000.ftrace.gz'));
    const found = await replayTrace({ tracePath: inFolder('cut.gz', bytes.subarray(0, bytes.length / 2)) });
    if (!found.ok) throw new Error(found.error.message);
    expect(found.value.events).toBeGreaterThan(40_000);
    expect(wrong(found.value)).toBe(0);
    expect(found.value.cutShort).toMatchObject({ reason: 'unexpected end of file', line: found.value.lines });
    expect(found.value.cutShort?.timeUs).toBeGreaterThan(1e6);
  });

  it('of gzip that is damaged at once, that is empty, or has no event is refused in one sentence', async () => {
    const refusal = async (bytes: Uint8Array): Promise<string> => {
      const found = await replayTrace({ tracePath: inFolder('trace', bytes) });
      return found.ok
        ? 'replayed'
        : `${found.error.code}: ${found.error.message.replace(/\S*percpu-lab-test\S*/, 'FILE')}`;
    };
    expect(await refusal(gzipSync('x').subarray(0, 8))).toBe(
      'bad-input: FILE cannot be read to its end: unexpected end of file',
    );
    expect(await refusal(new Uint8Array(0))).toBe('bad-input: FILE has no percpu event in 0 lines');
    expect(await refusal(Buffer.from('hello\nworld\n'))).toBe('bad-input: FILE has no percpu event in 2 lines');
  });

  it('of a boot log of another machine is refused', async (context) => {
    context.skip(!hasRecordings, MISSING);
    const replayWith = async (log: string): Promise<string> => {
      const dmesgPath = inFolder('boot.log', Buffer.from(log));
      const found = await replayTrace({ tracePath: recordingPath('percpu-mixed.ftrace.gz'), dmesgPath });
      return found.ok ? `${found.value.overall.matched} of ${found.value.overall.total}` : found.error.message;
    };
    const log = (cpus: number, unit: number): string =>
      `setup_percpu: NR_CPUS:256 nr_cpumask_bits:${cpus} nr_cpu_ids:${cpus} nr_node_ids:1\n` +
      `percpu: Embedded 53 pages/cpu s185560 r0 d31528 u${unit}\n`;
    expect(await replayWith(log(2, 1048576))).toBe('22379 of 22379');
    expect(await replayWith(log(8, 1048576))).toBe(
      "the boot log states 8 possible CPUs, but the trace's allocations count 4 or 2, and CPU 1 has events: they are of different machines",
    );
    expect(await replayWith(log(1, 1048576))).toContain('they are of different machines');
    expect(await replayWith(log(2, 262144))).toMatch(
      /^the trace has an object that ends at byte \d+ of its chunk, but/,
    );
    expect(await replayWith('hello')).toMatch(/says nothing about the per-CPU area$/);
  });
});
