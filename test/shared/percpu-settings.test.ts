import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  ARCHITECTURES,
  FIRST_CHUNK_CHOICES,
  PERCPU_LIMITS,
  percpuSettingsSchema,
  usualPercpuSettings,
} from '../../src/shared/percpu-settings.ts';
import { parseProfile, type Profile, profileFieldErrors } from '../../src/shared/profile.ts';
import { smallProfile, valueOf } from '../main/lab/small-lab.ts';

const USUAL = usualPercpuSettings(4096);

/** A profile whose machine says so much of its per-CPU memory. */
function withPercpu(percpu: unknown): unknown {
  const profile = smallProfile();
  return { ...profile, machine: { ...profile.machine, percpu } };
}

describe('the usual settings', () => {
  it('are those of a distribution’s kernel on x86-64, and of arm64 where pages are larger', () => {
    expect(USUAL).toEqual({
      architecture: 'x86-64',
      kernel: '6.18',
      firstChunk: 'auto',
      otherStaticBytes: 0,
      nodes: 1,
    });
    for (const pageSizeBytes of [16_384, 65_536]) {
      expect(usualPercpuSettings(pageSizeBytes)).toEqual({ ...USUAL, architecture: 'arm64-numa' });
    }
  });

  it('are settings themselves', () => {
    expect(v.parse(percpuSettingsSchema, USUAL)).toEqual(USUAL);
    expect(profileFieldErrors(withPercpu(USUAL))).toEqual([]);
  });
});

describe('settings', () => {
  it('may name every architecture and every first chunk', () => {
    for (const architecture of ARCHITECTURES) {
      for (const firstChunk of FIRST_CHUNK_CHOICES) {
        expect(v.is(percpuSettingsSchema, { ...USUAL, architecture, firstChunk })).toBe(true);
      }
    }
  });

  it.each(['2.6.27', '6.1', '6.18', '5.15.0'])('may name kernel %s', (kernel) => {
    expect(v.is(percpuSettingsSchema, { ...USUAL, kernel })).toBe(true);
  });

  it.each(['otherStaticBytes', 'reservedBytes', 'limitBytes', 'nodes'] as const)(
    'have %s from the least to the most that is said, both included',
    (field) => {
      const { min, max } = PERCPU_LIMITS[field];
      const isValid = (value: number): boolean => v.is(percpuSettingsSchema, { ...USUAL, [field]: value });
      expect([min - 1, min, max, max + 1].map(isValid)).toEqual([false, true, true, false]);
      expect(isValid(min + 0.5)).toBe(false);
    },
  );

  it.each([
    [{ architecture: 'vax' }, 'machine.percpu.architecture', /^Architecture must be one of x86-64, x86-32, .*ia64$/],
    [{ kernel: '6' }, 'machine.percpu.kernel', /^Kernel must be a version such as 6\.18$/],
    [{ kernel: '6.18-rc1' }, 'machine.percpu.kernel', /^Kernel must be a version such as 6\.18$/],
    [{ kernel: 6.18 }, 'machine.percpu.kernel', /^Kernel must be a version such as 6\.18$/],
    [
      { firstChunk: 'huge' },
      'machine.percpu.firstChunk',
      /^First chunk must be one of auto, embed, page, uniprocessor$/,
    ],
    [
      { otherStaticBytes: -1 },
      'machine.percpu.otherStaticBytes',
      /^Static variables \(bytes\) must be a whole number from 0 to 4194304$/,
    ],
    [
      { reservedBytes: '8k' },
      'machine.percpu.reservedBytes',
      /^Reserve \(bytes\) must be a whole number from 0 to 4194304$/,
    ],
    [{ limitBytes: 100 }, 'machine.percpu.limitBytes', /^Limit \(bytes\) must be a whole number from 4096 to 8388608$/],
    [{ nodes: 0 }, 'machine.percpu.nodes', /^NUMA nodes must be a whole number from 1 to 16$/],
    [{ chunks: 3 }, 'machine.percpu.chunks', /^A profile has no such field$/],
    [{ nodes: undefined }, 'machine.percpu.nodes', /./],
  ])('with %j are refused at the field', (change, field, message) => {
    const errors = profileFieldErrors(withPercpu({ ...USUAL, ...change }));
    expect(errors.map((error) => error.field)).toEqual([field]);
    expect(errors[0]?.message).toMatch(message);
  });
});

describe('a profile', () => {
  it('without per-CPU settings is one, and stays without', () => {
    const parsed: Profile = valueOf(parseProfile(smallProfile()));
    expect('percpu' in parsed.machine).toBe(false);
  });

  it('of version 1, which knew no such settings, still loads', () => {
    const profile = smallProfile();
    const { workload, ...rest } = profile;
    if (workload.kind !== 'fio') throw new Error('the small profile runs fio jobs');
    const { kind: _, ...oldWorkload } = workload;
    const old = { ...rest, schemaVersion: 1, workload: oldWorkload };
    expect(valueOf(parseProfile(old))).toEqual(profile);
  });

  it('with settings keeps all of them', () => {
    const percpu = { ...USUAL, reservedBytes: 20_000, limitBytes: 65_536, nodes: 2 };
    expect(valueOf(parseProfile(withPercpu(percpu))).machine.percpu).toEqual(percpu);
  });
});
