import { constants, openSync, closeSync, readSync, writeSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { alignedPages } from '../../../../src/main/engine/kernel/aligned-pages.ts';
import { KernelDevice } from '../../../../src/main/engine/kernel/kernel-device.ts';
import { valueOf } from '../../lab/small-lab.ts';
import { skipWithoutKernelZram } from './real-kernel.ts';

describe('pages for direct I/O', () => {
  it('lie one behind the other, and bytes and words are the same memory', () => {
    const pages = alignedPages(40, 4096);
    expect(pages.map(({ bytes }) => bytes.byteOffset)).toEqual(pages.map((_, page) => page * 4096));
    for (const { bytes, words } of pages) {
      expect([bytes.length, words.length]).toEqual([4096, 1024]);
      words[1023] = 0x01020304;
      expect([...bytes.subarray(4092)]).toEqual([4, 3, 2, 1]);
    }
  });

  it('keep apart from each other', () => {
    const [one, other] = alignedPages(2, 65536);
    one?.bytes.fill(7);
    expect(other?.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('are taken by the kernel, single and several at once, and come back as they were', (context) => {
    skipWithoutKernelZram(context);
    const device = valueOf(KernelDevice.make());
    onTestFinished(() => void device.dispose());
    valueOf(device.setUp({ algorithm: 'lz4', diskSizeBytes: 1 << 20, pageSizeBytes: 4096 }));
    const file = openSync(`/dev/${device.name}`, constants.O_RDWR | constants.O_DIRECT);
    const pages = alignedPages(64, 4096);
    for (const [index, { bytes }] of pages.entries()) {
      bytes.fill(index + 1, 0, 4000);
      expect(writeSync(file, bytes, 0, 4096, index * 4096)).toBe(4096);
      bytes.fill(0);
      expect(readSync(file, bytes, 0, 4096, index * 4096)).toBe(4096);
      expect([bytes[0], bytes[3999], bytes[4000]]).toEqual([index + 1, index + 1, 0]);
    }
    closeSync(file);
    expect(device.mmStat().orig_data_size).toBe(64 * 4096);
  });
});
