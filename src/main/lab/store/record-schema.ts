/**
 * What a stored run must look like, as a schema: nothing that comes out of the database is believed without it, and a
 * record that could not be read back is refused before it is written.
 */
import * as v from 'valibot';
import { CODECS } from '../../../shared/codec.ts';
import { BUFFER_LAYOUTS, DESIGNS, STREAM_PROTECTIONS } from '../../../shared/design.ts';
import { dataSourceSchema, profileSchema } from '../../../shared/profile.ts';
import { RUN_PHASES } from '../../../shared/run-phase.ts';
import { DIRECTIONS, ENGINES, type RunListing, type RunRecord, SPEED_VERDICTS } from '../../../shared/run-record.ts';
import { RECOMPRESSION_TIMES, zramStepSchema } from '../../../shared/zram-profile.ts';
import { STORED_BY } from '../../../shared/zram-report.ts';
import { percpuFiguresSchema } from './percpu-figures-schema.ts';
import { accessCountsSchema, mappingReportSchema, thisCpuFiguresSchema } from './this-cpu-schema.ts';

/** JSON and SQL have neither NaN nor infinity. */
const figure = v.pipe(v.number(), v.finite());
/** Counts and bytes: beyond 2^53 a double would not hold them exactly. */
const count = v.pipe(v.number(), v.safeInteger());
const design = v.picklist(DESIGNS);
const direction = v.picklist(DIRECTIONS);
const engine = v.picklist(ENGINES);
const outcome = v.picklist(['complete', 'cancelled', 'failed']);

const latencyNs = v.strictObject({ mean: figure, p50: figure, p90: figure, p99: figure, p999: figure, max: figure });

const directionFigures = v.strictObject({
  operations: count,
  bytes: count,
  durationNs: figure,
  megabytesPerSecond: figure,
  operationsPerSecond: figure,
  latencyNs,
  lockWaitNs: figure,
  lockWaitShare: figure,
  lockContentions: count,
  requestShare: v.optional(figure),
  withheldShare: v.optional(figure),
});

/** Counted in a sample, medians in a summary, which in records of earlier versions may lie between two counts. */
function memoryOf<Bytes extends typeof count | typeof figure>(bytes: Bytes) {
  return v.strictObject({
    originalBytes: bytes,
    compressedBytes: bytes,
    poolBytes: bytes,
    bufferBytes: bytes,
    workMemoryBytes: bytes,
    percpuAreaBytes: bytes,
    slotTableBytes: bytes,
    // Absent in summaries of before requests in flight were in the machine's memory.
    ioBufferBytes: v.optional(bytes, 0),
    usedBytes: bytes,
    totalBytes: bytes,
  });
}

const zramDevice = v.strictObject({
  mmStat: v.string(),
  ioStat: v.string(),
  debugStat: v.string(),
  bdStat: v.string(),
  classes: v.array(
    v.strictObject({
      index: count,
      objectBytes: count,
      pagesPerZspage: count,
      zspagesByTenth: v.array(count),
      allocatedObjects: count,
      usedObjects: count,
      pagesUsed: count,
      freeablePages: count,
    }),
  ),
  stored: v.optional(v.array(v.strictObject({ by: v.picklist(STORED_BY), pages: count, bytes: count }))),
});

const zramReport = v.strictObject({
  atEnd: v.array(zramDevice),
  afterwards: v.array(
    v.strictObject({
      step: zramStepSchema,
      pagesReleased: count,
      pagesTried: count,
      pagesRecompressed: count,
      devices: v.array(zramDevice),
    }),
  ),
  recompress: v.optional(
    v.strictObject({
      when: v.picklist(RECOMPRESSION_TIMES),
      passes: count,
      pagesTried: count,
      pagesRecompressed: count,
      busyMs: figure,
      compressedBytes: v.strictObject({ before: count, after: count }),
      poolBytes: v.strictObject({ before: count, after: count }),
      jobsMBps: v.optional(
        v.strictObject({ direction: v.picklist(['write', 'read']), without: figure, withIt: figure }),
      ),
    }),
  ),
  course: v.optional(
    v.strictObject({
      atMs: v.array(figure),
      originalBytes: v.array(count),
      compressedBytes: v.array(count),
      poolBytes: v.array(count),
      phases: v.array(v.strictObject({ phase: v.picklist(RUN_PHASES), fromMs: figure })),
    }),
  ),
});

const sample = v.strictObject({
  design,
  repetition: count,
  position: count,
  cpus: count,
  clock: v.picklist(['wall']),
  write: v.optional(directionFigures),
  read: v.optional(directionFigures),
  create: v.optional(directionFigures),
  destroy: v.optional(directionFigures),
  access: v.optional(directionFigures),
  percpu: v.optional(percpuFiguresSchema),
  thisCpu: v.optional(thisCpuFiguresSchema),
  memoryAtEnd: memoryOf(count),
  memoryAtPeak: memoryOf(count),
  verifiedPages: count,
  zram: v.optional(zramReport),
});

const spread = v.strictObject({ median: figure, low: figure, high: figure, samples: v.array(figure) });

