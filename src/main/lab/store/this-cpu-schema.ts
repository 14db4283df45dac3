/** What the figures of a this-cpu workload and counted page tables must look like when they come out of the database. */
import * as v from 'valibot';
import { TRANSLATIONS, WINDOW_LAYOUTS } from '../../../shared/address-space.ts';
import { EVENTS, type MappingReport } from '../../../shared/mapping-report.ts';
import { PAPER_FIGURES } from '../../../shared/this-cpu-profile.ts';
import type { AccessCounts, ThisCpuFigures } from '../../../shared/this-cpu-report.ts';

const figure = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.safeInteger());

export const accessCountsSchema = v.strictObject({
  operations: count,
  preemptPairs: count,
  rescheduleChecks: count,
  offsetReads: count,
  notes: count,
  fixups: count,
  windowAccesses: count,
  atomics: count,
  strayAccesses: count,
  tlbHits: count,
  tlbMisses: count,
  walkSteps: count,
  switches: count,
  migrations: count,
}) satisfies v.GenericSchema<unknown, AccessCounts>;

/** Its type and `ThisCpuFigures` must agree or this does not compile. */
export const thisCpuFiguresSchema = v.strictObject({
  mixes: v.array(
    v.strictObject({
      name: v.string(),
      units: count,
      operations: count,
      issued: count,
      counted: count,
      durationNs: figure,
      processorNs: figure,
      counts: accessCountsSchema,
    }),
  ),
  cpus: v.array(accessCountsSchema),
}) satisfies v.GenericSchema<unknown, ThisCpuFigures>;

/** Its type and `MappingReport` must agree or this does not compile. */
export const mappingReportSchema = v.strictObject({
  paper: v.array(
    v.strictObject({
      figure: v.picklist(PAPER_FIGURES),
      says: v.string(),
      paperBytes: v.optional(count),
      labBytes: count,
    }),
  ),
  tables: v.array(
    v.strictObject({
      translation: v.picklist(TRANSLATIONS),
      window: v.picklist(WINDOW_LAYOUTS),
      cpus: count,
      chunks: count,
      pgdBytes: count,
      windowTableBytes: count,
      localBytes: count,
      sharedBytes: count,
      windowSpaceBytes: count,
      globalSpaceBytes: count,
    }),
  ),
  events: v.array(
    v.strictObject({
      event: v.picklist(EVENTS),
      tablesMade: count,
      tablesFreed: count,
      pgdCopies: count,
      flushes: count,
    }),
  ),
}) satisfies v.GenericSchema<unknown, MappingReport>;
