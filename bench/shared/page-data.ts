/** Pages that the benchmarks compress: real files, and what fio would write. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PageSet } from '../../src/main/workload/data/page-set.ts';
import { pageSetFromGenerator } from '../../src/main/workload/data/page-set-from-generator.ts';
import { pageSetFromJob } from '../../src/main/workload/data/page-set-from-job.ts';

export const PAGE = 4096;
/** Of each set at most. */
export const PAGES = 4096;
/** Pages that a way does before the next one has its turn; sets have whole chunks. */
export const CHUNK = 64;

/** Ordinary data first. */
export function pageSets(): readonly PageSet[] {
  return [
    filePages(fileURLToPath(import.meta.resolve('typescript')), 'source text'),
    filePages(process.execPath, 'a program file'),
    generatedPages(),
    patternPages(),
  ];
}

/** The first pages of a file; of one that is shorter, its whole pages, in whole chunks. Throws when that is none. */
export function filePages(path: string, description: string): PageSet {
  const file = readFileSync(path).subarray(0, PAGES * PAGE);
  const count = Math.floor(file.length / PAGE / CHUNK) * CHUNK;
  if (count === 0) throw new Error(`${path} has less than ${CHUNK} pages`);
  const bytes = new SharedArrayBuffer(count * PAGE);
  Buffer.from(bytes).set(file.subarray(0, count * PAGE));
  return { pageSizeBytes: PAGE, count, bytes, description };
}

function generatedPages(): PageSet {
  const mixture = { zeroPercent: 0, samePercent: 0, randomPercent: 0, compressPercent: 50 };
  const made = pageSetFromGenerator(mixture, { pageSizeBytes: PAGE, count: PAGES, seed: 1 });
  if (!made.ok) throw new Error(made.error.message);
  return { ...made.value, description: 'fio, 50 % compressible' };
}

function patternPages(): PageSet {
  const buffer = {
    zero: false,
    refill: false,
    scramble: false,
    compressPercent: 0,
    compressChunkBytes: 512,
    dedupePercent: 0,
  };
  const verifyPattern = [0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef];
  const made = pageSetFromJob(
    { verify: 'meta', verifyPattern, buffer },
    { pageSizeBytes: PAGE, blockBytes: PAGE, count: PAGES, seed: 1 },
  );
  if (!made.ok) throw new Error(made.error.message);
  return { ...made.value, description: 'the 2010 job (verify=meta, pattern)' };
}