const directionSummary = v.strictObject({
  megabytesPerSecond: spread,
  operationsPerSecond: spread,
  latencyNs,
  lockWaitShare: figure,
  requestShare: v.optional(figure),
  withheldShare: v.optional(figure),
});

const wrongTotals = v.strictObject({ design, issued: count, lost: count, extra: count });

const comparedSpeeds = {
  direction,
  design,
  baseline: design,
  blocks: count,
  ratio: figure,
  interval: v.optional(v.strictObject({ low: figure, high: figure, confidence: figure })),
};

const comparison = v.variant('verdict', [
  v.strictObject({ ...comparedSpeeds, verdict: v.picklist(SPEED_VERDICTS), reason: v.string() }),
  v.strictObject({ ...comparedSpeeds, verdict: v.literal('wrong'), reason: v.string(), wrong: wrongTotals }),
]);

const thisCpuSummary = v.strictObject({
  mixes: v.array(
    v.strictObject({
      name: v.string(),
      nsPerOperation: spread,
      operationsPerSecond: spread,
      operations: count,
      issued: count,
      counted: count,
      counts: accessCountsSchema,
      comparison: v.optional(comparison),
    }),
  ),
  cpus: v.array(accessCountsSchema),
  wrong: v.optional(wrongTotals),
});

const designSummary = v.strictObject({
  design,
  write: v.optional(directionSummary),
  read: v.optional(directionSummary),
  create: v.optional(directionSummary),
  destroy: v.optional(directionSummary),
  access: v.optional(directionSummary),
  percpu: v.optional(percpuFiguresSchema),
  thisCpu: v.optional(thisCpuSummary),
  memoryAtEnd: memoryOf(figure),
  memoryAtPeak: memoryOf(figure),
  storedShares: v.optional(v.strictObject({ compressed: spread, pool: spread })),
});

const labError = v.strictObject({
  code: v.picklist([
    'bad-input',
    'not-found',
    'out-of-memory',
    'cancelled',
    'cpu-failed',
    'data-mismatch',
    'busy',
    'unavailable',
    'storage',
  ]),
  message: v.string(),
  where: v.optional(v.string()),
  fields: v.optional(v.array(v.strictObject({ field: v.string(), message: v.string() }))),
});

const environment = v.strictObject({
  cpuModel: v.string(),
  hostCores: count,
  hostMemoryBytes: count,
  operatingSystem: v.string(),
  kernel: v.string(),
  governor: v.string(),
  runtime: v.string(),
  codec: v.optional(v.string()),
  labVersion: v.string(),
});

const bufferLayout = v.picklist(BUFFER_LAYOUTS);

const bufferCount = v.strictObject({
  paper: v.array(
    v.strictObject({ says: v.string(), layout: bufferLayout, devices: count, paperPages: count, labPages: count }),
  ),
  rows: v.array(
    v.strictObject({
      layout: bufferLayout,
      protection: v.picklist(STREAM_PROTECTIONS),
      cpus: count,
      streams: count,
      devices: count,
      bufferPages: count,
      workMemoryPages: count,
      localCopyPages: count,
      recordBytes: count,
    }),
  ),
});

/** A whole run; its type and `RunRecord` must agree or this does not compile. */
export const runRecordSchema = v.strictObject({
  id: v.string(),
  name: v.string(),
  startedAt: v.string(),
  finishedAt: v.string(),
  outcome,
  error: v.optional(labError),
  zramAtFailure: v.optional(v.array(zramDevice)),
  engine,
  oversubscribed: v.boolean(),
  profile: profileSchema,
  environment,
  notes: v.array(v.string()),
  pageData: v.optional(v.array(v.string())),
  samples: v.array(sample),
  mapping: v.optional(mappingReportSchema),
  designs: v.array(designSummary),
  comparisons: v.array(comparison),
  bufferCount: v.optional(bufferCount),
}) satisfies v.GenericSchema<unknown, RunRecord>;

/** One line of the list of runs. */
export const runListingSchema = v.strictObject({
  id: v.string(),
  name: v.string(),
  startedAt: v.string(),
  finishedAt: v.string(),
  outcome,
  engine,
  designs: v.array(design),
  sampleCount: count,
  traits: v.optional(
    v.strictObject({
      onlineCpus: count,
      jobs: v.optional(count),
      codec: v.optional(v.picklist(CODECS)),
      seconds: v.optional(figure),
      data: v.optional(dataSourceSchema),
    }),
  ),
}) satisfies v.GenericSchema<unknown, RunListing>;

/** What can be read of a listing that `runListingSchema` refuses. */
export const damagedListingSchema = v.object({
  id: v.string(),
  name: v.fallback(v.string(), ''),
  startedAt: v.fallback(v.string(), ''),
  finishedAt: v.fallback(v.string(), ''),
  outcome: v.fallback(outcome, 'failed'),
  engine: v.fallback(engine, 'live'),
  designs: v.fallback(v.array(design), []),
  sampleCount: v.fallback(count, 0),
}) satisfies v.GenericSchema<unknown, RunListing>;

/** Where and what is first wrong with what a schema refused, in a few words: `samples.0.write.bytes: Expected …`. */
export function firstIssue(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}
