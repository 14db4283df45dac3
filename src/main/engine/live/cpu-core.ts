/**
 * What a CPU's thread does with its requests, apart from the thread itself: it takes a request and answers through `post`,
 * so that tests can run it in process.
 *
 * Between `armed` and `phaseDone` it posts nothing: it sleeps on the `go` word, runs its jobs batch by batch in turn, and
 * reports. When the machine's code throws, the sentence is posted and the thread goes on; the engine then halts the machine.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { assertUnreachable } from '../../../shared/result.ts';
import { CpuHalted } from '../../machine/cpu.ts';
import { Machine } from '../../machine/machine.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { CpuW, HeaderW, Operation } from '../../machine/memory/arena-layout.ts';
import { type CpuId, cpuId } from '../../machine/units.ts';
import { Job, type JobClock, type JobFailure } from '../../workload/job.ts';
import { WrittenPages } from '../../workload/written-pages.ts';
import { Lz4Codec } from '../codec/lz4.ts';
import { complete, LiveCpu } from './live-cpu.ts';
import type { CpuRequest, CpuResponse, PhaseReport } from './protocol.ts';

type PrepareRequest = Extract<CpuRequest, { kind: 'prepare' }>;
type PhaseRequest = Extract<CpuRequest, { kind: 'phase' }>;

/** Longest latency that a histogram tells apart, nanoseconds: 100 s. */
const LONGEST_NS = 1e11;

/** Records latencies of one phase and says when the run was stopped. */
class PhaseClock implements JobClock {
  reads: RecordableHistogram = newHistogram();
  writes: RecordableHistogram = newHistogram();
  readonly #words: Int32Array;

  constructor(arena: Arena) {
    this.#words = arena.words;
  }

  /** Forgets the last phase. */
  start(): void {
    this.reads = newHistogram();
    this.writes = newHistogram();
  }

  now(): number {
    return performance.now();
  }

  recordRead(startMs: number, endMs: number): void {
    this.reads.record(toNs(endMs - startMs));
  }

  recordWrite(startMs: number, endMs: number): void {
    this.writes.record(toNs(endMs - startMs));
  }

  stopped(): boolean {
    return Atomics.load(this.#words, HeaderW.stop) !== 0;
  }
}

/** What lives from `prepare` to `release`. */
interface Prepared {
  readonly arena: Arena;
  readonly cpu: LiveCpu;
  readonly clock: PhaseClock;
  readonly jobs: readonly Job[];
}

/** Makes the CPU that a core plays, its codec included. */
type MakeCpu = (arena: Arena, id: CpuId) => LiveCpu;

function makeLz4Cpu(arena: Arena, id: CpuId): LiveCpu {
  return new LiveCpu(arena, id, new Lz4Codec(arena.buffer, arena.config.pageSizeBytes));
}

export class CpuCore {
  readonly #post: (response: CpuResponse) => void;
  readonly #makeCpu: MakeCpu;
  #prepared: Prepared | undefined;

  constructor(post: (response: CpuResponse) => void, makeCpu: MakeCpu = makeLz4Cpu) {
    this.#post = post;
    this.#makeCpu = makeCpu;
  }

  handle(request: CpuRequest): void {
    try {
      this.#answer(request);
    } catch (error) {
      if (error instanceof CpuHalted) this.#post({ kind: 'halted' });
      else this.#post({ kind: 'threw', message: error instanceof Error ? error.message : String(error) });
    }
  }

  #answer(request: CpuRequest): void {
    switch (request.kind) {
      case 'prepare':
        this.#prepared = prepare(request, this.#makeCpu);
        this.#post({ kind: 'prepared' });
        return;
      case 'phase':
        this.#runPhase(request);
        return;
      case 'release':
        this.#prepared = undefined;
        this.#post({ kind: 'released' });
        return;
      default:
        assertUnreachable(request);
    }
  }

  #runPhase(request: PhaseRequest): void {
    const prepared = this.#prepared;
    if (prepared === undefined) throw new Error('a phase was asked for before the machine was prepared');
    const jobs = prepared.jobs.filter((job) => request.jobs.includes(job.plan.name));
    for (const job of jobs) job.begin(request.phase, request.repeatForMs);
    const verifiedBefore = verifiedPages(jobs);
    this.#post({ kind: 'armed' });
    waitForGo(prepared, request.number);
    prepared.clock.start();
    const startNs = process.hrtime.bigint();
    const failure = runInTurn(prepared.cpu, jobs);
    const endNs = process.hrtime.bigint();
    prepared.arena.words[prepared.arena.cpuWord(prepared.cpu.id) + CpuW.operation] = Operation.finished;
    const { reads, writes } = prepared.clock;
    const report: PhaseReport = { startNs, endNs, reads, writes, verifiedPages: verifiedPages(jobs) - verifiedBefore };
    this.#post({ kind: 'phaseDone', report: failure === undefined ? report : { ...report, failure } });
  }
}

function prepare(request: PrepareRequest, makeCpu: MakeCpu): Prepared {
  const machine = Machine.attach(request.arena);
  const { arena } = machine;
  const clock = new PhaseClock(arena);
  const records = request.written.map((record) => new WrittenPages(record, request.pageSets));
  const jobs = request.jobs.map((plan) => {
    const pageSet = request.pageSets[plan.pageSet];
    const written = records[plan.device];
    if (pageSet === undefined) throw new Error(`job ${plan.name} names page set ${plan.pageSet}, which is not there`);
    if (written === undefined) throw new Error(`job ${plan.name} names device ${plan.device}, which has no record`);
    return new Job(plan, { device: machine.device(plan.device), pageSet, written, clock });
  });
  return { arena, cpu: makeCpu(arena, cpuId(request.cpu)), clock, jobs };
}

/** Pairs with the engine's store and notify of the `go` word. */
function waitForGo(prepared: Prepared, number: number): void {
  const { words } = prepared.arena;
  for (;;) {
    const go = Atomics.load(words, HeaderW.go);
    if (go >= number) return;
    if (Atomics.load(words, HeaderW.halt) !== 0) throw new CpuHalted(prepared.cpu.id);
    Atomics.wait(words, HeaderW.go, go, 20);
  }
}

/** All jobs of the CPU, a batch each in turn, until they have finished or one has failed. */
function runInTurn(cpu: LiveCpu, jobs: readonly Job[]): JobFailure | undefined {
  let active = jobs;
  while (active.length > 0) {
    const finished = new Set<Job>();
    for (const job of active) {
      const outcome = complete(job.batch(cpu));
      if (outcome === 'finished') finished.add(job);
      else if (outcome !== 'more') return outcome;
    }
    if (finished.size > 0) active = active.filter((job) => !finished.has(job));
  }
  return undefined;
}

function verifiedPages(jobs: readonly Job[]): number {
  return jobs.reduce((sum, job) => sum + job.verifiedPages, 0);
}

function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: LONGEST_NS, figures: 3 });
}

function toNs(milliseconds: number): number {
  return Math.min(LONGEST_NS, Math.max(1, Math.round(milliseconds * 1e6)));
}
