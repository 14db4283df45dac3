/**
 * Loads what a profile's jobs write. Files and generators make one set for all jobs; a job file's own contents make one per
 * distinct contents. Jobs that share a set start at different pages of it, evenly spread.
 *
 * Where time ends the jobs they write as many pages as they get to. Pages made here are alike from the first to the last: a
 * generator shuffles its kinds, and a job's own blocks are all made the same way. Files are not, so their pages then come in
 * an order of which every stretch is like the whole. Nothing is bound to a page's place: jobs compare what they read with the page of
 * the set that they wrote, and headers of verify=, which tell a block's place, are in a job's own blocks alone.
 */
import { setImmediate } from 'node:timers/promises';
import type { FioJob } from '../../evidence/fio-job/fio-job.ts';
import type { DataSource, Profile } from '../../../shared/profile.ts';
import { assertUnreachable, fail, ok, type Result } from '../../../shared/result.ts';
import type { JobPlan } from '../../workload/job-plan.ts';
import type { PageSet } from '../../workload/data/page-set.ts';
import { greatestCommonDivisor } from '../../workload/data/greatest-common-divisor.ts';
import { pageSetFromFiles } from '../../workload/data/page-set-from-files.ts';
import { pageSetFromGenerator } from '../../workload/data/page-set-from-generator.ts';
import { pageSetFromJob } from '../../workload/data/page-set-from-job.ts';

/** Most bytes of files that are held in memory; what is beyond is left out, and the note says so. */
const MAX_FILE_BYTES = 1024 * 2 ** 20;
/**
 * Generated pages repeat after so many. fio makes the blocks that it writes in its CPU's caches; fetched from the host's memory they
 * would take a job a notable part of its time.
 */
const GENERATED_PAGES = 1024;

/** Which set each job writes from, by what tells sets apart: the same answer for planning and for loading. */
export function pageSetKeys(source: DataSource, jobs: readonly FioJob[]): readonly string[] {
  if (source.kind !== 'job') return [''];
  return [...new Set(jobs.map(contentsKey))];
}

/** Number of the set of `job` among `pageSetKeys`. */
export function pageSetIndex(source: DataSource, keys: readonly string[], job: FioJob): number {
  return source.kind === 'job' ? keys.indexOf(contentsKey(job)) : 0;
}

/** Gives jobs that share a set their starting pages in it, evenly spread, each at a multiple of the job's block. */
export function spreadOverSets(jobs: readonly JobPlan[], sets: readonly PageSet[]): readonly JobPlan[] {
  return jobs.map((job) => {
    const sharing = jobs.filter((other) => other.pageSet === job.pageSet);
    const count = sets[job.pageSet]?.count ?? 0;
    const share = Math.floor((count * sharing.indexOf(job)) / sharing.length);
    return { ...job, firstSetPage: share - (share % job.blockPages) };
  });
}

/** What decides about the order of page data. */
export interface DataUse {
  readonly profile: Profile;
  /** Of a fio workload. */
  readonly fioJobs: readonly FioJob[];
}

/** Whether page data come in an order of which every stretch is like the whole, instead of the order of their files. */
export function isSpread({ profile: { workload, experiment }, fioJobs }: DataUse): boolean {
  if (workload.kind !== 'fio' || workload.data.kind !== 'files') return false;
  return experiment.seconds !== undefined || fioJobs.some(({ timeBased }) => timeBased);
}

/** Whether all pages that jobs write, many or few, are a fair sample of the same data. */
export function isSampledEvenly(use: DataUse): boolean {
  const { workload } = use.profile;
  if (workload.kind !== 'fio') return false;
  return isSpread(use) || (workload.data.kind !== 'files' && pageSetKeys(workload.data, use.fioJobs).length === 1);
}

export interface LoadOptions {
  readonly signal: AbortSignal;
  /** 0 … 1. */
  readonly onProgress: (fraction: number) => void;
}

/** The sets in the order of `pageSetKeys`; none for a workload without page data. Errors: those of the sources, and 'cancelled'. */
export async function loadPageSets(
  { profile, fioJobs }: DataUse,
  { signal, onProgress }: LoadOptions,
): Promise<Result<readonly PageSet[]>> {
  if (profile.workload.kind !== 'fio') return ok([]);
  const { data, seed } = profile.workload;
  const { pageSizeBytes } = profile.machine;
  const made = { pageSizeBytes, count: GENERATED_PAGES, seed };
  switch (data.kind) {
    case 'files': {
      const set = await pageSetFromFiles(data.paths, {
        pageSizeBytes,
        maxBytes: MAX_FILE_BYTES,
        spreadPiecePages: isSpread({ profile, fioJobs }) ? commonBlockPages(fioJobs, pageSizeBytes) : undefined,
        signal,
        onProgress: ({ bytesRead, bytesTotal }) => {
          onProgress(bytesTotal === 0 ? 1 : bytesRead / bytesTotal);
        },
      });
      return set.ok ? ok([set.value]) : set;
    }
    case 'generator': {
      const set = pageSetFromGenerator(data, made);
      return set.ok ? ok([set.value]) : set;
    }
    case 'job':
      return pageSetsOfJobs(fioJobs, made, { signal, onProgress });
    default:
      return assertUnreachable(data);
  }
}

/** The most pages of which every request has a whole number: what they find together in the files they then write together. */
function commonBlockPages(jobs: readonly FioJob[], pageSizeBytes: number): number {
  return jobs.map(({ blockBytes }) => blockBytes / pageSizeBytes).reduce(greatestCommonDivisor);
}

/** A set takes about 0.1 s of this thread; between two of them it looks at the signal and lets others run. */
async function pageSetsOfJobs(
  jobs: readonly FioJob[],
  wanted: { readonly pageSizeBytes: number; readonly count: number; readonly seed: number },
  { signal, onProgress }: LoadOptions,
): Promise<Result<readonly PageSet[]>> {
  const distinct = new Map(jobs.map((job) => [contentsKey(job), job]));
  const sets: PageSet[] = [];
  for (const job of distinct.values()) {
    const set = pageSetFromJob(job, { ...wanted, blockBytes: job.blockBytes });
    if (!set.ok) return set;
    sets.push(set.value);
    onProgress(sets.length / distinct.size);
    await setImmediate();
    if (signal.aborted) return fail('cancelled', 'the run was cancelled');
  }
  return ok(sets);
}

function contentsKey(job: FioJob): string {
  return JSON.stringify([job.blockBytes, job.verify, job.verifyPattern, job.buffer]);
}
