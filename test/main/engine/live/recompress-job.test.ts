import { describe, expect, it, onTestFinished } from 'vitest';
import { readAllCpuCounters } from '../../../../src/main/engine/live/cpu-counters.ts';
import { LiveEngine } from '../../../../src/main/engine/live/live-engine.ts';
import { makeTally, readTally, type RecompressJobPlan } from '../../../../src/main/engine/live/recompress-job.ts';
import type { PhasePlan, SamplePlan } from '../../../../src/main/engine/live/sample-plan.ts';
import { Machine } from '../../../../src/main/machine/machine.ts';
import { readDeviceStatistics } from '../../../../src/main/machine/zram/device-statistics.ts';
import { readStoredContents } from '../../../../src/main/machine/zram/stored-contents.ts';
import { CURRENT_ZRAM } from '../../../../src/main/machine/zram/zram-variant.ts';
import { BUFFER_LAYOUTS, type BufferLayout } from '../../../../src/shared/design.ts';
import { auditMachine } from '../../machine/fixtures/pool-audit.ts';
import { errorOf, valueOf } from '../../lab/small-lab.ts';
import { arenaFor, NOBODY, smallSample } from './sample-plans.ts';

const NAME = 'recompression';
/** The primary one and zstd, each with streams of its own where the layout says so. */
const TWO_ALGORITHMS = { ...CURRENT_ZRAM, algorithms: 2 };

/** Jobs on all CPUs but the last, which recompresses with zstd in the phases that a test adds. */
function planWith(
  bufferLayout: BufferLayout,
  job: Partial<RecompressJobPlan>,
  phasesOf: (phases: readonly [PhasePlan, PhasePlan], names: readonly string[]) => readonly PhasePlan[],
) {
  const cpus = 2;
  const sample = smallSample({ cpus: cpus - 1, bufferLayout, blocks: 1500, mixture: { compressPercent: 30 } });
  const [main, verify] = sample.phases;
  if (main === undefined || verify === undefined) throw new Error('a small sample has two phases');
  const tally = makeTally();
  const recompressJob = { name: NAME, cpu: cpus - 1, algorithms: ['zstd' as const], request: {}, beside: [], tally };
  const plan: SamplePlan = {
    ...sample,
    machine: { ...sample.machine, possibleCpus: cpus, onlineCpus: cpus, memoryBytes: 24 << 20, zram: TWO_ALGORITHMS },
    phases: phasesOf([main, verify], main.jobs),
    recompressJob: { ...recompressJob, ...job },
  };
  return { plan, tally };
}

async function run(plan: SamplePlan, signal = new AbortController().signal) {
  const engine = new LiveEngine(new URL('../../../../src/main/engine/live/cpu-worker.ts', import.meta.url));
  onTestFinished(() => engine.close());
  const memory = arenaFor(plan);
  const figures = await engine.runSample(memory, plan, NOBODY, signal);
  return { figures, arena: Machine.attach(memory.buffer).arena };
}

const ALONE: PhasePlan = { kind: 'main', jobs: [NAME], measures: [], recompression: 'alone' };

describe.each(BUFFER_LAYOUTS)('recompression by a CPU of its own under %s', (bufferLayout) => {
  it('alone tries every page once, and all pages read as they were written', async () => {
    const { plan, tally } = planWith(bufferLayout, {}, ([main, verify]) => [main, verify, ALONE, verify]);
    const { figures, arena } = await run(plan);
    expect(valueOf(figures).verifiedPages).toBe(2 * 1500);
    auditMachine(arena);
    const done = readTally(tally);
    const { same, huge, compressed } = readStoredContents(arena, 0);
    expect(done.passes).toBe(1);
    // Same-filled pages are no candidates.
    expect(done.pagesTried).toBe(1500 - same.pages);
    expect(done.pagesRecompressed).toBe(compressed[1]?.pages);
    expect(done.pagesRecompressed).toBeGreaterThan(0);
    const { compressedBytes, poolPages } = readDeviceStatistics(arena, 0);
    expect([done.compressedAfter, done.poolAfter]).toEqual([compressedBytes, poolPages * 4096]);
    expect(done.compressedAfter).toBeLessThan(done.compressedBefore);
    expect(compressedBytes).toBe(huge.bytes + compressed.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it('beside jobs that write the same pages goes on until they have finished, and nothing is lost', async () => {
    const { plan, tally } = planWith(bufferLayout, { beside: [0] }, ([main, verify], names) => [
      main,
      { ...main, measures: [], recompression: 'off' },
      { ...main, jobs: [...names, NAME], measures: [], recompression: 'beside' },
      verify,
    ]);
    const { figures, arena } = await run(plan);
    const { phaseMBps, verifiedPages, write } = valueOf(figures);
    expect(verifiedPages).toBe(1500);
    auditMachine(arena);
    const done = readTally(tally);
    expect(done.passes).toBeGreaterThan(0);
    expect(done.pagesTried).toBeGreaterThanOrEqual(done.pagesRecompressed);
    expect(done.pagesTried).toBeLessThanOrEqual(64 * done.passes);
    // What the unmeasured phases moved is told by phase, and is no part of the sample's figure.
    expect(phaseMBps?.map(({ write: rate }) => rate > 0)).toEqual([true, true, true, false]);
    expect(write?.bytes).toBe(1500 * 4096);
  });
});

describe('recompression by a CPU of its own', () => {
  it('of idle pages marks them first, and leaves those that are touched meanwhile', async () => {
    const request = { type: 'idle' } as const;
    const { plan, tally } = planWith('per-cpu-global', { request }, ([main]) => [main, ALONE]);
    const { arena } = await run(plan);
    const done = readTally(tally);
    expect(done.pagesTried).toBe(1500 - readStoredContents(arena, 0).same.pages);
  });

  it('waits for locks in its own time, of which nothing is in the figures of the jobs beside it', async () => {
    const { plan, tally } = planWith('single-mutex', { beside: [0] }, ([main], names) => [
      { ...main, jobs: [...names, NAME], recompression: 'beside' },
    ]);
    const { figures, arena } = await run({ ...plan, repeatForMs: 300 });
    const [ofJob, ofRecompression] = readAllCpuCounters(arena);
    expect(readTally(tally).passes).toBeGreaterThan(0);
    expect(ofRecompression?.lockWaitNs).toBeGreaterThan(0);
    const { write } = valueOf(figures);
    expect([write?.lockWaitNs, write?.lockContentions]).toEqual([ofJob?.lockWaitNs, ofJob?.lockContentions]);
  });

  it('ends when the run is cancelled', async () => {
    const { plan } = planWith('per-cpu-global', { beside: [0] }, ([main], names) => [
      { ...main, jobs: [...names, NAME], recompression: 'beside' },
    ]);
    const abort = new AbortController();
    const running = run({ ...plan, repeatForMs: 60_000 }, abort.signal);
    setTimeout(() => {
      abort.abort();
    }, 100);
    expect(errorOf((await running).figures).code).toBe('cancelled');
  });

  it('that the machine refuses fails with its sentence', async () => {
    const request = { algorithm: 'deflate' };
    const { plan } = planWith('per-cpu-global', { request }, ([main]) => [main, ALONE]);
    expect(errorOf((await run(plan)).figures)).toMatchObject({
      code: 'cpu-failed',
      message: expect.stringContaining('recompression of zram0: the device recompresses with no algorithm deflate'),
    });
  });
});
