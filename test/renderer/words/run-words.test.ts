import { describe, expect, test } from 'vitest';
import { formObstacle } from '../../../src/renderer/words/form-obstacle.ts';
import {
  designTitles,
  profileLine,
  runDuration,
  runHover,
  shortRunName,
  traitsLine,
} from '../../../src/renderer/words/run-words.ts';
import { sampleProfile } from '../sample-profile.ts';

describe('a past run', () => {
  test('is named without the time that is shown beside it, and with its own commas', () => {
    expect(shortRunName('2024: per stream, per device, global, 2026-11-21 10:28:25')).toBe(
      '2024: per stream, per device, global',
    );
    expect(shortRunName('mine, at night')).toBe('mine, at night');
  });

  test('says how long it took and what it compared', () => {
    const times = { startedAt: '2026-11-21T10:28:25.000Z', finishedAt: '2026-11-21T10:28:34.600Z' };
    expect(runDuration(times)).toBe('9.6 s');
    expect(designTitles(['single-mutex', 'per-cpu-global'])).toBe('single mutex / per-CPU, global');
  });

  test('says what machine and experiment it ran with, and the time only where time was set', () => {
    const { experiment, machine } = sampleProfile();
    const profile = sampleProfile({
      machine: { ...machine, onlineCpus: 1, pageSizeBytes: 4096, memoryBytes: 2 ** 28 },
      experiment: { ...experiment, repetitions: 6, seconds: 9 },
    });
    expect(profileLine(profile)).toBe(
      "1 CPU, 4 KiB pages, 256 MiB of memory, page data: job's own pages, 6 repetitions, 9.0 s in all",
    );
    const { seconds: _, ...untimed } = profile.experiment;
    expect(profileLine({ ...profile, experiment: untimed })).not.toContain('in all');
    const warmed = { ...profile, experiment: { ...untimed, warmUpSeconds: 4 } };
    expect(profileLine(warmed)).toMatch(/6 repetitions, warm-up of 4\.0 s$/);
  });

  test('is told from others of its name by CPUs, jobs, codec, time and page data, with whole paths on demand', () => {
    const data = { kind: 'files' as const, paths: ['/home/user/corpus/', '/data/b.bin', '/data/c.bin'] };
    const traits = { onlineCpus: 2, jobs: 1, codec: 'lz4-kernel' as const, seconds: 9, data };
    expect(traitsLine(traits)).toBe('1 job, lz4-kernel, 9.0 s, corpus + 2 more');
    expect(traitsLine({ onlineCpus: 4 })).toBe('4 CPUs');
    expect(traitsLine({ onlineCpus: 4, codec: 'lz4', data: { kind: 'job' } })).toBe("4 CPUs, lz4, job's own pages");
    const hover = runHover({
      ...{ id: 'a', name: 'mine', startedAt: '', finishedAt: '', outcome: 'complete', engine: 'live' },
      ...{ designs: ['single-mutex'], sampleCount: 6, traits },
    });
    expect(hover).toBe(
      'mine: 2 CPUs, 1 job, lz4-kernel, 9.0 s, files /home/user/corpus/, /data/b.bin, /data/c.bin; single mutex, 6 samples',
    );
  });
});

describe('what keeps a form from being run', () => {
  test('is nothing while no field is wrong', () => {
    expect(formObstacle(new Map())).toBeUndefined();
  });

  test('is the sentence of the first wrong field, with the number of the others', () => {
    const errors = new Map([
      ['machine.onlineCpus', ['Online CPUs must not exceed possible CPUs']],
      ['machine.memoryBytes', ['Memory must be at least 4 MiB']],
    ]);
    expect(formObstacle(errors)).toBe('Online CPUs must not exceed possible CPUs, and 1 more field');
  });

  test('names the part of the form where the sentence does not', () => {
    const errors = new Map([['workload.jobFile', ['line 3, column 1: ‘iodept’ is no option']]]);
    expect(formObstacle(errors)).toBe('fio job file: line 3, column 1: ‘iodept’ is no option');
  });
});
