/** What the figures of a percpu workload must look like when they come out of the database. */
import * as v from 'valibot';
import type { PercpuStats } from '../../../shared/percpu-stats.ts';
import type { CallSiteTotal, ChunkTables, PercpuFigures, PercpuMoment } from '../../../shared/run-record.ts';

const count = v.pipe(v.number(), v.safeInteger());

const moment = v.strictObject({
  liveObjects: count,
  liveBytes: count,
  chunks: count,
  populatedBytes: count,
  addressSpaceBytes: count,
  metadataBytes: count,
}) satisfies v.GenericSchema<unknown, PercpuMoment>;

const callSite = v.strictObject({
  callSite: v.string(),
  number: count,
  sizeBytes: v.optional(count),
  totalBytes: count,
  share: v.pipe(v.number(), v.finite()),
}) satisfies v.GenericSchema<unknown, CallSiteTotal>;

const chunk = v.strictObject({
  heading: v.picklist(['reserved', 'first', 'to-depopulate', 'sidelined', 'ordinary']),
  liveObjects: count,
  largestBytes: count,
  emptyPages: count,
  firstFreeCell: count,
  freeBytes: count,
  contigBytes: count,
  fragmentBytes: count,
  largestFragmentBytes: count,
  smallestLiveBytes: count,
  medianLiveBytes: count,
  largestLiveBytes: count,
});

const stats = v.strictObject({
  info: v.strictObject({
    unitBytes: count,
    staticBytes: count,
    reservedBytes: count,
    dynBytes: count,
    atomBytes: count,
    allocBytes: count,
  }),
  totals: v.strictObject({
    allocations: count,
    frees: count,
    liveObjects: count,
    liveObjectsPeak: count,
    chunks: count,
    chunksPeak: count,
    smallestBytes: count,
    largestBytes: count,
    emptyPages: count,
  }),
  chunks: v.array(chunk),
}) satisfies v.GenericSchema<unknown, PercpuStats>;

const chunkTables = v.strictObject({
  tableBytes: count,
  ownTableBytes: count,
  tablesMade: count,
  tablesFreed: count,
  pgdCopies: count,
  flushes: count,
}) satisfies v.GenericSchema<unknown, ChunkTables>;

/** Its type and `PercpuFigures` must agree or this does not compile. */
export const percpuFiguresSchema = v.strictObject({
  atFull: moment,
  atEnd: moment,
  callSites: v.array(callSite),
  statsAtFull: stats,
  tables: v.optional(v.strictObject({ atBoot: chunkTables, atFull: chunkTables, atEnd: chunkTables })),
}) satisfies v.GenericSchema<unknown, PercpuFigures>;
