import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JobBuffer, JobContents } from '../../../../src/main/workload/data/job-contents.ts';
import { pageSetFromJob } from '../../../../src/main/workload/data/page-set-from-job.ts';
import { crc32cUninverted, writeVerifyHeader } from '../../../../src/main/workload/data/verify-header.ts';
import { built, bytesOf, lz4Bytes, meanLz4Bytes, pagesOf, zeroBytes } from './page-measures.ts';
import { fioMissing } from '../../evidence/fio-job/real-fio.ts';
import { writtenByFio } from './real-fio.ts';

const plain: JobBuffer = {
  zero: false,
  refill: false,
  scramble: true,
  compressPercent: 0,
  compressChunkBytes: 512,
  dedupePercent: 0,
};
const unverified: JobContents = { verify: 'none', buffer: plain };
const pattern2010 = [0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef];
const job2010: JobContents = { verify: 'meta', verifyPattern: pattern2010, buffer: plain };
const wanted = { pageSizeBytes: 4096, blockBytes: 4096, count: 64, seed: 1 };

function buffered(buffer: Partial<JobBuffer>): JobContents {
  return { verify: 'none', buffer: { ...plain, ...buffer } };
}

function bytes(contents: JobContents, overrides: Partial<typeof wanted> = {}): Uint8Array {
  return bytesOf(built(pageSetFromJob(contents, { ...wanted, ...overrides })));
}

function pages(contents: JobContents, overrides: Partial<typeof wanted> = {}): readonly Uint8Array[] {
  return pagesOf(bytes(contents, overrides));
}

describe('pageSetFromJob, sizes that the kernel measured', () => {
  it('compresses pages of the 2010 job to about 61 bytes', () => {
    expect(Math.abs(meanLz4Bytes(pages(job2010)) - 61)).toBeLessThan(5);
  });

  it.each([
    [25, 3148],
    [50, 2115],
    [75, 1097],
  ])('buffer_compress_percentage=%i comes to %i bytes with LZ4, within two percent', (compressPercent, expected) => {
    expect(Math.abs(meanLz4Bytes(pages(buffered({ compressPercent }))) / expected - 1)).toBeLessThan(0.02);
  });

  it('comes to about 3893 bytes without any option, within 2 %', () => {
    expect(Math.abs(meanLz4Bytes(pages(unverified)) / 3893 - 1)).toBeLessThan(0.02);
  });

  it.each([
    ['refill_buffers', buffered({ refill: true })],
    ['verify=crc32c', { ...unverified, verify: 'crc32c' } satisfies JobContents],
  ])('cannot be shrunk with %s', (_, contents) => {
    expect(Math.min(...pages(contents).map(lz4Bytes))).toBeGreaterThan(4096);
  });
});

describe('pageSetFromJob, layout', () => {
  it('puts a header at the start of each block and counts the pattern from the block', () => {
    const contents: JobContents = { ...job2010, verifyPattern: [1, 2, 3] };
    const [first, second] = pagesOf(bytes(contents, { blockBytes: 8192 }), 8192);
    const header = new DataView(second?.buffer ?? new ArrayBuffer(0), 0, 40);
    expect(header.getUint16(0, true)).toBe(0xacca);
    expect(header.getUint16(2, true)).toBe(1);
    expect(header.getUint32(4, true)).toBe(8192);
    expect(header.getBigUint64(8, true)).toBe(0n);
    expect(header.getBigUint64(16, true)).toBe(8192n);
    expect(header.getUint16(34, true)).toBe(1);
    const body = (block: Uint8Array | undefined) =>
      block?.subarray(40).every((byte, at) => byte === ((40 + at) % 3) + 1);
    expect([body(first), body(second)]).toEqual([true, true]);
  });

  it('makes headers that differ from block to block in offset, number, time and checksum', () => {
    const heads = pages(job2010).map((page) => page.subarray(0, 40).join());
    expect(new Set(heads).size).toBe(64);
  });

  it('leaves out the header with verify=pattern', () => {
    const [page] = pages({ ...job2010, verify: 'pattern' });
    expect([...(page?.subarray(0, 9) ?? [])]).toEqual([...pattern2010, 0x12]);
  });

  it('writes zero pages with zero_buffers, unless a pattern or a compressible share is asked for', () => {
    expect(zeroBytes(bytes(buffered({ zero: true })))).toBe(64 * 4096);
    expect(zeroBytes(bytes(buffered({ zero: true, pattern: [7] })))).toBe(0);
    expect(meanLz4Bytes(pages(buffered({ zero: true, compressPercent: 50 })))).toBeGreaterThan(2000);
  });

  it('puts buffer_pattern into the compressible part, from its start', () => {
    const [page] = pages(buffered({ compressPercent: 50, pattern: [1, 2, 3] }));
    expect([...(page?.subarray(256, 261) ?? [])]).toEqual([1, 2, 3, 1, 2]);
    expect([...(page?.subarray(510, 512) ?? [])]).toEqual([3, 1]);
  });

  it('repeats exactly the share of blocks that dedupe_percentage asks for', () => {
    // A repeat at the very first block has nothing to repeat: 19 or 20 of 64 at 31 %.
    const distinct = new Set(pages(buffered({ dedupePercent: 31 })).map((page) => page.join())).size;
    expect([44, 45]).toContain(distinct);
  });

  it('rounds the count up to whole blocks', () => {
    const counts = [8192, 12288, 512].map(
      (blockBytes) => built(pageSetFromJob(job2010, { ...wanted, blockBytes, count: 5 })).count,
    );
    expect(counts).toEqual([6, 6, 5]);
  });

  it('gives the same bytes for the same seed', () => {
    for (const contents of [job2010, unverified, buffered({ compressPercent: 30, dedupePercent: 30 })]) {
      expect(bytes(contents)).toEqual(bytes(contents));
      expect(bytes(contents)).not.toEqual(bytes(contents, { seed: 2 }));
    }
  });

  it('throws when a pattern is to be verified and there is none', () => {
    expect(() => pageSetFromJob({ ...unverified, verify: 'pattern' }, wanted)).toThrow(RangeError);
  });

  it('describes what it made', () => {
    expect(built(pageSetFromJob(job2010, wanted)).description).toBe(
      '64 pages as fio writes them in blocks of 4096 bytes: verify=meta, 8-byte pattern',
    );
  });
});

