import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { CSV_COLUMNS } from '../../../../src/main/lab/export/csv-columns.ts';
import { exportFileName, samplesCsv } from '../../../../src/main/lab/export/samples-csv.ts';
import type { Profile } from '../../../../src/shared/profile.ts';
import { arbitraryRecord, figuresAt, percpuSampleOf, recordOf, sampleOf } from '../run-record-fixtures.ts';

const RECORD = recordOf([
  { ...sampleOf('single-mutex', 1, 612.345_678_901_234_5), read: figuresAt(2000) },
  { ...sampleOf('per-cpu-global', 1, 741), position: 2 },
]);

function directionHeader(direction: string, throughput: string): string {
  return [
    `${throughput},operations,bytes,duration_ns,latency_mean_ns,latency_p50_ns,latency_p90_ns,latency_p99_ns`,
    'latency_p999_ns,latency_max_ns,lock_wait_ns,lock_wait_share,lock_contentions',
  ]
    .join(',')
    .replaceAll(/^|,/g, (comma) => `${comma}${direction}_`);
}

/** The header is part of the format: scripts rely on it. */
const HEADER = [
  'run_id,name,started_at,outcome,engine,clock,design,repetition,position,cpus,oversubscribed',
  ...['write', 'read'].map((direction) => directionHeader(direction, 'throughput_MBps')),
  ...['end', 'peak'].map((when) =>
    'original,compressed,pool,buffer,work_memory,percpu_area,slot_table,io_buffer,used,total'
      .split(',')
      .map((what) => `memory_${when}_${what}_bytes`)
      .join(','),
  ),
  'verified_pages,profile,seed,page_size_bytes,devices,codec,host_cpu,host_cores,host_memory_bytes,host_governor',
  'host_operating_system,host_kernel,runtime,lab_version',
  'write_operations_per_second,read_operations_per_second',
  ...['create', 'destroy'].map((direction) => directionHeader(direction, 'operations_per_second')),
  ...['full', 'end'].map((when) =>
    'live_objects,live_bytes,chunks,populated_bytes,address_space_bytes,metadata_bytes'
      .split(',')
      .map((what) => `percpu_${when}_${what}`)
      .join(','),
  ),
  directionHeader('access', 'operations_per_second'),
  'this_cpu_additions_issued,this_cpu_additions_found,this_cpu_operations,this_cpu_preempt_pairs',
  'this_cpu_reschedule_checks,this_cpu_offset_reads,this_cpu_notes,this_cpu_fixups,this_cpu_window_accesses',
  'this_cpu_atomics,this_cpu_stray_accesses,this_cpu_tlb_hits,this_cpu_tlb_misses,this_cpu_walk_steps',
  'this_cpu_switches,this_cpu_migrations',
  ...['boot', 'full', 'end'].map((when) =>
    'table_bytes,own_table_bytes,tables_made,tables_freed,pgd_copies,flushes'
      .split(',')
      .map((what) => `percpu_${when}_${what}`)
      .join(','),
  ),
  'write_withheld_share,read_withheld_share,create_withheld_share,destroy_withheld_share',
  'page_data,page_data_contents,jobs,block_bytes,io_depth,protection,time_limit_seconds,warm_up_seconds',
  'write_request_share,read_request_share',
].join(',');

function parse(csv: string): readonly Record<string, string>[] {
  const parsed = Papa.parse<Record<string, string>>(csv, { header: true, skipEmptyLines: true, newline: '\r\n' });
  expect(parsed.errors).toEqual([]);
  return parsed.data;
}

