/** The recordings of a real kernel (2 CPUs, x86-64, 6.18), replayed. Ground truth lies beside the project. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { parsePercpuStats } from '../../../../src/main/evidence/percpu-trace/stats-text.ts';
import type { TraceEvent } from '../../../../src/main/evidence/percpu-trace/trace-event.ts';
import { TraceParser } from '../../../../src/main/evidence/percpu-trace/trace-parser.ts';
import { ReplaySession } from '../../../../src/main/lab/replay/replay-session.ts';
import { replayTrace } from '../../../../src/main/lab/replay/replay-trace.ts';
import { TraceSurveyor } from '../../../../src/main/lab/replay/trace-survey.ts';
import type { PercpuStats, PercpuStatsChunk } from '../../../../src/shared/percpu-stats.ts';
import type { ReplayReport } from '../../../../src/shared/replay-report.ts';
import { isLossUntold, untoldLossWords } from '../../../../src/shared/replay-words.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { recordedLines, replayText } from './trace-text.ts';
import { RECORDED_GEOMETRY } from '../../machine/percpu/chunks/one-region.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../../../../shared/data/${name}`, import.meta.url));
const CHURN = pathOf('percpu-cgroups-3000.ftrace.gz');
const MIXED = pathOf('percpu-mixed.ftrace.gz');
const MISSING = 'no recorded traces beside the project';

async function replay(tracePath: string, statsPath?: string): Promise<ReplayReport> {
  const replayed = await replayTrace({ tracePath, statsPath });
  if (!replayed.ok) throw new Error(replayed.error.message);
  return replayed.value;
}

function readStats(name: string): PercpuStats {
  const stats = parsePercpuStats(readFileSync(pathOf(name), 'utf8'));
  if (!stats.ok) throw new Error(stats.error.message);
  return stats.value;
}

describe('cgroup churn', () => {
  beforeEach((context) => context.skip(!existsSync(CHURN), MISSING));

  it.each([
    ['alone', undefined],
    ['with percpu_stats of its beginning', 'percpu-cgroups-3000.stats-before.txt'],
  ])('%s: every chunk and offset is the kernel’s', async (_name, stats) => {
    const found = await replay(CHURN, stats === undefined ? undefined : pathOf(stats));
    expect(found.bornWithin).toEqual({ matched: 41158, total: 41158 });
    expect(found.overall).toEqual({ matched: 57024, total: 57024 });
    expect([found.events, found.allocations, found.frees]).toEqual([114059, 57024, 57024]);
    expect([found.chunksBorn, found.chunksDestroyed, found.freesOfOlderObjects]).toEqual([6, 5, 0]);
    expect(found.lostEvents).toEqual({
      markers: 0,
      counted: 0,
      overwritten: 0,
      notInText: 0,
      allOfHeader: 114059,
      proofs: [],
      proofCount: 0,
      missingFrees: 0,
      missingAllocations: 0,
      missingChunkEvents: 0,
    });
  });

  it('has the kernel’s chunks at its peak, in the kernel’s order', (context) => {
    context.skip(!existsSync(CHURN), MISSING);
    const recorded = readStats('percpu-cgroups-3000.stats-peak.txt');
    const snapshots = snapshotsNear(CHURN, readStats('percpu-cgroups-3000.stats-before.txt'), recorded);
    const wanted = { ...recorded, chunks: recorded.chunks.map(withoutUnknown) };
    expect(snapshots.map(({ chunks }) => ({ ...wanted, chunks: chunks.map(withoutUnknown) }))).toContainEqual(wanted);
  });

  it('has the kernel’s chunks at its end, but for two objects of the program that printed the text', async (context) => {
    context.skip(!existsSync(CHURN), MISSING);
    const [, born, older] = readStats('percpu-cgroups-3000.stats-after.txt').chunks;
    const found = await replay(CHURN, pathOf('percpu-cgroups-3000.stats-before.txt'));
    const [, modelOlder, modelBorn] = found.statsAtEnd.chunks;
    // Wholly free, and therefore searched, and printed, after the sidelined one.
    expect(found.statsAtEnd.chunks.map(({ heading }) => heading)).toEqual(['first', 'sidelined', 'ordinary']);
    if (born === undefined || older === undefined || modelOlder === undefined)
      throw new Error('three chunks are there');
    expect(withoutUnknown(modelOlder)).toEqual(withoutUnknown(older));
    expect(modelBorn).toMatchObject({
      largestBytes: born.largestBytes,
      liveObjects: born.liveObjects - 2,
      freeBytes: born.freeBytes + 2 * 16,
      emptyPages: born.emptyPages + 1,
    });
  });
});

/** Sizes of objects older than the trace are not known, nor how many there are in a chunk that was printed a moment before. */
function withoutUnknown(chunk: PercpuStatsChunk): Partial<PercpuStatsChunk> {
  if (chunk.heading === 'first')
    return { heading: 'first', freeBytes: chunk.freeBytes, contigBytes: chunk.contigBytes };
  if (chunk.largestBytes !== OLDER_LARGEST_BYTES) return chunk;
  const { heading, emptyPages, firstFreeCell, freeBytes, contigBytes } = chunk;
  return { heading, emptyPages, firstFreeCell, freeBytes, contigBytes };
}

