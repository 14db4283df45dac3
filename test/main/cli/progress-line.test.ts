import { describe, expect, it } from 'vitest';
import { progressOf } from '../../../src/main/cli/progress-line.ts';
import type { RunEvent, RunProgress } from '../../../src/shared/contract.ts';
import type { Profile } from '../../../src/shared/profile.ts';
import type { Sample } from '../../../src/shared/run-record.ts';
import { smallPercpuProfile, smallProfile, smallThisCpuProfile } from '../lab/small-lab.ts';
import { figuresAt, percpuSampleOf, sampleOf } from '../lab/run-record-fixtures.ts';

function allShown(events: readonly RunEvent[], isInteractive: boolean): string {
  let err = '';
  const { signal: interrupted } = new AbortController();
  const terminal = { out: () => undefined, err: (text: string) => void (err += text), isInteractive, interrupted };
  const show = progressOf(terminal);
  for (const event of events) show(event);
  return err;
}

function shown(event: RunEvent, isInteractive: boolean): string {
  // What clears the line before.
  return allShown([event], isInteractive).replace('\r\x1b[K', '');
}

function sampleLine(sample: Sample): string {
  return shown({ kind: 'sample', runId: 'run-1', sample }, false);
}

const PROGRESS: RunProgress = {
  runId: 'run-1',
  sample: 5,
  design: 'embed',
  repetition: 2,
  repetitions: 3,
  phase: 'create',
  fraction: 0.25,
  secondsLeft: 4.2,
  atMs: 1500,
  megabytesPerSecond: {},
  operationsPerSecond: {},
  cpus: [],
};

describe('the line of a finished sample', () => {
  it('has the directions that were run, each in its unit, and no others', () => {
    const written = sampleOf('single-mutex', 1, 600);
    expect(sampleLine(written)).toBe('single mutex, repetition 1: write 600.0 MB/s\n');
    expect(sampleLine({ ...written, read: figuresAt(1234.56) })).toBe(
      'single mutex, repetition 1: write 600.0 MB/s, read 1234.6 MB/s\n',
    );
  });

  it('counts objects where objects are made', () => {
    const { destroy: _, ...created } = percpuSampleOf('page', 2, 41_282);
    expect(sampleLine(created)).toBe('page-mapped units, repetition 2: create 41282 objects/s\n');
  });
});

describe('the line of a run that goes on', () => {
  it('has the rate of what runs', () => {
    const at = (rates: Partial<RunProgress>) => shown({ kind: 'progress', progress: { ...PROGRESS, ...rates } }, true);
    expect(at({ operationsPerSecond: { create: 812_345.4 } })).toBe(
      '25 %  embedded units  repetition 2 of 3  create  812345 objects/s  about 5 s left',
    );
    // Requests have both rates: bytes are what is asked about.
    const mixed = { megabytesPerSecond: { write: 10.5, read: 20 }, operationsPerSecond: { write: 99, read: 98 } };
    expect(at({ phase: 'mixed', ...mixed })).toContain('  mixed  10.5 MB/s  ');
    expect(at({ phase: 'prepare' })).toContain('  prepare  about 5 s left');
  });
});

describe('the lines before the first sample', () => {
  const started = (profile: Profile): RunEvent => {
    return {
      kind: 'started',
      runId: 'run-1',
      profile,
      engine: 'live',
      designs: profile.designs,
      oversubscribed: false,
    };
  };
  const at = (changes: Partial<RunProgress>): RunEvent => {
    return { kind: 'progress', progress: { ...PROGRESS, repetition: 0, ...changes } };
  };
  const end: RunEvent = { kind: 'finished', runId: 'run-1', outcome: 'complete', stored: true };

  it('say that data are loaded, and once of each design that it is warmed up', () => {
    const events = [
      started(smallProfile()),
      at({ phase: 'prepare' }),
      at({ phase: 'prepare' }),
      ...(['write', 'write', 'read'] as const).map((phase) => at({ phase, design: 'per-cpu-global' })),
      at({ phase: 'write', design: 'single-mutex' }),
      ...(['write', 'read'] as const).map((phase) => at({ phase, design: 'per-cpu-global' })),
      ...(['write', 'read'] as const).map((phase) => at({ phase, design: 'single-mutex', repetition: 1 })),
      { kind: 'sample', runId: 'run-1', sample: sampleOf('single-mutex', 1, 600) } as const,
      at({ phase: 'write', design: 'per-cpu-global', repetition: 1 }),
      end,
    ];
    expect(allShown(events, false).split('\n')).toEqual([
      'loading data',
      'per-CPU, global, warm-up',
      'single mutex, warm-up',
      'single mutex, repetition 1: write 600.0 MB/s',
      '',
    ]);
    expect(allShown(events, true)).not.toContain('\n');
  });

  it('say of threads that begin anew with each sample that the first block is thrown away', () => {
    const events = [
      started(smallThisCpuProfile()),
      at({ phase: 'prepare' }),
      at({ phase: 'access', design: 'segment' }),
    ];
    expect(allShown(events, false)).toBe('counting page tables\nsegment prefix, first block, thrown away\n');
    expect(allShown(events, true)).toMatch(/25 % {2}segment prefix {2}first block, thrown away {2}access /);
    expect(allShown([started(smallProfile()), at({ phase: 'write' })], true)).toMatch(/ {2}warm-up {2}write /);
  });

  it('say the same of one design alone', () => {
    const events = [started(smallPercpuProfile()), at({ repetition: 0 }), at({ repetition: 1 }), at({ repetition: 2 })];
    expect(allShown(events, false)).toBe('starting\nembedded units, warm-up\n');
  });

  it('say what is done in place of loading data', () => {
    const { workload, ...rest } = smallThisCpuProfile();
    if (workload.kind !== 'this-cpu') throw new Error('not a this-cpu profile');
    const { counting, ...plain } = workload;
    expect(counting).toBeDefined();
    expect(allShown([started({ ...rest, workload })], false)).toMatch(/^counting page tables\n$/);
    expect(allShown([started({ ...rest, workload: plain })], false)).toMatch(/^starting\n$/);
  });
});
