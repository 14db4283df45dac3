/**
 * Between a run and its rows. Writing is checked by types; what is read is only put in its place here and believed after
 * `runRecordSchema` has seen it.
 *
 * SQL's "no value" is null, ours is undefined: this file is the border between them.
 */
import type { Direction, DirectionFigures, MemoryFigures, RunRecord, Sample } from '../../../shared/run-record.ts';
import { completeSummaries } from './older-summaries.ts';
import { listingTraits } from './listing-traits.ts';
import { percpuCells, percpuFrom } from './percpu-rows.ts';
import { document, type Row, type UnknownRow } from './row.ts';

/** The row of `runs`, column by column. */
export function runRow(record: RunRecord): Row {
  return {
    id: record.id,
    name: record.name,
    started_at: record.startedAt,
    finished_at: record.finishedAt,
    outcome: record.outcome,
    error: record.error === undefined ? null : JSON.stringify(record.error),
    zram_at_failure: record.zramAtFailure === undefined ? null : JSON.stringify(record.zramAtFailure),
    engine: record.engine,
    oversubscribed: record.oversubscribed ? 1 : 0,
    profile: JSON.stringify(record.profile),
    environment: JSON.stringify(record.environment),
    notes: JSON.stringify(record.notes),
    page_data: record.pageData === undefined ? null : JSON.stringify(record.pageData),
    mapping: record.mapping === undefined ? null : JSON.stringify(record.mapping),
    designs: JSON.stringify(record.designs),
    comparisons: JSON.stringify(record.comparisons),
    buffer_count: record.bufferCount === undefined ? null : JSON.stringify(record.bufferCount),
  };
}

/** The row of `samples` for the sample at `ordinal` (from 0) of the run `runId`. */
export function sampleRow(runId: string, ordinal: number, sample: Sample): Row {
  return {
    run_id: runId,
    ordinal,
    design: sample.design,
    repetition: sample.repetition,
    position: sample.position,
    cpus: sample.cpus,
    clock: sample.clock,
    verified_pages: sample.verifiedPages,
    zram: sample.zram === undefined ? null : JSON.stringify(sample.zram),
    this_cpu: sample.thisCpu === undefined ? null : JSON.stringify(sample.thisCpu),
    ...directionCells('write', sample.write),
    ...directionCells('read', sample.read),
    ...directionCells('create', sample.create),
    ...directionCells('destroy', sample.destroy),
    ...directionCells('access', sample.access),
    ...percpuCells(sample.percpu),
    ...memoryCells('end', sample.memoryAtEnd),
    ...memoryCells('peak', sample.memoryAtPeak),
  };
}

/**
 * The run that these rows hold, yet to be parsed; `samples` in the order of their ordinals.
 *
 * @throws SyntaxError when a document column is not JSON
 */
export function recordFrom(run: UnknownRow, samples: readonly UnknownRow[]): unknown {
  return {
    id: run['id'],
    name: run['name'],
    startedAt: run['started_at'],
    finishedAt: run['finished_at'],
    outcome: run['outcome'],
    ...(run['error'] === null ? {} : { error: document(run['error']) }),
    ...(run['zram_at_failure'] === null ? {} : { zramAtFailure: document(run['zram_at_failure']) }),
    engine: run['engine'],
    oversubscribed: run['oversubscribed'] === 1,
    profile: document(run['profile']),
    environment: document(run['environment']),
    notes: document(run['notes']),
    ...(run['page_data'] === null ? {} : { pageData: document(run['page_data']) }),
    samples: samples.map(sampleFrom),
    ...(run['mapping'] === null ? {} : { mapping: document(run['mapping']) }),
    designs: completeSummaries(document(run['designs']), samples),
    comparisons: document(run['comparisons']),
    ...(run['buffer_count'] === null ? {} : { bufferCount: document(run['buffer_count']) }),
  };
}

/**
 * The listing that a row of id, name, started_at, finished_at, outcome, engine, designs (JSON), sample_count and the columns of
 * `TRAIT_COLUMNS` holds, yet to be parsed.
 *
 * @throws SyntaxError when `designs` is not JSON
 */
export function listingFrom(row: UnknownRow): unknown {
  return {
    id: row['id'],
    name: row['name'],
    startedAt: row['started_at'],
    finishedAt: row['finished_at'],
    outcome: row['outcome'],
    engine: row['engine'],
    designs: document(row['designs']),
    sampleCount: row['sample_count'],
    traits: listingTraits(row),
  };
}