/** Only the chunk that is older than the recording ever served an object of this size. */
const OLDER_LARGEST_BYTES = 2288;

/** The model's percpu_stats after every event that leaves as many objects as the text says. The text counts others' as well. */
function snapshotsNear(path: string, before: PercpuStats, recorded: PercpuStats): PercpuStats[] {
  const events: TraceEvent[] = [];
  const parser = new TraceParser((event) => events.push(event));
  parser.push(gunzipSync(readFileSync(path)));
  parser.end();
  const surveyor = new TraceSurveyor();
  for (const event of events) surveyor.take(event);
  const session = new ReplaySession({
    geometry: RECORDED_GEOMETRY,
    survey: surveyor.survey(),
    stats: before,
    machines: [],
  });
  const allocations = recorded.totals.allocations - before.totals.allocations;
  const live = recorded.totals.liveObjects - before.totals.liveObjects;
  const snapshots: PercpuStats[] = [];
  for (const event of events) {
    session.take(event);
    const { counts } = session;
    const isNear = counts.allocations <= allocations && counts.allocations >= allocations - 12;
    if (isNear && Math.abs(counts.allocations - counts.frees - live) <= 4) snapshots.push(session.stats());
  }
  return snapshots;
}

describe('cgroups and network namespaces', () => {
  it('agree in every chunk and offset, one allocation taken to precede frees printed before it', async (context) => {
    context.skip(!existsSync(MIXED), MISSING);
    const found = await replay(MIXED);
    expect(found.overall).toEqual({ matched: 22379, total: 22379 });
    expect(found.reordered).toBe(1);
    expect(found.notes).toContain('the chunk at 00000000682ba6ef is taken as sidelined when the trace began');
    const told = await replay(MIXED, pathOf('percpu-mixed.stats-before.txt'));
    expect(told.overall).toEqual({ matched: 22379, total: 22379 });
    expect(told.geometrySource).toBe('percpu_stats');
  });
});

describe('a recording of which places were exchanged', () => {
  beforeEach((context) => context.skip(!existsSync(MIXED), MISSING));

  /** Exchanges the places of `pairs` of allocations of one size, with the frees that belong to them. */
  function exchanged(pairs: number): string {
    const lines = recordedLines('percpu-mixed');
    const random = new Random(5);
    const places = lines.flatMap((line, at) => {
      const found = /percpu_alloc_percpu: .* size=16 align=8 (base_addr=\w+ off=\d+ ptr=(\w+))/.exec(line);
      return found === null ? [] : [{ at, place: found[1] ?? '', ptr: found[2] ?? '' }];
    });
    const freeOf = ({ at, ptr }: { at: number; ptr: string }): number =>
      lines.findIndex(
        (line, other) => other > at && line.includes('percpu_free_percpu') && line.includes(`ptr=${ptr}`),
      );
    for (let pair = 0; pair < pairs; pair++) {
      const first = random.nextBelow(places.length - 40);
      const [one, other] = [places[first], places[first + 30]];
      if (one === undefined || other === undefined) throw new Error('the recording has fewer allocations');
      const frees = [freeOf(one), freeOf(other)];
      const put = (at: number, from: string, to: string): void => {
        const line = lines[at];
        if (line !== undefined) lines[at] = line.replace(from, to);
      };
      put(one.at, one.place, other.place);
      put(other.at, other.place, one.place);
      put(frees[0] ?? -1, one.place, other.place);
      put(frees[1] ?? -1, other.place, one.place);
    }
    return lines.join('\n');
  }

  it.each([10, 100])(
    '%i times is not taken for one that lacks events: its header says that it has all',
    async (pairs) => {
      const found = await replayText(exchanged(pairs));
      expect(found.overall.matched).toBeLessThan(found.overall.total);
      expect(isLossUntold(found)).toBe(true);
      expect(untoldLossWords(found)).toContain('the text has every event (44758 of 44758)');
    },
  );
});
