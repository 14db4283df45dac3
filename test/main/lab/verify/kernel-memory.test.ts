import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { allocateArena } from '../../../../src/main/engine/codec/arena-memory.ts';
import { codecSource } from '../../../../src/main/engine/codec/codec-source.ts';
import { LiveEngine } from '../../../../src/main/engine/live/live-engine.ts';
import { machineMmStat } from '../../../../src/main/lab/verify/machine-mm-stat.ts';
import { verifyPlan } from '../../../../src/main/lab/verify/verify-plan.ts';
import { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { pageSetFromFiles } from '../../../../src/main/workload/data/page-set-from-files.ts';
import { VERIFY_CODECS, type VerifyCodec } from '../../../../src/shared/verify-report.ts';
import { MM_STAT_COLUMNS, type MmStat, type MmStatColumn } from '../../../../src/shared/zram-stat.ts';
import { openKernelEngine, skipWithoutKernelZram } from '../../engine/kernel/real-kernel.ts';
import { NOBODY } from '../../engine/live/sample-plans.ts';
import { KERNEL_LZ4, valueOf } from '../small-lab.ts';
import { DATA_SETS, dataFile, type DataSet } from './data-sets.ts';

beforeEach(skipWithoutKernelZram);

const never = new AbortController().signal;

/** Columns that must equal the kernel's: with its own LZ4 all, with another those that no compressed size goes into. */
const EQUAL_COLUMNS: Readonly<Record<VerifyCodec, readonly MmStatColumn[]>> = {
  'lz4-kernel': MM_STAT_COLUMNS,
  lz4: ['orig_data_size', 'mem_limit', 'same_pages', 'pages_compacted'],
};

function openLiveEngine(): LiveEngine {
  const engine = new LiveEngine(new URL('../../../../src/main/engine/live/cpu-worker.ts', import.meta.url));
  onTestFinished(() => engine.close());
  return engine;
}

/** The same pages through both, once, from so many jobs. */
async function bothWays(data: DataSet, jobs: number, codec: VerifyCodec): Promise<{ kernel: MmStat; lab: MmStat }> {
  const set = valueOf(await pageSetFromFiles([dataFile(data)], { pageSizeBytes: 4096, maxBytes: 2 ** 26 }));
  const plan = valueOf(verifyPlan(set, jobs));
  const parts = valueOf(codecSource(KERNEL_LZ4)(codec));
  const memory = valueOf(allocateArena(Arena.bytesFor(plan.machine), codec));
  const onLab = valueOf(await openLiveEngine().runSample(memory, { ...plan, codec: parts }, NOBODY, never));
  const onKernel = valueOf(await openKernelEngine().runSample(plan, NOBODY, never));
  expect([onLab.verifiedPages, onKernel.verifiedPages]).toEqual([set.count, set.count]);
  const [kernel] = onKernel.mmStat;
  if (kernel === undefined) throw new Error('the kernel engine ran without a device');
  return { kernel, lab: machineMmStat(Arena.attach(memory.buffer), 0) };
}

function columns(stat: MmStat, names: readonly MmStatColumn[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [name, stat[name]]));
}

describe.each(DATA_SETS)("memory for %s equals this host's kernel's", (data) => {
  it.each(VERIFY_CODECS)('with codec %s, one job', async (codec) => {
    const { kernel, lab } = await bothWays(data, 1, codec);
    expect(columns(lab, EQUAL_COLUMNS[codec])).toEqual(columns(kernel, EQUAL_COLUMNS[codec]));
    expect(kernel.orig_data_size).toBeGreaterThan(0);
  });
});

describe('data that no LZ4 can shrink, and data that needs no LZ4', () => {
  it.each(['random bytes', 'zeros'] as const)('%s: every column is equal whatever the codec', async (data) => {
    const { kernel, lab } = await bothWays(data, 1, 'lz4');
    expect(lab).toEqual(kernel);
    expect(Object.keys(lab)).toEqual(MM_STAT_COLUMNS);
  });

  it('from two jobs at once, too', async () => {
    const { kernel, lab } = await bothWays('random bytes', 2, 'lz4');
    expect(lab).toEqual(kernel);
  });
});
