/** Buffers counted on booted machines, against the figures of 2024 and the formula of each layout. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bufferCountReport } from '../../../../src/main/cli/buffer-count-report.ts';
import { bufferCountCsv } from '../../../../src/main/lab/export/buffer-count-csv.ts';
import { planProfile } from '../../../../src/main/lab/plan/plan-profile.ts';
import { readProfileFile } from '../../../../src/main/lab/profiles/profile-file.ts';
import { countBuffers } from '../../../../src/main/lab/zram/count-buffers.ts';
import type { BufferCount } from '../../../../src/shared/buffer-count.ts';
import { BUFFER_LAYOUTS, type BufferLayout } from '../../../../src/shared/design.ts';
import { parseProfile, type Profile } from '../../../../src/shared/profile.ts';
import { PROFILE } from '../run-record-fixtures.ts';
import { valueOf } from '../small-lab.ts';

const FILE = join(import.meta.dirname, '../../../../resources/profiles/zram-2024.json');

function shipped(): Profile {
  return valueOf(readProfileFile(FILE));
}

function counted(profile: Profile): BufferCount {
  const count = valueOf(countBuffers(profile));
  if (count === undefined) throw new Error('the profile asks for a count');
  return count;
}

/** A small count: one device and three, of machines with few CPUs. */
function askFor(zram: Record<string, unknown>): Profile {
  return valueOf(parseProfile({ ...PROFILE, zram }));
}

const pagesOf = (count: BufferCount, layout: BufferLayout): readonly number[] =>
  count.rows.filter((row) => row.layout === layout).map((row) => row.bufferPages);

describe('the 2024 experiment', () => {
  const count = counted(shipped());

  it('counts the published figures: 48, 24, and 24 for any number of devices', () => {
    expect(count.paper.map(({ paperPages, labPages }) => [paperPages, labPages])).toEqual([
      [48, 48],
      [24, 24],
      [24, 24],
      [24, 24],
    ]);
  });

  it('shows how each layout grows over 1, 2, 4 and 8 devices', () => {
    expect(Object.fromEntries(BUFFER_LAYOUTS.map((layout) => [layout, pagesOf(count, layout)]))).toEqual({
      'single-mutex': [2, 4, 8, 16],
      'per-cpu-global': [24, 24, 24, 24],
      // Up to twelve streams per device.
      'stream-list': [24, 48, 96, 192],
      'per-stream': [48, 96, 192, 384],
      'per-device': [24, 48, 96, 192],
    });
  });

  it('can be planned on a small host, and its jobs write to two devices', () => {
    const planned = valueOf(planProfile(shipped(), { cores: 2, memoryBytes: 2 ** 32, environment: {} }));
    expect(planned.workload.jobs.map(({ device }) => device)).toEqual([0, 1]);
    expect(planned.oversubscribed).toBe(false);
    for (const machine of planned.machines.values()) {
      expect(machine.zram).toMatchObject({ protection: 'local-lock', allocationStages: 'two', algorithms: 2 });
    }
  });

  it('says where its figures come from', () => {
    expect(shipped().description).toContain('A proposal of 2024');
  });

  it('is printed as what the paper says beside the lab, then layout by layout', () => {
    const [paper = '', layouts = ''] = bufferCountReport(count);
    const plain = (text: string): readonly string[] =>
      text.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | ').trim());
    expect(plain(paper)[1]).toBe('12 CPUs, two streams, a buffer each: 48 pages | per-CPU, per stream | 1 | 48 | 48');
    expect(plain(layouts)).toContain('per-CPU, per stream | local lock | 12 | 2 | 8 | 384 | 480 | 0 | 512');
    expect(plain(layouts)).toHaveLength(1 + 5 * 4);
    expect(bufferCountReport(undefined)).toEqual([]);
  });

  it('is written as CSV with a row per machine, the paper beside it where it says something', () => {
    const [head, ...rows] = bufferCountCsv(count).trim().split('\r\n');
    expect(head).toBe(
      'buffer_layout,protection,cpus,streams,devices,buffer_pages,work_memory_pages,local_copy_pages,record_bytes_per_cpu,paper_buffer_pages',
    );
    expect(rows).toHaveLength(20);
    expect(rows).toContain('per-stream,local-lock,12,2,1,48,60,0,64,48');
    expect(rows).toContain('per-device,local-lock,12,2,8,192,480,0,256,');
  });
});

