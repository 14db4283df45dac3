import { describe, expect, it } from 'vitest';
import {
  defaultReserve2008Bytes,
  eraConstants,
  isSince,
  type KernelOptions,
  type KernelVersion,
  parseKernelVersion,
  USUAL_OPTIONS,
} from '../../../../src/main/machine/percpu/kernel-era.ts';

const KIB = 1024;

function version(release: string): KernelVersion {
  const parsed = parseKernelVersion(release);
  if (parsed === undefined) throw new Error(`no version: ${release}`);
  return parsed;
}

function constants(release: string, options: Partial<KernelOptions> = {}, pageSizeBytes = 4096) {
  return eraConstants(version(release), { ...USUAL_OPTIONS, ...options }, pageSizeBytes);
}

describe('a kernel release', () => {
  it.each([
    ['2.6.32-21-generic', [2, 6, 32]],
    ['6.8.0', [6, 8, 0]],
    ['5.7.0-rc7-andres-00133-gc8707bf69395', [5, 7, 0]],
    ['3.14-rc6', [3, 14, 0]],
  ])('%s is version %j', (release, [major, minor, patch]) => {
    expect(parseKernelVersion(release)).toEqual({ major, minor, patch });
  });

  it.each(['', 'linux', '6', 'v6.8', '99999.1'])('%j is none', (release) => {
    expect(parseKernelVersion(release)).toBeUndefined();
  });

  it.each([
    ['2.6.36', '2.6.37', false],
    ['2.6.37', '2.6.37', true],
    ['3.0.0', '2.6.37', true],
    ['3.17.8', '3.18', false],
    ['3.18.0-rc1', '3.18', true],
    ['10.0.0', '6.6', true],
  ])('%s since %s: %s', (release, since, expected) => {
    expect(isSince(version(release), since)).toBe(expected);
  });
});

describe('the constants of a kernel', () => {
  it.each([
    ['2.6.31', 20, 12, 0, 64],
    ['2.6.36', 20, 12, 12, 64],
    ['2.6.37', 20, 12, 12, 32],
    ['3.16.0', 20, 12, 12, 32],
    ['3.18.0', 28, 20, 12, 32],
    ['6.1.0', 28, 20, 12, 32],
    ['6.2.0', 28, 20, 20, 32],
    ['6.18.0', 28, 20, 20, 32],
  ])('%s: dynamic %i or %i KiB, early %i KiB, unit from %i KiB', (release, ...kibibytes) => {
    const [for64, for32, early, minUnit] = kibibytes;
    expect(constants(release)).toMatchObject({
      dynamicReserveBytes: for64 * KIB,
      earlyDynamicBytes: early * KIB,
      minUnitBytes: minUnit * KIB,
      moduleReserveBytes: 8 * KIB,
    });
    expect(constants(release, { wordBits: 32 }).dynamicReserveBytes).toBe(for32 * KIB);
  });

  it.each([
    ['6.5.0', {}, 4096, { dynamic: 28, early: 20 }],
    ['6.6.0', {}, 4096, { dynamic: 112, early: 80 }],
    ['6.6.0', { wordBits: 32 as const }, 4096, { dynamic: 80, early: 80 }],
    ['6.12.0', { lockDebugging: true }, 4096, { dynamic: 112, early: 80 }],
    ['6.11.0', { lockDebugging: true }, 65_536, { dynamic: 112, early: 80 }],
    ['6.12.0', { lockDebugging: true }, 65_536, { dynamic: 224, early: 160 }],
  ])(
    '%s with randomised kmalloc caches and %j in pages of %i asks for %j KiB',
    (release, options, page, { dynamic, early }) => {
      expect(constants(release, { ...options, randomKmallocCaches: true }, page)).toMatchObject({
        dynamicReserveBytes: dynamic * KIB,
        earlyDynamicBytes: early * KIB,
      });
    },
  );

  it.each([
    ['6.9.0', 8],
    ['6.10.0', 64],
    ['6.15.0', 64],
    ['6.16.0', 8],
  ])('%s with allocation profiling reserves %i KiB for modules', (release, reserve) => {
    expect(constants(release, { allocationProfiling: true }).moduleReserveBytes).toBe(reserve * KIB);
    expect(constants(release, { allocationProfiling: true, modules: false }).moduleReserveBytes).toBe(0);
  });

  it('change the group rule with 5.12', () => {
    expect([constants('5.11.0').groupRule, constants('5.12.0').groupRule]).toEqual(['all-members', 'seed']);
  });
});

it('the reserve of 2008 is 2500 machine words', () => {
  expect([defaultReserve2008Bytes(64), defaultReserve2008Bytes(32)]).toEqual([20_000, 10_000]);
});
