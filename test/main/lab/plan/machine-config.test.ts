import { describe, expect, it } from 'vitest';
import { bootShortage } from '../../../../src/main/machine/boot.ts';
import type { PercpuConfig } from '../../../../src/main/machine/percpu/percpu-config.ts';
import { planPercpu } from '../../../../src/main/machine/percpu/percpu-plan.ts';
import { machineConfigOf, percpuConfigOf } from '../../../../src/main/lab/plan/machine-config.ts';
import { type PercpuSettings, usualPercpuSettings } from '../../../../src/shared/percpu-settings.ts';
import type { MachineProfile } from '../../../../src/shared/profile.ts';
import type { Result } from '../../../../src/shared/result.ts';
import { errorOf, valueOf } from '../small-lab.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const MACHINE: MachineProfile = {
  possibleCpus: 3,
  onlineCpus: 2,
  pageSizeBytes: 4 * KIB,
  memoryBytes: 16 * MIB,
  devices: 1,
  diskSizeBytes: 4 * MIB,
  codec: 'lz4',
};
const NEEDS = { maxChunks: 8, callSites: 0 };

function configOf(
  settings: Partial<PercpuSettings>,
  { pageSizeBytes = 4 * KIB, possibleCpus = 8 } = {},
): Result<PercpuConfig> {
  const all = { ...usualPercpuSettings(pageSizeBytes), ...settings };
  return percpuConfigOf(all, { pageSizeBytes, possibleCpus }, NEEDS);
}

/** What a kernel's boot lines would say of the machine: `s r d u`, and the group map. */
function bootLine(settings: Partial<PercpuSettings>, machine = { pageSizeBytes: 4 * KIB, possibleCpus: 8 }): string {
  const percpu = valueOf(configOf(settings, machine));
  const { layout } = valueOf(planPercpu({ ...machine, bufferLayout: 'single-mutex', percpu }));
  const groups = layout.groups.map((group) => group.map((cpu) => cpu ?? '-').join(' '));
  const { staticBytes: s, reservedBytes: r, dynamicBytes: d, unitBytes: u } = layout;
  return `s${s} r${r} d${d} u${u} [${groups.join('] [')}]`;
}

describe('a profile’s machine', () => {
  it('without per-CPU settings is one of today', () => {
    const config = valueOf(machineConfigOf(MACHINE, 'per-cpu-global'));
    const { percpu, ...rest } = config;
    expect(rest).toEqual({ ...MACHINE, bufferLayout: 'per-cpu-global' });
    // Linux 6.18 on x86-64: 28 KiB for dynamic allocations, of which 20 KiB early; 8 KiB for modules; huge pages of 2 MiB.
    expect(percpu).toEqual({
      method: 'embed',
      otherStaticBytes: 0,
      reservedBytes: 8 * KIB,
      dynamicRequestBytes: 28 * KIB,
      earlyDynamicBytes: 20 * KIB,
      minUnitBytes: 32 * KIB,
      atomBytes: 2 * MIB,
      limitBytes: 0,
      nodes: 1,
      maxChunks: 64,
      callSites: 0,
    });
    expect(bootShortage(config)).toBeUndefined();
  });

  it('has bookkeeping for what the workload needs', () => {
    const needs = { maxChunks: 500, callSites: 70 };
    expect(valueOf(machineConfigOf(MACHINE, 'single-mutex', needs)).percpu).toMatchObject(needs);
  });

  it('says no more of per-CPU settings than their numbers', () => {
    const machine = { ...MACHINE, percpu: { ...usualPercpuSettings(4 * KIB), nodes: 2, limitBytes: 64 * KIB } };
    const { percpu } = valueOf(machineConfigOf(machine, 'single-mutex'));
    expect(percpu).toMatchObject({ nodes: 2, limitBytes: 64 * KIB });
    expect(Object.values(percpu).filter((value) => typeof value !== 'number')).toEqual(['embed']);
  });

  it('passes on what is wrong with the settings', () => {
    const percpu = { ...usualPercpuSettings(4 * KIB), architecture: 'sparc64' as const };
    expect(errorOf(machineConfigOf({ ...MACHINE, percpu }, 'single-mutex')).where).toBe('machine.percpu.architecture');
  });
});

describe('settings of kernels that printed their lines', () => {
  it.each([
    // x86_64 of a 12-CPU log.
    [
      { kernel: '6.8', otherStaticBytes: 225_280 },
      { pageSizeBytes: 4 * KIB, possibleCpus: 12 },
      's225280 r8192 d28672 u262144 [0 1 2 3 4 5 6 7 8 9 10 11 - - - -]',
    ],
    // x86_64 with percpu_alloc=page.
    [
      { kernel: '4.15', otherStaticBytes: 208_152, firstChunk: 'page' },
      { pageSizeBytes: 4 * KIB, possibleCpus: 2 },
      's208152 r8192 d13032 u229376 [0 1]',
    ],
    // ia64 2.6.33.
    [
      { architecture: 'ia64', kernel: '2.6.33', otherStaticBytes: 43_032 },
      { pageSizeBytes: 64 * KIB, possibleCpus: 2 },
      's43032 r8192 d14312 u65536 [0 1]',
    ],
    // arm.
    [
      { architecture: 'generic-32', kernel: '3.2', otherStaticBytes: 5792 },
      { pageSizeBytes: 4 * KIB, possibleCpus: 2 },
      's5792 r8192 d14688 u32768 [0 1]',
    ],
  ] as const)('%j of %j: %s', (settings, machine, line) => {
    expect(bootLine(settings, machine)).toBe(line);
  });
});

