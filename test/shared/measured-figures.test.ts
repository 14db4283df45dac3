import { describe, expect, it } from 'vitest';
import { isLockWaitMeasured, isMemoryMeasured, measuredMemory, recordText } from '../../src/shared/measured-figures.ts';
import type { RunRecord } from '../../src/shared/run-record.ts';
import { runDocument } from '../../src/main/cli/run-document.ts';
import { runReport } from '../../src/main/cli/run-report.ts';
import { samplesCsv } from '../../src/main/lab/export/samples-csv.ts';
import { summarise } from '../../src/main/lab/statistics/summarise.ts';
import { MEMORY, recordOf, sampleOf } from '../main/lab/run-record-fixtures.ts';
import Papa from 'papaparse';

const NOTHING = { bufferBytes: 0, workMemoryBytes: 0, percpuAreaBytes: 0, slotTableBytes: 0, ioBufferBytes: 0 };

/** One sample as the kernel engine gives it. */
function kernelRecord(): RunRecord {
  const plain = sampleOf('kernel', 1, 600);
  const memory = { ...MEMORY, ...NOTHING, usedBytes: MEMORY.poolBytes };
  const sample = { ...plain, memoryAtEnd: memory, memoryAtPeak: memory };
  return recordOf([sample], {
    engine: 'kernel',
    ...summarise([sample], { designs: ['kernel'], equivalencePercent: 5 }),
  });
}

describe('what the kernel does not state', () => {
  it('is everything of memory but what mm_stat says, and waiting for locks', () => {
    const { originalBytes, compressedBytes, poolBytes, totalBytes } = MEMORY;
    expect(measuredMemory('kernel', MEMORY)).toEqual({ originalBytes, compressedBytes, poolBytes, totalBytes });
    expect(measuredMemory('single-mutex', MEMORY)).toEqual(MEMORY);
    expect([isLockWaitMeasured('kernel'), isLockWaitMeasured('per-stream')]).toEqual([false, true]);
    for (const column of Object.keys(NOTHING) as readonly (keyof typeof NOTHING)[]) {
      expect(isMemoryMeasured('kernel', column), column).toBe(false);
      expect(isMemoryMeasured('per-stream', column), column).toBe(true);
    }
  });

  it('is a dash in the report', () => {
    const report = runReport(kernelRecord());
    expect(report).toMatch(/^this host's kernel +600\.0 .* —$/m);
    expect(report).toMatch(/^this host's kernel, at end +1024 +391 +416( +—){6}$/m);
  });

  it('is no field of the JSON document and of the record', () => {
    const record = kernelRecord();
    const [design] = runDocument(record).designs;
    expect(design?.lockWaitShare).toBeUndefined();
    expect(Object.keys(design?.memory.atEnd ?? {})).toEqual([
      'originalBytes',
      'compressedBytes',
      'poolBytes',
      'totalBytes',
    ]);
    expect(recordText(record)).not.toMatch(/lockWait|lockContentions|bufferBytes|usedBytes/i);
    expect(JSON.parse(recordText(recordOf([sampleOf('single-mutex', 1, 600)])))).toEqual(
      JSON.parse(JSON.stringify(recordOf([sampleOf('single-mutex', 1, 600)]))),
    );
  });

  it('is an empty cell of the CSV', () => {
    const { data } = Papa.parse<Record<string, string>>(samplesCsv(kernelRecord()), { header: true });
    const [row = {}] = data;
    for (const when of ['end', 'peak']) {
      for (const what of ['buffer', 'work_memory', 'percpu_area', 'slot_table', 'io_buffer', 'used']) {
        expect(row[`memory_${when}_${what}_bytes`], what).toBe('');
      }
    }
    expect([row['write_lock_wait_ns'], row['write_lock_wait_share'], row['write_lock_contentions']]).toEqual([
      '',
      '',
      '',
    ]);
    expect(row['memory_end_pool_bytes']).toBe(String(MEMORY.poolBytes));
  });
});
