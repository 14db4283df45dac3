/**
 * What a CPU's thread does with its requests, apart from the thread itself: it takes a request and answers through `post`,
 * so that tests can run it in process.
 *
 * Between `armed` and `phaseDone` it posts nothing: it sleeps on the `go` word, runs its jobs batch by batch in turn, and
 * reports. When the machine's code throws, the sentence is posted and the thread goes on; the engine then halts the machine.
 */
import { assertUnreachable } from '../../../shared/result.ts';
import { complete, CpuHalted, type Suspending } from '../../machine/cpu.ts';
import { Machine } from '../../machine/machine.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { CpuW, HeaderW } from '../../machine/memory/arena-layout.ts';
import { Operation } from '../../machine/operation.ts';
import { type CpuId, cpuId } from '../../machine/units.ts';
import type { Codec } from '../../machine/codec.ts';
import { ioPagesOf, Job } from '../../workload/job.ts';
import type { BatchOutcome } from '../../workload/job-clock.ts';
import type { PhaseKind } from '../../workload/job-plan.ts';
import { PercpuJob } from '../../workload/percpu-job.ts';
import { WrittenPages } from '../../workload/written-pages.ts';
import { makeCodec } from '../codec/make-codec.ts';
import { makeRecompressors } from '../codec/recompressors.ts';
import { LiveCpu } from './live-cpu.ts';
import { PhaseClock } from './phase-clock.ts';
import type { CpuRequest, CpuResponse, PhaseReport } from './protocol.ts';
import { RecompressJob } from './recompress-job.ts';
import { runInTurn } from './run-in-turn.ts';
import { waitForGo } from './start-barrier.ts';

type PrepareRequest = Extract<CpuRequest, { kind: 'prepare' }>;
type PhaseRequest = Extract<CpuRequest, { kind: 'phase' }>;

/** What lives from `prepare` to `release`. */
interface Prepared {
  readonly arena: Arena;
  readonly cpu: LiveCpu;
  readonly clock: PhaseClock;
  readonly jobs: readonly RunnableJob[];
}

/** A job of any kind, as a phase runs it. */
interface RunnableJob {
  readonly name: string;
  /** It is no part of the workload. */
  readonly isUpkeep?: boolean;
  begin(phase: PhaseKind, repeatForMs: number | undefined): void;
  batch(cpu: LiveCpu): Suspending<BatchOutcome>;
  verifiedPages(): number;
}

/** Makes the CPU that a core plays. */
type MakeCpu = (arena: Arena, id: CpuId, codec: Codec, recompressors: readonly Codec[]) => LiveCpu;

function makeLiveCpu(arena: Arena, id: CpuId, codec: Codec, recompressors: readonly Codec[]): LiveCpu {
  return new LiveCpu(arena, id, codec, recompressors);
}

export class CpuCore {
  readonly #post: (response: CpuResponse) => void;
  readonly #makeCpu: MakeCpu;
  #prepared: Prepared | undefined;

  constructor(post: (response: CpuResponse) => void, makeCpu: MakeCpu = makeLiveCpu) {
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
    const jobs = prepared.jobs.filter((job) => request.jobs.includes(job.name));
    for (const job of jobs) job.begin(request.phase, request.repeatForMs);
    const verifiedBefore = verifiedPages(jobs);
    // From the last phase it may still say 'finished'.
    Atomics.store(prepared.arena.words, prepared.arena.cpuWord(prepared.cpu.id) + CpuW.operation, Operation.idle);
    this.#post({ kind: 'armed' });
    if (!waitForGo(prepared.arena.words, HeaderW, request.number)) throw new CpuHalted(prepared.cpu.id);
    prepared.clock.start();
    const startNs = process.hrtime.bigint();
    const failure = runInTurn(prepared.cpu, jobs);
    const endNs = process.hrtime.bigint();
    prepared.arena.words[prepared.arena.cpuWord(prepared.cpu.id) + CpuW.operation] = Operation.finished;
    const { latencies } = prepared.clock;
    const isUpkeep = jobs.every((job) => job.isUpkeep === true);
    const verified = verifiedPages(jobs) - verifiedBefore;
    const report: PhaseReport = { startNs, endNs, latencies, verifiedPages: verified, isUpkeep };
    this.#post({ kind: 'phaseDone', report: failure === undefined ? report : { ...report, failure } });
  }
}

function prepare(request: PrepareRequest, makeCpu: MakeCpu): Prepared {
  const machine = Machine.attach(request.memory.buffer);
  const { arena } = machine;
  const codec = makeCodec(request.codec, request.memory, arena.config.pageSizeBytes);
  const { recompressJob } = request;
  const recompressors = makeRecompressors(
    recompressJob?.algorithms ?? [],
    request.memory.buffer,
    arena.config.pageSizeBytes,
  );
  const cpu = makeCpu(arena, cpuId(request.cpu), codec, recompressors);
  const clock = new PhaseClock(arena.words, HeaderW.stop);
  const records = request.written.map((record) => new WrittenPages(record, request.pageSets));
  const fioJobs = request.jobs.map((plan) => {
    const pageSet = request.pageSets[plan.pageSet];
    const written = records[plan.device];
    if (pageSet === undefined) throw new Error(`job ${plan.name} names page set ${plan.pageSet}, which is not there`);
    if (written === undefined) throw new Error(`job ${plan.name} names device ${plan.device}, which has no record`);
    const ioPages = complete(machine.takeIoPages(cpu, ioPagesOf(plan)));
    if (ioPages === undefined) throw new Error(`the memory has no room for the requests in flight of job ${plan.name}`);
    return fioJob(new Job(plan, { device: machine.device(plan.device), pageSet, written, clock, ioPages }));
  });
  const percpuJobs = request.percpuJobs.map((plan) => percpuJob(new PercpuJob(plan, machine, clock)));
  const upkeep = recompressJob?.cpu === request.cpu ? [upkeepJob(new RecompressJob(recompressJob, machine))] : [];
  return { arena, cpu, clock, jobs: [...fioJobs, ...percpuJobs, ...upkeep] };
}

function fioJob(job: Job): RunnableJob {
  return {
    name: job.plan.name,
    begin: (phase, repeatForMs) => {
      if (phase === 'create' || phase === 'destroy' || phase === 'access') {
        throw new Error(`a fio job knows no phase ${phase}`);
      }
      job.begin(phase, repeatForMs);
    },
    batch: (cpu) => job.batch(cpu),
    verifiedPages: () => job.verifiedPages,
  };
}

function percpuJob(job: PercpuJob): RunnableJob {
  return {
    name: job.plan.name,
    begin: (phase) => {
      if (phase !== 'create' && phase !== 'destroy') throw new Error(`a percpu job knows no phase ${phase}`);
      job.begin(phase);
    },
    batch: (cpu) => job.batch(cpu),
    verifiedPages: () => 0,
  };
}

function upkeepJob(job: RecompressJob): RunnableJob {
  return {
    name: job.plan.name,
    isUpkeep: true,
    begin: () => {
      job.begin();
    },
    batch: (cpu) => job.batch(cpu),
    verifiedPages: () => 0,
  };
}

function verifiedPages(jobs: readonly RunnableJob[]): number {
  return jobs.reduce((sum, job) => sum + job.verifiedPages(), 0);
}
