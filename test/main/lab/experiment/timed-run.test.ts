import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DataSource } from '../../../../src/shared/profile.ts';
import type { RunRecord } from '../../../../src/shared/run-record.ts';
import { openSmallLab, PAGE_BYTES, runToEnd, smallProfile } from '../small-lab.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const PAGES = 2048;
/** At the start of the data: random, so that zram stores them as they are. The others are same-filled and take no bytes. */
const HARD_PAGES = 410;

function twoPartData(): DataSource {
  const path = join(temporaryFolder(), 'two-parts.bin');
  const easy = Buffer.alloc((PAGES - HARD_PAGES) * PAGE_BYTES, 'e');
  writeFileSync(path, Buffer.concat([randomBytes(HARD_PAGES * PAGE_BYTES), easy]));
  return { kind: 'files', paths: [path] };
}

async function timedRun(jobFile: string, data: DataSource): Promise<RunRecord> {
  const lab = await openSmallLab();
  const profile = smallProfile({ workload: { jobFile, data }, experiment: { seconds: 1, repetitions: 3 } });
  return (await runToEnd(lab, profile)).record;
}

describe('a timed run over data of two unlike parts', () => {
  it.each([
    { numjobs: 2, blockPages: 1, verify: 'meta' },
    { numjobs: 1, blockPages: 4, verify: 'crc32c' },
  ])(
    'stores the share of the whole, however far it got, and finds it again: verify=$verify, blocks of $blockPages pages',
    async ({ numjobs, blockPages, verify }) => {
      const bs = blockPages * PAGE_BYTES;
      const jobFile = `[w]\nrw=write\nbs=${bs}\niodepth=4\nsize=1m\nnumjobs=${numjobs}\nverify=${verify}\n`;
      const record = await timedRun(jobFile, twoPartData());
      expect(record.outcome, record.error?.message).toBe('complete');
      expect(record.samples).toHaveLength(6);
      for (const { memoryAtEnd, verifiedPages } of record.samples) {
        const stored = memoryAtEnd.originalBytes / PAGE_BYTES;
        const hard = memoryAtEnd.compressedBytes / PAGE_BYTES;
        // What a job left on its stretch is one stretch of the order, whose pieces are the job's blocks: at most so many off.
        const mostOff = numjobs * blockPages * (1 + Math.log(PAGES / blockPages));
        expect(stored).toBeGreaterThan(0);
        expect(Math.abs(hard - (stored * HARD_PAGES) / PAGES), `${hard} of ${stored} pages`).toBeLessThan(mostOff);
        expect(verifiedPages).toBeGreaterThan(0);
      }
      expect(record.pageData).toEqual([
        `1 file, all ${PAGES * PAGE_BYTES} bytes, taken in steps spread evenly over them instead of in order`,
      ]);
    },
  );

  it('finds again what a job’s own blocks hold, whose headers tell their places', async () => {
    for (const verify of ['meta', 'crc32c']) {
      const jobFile = `[w]\nrw=randwrite\nbs=8k\niodepth=4\nsize=1m\nnumjobs=2\nverify=${verify}\n`;
      const record = await timedRun(jobFile, { kind: 'job' });
      expect(record.outcome, record.error?.message).toBe('complete');
      for (const { verifiedPages } of record.samples) expect(verifiedPages).toBeGreaterThan(0);
    }
  });
});