/** No cells, and so NULL in the table, where the direction was not run. */
function directionCells(direction: Direction, figures: DirectionFigures | undefined): Row {
  if (figures === undefined) return {};
  return {
    [`${direction}_operations`]: figures.operations,
    [`${direction}_bytes`]: figures.bytes,
    [`${direction}_duration_ns`]: figures.durationNs,
    [`${direction}_megabytes_per_second`]: figures.megabytesPerSecond,
    [`${direction}_operations_per_second`]: figures.operationsPerSecond,
    [`${direction}_latency_mean_ns`]: figures.latencyNs.mean,
    [`${direction}_latency_p50_ns`]: figures.latencyNs.p50,
    [`${direction}_latency_p90_ns`]: figures.latencyNs.p90,
    [`${direction}_latency_p99_ns`]: figures.latencyNs.p99,
    [`${direction}_latency_p999_ns`]: figures.latencyNs.p999,
    [`${direction}_latency_max_ns`]: figures.latencyNs.max,
    [`${direction}_lock_wait_ns`]: figures.lockWaitNs,
    [`${direction}_lock_wait_share`]: figures.lockWaitShare,
    [`${direction}_lock_contentions`]: figures.lockContentions,
    [`${direction}_request_share`]: figures.requestShare ?? null,
    [`${direction}_withheld_share`]: figures.withheldShare ?? null,
  };
}

function memoryCells(when: string, memory: MemoryFigures): Row {
  return {
    [`memory_${when}_original_bytes`]: memory.originalBytes,
    [`memory_${when}_compressed_bytes`]: memory.compressedBytes,
    [`memory_${when}_pool_bytes`]: memory.poolBytes,
    [`memory_${when}_buffer_bytes`]: memory.bufferBytes,
    [`memory_${when}_work_memory_bytes`]: memory.workMemoryBytes,
    [`memory_${when}_percpu_area_bytes`]: memory.percpuAreaBytes,
    [`memory_${when}_slot_table_bytes`]: memory.slotTableBytes,
    [`memory_${when}_io_buffer_bytes`]: memory.ioBufferBytes,
    [`memory_${when}_used_bytes`]: memory.usedBytes,
    [`memory_${when}_total_bytes`]: memory.totalBytes,
  };
}

function sampleFrom(row: UnknownRow): unknown {
  return {
    design: row['design'],
    repetition: row['repetition'],
    position: row['position'],
    cpus: row['cpus'],
    clock: row['clock'],
    ...directionFrom('write', row),
    ...directionFrom('read', row),
    ...directionFrom('create', row),
    ...directionFrom('destroy', row),
    ...directionFrom('access', row),
    ...(row['this_cpu'] === null ? {} : { thisCpu: document(row['this_cpu']) }),
    ...percpuFrom(row),
    memoryAtEnd: memoryFrom('end', row),
    memoryAtPeak: memoryFrom('peak', row),
    verifiedPages: row['verified_pages'],
    ...(row['zram'] === null ? {} : { zram: document(row['zram']) }),
  };
}

/** `{ [direction]: figures }`, or nothing where the direction was not run. */
function directionFrom(direction: Direction, row: UnknownRow): object {
  const cell = (name: string): unknown => row[`${direction}_${name}`];
  if (cell('operations') === null) return {};
  const figures = {
    operations: cell('operations'),
    bytes: cell('bytes'),
    durationNs: cell('duration_ns'),
    megabytesPerSecond: cell('megabytes_per_second'),
    operationsPerSecond: cell('operations_per_second'),
    latencyNs: {
      mean: cell('latency_mean_ns'),
      p50: cell('latency_p50_ns'),
      p90: cell('latency_p90_ns'),
      p99: cell('latency_p99_ns'),
      p999: cell('latency_p999_ns'),
      max: cell('latency_max_ns'),
    },
    lockWaitNs: cell('lock_wait_ns'),
    lockWaitShare: cell('lock_wait_share'),
    lockContentions: cell('lock_contentions'),
    ...(cell('request_share') === null ? {} : { requestShare: cell('request_share') }),
    ...(cell('withheld_share') === null ? {} : { withheldShare: cell('withheld_share') }),
  };
  return { [direction]: figures };
}

function memoryFrom(when: string, row: UnknownRow): object {
  const cell = (name: string): unknown => row[`memory_${when}_${name}_bytes`];
  return {
    originalBytes: cell('original'),
    compressedBytes: cell('compressed'),
    poolBytes: cell('pool'),
    bufferBytes: cell('buffer'),
    workMemoryBytes: cell('work_memory'),
    percpuAreaBytes: cell('percpu_area'),
    slotTableBytes: cell('slot_table'),
    ioBufferBytes: cell('io_buffer'),
    usedBytes: cell('used'),
    totalBytes: cell('total'),
  };
}
