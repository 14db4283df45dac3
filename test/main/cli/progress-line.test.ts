import { describe, expect, it } from 'vitest';
import { showProgress } from '../../../src/main/cli/progress-line.ts';
import type { RunEvent, RunProgress } from '../../../src/shared/contract.ts';
import type { Sample } from '../../../src/shared/run-record.ts';
import { figuresAt, percpuSampleOf, sampleOf } from '../lab/run-record-fixtures.ts';

function shown(event: RunEvent, isInteractive: boolean): string {
  let err = '';
  const { signal: interrupted } = new AbortController();
  showProgress({ out: () => undefined, err: (text) => void (err += text), isInteractive, interrupted }, event);
  // What clears the line before.
  return err.replace('\r\x1b[K', '');
}

function sampleLine(sample: Sample): string {
  return shown({ kind: 'sample', runId: 'run-1', sample }, false);
}

const PROGRESS: RunProgress = {
  runId: 'run-1',
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
