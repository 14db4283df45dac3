/** Recordings of this lab's own (two CPUs at once, 6.18), kept beside the tests: one whole, one with lost events. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parsePercpuStats } from '../../../../src/main/evidence/percpu-trace/stats-text.ts';
import { replayTrace } from '../../../../src/main/lab/replay/replay-trace.ts';
import type { PercpuStats } from '../../../../src/shared/percpu-stats.ts';
import type { ReplayReport } from '../../../../src/shared/replay-report.ts';

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/percpu-traces/${name}`, import.meta.url));

async function replay(name: string, statsPath?: string): Promise<ReplayReport> {
  const replayed = await replayTrace({ tracePath: pathOf(name), dmesgPath: pathOf('two-cpus.dmesg'), statsPath });
  if (!replayed.ok) throw new Error(replayed.error.message);
  return replayed.value;
}

function readStats(name: string): PercpuStats {
  const stats = parsePercpuStats(readFileSync(pathOf(name), 'utf8'));
  if (!stats.ok) throw new Error(stats.error.message);
  return stats.value;
}

describe('cgroups, network namespaces and tmpfs mounts of two CPUs at once', () => {
  it.each([
    ['alone', undefined],
    ['with percpu_stats of the beginning', pathOf('two-cpus.stats-before.txt')],
  ])('%s: every chunk and offset is the kernel’s', async (_name, stats) => {
    const found = await replay('two-cpus.ftrace.gz', stats);
    expect(found.overall).toEqual({ matched: 2253, total: 2253 });
    expect(found.reordered).toBe(1);
    expect(found.geometrySource).toBe('boot log');
  });

  it('end with the kernel’s percpu_stats, but for the two objects of the program that printed it', async () => {
    const printed = readStats('two-cpus.stats-after.txt');
    const { statsAtEnd } = await replay('two-cpus.ftrace.gz', pathOf('two-cpus.stats-before.txt'));
    expect(statsAtEnd.totals).toEqual({ ...printed.totals, frees: 346_075, liveObjects: 1361 });
    const [, older, free] = printed.chunks;
    const [, modelOlder, modelFree] = statsAtEnd.chunks;
    expect(modelFree).toEqual(free);
    if (older === undefined) throw new Error('the text has three chunks');
    const { emptyPages, firstFreeCell, contigBytes, heading, largestBytes, largestFragmentBytes } = older;
    expect(modelOlder).toMatchObject({
      emptyPages,
      firstFreeCell,
      contigBytes,
      heading,
      largestBytes,
      largestFragmentBytes,
    });
    expect(modelOlder?.liveObjects).toBe(older.liveObjects - 2);
  });
});

describe('a recording through a buffer that was too small', () => {
  it('says how many events were lost, and has no difference that this does not explain', async () => {
    const found = await replay('lost-events.ftrace.gz');
    expect(found.lostEvents).toMatchObject({ markers: 2, counted: 1342 });
    expect(found.mismatchCounts).toMatchObject({ unexplained: 0, 'event-order': 0 });
    expect(found.overall.matched / found.overall.total).toBeGreaterThan(0.75);
    for (const { evidence } of found.mismatches) expect(evidence.length).toBeGreaterThan(0);
  });
});
