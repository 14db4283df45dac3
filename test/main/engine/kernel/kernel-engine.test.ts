import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { alignedPages } from '../../../../src/main/engine/kernel/aligned-pages.ts';
import type { SamplePlan, Tick } from '../../../../src/main/engine/live/sample-plan.ts';
import { errorOf, valueOf } from '../../lab/small-lab.ts';
import { NOBODY, smallSample } from '../live/sample-plans.ts';
import { devicesOf, openKernelEngine, skipWithoutKernelZram } from './real-kernel.ts';

beforeEach(skipWithoutKernelZram);

const never = new AbortController().signal;

function sample(changes: Partial<SamplePlan['machine']> = {}, cpus = 2): SamplePlan {
  const plan = smallSample({ cpus, bufferLayout: 'per-cpu-global', blocks: 512 });
  return { ...plan, machine: { ...plan.machine, ...changes } };
}

/** The plan with every job changed. */
function withJobs(plan: SamplePlan, change: Partial<SamplePlan['jobs'][number]>): SamplePlan {
  return { ...plan, jobs: plan.jobs.map((job) => ({ ...job, ...change })) };
}

describe('a sample on the kernel', () => {
  it('writes and reads back every page, and the kernel has counted the same', async () => {
    const figures = valueOf(await openKernelEngine().runSample(sample(), NOBODY, never));
    expect(figures.write).toMatchObject({ operations: 1024, bytes: 1024 * 4096 });
    expect(figures.read).toMatchObject({ operations: 1024, bytes: 1024 * 4096 });
    expect(figures.verifiedPages).toBe(1024);
    expect(figures.write?.megabytesPerSecond).toBeGreaterThan(0);
    const [stat] = figures.mmStat;
    expect(stat).toMatchObject({ orig_data_size: 1024 * 4096, mem_limit: 0, pages_compacted: 0 });
    expect(figures.memoryAtEnd).toMatchObject({
      originalBytes: 1024 * 4096,
      compressedBytes: stat?.compr_data_size,
      poolBytes: stat?.mem_used_total,
    });
    expect(figures.ioStat).toEqual([{ failed_reads: 0, failed_writes: 0, invalid_io: 0, notify_free: 0 }]);
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('takes requests of several pages, several in flight, in random order, reads and writes mixed', async () => {
    const plan = withJobs(sample(), {
      blocks: 64,
      blockPages: 8,
      ioDepth: 4,
      blocksToDo: 200,
      pattern: 'randrw',
      readPercent: 40,
    });
    const names = plan.jobs.map((job) => job.name);
    const phases: SamplePlan['phases'] = [
      { kind: 'layout', jobs: names, measures: [] },
      { kind: 'main', jobs: names, measures: ['write', 'read'] },
      { kind: 'verify', jobs: names, measures: [] },
    ];
    const figures = valueOf(await openKernelEngine().runSample({ ...plan, phases }, NOBODY, never));
    expect((figures.write?.operations ?? 0) + (figures.read?.operations ?? 0)).toBe(400);
    expect(figures.verifiedPages).toBeGreaterThanOrEqual(1024);
  });

  it('has as many devices as the machine, each with its own counts', async () => {
    const plan = sample({ devices: 2, diskSizeBytes: 1024 * 4096 });
    const jobs = plan.jobs.map((job, device) => ({
      ...job,
      device,
      firstSlot: device * 256,
      blocks: 256 * (device + 1),
    }));
    const placed = jobs.map((job) => ({ ...job, blocksToDo: job.blocks }));
    const figures = valueOf(await openKernelEngine().runSample({ ...plan, jobs: placed }, NOBODY, never));
    expect(figures.mmStat.map((stat) => stat.orig_data_size)).toEqual([256 * 4096, 512 * 4096]);
    expect(figures.memoryAtEnd.originalBytes).toBe(768 * 4096);
  });

  it('runs as often as asked, each time on an empty device', async () => {
    const engine = openKernelEngine();
    const first = valueOf(await engine.runSample(sample({}, 1), NOBODY, never));
    const second = valueOf(await engine.runSample(sample({}, 1), NOBODY, never));
    expect(second.mmStat).toEqual(first.mmStat);
  });

  it('runs in two engines at once', async () => {
    const engines = [openKernelEngine(), openKernelEngine()];
    const results = await Promise.all(engines.map((engine) => engine.runSample(sample({}, 1), NOBODY, never)));
    const [one, other] = results.map(valueOf);
    expect(one?.mmStat).toEqual(other?.mmStat);
    expect(one?.verifiedPages).toBe(512);
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('tells ten times a second how far it is', async () => {
    const ticks: Tick[] = [];
    const plan: SamplePlan = { ...sample(), repeatForMs: 1e6 };
    const cancel = new AbortController();
    const onTick = (tick: Tick): void => {
      ticks.push(tick);
      if (tick.memory.originalBytes === 1024 * 4096) cancel.abort();
    };
    expect((await openKernelEngine().runSample(plan, { ...NOBODY, onTick }, cancel.signal)).ok).toBe(false);
    expect(new Set(ticks.map(({ phase }) => phase.kind))).toEqual(new Set(['main']));
    expect(ticks.at(-1)?.writtenBytes).toBeGreaterThan(0);
    expect(ticks[0]?.cpus).toHaveLength(2);
    expect(ticks.at(-1)?.cpus.some(({ processorMs = 0 }) => processorMs > 0)).toBe(true);
  });
});

describe('a sample that does not come to its end leaves no device', () => {
  it('when it is cancelled in the middle of a phase', async () => {
    const engine = openKernelEngine();
    const abort = new AbortController();
    const running = engine.runSample(
      { ...sample(), repeatForMs: 60_000 },
      { ...NOBODY, onTick: () => abort.abort() },
      abort.signal,
    );
    expect(errorOf(await running)).toEqual({ code: 'cancelled', message: 'the run was cancelled' });
    expect(devicesOf(process.pid)).toEqual([]);
    expect((await engine.runSample(sample(), NOBODY, never)).ok).toBe(true);
  });

  it('when it was cancelled before it began', async () => {
    expect(errorOf(await openKernelEngine().runSample(sample(), NOBODY, AbortSignal.abort())).code).toBe('cancelled');
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('when a thread throws', async () => {
    const error = errorOf(await openKernelEngine().runSample(withJobs(sample({}, 1), { pageSet: 9 }), NOBODY, never));
    expect(error).toEqual({
      code: 'cpu-failed',
      message: 'job thread 0 failed: job job.0 names page set 9, which is not there',
    });
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('when a request lies behind the end of the disk', async () => {
    const error = errorOf(await openKernelEngine().runSample(sample({ diskSizeBytes: 700 * 4096 }), NOBODY, never));
    expect(error.code).toBe('cpu-failed');
    expect(error.message).toMatch(/^job thread 1 failed: ENOSPC/);
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('when the observer throws', async () => {
    const engine = openKernelEngine();
    const observer = {
      ...NOBODY,
      onPhase: () => {
        throw new Error('nobody looks');
      },
    };
    await expect(engine.runSample(sample(), observer, never)).rejects.toThrow('nobody looks');
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('when the engine is closed meanwhile', async () => {
    const engine = openKernelEngine();
    let closing: Promise<void> | undefined;
    const onTick = (): void => {
      closing ??= engine.close();
    };
    const running = engine.runSample({ ...sample(), repeatForMs: 1e6 }, { ...NOBODY, onTick }, never);
    expect(errorOf(await running).code).toBe('cpu-failed');
    await closing;
    expect(devicesOf(process.pid)).toEqual([]);
  });
});

describe('what comes back wrong', () => {
  it('is found and named, and nothing is left', async () => {
    let name = '';
    const observer = {
      ...NOBODY,
      onPhase: (_phase: unknown, index: number) => {
        if (index !== 1) return;
        const [device] = devicesOf(process.pid);
        name = `zram${device?.device}`;
        const file = openSync(`/dev/${name}`, constants.O_WRONLY | constants.O_DIRECT);
        for (const { bytes } of alignedPages(1, 4096)) writeSync(file, bytes.fill(0x55), 0, 4096, 100 * 4096);
        closeSync(file);
      },
    };
    expect(errorOf(await openKernelEngine().runSample(sample({}, 1), observer, never))).toEqual({
      code: 'data-mismatch',
      message: `job job.0 read page 100 of ${name} and got other data than it had written`,
    });
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('is what is heard of, even when nobody can be told what the devices held', async () => {
    const observer = {
      ...NOBODY,
      onFailure: () => {
        throw new Error('nobody listens');
      },
    };
    const plan = withJobs(sample({}, 1), { pageSet: 9 });
    expect(errorOf(await openKernelEngine().runSample(plan, observer, never))).toEqual({
      code: 'cpu-failed',
      message:
        'job thread 0 failed: job job.0 names page set 9, which is not there ' +
        '(what the devices held then could not be told: nobody listens)',
    });
    expect(devicesOf(process.pid)).toEqual([]);
  });
});

describe('what the kernel engine cannot do', () => {
  it.each([
    ['pages of another size', { pageSizeBytes: 65536 }, /^this host's kernel has pages of 4096 bytes, so .* 65536$/],
    [
      'more data than the host has memory',
      {},
      /^the jobs may write \d+ bytes into the kernel's zram, but this host has/,
    ],
  ])('is said in one sentence: %s', async (what, machine, sentence) => {
    const plan = what.startsWith('more') ? withJobs(sample(), { blocks: 2 ** 34 }) : sample(machine);
    expect(errorOf(await openKernelEngine().runSample(plan, NOBODY, never)).message).toMatch(sentence);
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('an algorithm that the kernel was built without', async () => {
    const error = errorOf(await openKernelEngine('none-such').runSample(sample(), NOBODY, never));
    expect(error.message).toMatch(/^the kernel refused comp_algorithm none-such for zram\d+ \(EINVAL\)$/);
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('two samples at once', async () => {
    const engine = openKernelEngine();
    const running = engine.runSample(sample(), NOBODY, never);
    await expect(engine.runSample(sample(), NOBODY, never)).rejects.toThrow('while the kernel engine is running');
    valueOf(await running);
  });
});
