/**
 * What a CPU's thread does with its requests, apart from the thread itself: it takes a request and answers through `post`,
 * so that tests can run it in process.
 *
 * Between `armed` and `phaseDone` it posts nothing: it sleeps on the `go` word, runs its jobs batch by batch in turn, and
 * reports. When the machine's code throws, the sentence is posted and the thread goes on; the engine then halts the machine.
 */
import { assertUnreachable } from '../../../shared/result.ts';
import { complete, type Cpu, CpuHalted, type Suspending } from '../../machine/cpu.ts';
import { FailingCodec } from '../../machine/faults/failing-parts.ts';
import { FaultInjector } from '../../machine/faults/fault-injector.ts';
import { Machine } from '../../machine/machine.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { CpuW, HeaderW } from '../../machine/memory/arena-layout.ts';
import { Operation } from '../../machine/operation.ts';
import { CheckedCpu } from '../../machine/sync/checked-cpu.ts';
import { LockRecord } from '../../machine/sync/lock-record.ts';
import { type CpuId, cpuId } from '../../machine/units.ts';
import type { Codec } from '../../machine/codec.ts';
import { type GoesOn, ioPagesOf, Job } from '../../workload/job.ts';
import type { BatchOutcome } from '../../workload/job-clock.ts';
import type { PhaseKind } from '../../workload/job-plan.ts';
import { PercpuJob } from '../../workload/percpu-job.ts';
import { WrittenPages } from '../../workload/written-pages.ts';
import { makeCodec } from '../codec/make-codec.ts';
import { CpuGate } from './cpu-gate.ts';
import { isDisturbed } from './disturbance-plan.ts';
import { HotplugDriver } from './hotplug-driver.ts';
import { makeRecompressors } from '../codec/recompressors.ts';
import { LiveCpu } from './live-cpu.ts';
import { PhaseClock } from './phase-clock.ts';
import type { CpuRequest, CpuResponse, PhaseReport } from './protocol.ts';
import { RecompressJob } from './recompress-job.ts';
import { runInTurn } from './run-in-turn.ts';
import { waitForGo } from './start-barrier.ts';
import { startThreadTime } from './thread-time.ts';

type PrepareRequest = Extract<CpuRequest, { kind: 'prepare' }>;
type PhaseRequest = Extract<CpuRequest, { kind: 'phase' }>;

/** What lives from `prepare` to `release`. */
interface Prepared {
  readonly arena: Arena;
  readonly cpu: Cpu;
  readonly clock: PhaseClock;
  readonly jobs: readonly RunnableJob[];
  /** Of the CPU that changes the others, where CPUs come and go. */
  readonly hotplug?: HotplugDriver | undefined;
}

/** A job of any kind, as a phase runs it. */
interface RunnableJob {
  readonly name: string;
  /** It is no part of the workload. */
  readonly isUpkeep?: boolean;
  begin(phase: PhaseKind, repeatForMs: number | undefined): void;
  batch(cpu: Cpu): Suspending<BatchOutcome>;
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
    const operation = prepared.arena.cpuWord(prepared.cpu.id) + CpuW.operation;
    // From the last phase it may still say 'finished'.
    Atomics.store(prepared.arena.words, operation, Operation.idle);
    this.#post({ kind: 'armed' });
    if (!waitForGo(prepared.arena.words, HeaderW, request.number)) throw new CpuHalted(prepared.cpu.id);
    prepared.clock.start();
    const time = startThreadTime();
    const isDriving = isDisturbed(request.phase);
    const driver = isDriving ? prepared.hotplug : undefined;
    let failure: PhaseReport['failure'] = runInTurn(
      prepared.cpu,
      driver === undefined ? jobs : jobs.map((job) => driven(job, driver)),
    );
    const spent = time();
    failure ??= driver?.finish((request.cpus ?? []).filter((cpu) => cpu !== prepared.cpu.id));
    prepared.arena.words[operation] = Operation.finished;
    const { latencies } = prepared.clock;
    const isUpkeep = jobs.every((job) => job.isUpkeep === true);
    const verified = verifiedPages(jobs) - verifiedBefore;
    const counts = driver?.takeCounts();
    const report: PhaseReport = { ...spent, latencies, verifiedPages: verified, isUpkeep, hotplug: counts };
    this.#post({ kind: 'phaseDone', report: failure === undefined ? report : { ...report, failure } });
  }
}