describe('the first chunk', () => {
  it('is embedded or of pages where that is asked for, and what the architecture does otherwise', () => {
    const method = (settings: Partial<PercpuSettings>, pageSizeBytes?: number): string =>
      valueOf(configOf(settings, pageSizeBytes === undefined ? {} : { pageSizeBytes })).method;
    expect(method({})).toBe('embed');
    expect(method({ firstChunk: 'page' })).toBe('page');
    // 32-bit x86 with several nodes takes pages by itself, unless it is told not to.
    expect(method({ architecture: 'x86-32', nodes: 2 })).toBe('page');
    expect(method({ architecture: 'x86-32', nodes: 2, firstChunk: 'embed' })).toBe('embed');
    expect(method({ architecture: 'ia64' }, 64 * KIB)).toBe('fixed-unit');
  });

  it('of a uniprocessor kernel is for one CPU', () => {
    const machine = { pageSizeBytes: 4 * KIB, possibleCpus: 1 };
    expect(valueOf(configOf({ firstChunk: 'uniprocessor' }, machine)).method).toBe('uniprocessor');
    expect(errorOf(configOf({ firstChunk: 'uniprocessor' }, { ...machine, possibleCpus: 2 }))).toEqual({
      code: 'bad-input',
      message: 'a uniprocessor kernel has one possible CPU, not 2',
      where: 'machine.percpu.firstChunk',
    });
  });
});

describe('the reserve', () => {
  it('is the kernel’s for modules unless it is said', () => {
    expect(valueOf(configOf({})).reservedBytes).toBe(8192);
    expect(valueOf(configOf({ reservedBytes: 20_000 })).reservedBytes).toBe(20_000);
    expect(valueOf(configOf({ reservedBytes: 0 })).reservedBytes).toBe(0);
  });

  it('and the limit go together: 64 KiB hold 2500 words of 8 bytes, and no more static variables than are left', () => {
    const ia64 = { architecture: 'ia64', kernel: '2.6.33', reservedBytes: 20_000 } as const;
    const machine = { pageSizeBytes: 64 * KIB, possibleCpus: 4 };
    expect(bootLine({ ...ia64, otherStaticBytes: 45_536 }, machine)).toBe('s45536 r20000 d0 u65536 [0 1 2 3]');
    const percpu = valueOf(configOf({ ...ia64, otherStaticBytes: 45_537 }, machine));
    expect(errorOf(planPercpu({ ...machine, bufferLayout: 'single-mutex', percpu }))).toEqual({
      code: 'bad-input',
      message:
        'the per-CPU area of a CPU holds 65536 bytes, but static 45537 + reserved 20000 = 65537 bytes are 1 too many',
      where: 'machine.percpu',
    });
  });
});

describe('nodes', () => {
  it('share the CPUs out in equal runs, each a group', () => {
    expect(bootLine({ otherStaticBytes: 100_000, nodes: 2 })).toBe('s100000 r8192 d31072 u524288 [0 1 2 3] [4 5 6 7]');
  });

  it('are no groups on architectures that do not tell the CPUs’ distance', () => {
    expect(bootLine({ architecture: 'generic-64', nodes: 2 })).toMatch(/ \[0 1 2 3 4 5 6 7\]$/);
    expect(bootLine({ architecture: 'arm64-numa', nodes: 2 })).toMatch(/ \[0 1 2 3\] \[4 5 6 7\]$/);
  });
});

describe('wrong settings', () => {
  it.each([
    ['sparc64', 4 * KIB, 'sparc64 has pages of 8192 bytes, not of 4096'],
    ['x86-64', 16 * KIB, 'x86-64 has pages of 4096 bytes, not of 16384'],
    ['loongarch64', 8 * KIB, 'loongarch64 has pages of 16384, 4096, 65536 bytes, not of 8192'],
  ] as const)('%s with pages of %i bytes is refused', (architecture, pageSizeBytes, message) => {
    expect(errorOf(configOf({ architecture }, { pageSizeBytes }))).toEqual({
      code: 'bad-input',
      message,
      where: 'machine.percpu.architecture',
    });
  });

  it('a kernel that is no version is refused', () => {
    expect(errorOf(configOf({ kernel: 'latest' }))).toEqual({
      code: 'bad-input',
      message: 'latest is no kernel version',
      where: 'machine.percpu.kernel',
    });
  });
});
