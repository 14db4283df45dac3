/** What the lab prints in a kernel's words is read back by the readers of kernels' words. */
import { describe, expect, it } from 'vitest';
import { parsePercpuStats } from '../../../../src/main/evidence/percpu-trace/stats-text.ts';
import { kernelEvidence } from '../../../../src/main/lab/export/kernel-evidence.ts';
import { checkGeometry } from '../../../../src/main/lab/geometry/check-geometry.ts';
import type { KernelText } from '../../../../src/shared/contract.ts';
import type { PercpuSettings } from '../../../../src/shared/percpu-settings.ts';
import type { Profile } from '../../../../src/shared/profile.ts';
import type { DesignSummary } from '../../../../src/shared/run-record.ts';
import { errorOf, smallPercpuProfile, smallProfile, smallThisCpuProfile, valueOf } from '../small-lab.ts';
import { MEMORY, PERCPU, recordOf } from '../run-record-fixtures.ts';

/** The machine of the recording of 3000 cgroups: Linux 6.18, x86-64, two CPUs, no modules. */
const RECORDED: PercpuSettings = {
  ...{ architecture: 'x86-64', kernel: '6.18', firstChunk: 'auto', nodes: 1 },
  // Of 185560, less the two pointers that the lab's own compression buffers have there.
  ...{ otherStaticBytes: 185_544, reservedBytes: 0 },
};

function evidenceOf(profile: Profile, designs: readonly DesignSummary[] = []): readonly KernelText[] {
  return valueOf(kernelEvidence(recordOf([], { profile, designs })));
}

function dmesg(settings: PercpuSettings, machine: Partial<Profile['machine']> = {}): readonly string[] {
  const [file] = evidenceOf(smallPercpuProfile({ designs: ['embed'], machine: { ...machine, percpu: settings } }));
  return file?.text.split('\n') ?? [];
}

describe('boot lines', () => {
  it('are those that the recorded kernel printed, for the machine that it ran on', () => {
    expect(dmesg(RECORDED)).toEqual([
      '[    0.000000] setup_percpu: NR_CPUS:2 nr_cpumask_bits:2 nr_cpu_ids:2 nr_node_ids:1',
      '[    0.000000] percpu: Embedded 53 pages/cpu s185560 r0 d31528 u1048576',
      '[    0.000000] pcpu-alloc: s185560 r0 d31528 u1048576 alloc=1*2097152',
      '[    0.000000] pcpu-alloc: [0] 0 1 ',
      '',
    ]);
  });

  it('have capitals in the kernels that had them, and nothing of x86 elsewhere', () => {
    expect(dmesg({ ...RECORDED, kernel: '2.6.32' })[1]).toContain(' PERCPU: Embedded ');
    expect(dmesg({ ...RECORDED, architecture: 'generic-64' })[0]).toContain(' percpu: Embedded ');
  });

  it.each([
    [RECORDED, {}],
    [{ ...RECORDED, reservedBytes: 20_000, kernel: '2.6.36' }, { possibleCpus: 12 }],
    [{ ...RECORDED, nodes: 2 }, { possibleCpus: 12 }],
    [{ ...RECORDED, architecture: 'arm64-numa', nodes: 4 }, { possibleCpus: 16 }],
    [{ ...RECORDED, architecture: 'generic-32' }, { possibleCpus: 5 }],
  ] as const)('match when the geometry check reads them, %#', (settings, machine) => {
    const files = evidenceOf(smallPercpuProfile({ machine: { memoryBytes: 64 << 20, ...machine, percpu: settings } }));
    expect(files.map(({ fileName }) => fileName)).toEqual(['embed.dmesg', 'page.dmesg']);
    for (const { fileName, text } of files)
      expect(checkGeometry({ name: fileName, text }).verdict, fileName).toBe('match');
  });

  it('are there for the machines of other workloads too', () => {
    expect(evidenceOf(smallProfile()).map(({ fileName }) => fileName)).toEqual([
      'single-mutex.dmesg',
      'per-cpu-global.dmesg',
    ]);
  });
});

describe('percpu_stats', () => {
  it("is the fullest moment's, and reads back as it was", () => {
    const summary: DesignSummary = { design: 'page', percpu: PERCPU, memoryAtEnd: MEMORY, memoryAtPeak: MEMORY };
    const files = evidenceOf(smallPercpuProfile({ designs: ['embed', 'page'] }), [summary]);
    expect(files.map(({ fileName }) => fileName)).toEqual(['embed.dmesg', 'page.dmesg', 'page.percpu_stats']);
    expect(valueOf(parsePercpuStats(files[2]?.text ?? ''))).toEqual(PERCPU.statsAtFull);
  });
});

describe('runs that boot no machine with a per-CPU allocator', () => {
  it("have none: on the host's own kernel none of the lab's machines was there", () => {
    const summary: DesignSummary = { design: 'kernel', memoryAtEnd: MEMORY, memoryAtPeak: MEMORY };
    const record = recordOf([], { profile: smallProfile(), engine: 'kernel', designs: [summary] });
    expect(kernelEvidence(record)).toEqual({ ok: true, value: [] });
    expect(valueOf(kernelEvidence({ ...record, engine: 'live' }))).toHaveLength(2);
  });

  it('have none of a this-cpu workload', () => {
    expect(evidenceOf(smallThisCpuProfile())).toEqual([]);
  });
});

describe('a machine that cannot be', () => {
  it('is refused with its field', () => {
    const settings: PercpuSettings = { ...RECORDED, architecture: 'sparc64' };
    const profile = smallPercpuProfile({ machine: { percpu: settings } });
    expect(errorOf(kernelEvidence(recordOf([], { profile })))).toMatchObject({
      code: 'bad-input',
      where: 'machine.percpu.architecture',
    });
  });
});
