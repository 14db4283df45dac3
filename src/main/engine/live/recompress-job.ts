/**
 * Recompression by a CPU of the running machine, as a job of its own among those of a phase.
 *
 *     beside   the other CPUs work:   pass over device 0 ─▶ device 1 ─▶ … ─▶ nothing to do? sleep ─▶ …   until they have finished
 *     alone    nobody else works:     one pass over each device, to its end
 *
 * A pass beside others is of few pages, as a daemon would write max_pages, so that it ends soon after they do. Pages that are
 * to be idle are marked first and tried after the pause, if nobody has touched them. What it did is added up in a tally that
 * outlives the thread; this thread alone writes it.
 */
import type { RecompressionAlgorithm } from '../../../shared/zram-profile.ts';
import type { Cpu, Suspending } from '../../machine/cpu.ts';
import type { Machine } from '../../machine/machine.ts';
import { CpuW, HeaderW } from '../../machine/memory/arena-layout.ts';
import { Operation } from '../../machine/operation.ts';
import { cpuId } from '../../machine/units.ts';
import { readDeviceStatistics } from '../../machine/zram/device-statistics.ts';
import type { RecompressionRequest } from '../../machine/zram/recompression.ts';
import type { BatchOutcome } from '../../workload/job-clock.ts';

/** Pages of a pass beside others. */
const PAGES_PER_PASS = 64;
/** How long a CPU that found nothing to do sleeps. */
const PAUSE_MS = 5;

/** Doubles of a tally. Bytes are of all devices, when the phase began and when it ended. */
const TallyF64 = {
  passes: 0,
  pagesTried: 1,
  pagesRecompressed: 2,
  busyMs: 3,
  compressedBefore: 4,
  poolBefore: 5,
  compressedAfter: 6,
  poolAfter: 7,
} as const;

export type RecompressionTally = Readonly<Record<keyof typeof TallyF64, number>>;

/** Zeros. */
export function makeTally(): SharedArrayBuffer {
  return new SharedArrayBuffer(Object.keys(TallyF64).length * 8);
}

/** Once the phase has ended. */
export function readTally(tally: SharedArrayBuffer): RecompressionTally {
  const doubles = new Float64Array(tally);
  const read = (field: keyof typeof TallyF64): number => doubles[TallyF64[field]] ?? 0;
  return {
    passes: read('passes'),
    pagesTried: read('pagesTried'),
    pagesRecompressed: read('pagesRecompressed'),
    busyMs: read('busyMs'),
    compressedBefore: read('compressedBefore'),
    poolBefore: read('poolBefore'),
    compressedAfter: read('compressedAfter'),
    poolAfter: read('poolAfter'),
  };
}

export interface RecompressJobPlan {
  /** By which phases name it among their jobs. */
  readonly name: string;
  readonly cpu: number;
  /** The devices' codecs of the priorities from 1 on; every CPU gets them, to read what was recompressed. */
  readonly algorithms: readonly RecompressionAlgorithm[];
  readonly request: Omit<RecompressionRequest, 'maxPages' | 'priority'>;
  /** CPUs whose jobs it goes on beside; none: alone. */
  readonly beside: readonly number[];
  readonly tally: SharedArrayBuffer;
}

/** Before a sample says where to add up. */
export type RecompressJobDraft = Omit<RecompressJobPlan, 'tally'>;

export class RecompressJob {
  readonly plan: RecompressJobPlan;
  readonly #machine: Machine;
  readonly #doubles: Float64Array;
  #device = 0;
  /** Passes in a row that found no page. */
  #idlePasses = 0;
  /** Passes of this phase. */
  #passes = 0;

  constructor(plan: RecompressJobPlan, machine: Machine) {
    this.plan = plan;
    this.#machine = machine;
    this.#doubles = new Float64Array(plan.tally);
  }

  begin(): void {
    this.#device = 0;
    this.#idlePasses = 0;
    this.#passes = 0;
    this.#noteBytes(TallyF64.compressedBefore, TallyF64.poolBefore);
  }

  /** A pass over a device. Throws when the machine refuses: plans with such a request are not made. */
  *batch(cpu: Cpu): Suspending<BatchOutcome> {
    if (this.#isOver()) {
      this.#noteBytes(TallyF64.compressedAfter, TallyF64.poolAfter);
      return 'finished';
    }
    const { request, beside } = this.plan;
    const { controls } = this.#machine.device(this.#device);
    if (request.type?.endsWith('idle') === true) {
      yield* controls.markIdle(cpu);
      if (beside.length > 0) this.#sleep();
    }
    const startMs = performance.now();
    const maxPages = beside.length > 0 ? PAGES_PER_PASS : undefined;
    const outcome = yield* controls.recompress(cpu, { ...request, maxPages });
    if (!outcome.ok) throw new Error(`recompression of zram${this.#device}: ${outcome.error.message}`);
    this.#add(TallyF64.busyMs, performance.now() - startMs);
    this.#add(TallyF64.passes, 1);
    this.#passes += 1;
    this.#add(TallyF64.pagesTried, outcome.value.tried);
    this.#add(TallyF64.pagesRecompressed, outcome.value.recompressed);
    this.#goOn(outcome.value.tried);
    return 'more';
  }

  #goOn(tried: number): void {
    const devices = this.#machine.devices.length;
    this.#device += 1;
    if (this.plan.beside.length === 0) return;
    this.#device %= devices;
    this.#idlePasses = tried === 0 ? this.#idlePasses + 1 : 0;
    if (this.#idlePasses >= devices) this.#sleep();
  }

  #isOver(): boolean {
    const { words } = this.#machine.arena;
    if (Atomics.load(words, HeaderW.stop) !== 0) return true;
    const { beside } = this.plan;
    if (beside.length === 0) return this.#device === this.#machine.devices.length;
    // Every device has its pass, however soon the jobs are done.
    if (this.#passes < this.#machine.devices.length) return false;
    return beside.every((cpu) => {
      return Atomics.load(words, this.#machine.arena.cpuWord(cpuId(cpu)) + CpuW.operation) === Operation.finished;
    });
  }

  #noteBytes(compressed: number, pool: number): void {
    const { arena } = this.#machine;
    const devices = this.#machine.devices.map(({ index }) => readDeviceStatistics(arena, index));
    this.#doubles[compressed] = devices.reduce((sum, { compressedBytes }) => sum + compressedBytes, 0);
    this.#doubles[pool] = devices.reduce((sum, { poolPages }) => sum + poolPages * arena.config.pageSizeBytes, 0);
  }

  #add(field: number, amount: number): void {
    this.#doubles[field] = (this.#doubles[field] ?? 0) + amount;
  }

  /** Ends early when the machine is stopped. */
  #sleep(): void {
    Atomics.wait(this.#machine.arena.words, HeaderW.stop, 0, PAUSE_MS);
  }
}