const missing = fioMissing();
describe('pageSetFromJob against files that fio wrote', () => {
  beforeEach(({ skip }) => {
    skip(missing !== undefined, missing);
  });
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fio-data-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const hex2010 = '0x1234567890abcdef';
  it.each<[string, string[], JobContents]>([
    ['nothing', [], unverified],
    ['refill_buffers', ['--refill_buffers'], buffered({ refill: true })],
    ['buffer_compress_percentage=33', ['--buffer_compress_percentage=33'], buffered({ compressPercent: 33 })],
    [
      'buffer_compress_chunk=100',
      ['--buffer_compress_percentage=33', '--buffer_compress_chunk=100'],
      buffered({ compressPercent: 33, compressChunkBytes: 100 }),
    ],
    [
      'a pattern in the compressible part',
      ['--buffer_compress_percentage=40', '--buffer_pattern=0xabcdef'],
      buffered({ compressPercent: 40, pattern: [0xab, 0xcd, 0xef] }),
    ],
    ['verify=meta', ['--verify=meta', `--verify_pattern=${hex2010}`], job2010],
    [
      'verify=meta, compressible',
      ['--verify=meta', '--buffer_compress_percentage=25'],
      { verify: 'meta', buffer: { ...plain, compressPercent: 25 } },
    ],
    ['verify=crc32c', ['--verify=crc32c'], { verify: 'crc32c', buffer: plain }],
    [
      'verify=crc32c with a pattern',
      ['--verify=crc32c', '--verify_pattern=0x123456'],
      { verify: 'crc32c', verifyPattern: [0x12, 0x34, 0x56], buffer: plain },
    ],
  ])('%s: compresses within one percent of what fio wrote', (_, options, contents) => {
    const real = meanLz4Bytes(pagesOf(writtenByFio(folder, options)));
    const ours = meanLz4Bytes(pages(contents));
    // fio's clock may have zero seconds or not, which is worth a few bytes of a page that is nearly all pattern.
    expect(Math.abs(ours - real)).toBeLessThan(Math.max(real * 0.01, 6));
  });

  it.each<[string, string[], JobContents]>([
    ['zero_buffers', ['--zero_buffers'], buffered({ zero: true })],
    ['zero_buffers and a pattern', ['--zero_buffers', '--buffer_pattern=7'], buffered({ zero: true, pattern: [7] })],
    [
      'a 3-byte buffer_pattern in 16 KiB blocks',
      ['--bs=16k', '--buffer_pattern=0x123456'],
      buffered({ pattern: [0x12, 0x34, 0x56] }),
    ],
    [
      'verify=pattern',
      ['--verify=pattern', '--verify_pattern=0x123456'],
      { verify: 'pattern', verifyPattern: [0x12, 0x34, 0x56], buffer: plain },
    ],
    [
      'verify=null with a pattern',
      ['--verify=null', '--verify_pattern=0x5566'],
      { verify: 'null', verifyPattern: [0x55, 0x66], buffer: plain },
    ],
  ])('%s: equals byte for byte what fio wrote', (_, options, contents) => {
    const blockBytes = options.includes('--bs=16k') ? 16384 : 4096;
    expect(bytes(contents, { blockBytes })).toEqual(writtenByFio(folder, options));
  });

  it.each<['meta' | 'crc32c' | 'pattern-header', string[]]>([
    ['meta', ['--verify=meta']],
    ['crc32c', ['--verify=crc32c']],
    ['pattern-header', []],
  ])('writes the %s header that fio wrote, checksums included, when given its seed and time', (kind, options) => {
    const blocks = pagesOf(writtenByFio(folder, ['--verify_pattern=0x1234567890abcdef', ...options]));
    blocks.forEach((real, number) => {
      const view = new DataView(real.buffer);
      const timeNs = view.getUint32(24, true) * 1e9 + view.getUint32(28, true);
      const ours = real.slice();
      ours.fill(0, 0, kind === 'crc32c' ? 44 : 40);
      writeVerifyHeader(ours, { kind, seed: view.getBigUint64(8, true), offsetBytes: number * 4096, timeNs, number });
      expect(ours).toEqual(real);
    });
  });

  it('places the random and the zero bytes of a compressible block where fio places them', () => {
    // A random byte is zero on every page by chance once in 2^512 cases.
    const alwaysZero = (set: readonly Uint8Array[]) =>
      Array.from({ length: 4096 }, (_, at) => at).filter((at) => set.every((page) => page[at] === 0));
    const options = ['--buffer_compress_percentage=33', '--buffer_compress_chunk=100'];
    const contents = buffered({ compressPercent: 33, compressChunkBytes: 100 });
    expect(alwaysZero(pages(contents))).toEqual(alwaysZero(pagesOf(writtenByFio(folder, options))));
  });
});

describe('crc32cUninverted', () => {
  it('gives the published check value of CRC-32C, before its final inversion', () => {
    // "123456789" → 0xe3069283 in the catalogue of parametrised CRC algorithms (CRC-32/ISCSI)
    expect(crc32cUninverted(new TextEncoder().encode('123456789'))).toBe((0xe3069283 ^ 0xffffffff) >>> 0);
  });
});
