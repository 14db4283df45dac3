/**
 * One of several threads that allocate and free over one arena. Each object carries a pattern of its own in every unit, which
 * is looked at again when it is freed, so that two objects that share a byte are found by their contents. Objects change
 * hands in a table that all threads have: who frees is seldom who allocated.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { complete } from '../../../../../src/main/machine/cpu.ts';
import { LiveCpu } from '../../../../../src/main/engine/live/live-cpu.ts';
import { Arena } from '../../../../../src/main/machine/memory/arena.ts';
import { PageFrames } from '../../../../../src/main/machine/memory/page-frames.ts';
import { PercpuAllocator } from '../../../../../src/main/machine/percpu/chunks/allocator.ts';
import { ChunkRegion } from '../../../../../src/main/machine/percpu/chunks/chunk-region.ts';
import { FramePages } from '../../../../../src/main/machine/percpu/chunks/frame-pages.ts';
import { RegionWords } from '../../../../../src/main/machine/percpu/chunks/region-words.ts';
import { cpuId, type PercpuPtr, percpuPtr } from '../../../../../src/main/machine/units.ts';
import { Random } from '../../../../../src/main/workload/random.ts';

/** What a thread is given. */
export interface ChurnTask {
  readonly buffer: SharedArrayBuffer;
  readonly regionOffset: number;
  readonly cpu: number;
  readonly seed: number;
  readonly turns: number;
  /** Objects that change hands: size << 40 | pointer; 0: no object. */
  readonly table: SharedArrayBuffer;
}

/** What it says at its end. */
export interface ChurnReport {
  readonly faults: readonly string[];
  readonly allocations: number;
  readonly refusals: number;
  readonly balanceRuns: number;
}

const CODEC = {
  name: 'none',
  compress: (): number => 0,
  decompress: (): boolean => false,
};

class Churner {
  readonly #task: ChurnTask;
  readonly #arena: Arena;
  readonly #cpu: LiveCpu;
  readonly #allocator: PercpuAllocator;
  readonly #pages: FramePages;
  readonly #random: Random;
  readonly #table: BigInt64Array;
  readonly #faults: string[] = [];
  #allocations = 0;
  #refusals = 0;
  #balanceRuns = 0;

  constructor(task: ChurnTask) {
    this.#task = task;
    this.#arena = Arena.attach(task.buffer);
    this.#cpu = new LiveCpu(this.#arena, cpuId(task.cpu), CODEC);
    const region = ChunkRegion.attach(new RegionWords(task.buffer), task.regionOffset);
    this.#pages = new FramePages(this.#arena, new PageFrames(this.#arena), region);
    this.#allocator = new PercpuAllocator(region, this.#pages);
    this.#random = new Random(task.seed);
    this.#table = new BigInt64Array(task.table);
  }

  run(): ChurnReport {
    for (let turn = 0; turn < this.#task.turns; turn++) {
      const slot = this.#random.nextBelow(this.#table.length);
      const mine = this.#random.nextBelow(5) < 3 ? this.#allocate() : 0n;
      const other = Atomics.exchange(this.#table, slot, mine);
      if (other !== 0n) this.#free(other);
      if (this.#allocator.balanceWanted() && this.#random.nextBelow(4) === 0) {
        complete(this.#allocator.runBalanceWork(this.#cpu));
        this.#balanceRuns += 1;
      }
    }
    return {
      faults: this.#faults,
      allocations: this.#allocations,
      refusals: this.#refusals,
      balanceRuns: this.#balanceRuns,
    };
  }

  /** The object as one number for the table; 0 when there was no room. */
  #allocate(): bigint {
    const sizeBytes = 4 * (1 + this.#random.nextBelow(this.#random.nextBelow(10) === 0 ? 5000 : 80));
    const request = { sizeBytes, alignBytes: 4 << this.#random.nextBelow(7), atomic: this.#random.nextBelow(5) === 0 };
    const given = complete(this.#allocator.allocate(this.#cpu, request));
    if (!given.ok) {
      this.#refusals += 1;
      return 0n;
    }
    this.#allocations += 1;
    const ptr = given.value;
    if (ptr % request.alignBytes !== 0) this.#faults.push(`${ptr} is not aligned to ${request.alignBytes}`);
    this.#eachCell(ptr, sizeBytes, (word, expected) => {
      if (this.#arena.words[word] !== 0) this.#faults.push(`object at ${ptr} is not zero`);
      this.#arena.words[word] = expected;
    });
    return (BigInt(sizeBytes) << 40n) | BigInt(ptr);
  }

  #free(packed: bigint): void {
    const ptr = percpuPtr(Number(packed & 0xff_ffff_ffffn));
    this.#eachCell(ptr, Number(packed >> 40n), (word, expected) => {
      if (this.#arena.words[word] !== expected) this.#faults.push(`object at ${ptr} was written by somebody else`);
    });
    const outcome = complete(this.#allocator.free(this.#cpu, ptr));
    if (outcome !== 'freed') this.#faults.push(`free of ${ptr}: ${outcome}`);
  }

  /** First and last cell of an object, and one in between, on each CPU: word in the arena and what is to stand there. */
  #eachCell(ptr: PercpuPtr, sizeBytes: number, visit: (word: number, expected: number) => void): void {
    const at = this.#allocator.locate(ptr);
    if (at === undefined) throw new Error(`${ptr} lies nowhere`);
    for (const cell of new Set([0, Math.floor(sizeBytes / 8) * 4, sizeBytes - 4])) {
      for (let unit = 0; unit < 4; unit++) {
        const address = this.#pages.address(at.chunk, at.offsetBytes + cell, unit);
        if (address === undefined) throw new Error(`no page behind ${ptr} of CPU ${unit}`);
        visit(address / 4, ptr * 8 + unit + 1);
      }
    }
  }
}

parentPort?.postMessage(new Churner(workerData as ChurnTask).run());