describe('samplesCsv', () => {
  it('has a fixed header and one row per sample, ended as RFC 4180 says', () => {
    const lines = samplesCsv(RECORD).split('\r\n');
    expect(lines[0]).toBe(HEADER);
    expect(lines).toHaveLength(4);
    expect(lines[3]).toBe('');
    expect(samplesCsv(recordOf([]))).toBe(`${HEADER}\r\n`);
  });

  it('has every figure in the column of its name', () => {
    const [first, second] = parse(samplesCsv(RECORD));
    expect(first).toMatchObject({
      run_id: 'run-1',
      started_at: '2026-11-02T10:00:00.000Z',
      design: 'single-mutex',
      write_throughput_MBps: '612.3456789012345',
      write_latency_p99_ns: '9100',
      write_lock_wait_share: '0.125',
      read_throughput_MBps: '2000',
      memory_end_pool_bytes: '425984',
      memory_peak_percpu_area_bytes: '65536',
      host_governor: 'not readable',
      oversubscribed: 'no',
    });
    expect(second).toMatchObject({ design: 'per-cpu-global', position: '2', read_throughput_MBps: '' });
  });

  it('has the figures of a percpu workload in columns of their own, which others leave empty', () => {
    const [percpu, fio] = parse(samplesCsv(recordOf([percpuSampleOf('embed', 1, 812_345.5), ...RECORD.samples])));
    expect(percpu).toMatchObject({
      design: 'embed',
      create_operations_per_second: '812345.5',
      create_operations: '256',
      destroy_operations: '255',
      percpu_full_live_objects: '160',
      percpu_full_populated_bytes: '614400',
      percpu_end_chunks: '1',
      percpu_end_metadata_bytes: '0',
      write_throughput_MBps: '',
      write_operations_per_second: '',
    });
    const own = Object.entries(fio ?? {}).filter(([name]) => /^(create|destroy|percpu)_/.test(name));
    expect(own.length).toBe(40 + 18);
    expect(own.every(([, cell]) => cell === '')).toBe(true);
    expect(fio?.['write_operations_per_second']).toBe(String((612.345_678_901_234_5 * 1e6) / 4096));
  });

  it('says what a fio workload was measured on', () => {
    const jobFile = '[global]\nbs=4k\nsize=64k\nioengine=libaio\niodepth=8\nnumjobs=3\n[a]\nrw=write\n';
    const data = { kind: 'files' as const, paths: ['/data/one, two.bin', '/data/three.bin'] };
    const profile: Profile = {
      ...RECORD.profile,
      workload: { kind: 'fio', jobFile, data, seed: 7 },
      experiment: { ...RECORD.profile.experiment, seconds: 9.5, warmUpSeconds: 3 },
      zram: { protection: { 'per-cpu-global': 'mutex' } },
    };
    const pageData = ['2 files, all 32768 bytes', '1 file of 7'];
    const [first, second] = parse(samplesCsv({ ...RECORD, profile, pageData }));
    expect(first).toMatchObject({
      page_data: 'files /data/one, two.bin, /data/three.bin',
      page_data_contents: '2 files, all 32768 bytes; 1 file of 7',
      jobs: '3',
      block_bytes: '4096',
      io_depth: '8',
      protection: 'mutex',
      time_limit_seconds: '9.5',
      warm_up_seconds: '3',
    });
    expect(second).toMatchObject({ design: 'per-cpu-global', protection: 'mutex' });
    const [, usual] = parse(samplesCsv({ ...RECORD, profile: { ...profile, zram: undefined } }));
    expect(usual).toMatchObject({ design: 'per-cpu-global', protection: 'preemption-off' });
  });

  it.each([
    [{ kind: 'job' as const }, "the job's own pages"],
    [
      { kind: 'generator' as const, zeroPercent: 20, samePercent: 10, randomPercent: 5, compressPercent: 50 },
      'generated: 20 % zero, 10 % same-filled, 5 % random pages, 65 % with 50 % compressible',
    ],
  ])('tells page data of kind $kind from others', (data, words) => {
    const workload = { kind: 'fio' as const, jobFile: '[a]\nrw=write\n', data, seed: 7 };
    const [row] = parse(samplesCsv({ ...RECORD, profile: { ...RECORD.profile, workload } }));
    expect(row).toMatchObject({ page_data: words, page_data_contents: '' });
  });

  it('has all values where jobs differ, and none where the record cannot know them', () => {
    const jobsOf = (jobFile: string) => {
      const workload = { kind: 'fio' as const, jobFile, data: { kind: 'job' as const }, seed: 7 };
      const [row] = parse(samplesCsv({ ...RECORD, profile: { ...RECORD.profile, workload } }));
      return [row?.['jobs'], row?.['block_bytes'], row?.['io_depth']];
    };
    const two = '[a]\nrw=write\nsize=128k\nbs=64k\n[b]\nrw=write\nsize=64k\nbs=4k\nnumjobs=2\n';
    expect(jobsOf(two)).toEqual(['3', '4096/65536', '1']);
    expect(jobsOf(two.replace('numjobs=2', 'numjobs=$' + '{JOBS}'))).toEqual(['', '', '']);
    expect(jobsOf('[a]\nrw=up\n')).toEqual(['', '', '']);
  });

  it('leaves what a fio workload is measured on empty in runs of others, and protection under the kernel', () => {
    const workload = {
      kind: 'percpu' as const,
      groupName: 'g',
      groups: 1,
      objects: [],
      destroy: 'never' as const,
      seed: 1,
    };
    const record = { ...recordOf([percpuSampleOf('embed', 1, 700)]), profile: { ...RECORD.profile, workload } };
    const empty = { page_data: '', page_data_contents: '', jobs: '', block_bytes: '', io_depth: '', protection: '' };
    expect(parse(samplesCsv(record))[0]).toMatchObject(empty);
    expect(parse(samplesCsv(recordOf([sampleOf('kernel', 1, 700)])))[0]).toMatchObject({ protection: '' });
  });

  it('is read back by another parser to the same values, whatever the record', () => {
    fc.assert(
      fc.property(arbitraryRecord, (record) => {
        const rows = parse(samplesCsv(record));
        expect(rows).toHaveLength(record.samples.length);
        record.samples.forEach((sample, index) => {
          for (const column of CSV_COLUMNS) {
            const value = column.read(record, sample);
            const cell = rows[index]?.[column.name] ?? 'missing';
            if (typeof value === 'number') expect(Number(cell)).toBe(value);
            else expect(cell.replace(/^'/, '')).toBe((value ?? '').replace(/^'/, ''));
          }
        });
      }),
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")'])(
    'keeps a spreadsheet from computing %j',
    (name) => {
      const [row] = parse(samplesCsv({ ...RECORD, name }));
      expect(row?.['name']).toBe(`'${name}`);
    },
  );

  it('encloses a lone carriage return in quotes, as RFC 4180 wants', () => {
    const environment = { ...RECORD.environment, cpuModel: 'one\rtwo' };
    expect(samplesCsv({ ...RECORD, environment })).toContain(',"one\rtwo",');
  });

  it('keeps names with commas, quotes and line ends in one cell', () => {
    const name = 'a "quoted", name\r\nin two lines';
    expect(parse(samplesCsv({ ...RECORD, name }))[0]?.['name']).toBe(name);
  });
});

describe('the columns', () => {
  it('have distinct names and say their unit and meaning', () => {
    expect(new Set(CSV_COLUMNS.map(({ name }) => name)).size).toBe(CSV_COLUMNS.length);
    for (const { unit, meaning } of CSV_COLUMNS) expect([unit, meaning]).not.toContain('');
  });

  it('end in their unit where they are bytes or nanoseconds', () => {
    for (const { name, unit } of CSV_COLUMNS) {
      if (unit === 'nanoseconds') expect(name).toMatch(/_ns$/);
      if (unit === 'bytes') expect(name).toMatch(/_bytes$/);
    }
  });
});

describe('exportFileName', () => {
  it('has the name and the start of the run, and nothing that a file system forbids', () => {
    expect(exportFileName(RECORD)).toBe('percpu-lab-first-run-20261102-100000.csv');
    expect(exportFileName({ ...RECORD, name: '../../CON: "x"' })).toBe('percpu-lab-con-x-20261102-100000.csv');
    expect(exportFileName({ ...RECORD, name: '💥' })).toBe('percpu-lab-run-20261102-100000.csv');
  });

  it('has the time of the start once, also of a run whose name ends with it, by whatever clock its host goes', () => {
    const named = (name: string): string => exportFileName({ ...RECORD, name });
    const clocks = ['11-02 10:00:00', '11-02 15:45:00', '11-03 00:00:00', '11-01 22:00:00'];
    for (const clock of clocks) {
      expect(named(`first run, 2026-${clock}`)).toBe('percpu-lab-first-run-20261102-100000.csv');
    }
    expect(named('first run, 2026-11-02 10:00:01')).toBe(
      'percpu-lab-first-run-2026-11-02-10-00-01-20261102-100000.csv',
    );
    expect(named('first run, 2026-11-01 10:00:00')).toBe(
      'percpu-lab-first-run-2026-11-01-10-00-00-20261102-100000.csv',
    );
    expect(named('2026-11-02 10:00:00')).toBe('percpu-lab-2026-11-02-10-00-00-20261102-100000.csv');
  });
});