describe('a count', () => {
  const ask = { cpus: 3, streams: 4, devices: [2, 1], paper: [] };

  it('is not made where the profile asks for none', () => {
    expect(countBuffers(PROFILE)).toEqual({ ok: true, value: undefined });
  });

  it('takes CPUs, streams and devices from what is asked, not from the machine of the jobs', () => {
    const count = counted(askFor({ bufferCount: ask }));
    expect(pagesOf(count, 'per-stream')).toEqual([3 * 4 * 2 * 2, 3 * 4 * 2]);
    expect(pagesOf(count, 'per-cpu-global')).toEqual([6, 6]);
    expect(count.rows.every((row) => row.cpus === 3 && row.streams === 4)).toBe(true);
  });

  it('counts local copies under a mutex, and records of 32 bytes for each set of streams', () => {
    const protection = { 'per-device': 'mutex', 'per-stream': 'read-write', 'per-cpu-global': 'mutex' };
    const rows = counted(askFor({ bufferCount: ask, protection })).rows.filter(({ devices }) => devices === 2);
    const figures = rows.map((row) => [row.layout, row.localCopyPages, row.recordBytes]);
    expect(figures).toEqual([
      ['single-mutex', 0, 0],
      ['per-cpu-global', 3, 32],
      ['stream-list', 0, 0],
      ['per-stream', 24, 256],
      ['per-device', 6, 64],
    ]);
  });

  it('has room for the longest lists of streams, whatever boot alone needs', () => {
    const machine = { ...PROFILE.machine, pageSizeBytes: 65536, memoryBytes: 2 ** 26 };
    const zram = { maxStreams: 64, bufferCount: { ...ask, devices: [16] } };
    const profile = valueOf(parseProfile({ ...PROFILE, machine, zram }));
    expect(pagesOf(counted(profile), 'stream-list')).toEqual([2 * 64 * 16]);
  });

  it('makes as many streams of a list as there may be', () => {
    expect(pagesOf(counted(askFor({ bufferCount: ask })), 'stream-list')).toEqual([4, 2]);
    expect(pagesOf(counted(askFor({ bufferCount: ask, maxStreams: 5 })), 'stream-list')).toEqual([20, 10]);
  });

  it('counts machines that only the paper speaks of as well, without listing them', () => {
    const paper = [{ says: 'five', layout: 'per-device', devices: 5, pages: 31 }];
    const count = counted(askFor({ bufferCount: { ...ask, paper } }));
    expect(count.paper).toEqual([{ says: 'five', layout: 'per-device', devices: 5, paperPages: 31, labPages: 30 }]);
    expect(count.rows.some(({ devices }) => devices === 5)).toBe(false);
  });

  it.each([
    [{ ...ask, cpus: 65 }, 'zram.bufferCount.cpus', 'CPUs must be a whole number from 1 to 64'],
    [{ ...ask, streams: 5 }, 'zram.bufferCount.streams', 'Streams must be a whole number from 1 to 4'],
    [{ ...ask, devices: [] }, 'zram.bufferCount.devices', 'Pick at least one number of devices'],
    [{ ...ask, devices: [17] }, 'zram.bufferCount.devices.0', 'Devices must be a whole number from 1 to 16'],
  ])('has ranges: %o', (bufferCount, where, message) => {
    expect(parseProfile({ ...PROFILE, zram: { bufferCount } })).toMatchObject({ ok: false, error: { where, message } });
  });
});
