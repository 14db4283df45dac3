import Papa from 'papaparse';
import { beforeEach, describe, expect, it } from 'vitest';
import { runReport } from '../../../../src/main/cli/run-report.ts';
import { checkKernelZram } from '../../../../src/main/engine/kernel/zram-control.ts';
import type { Lab } from '../../../../src/main/lab/lab.ts';
import type { Profile } from '../../../../src/shared/profile.ts';
import { devicesOf, skipWithoutKernelZram } from '../../engine/kernel/real-kernel.ts';
import { errorOf, listen, openSmallLab, runToEnd, smallPercpuProfile, smallProfile, valueOf } from '../small-lab.ts';

/** Runs `profile` on the kernel from start to end. */
async function runOnKernel(lab: Lab, profile: Profile) {
  const { events, finished } = listen(lab);
  const { runId } = valueOf(await lab.startRun({ profile, engine: 'kernel' }));
  const end = await finished;
  return { events, end, record: valueOf(await lab.openRun({ runId })) };
}

describe('a profile on the kernel', () => {
  beforeEach(skipWithoutKernelZram);

  it('can be run here, and says so before', async () => {
    const lab = await openSmallLab();
    expect(valueOf(await lab.describeHost({})).kernelObstacle).toBeUndefined();
    const asked = { profile: smallProfile({ zram: { zspagePages: 4 } }), engine: 'kernel' } as const;
    const { fieldErrors } = valueOf(await lab.previewWorkload(asked));
    expect(fieldErrors).toEqual([{ field: 'zram', message: expect.stringContaining('take zspagePages out') }]);
    expect(valueOf(await lab.previewWorkload({ profile: asked.profile })).fieldErrors).toEqual([]);
  });

  it('is one design, with the record of every run', async () => {
    const lab = await openSmallLab();
    const { events, end, record } = await runOnKernel(lab, smallProfile());
    expect(end).toMatchObject({ outcome: 'complete', stored: true });
    expect(events[0]).toMatchObject({ kind: 'started', engine: 'kernel', designs: ['kernel'] });
    expect(record).toMatchObject({ engine: 'kernel', outcome: 'complete', comparisons: [] });
    expect(record.samples.map(({ design, repetition }) => [design, repetition])).toEqual([
      ['kernel', 1],
      ['kernel', 2],
    ]);
    for (const sample of record.samples) {
      expect(sample.write?.bytes).toBe(2 << 20);
      expect(sample.verifiedPages).toBe(512);
      expect(sample.memoryAtEnd.originalBytes).toBe(2 << 20);
      expect(sample.zram?.atEnd).toMatchObject([{ mmStat: expect.stringMatching(/^ 2097152 /), classes: [] }]);
      expect(sample.zram?.course?.originalBytes.at(-1)).toBe(2 << 20);
      expect(sample.zram?.course?.phases.map(({ phase }) => phase)).toEqual(['write', 'read']);
      // Reading stores nothing: from its beginning on all is there.
      const { course } = sample.zram ?? {};
      const readFromMs = course?.phases[1]?.fromMs ?? NaN;
      const whileReading = course?.originalBytes.filter((_, point) => (course.atMs[point] ?? 0) >= readFromMs);
      expect(course?.atMs).toContain(readFromMs);
      expect(new Set(whileReading)).toEqual(new Set([2 << 20]));
    }
    expect(record.designs.map(({ design }) => design)).toEqual(['kernel']);
    expect(record.environment.codec).toBe("lz4 (the kernel's)");
    expect(record.notes.some((note) => note.includes('O_DIRECT'))).toBe(true);
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('is listed, exported and printed like any other', async () => {
    const lab = await openSmallLab();
    const { record } = await runOnKernel(lab, smallProfile({ experiment: { repetitions: 1 } }));
    const [listed] = valueOf(await lab.listRuns({}));
    expect(listed).toMatchObject({ engine: 'kernel', designs: ['kernel'], sampleCount: 1 });
    const { text } = valueOf(await lab.exportRunCsv({ runId: record.id }));
    const [row] = Papa.parse<Record<string, string>>(text, { header: true }).data;
    expect(row).toMatchObject({ engine: 'kernel', design: 'kernel', memory_end_original_bytes: String(2 << 20) });
    const report = runReport(record);
    expect(report).toMatch(/; engine kernel \(measured, wall clock\)/);
    expect(report).toMatch(/^this host's kernel +\d/m);
  });

  it('with a memory limit fails as the lab does, with the same sentence', async () => {
    const jobFile = '[job]\nrw=write\nbs=4k\nsize=1m\nbuffer_compress_percentage=25\nrefill_buffers\n';
    const profile = smallProfile({
      designs: ['per-cpu-global'],
      machine: { codec: 'lz4-kernel' },
      workload: { jobFile, data: { kind: 'job' } },
      zram: { memLimitBytes: 300_000 },
    });
    const lab = await openSmallLab();
    const { record } = await runOnKernel(lab, profile);
    const { record: own } = await runToEnd(lab, profile);
    expect(record.error?.message).toMatch(/^job job could not write page \d+ of zram\d+: .* mem_limit of 303104 bytes/);
    // mm_stat of both as the refused write left it: the limit in whole pages, and a highest use above it.
    for (const { zramAtFailure } of [record, own]) {
      expect(zramAtFailure?.[0]?.mmStat).toMatch(/^( *\d+){2} +\d+ +303104 +(30[4-9]|3[1-9]\d)\d{3} /);
    }
    expect(own.error?.message).toBe(record.error?.message.replace(/zram\d+/, 'zram0'));
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('measures for as long as asked', async () => {
    const profile = smallProfile({ experiment: { repetitions: 1, seconds: 0.8 } });
    const { record } = await runOnKernel(await openSmallLab(), profile);
    // Two phases, one design, a warm-up: a quarter each.
    expect(record.samples[0]?.write?.durationNs).toBeGreaterThan(0.15e9);
  });

  it('that the kernel cannot run says so in one sentence', async () => {
    const profile = smallProfile({
      machine: { pageSizeBytes: 65536, memoryBytes: 64 << 20 },
      workload: { jobFile: '[job]\nrw=write\nbs=64k\nsize=1m\n' },
    });
    const { record } = await runOnKernel(await openSmallLab(), profile);
    expect(record.outcome).toBe('failed');
    expect(record.error?.message).toMatch(
      /^this host's kernel has pages of \d+ bytes, so its zram cannot run with 65536$/,
    );
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('of per-CPU objects is refused before it begins', async () => {
    const lab = await openSmallLab();
    expect(errorOf(await lab.startRun({ profile: smallPercpuProfile(), engine: 'kernel' }))).toEqual({
      code: 'bad-input',
      message: "the kernel engine runs fio workloads on this host's zram, not percpu workloads",
    });
  });

  it('can be cancelled', async () => {
    const lab = await openSmallLab();
    const { finished } = listen(lab);
    const { runId } = valueOf(
      await lab.startRun({ profile: smallProfile({ experiment: { seconds: 60 } }), engine: 'kernel' }),
    );
    valueOf(await lab.cancelRun({ runId }));
    expect(await finished).toMatchObject({ outcome: 'cancelled', stored: true });
    expect(devicesOf(process.pid)).toEqual([]);
  });
});

describe('without the kernel engine', () => {
  it('a run is refused before it begins', async (context) => {
    context.skip(checkKernelZram().ok, 'this host has a zram that this user may use');
    const lab = await openSmallLab();
    const error = errorOf(await lab.startRun({ profile: smallProfile(), engine: 'kernel' }));
    expect(error.code).toBe('unavailable');
    expect(valueOf(await lab.listRuns({}))).toEqual([]);
    expect(valueOf(await lab.describeHost({})).kernelObstacle).toEqual(error);
  });
});
