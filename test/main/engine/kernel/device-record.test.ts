import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeviceRecord } from '../../../../src/main/engine/kernel/device-record.ts';
import { FolderKernel } from './kernel-files.ts';

const OTHER = 4711;

/** A kernel on which process 4711 made zram3 (sequence 17) and noted it. */
function withNoteOfOther(): { kernel: FolderKernel; record: DeviceRecord } {
  const kernel = new FolderKernel();
  kernel.disk(3, '17');
  kernel.process(OTHER, '555');
  mkdirSync(kernel.recordFolder);
  const note = { device: 3, diskSequence: '17', bootId: 'first', owner: { pid: OTHER, startedAt: '555' } };
  writeFileSync(join(kernel.recordFolder, 'zram3-17.json'), JSON.stringify(note));
  return { kernel, record: new DeviceRecord(kernel.recordFolder, kernel.files) };
}

const notes = (kernel: FolderKernel): readonly string[] => readdirSync(kernel.recordFolder);

describe('a device that was made', () => {
  it('is noted by number and sequence, and forgotten when it is gone', () => {
    const kernel = new FolderKernel();
    kernel.disk(3, '17');
    const record = new DeviceRecord(kernel.recordFolder, kernel.files);
    const forget = record.note(3);
    expect(notes(kernel)).toEqual(['zram3-17.json']);
    forget();
    expect(notes(kernel)).toEqual([]);
  });

  it('of this process is no leftover', () => {
    const kernel = new FolderKernel();
    kernel.disk(3, '17');
    const record = new DeviceRecord(kernel.recordFolder, kernel.files);
    record.note(3);
    expect(record.claimLeftovers()).toEqual([]);
    expect(notes(kernel)).toEqual(['zram3-17.json']);
  });

  it('of another process that lives is none', () => {
    const { kernel, record } = withNoteOfOther();
    expect(record.claimLeftovers()).toEqual([]);
    expect(notes(kernel)).toEqual(['zram3-17.json']);
  });
});

describe('a leftover', () => {
  it('is what a process left that is gone', () => {
    const { kernel, record } = withNoteOfOther();
    kernel.endProcess(OTHER);
    const [leftover, ...others] = record.claimLeftovers();
    expect(leftover?.device).toBe(3);
    expect(others).toEqual([]);
    leftover?.forget();
    expect(notes(kernel)).toEqual([]);
  });

  it('is what a process left whose number another has now', () => {
    const { kernel, record } = withNoteOfOther();
    kernel.process(OTHER, '999');
    expect(record.claimLeftovers().map(({ device }) => device)).toEqual([3]);
  });

  it('is claimed by one process only, until that one is gone', () => {
    const { kernel, record } = withNoteOfOther();
    kernel.endProcess(OTHER);
    // Another process was faster and lives.
    kernel.process(5000, '600');
    const claimed = new DeviceRecord(kernel.recordFolder, kernel.files).claimLeftovers();
    expect(claimed).toHaveLength(1);
    const [name = ''] = notes(kernel);
    expect(name).toBe(`zram3-17.json.${process.pid}`);
    // The same from the other's side: a claim of a process that lives is respected, one of a dead process is not.
    expect(claimSeenBy(kernel, 5000)).toEqual([]);
    kernel.endProcess(5000);
    expect(claimSeenBy(kernel, 5000)).toEqual([3]);
    expect(record.claimLeftovers()).toHaveLength(1);
  });

  it('is not a device that got the number later', () => {
    const { kernel, record } = withNoteOfOther();
    kernel.endProcess(OTHER);
    kernel.removeDisk(3);
    kernel.disk(3, '18');
    expect(record.claimLeftovers()).toEqual([]);
    expect(notes(kernel)).toEqual([]);
  });

  it('is not a device of before the boot', () => {
    const { kernel, record } = withNoteOfOther();
    kernel.endProcess(OTHER);
    kernel.boot('second');
    expect(record.claimLeftovers()).toEqual([]);
    expect(notes(kernel)).toEqual([]);
  });
});

describe('what else lies in the folder', () => {
  it('is left alone', () => {
    const { kernel, record } = withNoteOfOther();
    kernel.endProcess(OTHER);
    const strange = ['zram4-9.json', 'zram5-9.json', 'notes.txt'];
    writeFileSync(join(kernel.recordFolder, 'zram4-9.json'), '{');
    writeFileSync(join(kernel.recordFolder, 'zram5-9.json'), '{"device":"zram0"}');
    writeFileSync(join(kernel.recordFolder, 'notes.txt'), 'mine');
    expect(record.claimLeftovers().map(({ device }) => device)).toEqual([3]);
    expect(notes(kernel)).toEqual(expect.arrayContaining(strange));
  });

  it('may be nothing, even no folder', () => {
    const kernel = new FolderKernel();
    expect(new DeviceRecord(kernel.recordFolder, kernel.files).claimLeftovers()).toEqual([]);
  });
});

/** What a fresh look finds when zram3's claim is in the hands of `pid`. */
function claimSeenBy(kernel: FolderKernel, pid: number): readonly number[] {
  const folder = join(kernel.recordFolder, `as-claimed-by-${pid}`);
  mkdirSync(folder, { recursive: true });
  const note = { device: 3, diskSequence: '17', bootId: 'first', owner: { pid: OTHER, startedAt: '555' } };
  writeFileSync(join(folder, `zram3-17.json.${pid}`), JSON.stringify(note));
  return new DeviceRecord(folder, kernel.files).claimLeftovers().map(({ device }) => device);
}