function prepare(request: PrepareRequest, makeCpu: MakeCpu): Prepared {
  const { faults: refused, locks, hotplug } = request.disturbances ?? {};
  const faults = refused === undefined ? undefined : new FaultInjector(refused);
  const machine = Machine.attach(request.memory.buffer, faults);
  const { arena } = machine;
  const codec = makeCodec(request.codec, request.memory, arena.config.pageSizeBytes);
  const { recompressJob } = request;
  const recompressors = makeRecompressors(
    recompressJob?.algorithms ?? [],
    request.memory.buffer,
    arena.config.pageSizeBytes,
  );
  const faulty = faults === undefined ? codec : new FailingCodec(codec, faults);
  const live = makeCpu(arena, cpuId(request.cpu), faulty, recompressors);
  const cpu = locks === undefined ? live : new CheckedCpu(live, arena, new LockRecord(locks));
  const goesOn = faults === undefined ? undefined : goesOnIn(arena);
  const clock = new PhaseClock(arena.words, HeaderW.stop);
  const records = request.written.map((record) => new WrittenPages(record, request.pageSets));
  const fioJobs = request.jobs.map((plan) => {
    const pageSet = request.pageSets[plan.pageSet];
    const written = records[plan.device];
    if (pageSet === undefined) throw new Error(`job ${plan.name} names page set ${plan.pageSet}, which is not there`);
    if (written === undefined) throw new Error(`job ${plan.name} names device ${plan.device}, which has no record`);
    const ioPages = complete(machine.takeIoPages(cpu, ioPagesOf(plan)));
    if (ioPages === undefined) throw new Error(`the memory has no room for the requests in flight of job ${plan.name}`);
    return fioJob(new Job(plan, { device: machine.device(plan.device), pageSet, written, clock, ioPages, goesOn }));
  });
  const percpuJobs = request.percpuJobs.map((plan) => {
    return percpuJob(new PercpuJob(plan, machine, clock, faults !== undefined));
  });
  const upkeep = recompressJob?.cpu === request.cpu ? [upkeepJob(new RecompressJob(recompressJob, machine))] : [];
  const jobs = [...fioJobs, ...percpuJobs, ...upkeep];
  if (hotplug === undefined) return { arena, cpu, clock, jobs };
  const gate = new CpuGate(arena, cpu.id);
  const driver = request.drivesHotplug === true ? new HotplugDriver(arena, cpu, machine.hotplug, hotplug) : undefined;
  return { arena, cpu, clock, jobs: jobs.map((job) => gated(job, gate)), hotplug: driver };
}

/** With faults, a request that fails is one of them, or what the machine has none of. */
function goesOnIn(arena: Arena): GoesOn<Cpu> {
  return {
    failedSlot: (cpu) => arena.word(arena.cpuWord(cpu.id) + CpuW.slot),
    losesOldContent: arena.zram.freeOrder === 'first',
  };
}

/** A job whose batches are done while the CPU is up. */
function gated(job: RunnableJob, gate: CpuGate): RunnableJob {
  return {
    ...job,
    *batch(cpu) {
      gate.enter();
      const outcome = yield* job.batch(cpu);
      gate.leave();
      return outcome;
    },
  };
}

/** A job between whose batches other CPUs are changed. */
function driven(job: RunnableJob, driver: HotplugDriver): RunnableJob {
  return {
    ...job,
    batch(cpu) {
      driver.tick();
      return job.batch(cpu);
    },
  };
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
