/**
 * The database's shape, as an ordered list of migrations. The version of a file is its `user_version`: how many of them
 * it has been through. A migration that has been released is never edited, another one is added.
 *
 *   runs      one row per run; what is a document (profile, environment, summaries) is JSON text
 *   samples   one row per sample, a column per figure, so that SQL can ask for it:
 *             SELECT design, avg(write_megabytes_per_second) FROM samples GROUP BY design
 *             what a percpu workload leaves as a list (call sites, percpu_stats) is JSON text, and so are the mixes of a
 *             this-cpu workload
 *
 * Units are in the names, as in `src/shared/run-record.ts`. Figures of a direction that was not run are NULL.
 */

/** `application_id` of our files, ASCII "pcpu": tells them from other programs' databases. */
export const APPLICATION_ID = 0x70637075;

const DIRECTION_COLUMNS = (direction: string): string => `
  ${direction}_operations INTEGER,
  ${direction}_bytes INTEGER,
  ${direction}_duration_ns REAL,
  ${direction}_megabytes_per_second REAL,
  ${direction}_latency_mean_ns REAL,
  ${direction}_latency_p50_ns REAL,
  ${direction}_latency_p90_ns REAL,
  ${direction}_latency_p99_ns REAL,
  ${direction}_latency_p999_ns REAL,
  ${direction}_latency_max_ns REAL,
  ${direction}_lock_wait_ns REAL,
  ${direction}_lock_wait_share REAL,
  ${direction}_lock_contentions INTEGER`;

const MEMORY_COLUMNS = (when: string): string => `
  memory_${when}_original_bytes INTEGER NOT NULL,
  memory_${when}_compressed_bytes INTEGER NOT NULL,
  memory_${when}_pool_bytes INTEGER NOT NULL,
  memory_${when}_buffer_bytes INTEGER NOT NULL,
  memory_${when}_work_memory_bytes INTEGER NOT NULL,
  memory_${when}_percpu_area_bytes INTEGER NOT NULL,
  memory_${when}_slot_table_bytes INTEGER NOT NULL,
  memory_${when}_used_bytes INTEGER NOT NULL,
  memory_${when}_total_bytes INTEGER NOT NULL`;

/** SQLite adds one column a statement. */
const ADD_DIRECTION = (direction: string): string =>
  `${DIRECTION_COLUMNS(direction)},
  ${direction}_operations_per_second REAL`
    .split(',')
    .map((column) => `ALTER TABLE samples ADD COLUMN ${column.trim()};`)
    .join('\n');

const ADD_PERCPU_MOMENT = (when: string): string =>
  ['live_objects', 'live_bytes', 'chunks', 'populated_bytes', 'address_space_bytes', 'metadata_bytes']
    .map((figure) => `ALTER TABLE samples ADD COLUMN percpu_${when}_${figure} INTEGER;`)
    .join('\n');

/** Samples of version 1 get what follows from their own figures. */
const ADD_OPERATIONS_PER_SECOND = (direction: string): string => `
ALTER TABLE samples ADD COLUMN ${direction}_operations_per_second REAL;
UPDATE samples SET ${direction}_operations_per_second =
  CASE WHEN ${direction}_duration_ns = 0 THEN 0.0 ELSE ${direction}_operations / ${direction}_duration_ns * 1e9 END
  WHERE ${direction}_operations IS NOT NULL;`;

/** `MIGRATIONS[n]` turns version n into version n + 1. */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT NOT NULL,
  outcome TEXT NOT NULL,
  error TEXT,
  engine TEXT NOT NULL,
  oversubscribed INTEGER NOT NULL,
  profile TEXT NOT NULL,
  environment TEXT NOT NULL,
  notes TEXT NOT NULL,
  designs TEXT NOT NULL,
  comparisons TEXT NOT NULL
) STRICT;

CREATE INDEX runs_by_start ON runs (started_at);

CREATE TABLE samples (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  -- Place in the record, from 0.
  ordinal INTEGER NOT NULL,
  design TEXT NOT NULL,
  repetition INTEGER NOT NULL,
  position INTEGER NOT NULL,
  cpus INTEGER NOT NULL,
  clock TEXT NOT NULL,
  verified_pages INTEGER NOT NULL,
  ${DIRECTION_COLUMNS('write')},
  ${DIRECTION_COLUMNS('read')},
  ${MEMORY_COLUMNS('end')},
  ${MEMORY_COLUMNS('peak')},
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;
`,
  // Percpu workloads. Profiles of version 1 knew fio workloads only and did not name them.
  `
${ADD_OPERATIONS_PER_SECOND('write')}
${ADD_OPERATIONS_PER_SECOND('read')}
${ADD_DIRECTION('create')}
${ADD_DIRECTION('destroy')}
${ADD_PERCPU_MOMENT('full')}
${ADD_PERCPU_MOMENT('end')}
ALTER TABLE samples ADD COLUMN percpu_call_sites TEXT;
ALTER TABLE samples ADD COLUMN percpu_stats TEXT;
UPDATE runs SET profile = json_set(profile, '$.schemaVersion', 2, '$.workload.kind', 'fio')
  WHERE CASE WHEN json_valid(profile) THEN profile ->> '$.schemaVersion' END = 1;
`,
  `
-- What the zram devices said, a ZramReport as JSON; NULL in samples of before.
ALTER TABLE samples ADD COLUMN zram TEXT;
`,
  // Requests in flight were not in the machine's memory until then.
  `
ALTER TABLE samples ADD COLUMN memory_end_io_buffer_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE samples ADD COLUMN memory_peak_io_buffer_bytes INTEGER NOT NULL DEFAULT 0;
`,
  `
-- This-cpu workloads: a ThisCpuFigures as JSON, and a MappingReport of the run; NULL in all others.
${ADD_DIRECTION('access')}
ALTER TABLE samples ADD COLUMN this_cpu TEXT;
ALTER TABLE runs ADD COLUMN mapping TEXT;
`,
  `
-- Page tables of percpu workloads at three moments as JSON; NULL without page tables.
ALTER TABLE samples ADD COLUMN percpu_tables TEXT;
`,
  `
-- Pages of compression streams, a BufferCount as JSON; NULL where the profile asked for none.
ALTER TABLE runs ADD COLUMN buffer_count TEXT;
`,
  `
-- zram devices of a sample that failed, as JSON; NULL where none did.
ALTER TABLE runs ADD COLUMN zram_at_failure TEXT;
-- Share of the CPUs' time that the host gave to others; NULL in samples of before, and of this-cpu workloads.
${['write', 'read', 'create', 'destroy', 'access'].map((direction) => `ALTER TABLE samples ADD COLUMN ${direction}_withheld_share REAL;`).join('\n')}
`,
  `
-- Page data of fio workloads as they came in, an array of texts as JSON; NULL where none did. Notes alone said so before.
ALTER TABLE runs ADD COLUMN page_data TEXT;
UPDATE runs SET page_data =
  (SELECT json_group_array(substr(value, 12, length(value) - 12)) FROM json_each(notes) WHERE value LIKE 'Page data: %.')
  WHERE CASE WHEN json_valid(notes)
    THEN EXISTS (SELECT 1 FROM json_each(notes) WHERE value LIKE 'Page data: %.') END;
`,
  `
-- Share of their time that the CPUs' threads were in requests; NULL in samples of before, and of other workloads than fio.
${['write', 'read', 'create', 'destroy', 'access'].map((direction) => `ALTER TABLE samples ADD COLUMN ${direction}_request_share REAL;`).join('\n')}
`,
];
