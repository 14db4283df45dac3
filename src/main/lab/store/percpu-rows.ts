/** The cells of what a percpu workload leaves: a column per figure of its two moments, JSON for the lists. */
import type { PercpuFigures, PercpuMoment } from '../../../shared/run-record.ts';
import { document, type Row, type UnknownRow } from './row.ts';

/** No cells, and so NULL in the table, of other workloads. */
export function percpuCells(figures: PercpuFigures | undefined): Row {
  if (figures === undefined) return {};
  return {
    ...momentCells('full', figures.atFull),
    ...momentCells('end', figures.atEnd),
    percpu_call_sites: JSON.stringify(figures.callSites),
    percpu_stats: JSON.stringify(figures.statsAtFull),
    ...(figures.tables === undefined ? {} : { percpu_tables: JSON.stringify(figures.tables) }),
  };
}

/**
 * `{ percpu: figures }`, yet to be parsed, or nothing of other workloads.
 *
 * @throws SyntaxError when a document column is not JSON
 */
export function percpuFrom(row: UnknownRow): object {
  if (row['percpu_stats'] === null) return {};
  const percpu = {
    atFull: momentFrom('full', row),
    atEnd: momentFrom('end', row),
    callSites: document(row['percpu_call_sites']),
    statsAtFull: document(row['percpu_stats']),
    ...(row['percpu_tables'] === null ? {} : { tables: document(row['percpu_tables']) }),
  };
  return { percpu };
}

function momentCells(when: string, moment: PercpuMoment): Row {
  return {
    [`percpu_${when}_live_objects`]: moment.liveObjects,
    [`percpu_${when}_live_bytes`]: moment.liveBytes,
    [`percpu_${when}_chunks`]: moment.chunks,
    [`percpu_${when}_populated_bytes`]: moment.populatedBytes,
    [`percpu_${when}_address_space_bytes`]: moment.addressSpaceBytes,
    [`percpu_${when}_metadata_bytes`]: moment.metadataBytes,
  };
}

function momentFrom(when: string, row: UnknownRow): object {
  const cell = (name: string): unknown => row[`percpu_${when}_${name}`];
  return {
    liveObjects: cell('live_objects'),
    liveBytes: cell('live_bytes'),
    chunks: cell('chunks'),
    populatedBytes: cell('populated_bytes'),
    addressSpaceBytes: cell('address_space_bytes'),
    metadataBytes: cell('metadata_bytes'),
  };
}
