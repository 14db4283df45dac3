/** Four real threads over one arena; afterwards everything is recounted by somebody else. */
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { RegionW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { percpuPtr } from '../../../../../src/main/machine/units.ts';
import type { ChurnReport, ChurnTask } from './churn-thread.ts';
import { PercpuMachine } from './percpu-machine.ts';
import { auditRegion } from './region-audit.ts';

const THREADS = 4;
const HANDS = 96;

function startThread(task: ChurnTask): Promise<ChurnReport> {
  const worker = new Worker(new URL('./churn-thread.ts', import.meta.url), { workerData: task });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function churn(machine: PercpuMachine, table: SharedArrayBuffer, seed: number): Promise<ChurnReport[]> {
  const { regionOffset } = machine;
  const { buffer } = machine.arena;
  const tasks = Array.from({ length: THREADS }, (_, cpu) => ({ buffer, regionOffset, cpu, table, turns: 3000 }));
  return Promise.all(tasks.map((task) => startThread({ ...task, seed: seed + task.cpu })));
}

function objectsIn(machine: PercpuMachine, table: SharedArrayBuffer) {
  return [...new BigInt64Array(table)]
    .filter((packed) => packed !== 0n)
    .map((packed) => {
      const ptr = percpuPtr(Number(packed & 0xff_ffff_ffffn));
      const at = machine.allocator.locate(ptr);
      if (at === undefined) throw new Error(`${ptr} lies nowhere`);
      return { ptr, chunk: at.chunk, start: at.offsetBytes / 4, cells: Number(packed >> 40n) / 4 };
    });
}

describe('four threads on one allocator', () => {
  it.each([1, 20, 300])('leave it whole, seed %i', async (seed) => {
    const machine = new PercpuMachine({ frames: 1200, maxChunks: 10 });
    const before = machine.percpuFrames();
    const table = new SharedArrayBuffer(HANDS * 8);
    const reports = await churn(machine, table, seed);
    expect(reports.flatMap(({ faults }) => faults)).toEqual([]);
    const total = (read: (report: ChurnReport) => number): number => reports.reduce((sum, each) => sum + read(each), 0);
    expect(total(({ allocations }) => allocations)).toBeGreaterThan(THREADS * 1000);
    expect(total(({ balanceRuns }) => balanceRuns)).toBeGreaterThan(0);

    const live = objectsIn(machine, table);
    expect(machine.region.header(RegionW.allocatedLow) - machine.region.header(RegionW.freedLow)).toBe(live.length);
    expect(auditRegion(machine.region, live)).toEqual([]);

    for (const { ptr } of live) expect(machine.run((cpu) => machine.allocator.free(cpu, ptr))).toBe('freed');
    machine.run((cpu) => machine.allocator.runBalanceWork(cpu));
    expect(auditRegion(machine.region, [])).toEqual([]);
    const pages = machine.region.header(RegionW.populatedPages);
    expect(machine.percpuFrames()).toBe(before + pages * machine.region.geometry.units);
  });
});
