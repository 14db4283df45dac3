/** percpu_stats of the recorded moment are used; those of another machine or moment are found out and left out. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { parsePercpuStats } from '../../../../src/main/evidence/percpu-trace/stats-text.ts';
import type { TraceEvent } from '../../../../src/main/evidence/percpu-trace/trace-event.ts';
import { TraceParser } from '../../../../src/main/evidence/percpu-trace/trace-parser.ts';
import { replayTrace } from '../../../../src/main/lab/replay/replay-trace.ts';
import { statsContradiction } from '../../../../src/main/lab/replay/stats-evidence.ts';
import { TraceSurveyor } from '../../../../src/main/lab/replay/trace-survey.ts';
import type { PercpuStats, PercpuStatsChunk } from '../../../../src/shared/percpu-stats.ts';
import type { ReplayReport } from '../../../../src/shared/replay-report.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { hasRecordings, MISSING, recordingPath, TraceWriter } from './trace-text.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/percpu-traces/${name}`, import.meta.url));

async function replay(tracePath: string, statsPath: string): Promise<ReplayReport> {
  const replayed = await replayTrace({ tracePath, statsPath });
  if (!replayed.ok) throw new Error(replayed.error.message);
  return replayed.value;
}

const CHURN = 'percpu-cgroups-3000';
const MIXED = 'percpu-mixed';

describe('a percpu_stats text', () => {
  beforeEach((context) => context.skip(!hasRecordings, MISSING));

  it.each([
    [CHURN, `${CHURN}.stats-before`],
    // Nothing that the trace shows tells the end of these two recordings from their beginning.
    [CHURN, `${CHURN}.stats-after`],
    [MIXED, `${MIXED}.stats-before`],
    [MIXED, `${MIXED}.stats-after`],
  ])('is used where it agrees: %s with %s', async (trace, stats) => {
    const found = await replay(recordingPath(`${trace}.ftrace.gz`), recordingPath(`${stats}.txt`));
    expect([found.statsContradiction, found.geometrySource]).toEqual([undefined, 'percpu_stats']);
    expect(found.overall.matched).toBe(found.overall.total);
  });

  it.each([
    [
      CHURN,
      `${CHURN}.stats-peak`,
      /^it has no chunk that can be the trace's chunk at \w+ \(line 13\), where \d+ bytes were free/,
    ],
    [CHURN, `${MIXED}.stats-before`, /^from its state 3632 of 57024 allocations lie where .* without it 57024: /],
    [MIXED, `${CHURN}.stats-before`, /^it has no chunk that can be the trace's chunk at \w+ \(line 13\): /],
    [MIXED, `${CHURN}.stats-after`, /^from its state 1164 of 22379 allocations /],
  ])('of another moment is left out, which is said: %s with %s', async (trace, stats, sentence) => {
    const found = await replay(recordingPath(`${trace}.ftrace.gz`), recordingPath(`${stats}.txt`));
    expect(found.statsContradiction).toMatch(sentence);
    expect(found.statsContradiction).toMatch(/: it is of another machine or moment$/);
    expect(found.geometrySource).toBe('trace');
    expect(found.overall.matched).toBe(found.overall.total);
  });

  it('of another moment is not blamed where the trace itself lacks events', async () => {
    const whole = gunzipSync(readFileSync(recordingPath(`${MIXED}.ftrace.gz`))).toString('latin1');
    // The header goes on counting a line that is gone; whether its loss or the text leads astray cannot be told.
    const lines = whole.split('\n');
    const events = lines.flatMap((line, at) => (line.includes('percpu_alloc_percpu:') ? [at] : []));
    lines.splice(events.at(-1) ?? 0, 1);
    const cut = join(temporaryFolder(), 'cut.ftrace');
    writeFileSync(cut, lines.join('\n'), 'latin1');
    const stats = recordingPath(`${CHURN}.stats-after.txt`);
    expect((await replay(recordingPath(`${MIXED}.ftrace.gz`), stats)).statsContradiction).toBeDefined();
    const found = await replay(cut, stats);
    expect([found.statsContradiction, found.geometrySource]).toEqual([undefined, 'percpu_stats']);
    expect(found.overall.matched).toBeLessThan(found.overall.total / 2);
  });

  it('of a machine with smaller units is left out', async () => {
    const text = readFileSync(fixture('two-cpus.stats-before.txt'), 'utf8');
    const small = join(temporaryFolder(), 'stats');
    writeFileSync(small, text.replace(/(unit_size +: +)1048576/, '$1  65536'));
    const found = await replay(fixture('two-cpus.ftrace.gz'), small);
    expect(found.statsContradiction).toMatch(
      /^its units have 65536 bytes, and the trace has an object that ends at byte/,
    );
    const good = await replay(fixture('two-cpus.ftrace.gz'), fixture('two-cpus.stats-before.txt'));
    expect(good.statsContradiction).toBeUndefined();
  });
});

describe('a percpu_stats text beside a trace written by hand', () => {
  const KIB = 1024;

  /** The text of a machine with one later chunk, of units of 64 KiB. */
  function statsWith(chunk: Partial<PercpuStatsChunk>): PercpuStats {
    const parsed = parsePercpuStats(readFileSync(fixture('two-cpus.stats-before.txt'), 'utf8'));
    if (!parsed.ok) throw new Error(parsed.error.message);
    const { info, totals, chunks } = parsed.value;
    const [first, later] = chunks;
    if (first === undefined || later === undefined) throw new Error('the text shows no later chunk');
    return {
      info: { ...info, unitBytes: 64 * KIB },
      totals: { ...totals, chunks: 2 },
      chunks: [first, { ...later, firstFreeCell: 0, freeBytes: 64 * KIB, fragmentBytes: 0, ...chunk }],
    };
  }

  function objection(trace: TraceWriter, chunk: Partial<PercpuStatsChunk>): string | undefined {
    const surveyor = new TraceSurveyor();
    const parser = new TraceParser((event: TraceEvent) => surveyor.take(event));
    parser.push(Buffer.from(trace.text(), 'latin1'));
    parser.end();
    return statsContradiction(statsWith(chunk), { survey: surveyor.survey(), bootSizes: undefined });
  }

  /** 32 KiB of objects of 256 bytes, of whose places nothing was freed before. */
  const given = (): TraceWriter => new TraceWriter().allocMany('256/8', 'o', 0, 128);
  const named = /^it has no chunk that can be the trace's chunk at o+ \(line 1\), where /;

  it('may say that what was given out was free', () => {
    expect(objection(given(), { freeBytes: 40 * KIB })).toBeUndefined();
    // A page may have been freed since.
    expect(objection(given(), { freeBytes: 28 * KIB })).toBeUndefined();
  });

  it('must not say that less was free than was given out', () => {
    const said = objection(given(), { freeBytes: 20 * KIB });
    expect(said).toMatch(named);
    expect(said).toContain('32768 bytes were free at the start and not 20480');
  });

  it('must not say that the first free cell lies behind what was given out', () => {
    const said = objection(given(), { firstFreeCell: 4096 });
    expect(said).toMatch(named);
    expect(said).toContain('16384 bytes were free before byte 16384, where nothing should be');
    expect(objection(given(), { firstFreeCell: 1024 })).toBeUndefined();
  });

  it('must not say that nothing was in use where many objects are freed that were older', () => {
    const trace = new TraceWriter();
    for (let object = 0; object < 65; object++) trace.free('o', 32 * KIB + 64 * object);
    const said = objection(trace, { freeBytes: 40 * KIB });
    expect(said).toMatch(named);
    expect(said).toContain('65 objects were in use behind byte 24576, where nothing should be');
    expect(objection(trace, { freeBytes: 20 * KIB })).toBeUndefined();
  });

  it('must show as many chunks as it counts', () => {
    const stats = statsWith({});
    const survey = new TraceSurveyor().survey();
    const short = { ...stats, totals: { ...stats.totals, chunks: 3 } };
    expect(statsContradiction(stats, { survey, bootSizes: undefined })).toBeUndefined();
    expect(statsContradiction(short, { survey, bootSizes: undefined })).toBe(
      'it counts 3 chunks and shows 2: it is not whole',
    );
  });

  it('must have the sizes of the boot log', () => {
    const stats = statsWith({});
    const beside = (staticBytes: number) => ({
      survey: new TraceSurveyor().survey(),
      bootSizes: { ...stats.info, staticBytes },
    });
    expect(statsContradiction(stats, beside(stats.info.staticBytes))).toBeUndefined();
    expect(statsContradiction(stats, beside(4096))).toBe(
      "its static part has 185560 bytes and the boot log's 4096: they are of different machines",
    );
  });
});
