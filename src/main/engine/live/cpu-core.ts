/**
 * What a CPU's thread does with its requests (phase-core.ts): it attaches to the machine of the arena and plays one of its CPUs.
 *
 *     arena ─▶ machine ─▶ CPU (live, or one that checks locks) ─▶ jobs, gated while the CPU is down, driven on the one that
 *     codec ─▶ (or one that fails now and then) ───┘              changes the others
 *
 * When the machine's code throws, the engine halts the machine.
 */
import { arenaModule } from '../codec/arena-module.ts';
import { complete, type Cpu } from '../../machine/cpu.ts';
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
import { PercpuJob } from '../../workload/percpu-job.ts';
import type { JobPlan } from '../../workload/job-plan.ts';
import { WrittenPages } from '../../workload/written-pages.ts';
import { makeCodec } from '../codec/make-codec.ts';
import { CpuGate } from './cpu-gate.ts';
import { isDisturbed } from './disturbance-plan.ts';
import { makeLeftoverCollector } from './free-leftovers.ts';
import { HotplugDriver } from './hotplug-driver.ts';
import { makeRecompressors } from '../codec/recompressors.ts';
import { LiveCpu, type LiveCpuParts } from './live-cpu.ts';
import { lockWordsOf } from './lock-words.ts';
import { PhaseClock } from './phase-clock.ts';
import { fioJob, PhaseCore, type PhaseRequest, type Prepared, type RunnableJob, type RunReport } from './phase-core.ts';
import type { CpuRequest, CpuResponse } from './protocol.ts';
import { RecompressJob } from './recompress-job.ts';
import { runInTurn } from './run-in-turn.ts';
import { startThreadTime } from './thread-time.ts';

/** Between two turns of the event loop: a millisecond or two of LZ4, beside which a turn is short, and a megabyte of its garbage. */
const PAGES_TO_TURN = 256;

type PrepareRequest = Extract<CpuRequest, { kind: 'prepare' }>;

/** A CPU and its jobs, ready for phases. */
interface ReadyCpu {
  readonly arena: Arena;
  readonly cpu: Cpu;
  readonly clock: PhaseClock;
  readonly jobs: readonly RunnableJob<Cpu>[];
  /** Its codec does, in jobs that use it. */
  readonly leavesGarbage: boolean;
  readonly roundsToTurn: number;
  /** Of the CPU that changes the others, where CPUs come and go. */
  readonly hotplug?: HotplugDriver | undefined;
}

/** Makes the CPU that a core plays. */
type MakeCpu = (arena: Arena, id: CpuId, codec: Codec, parts: LiveCpuParts) => LiveCpu;

function makeLiveCpu(arena: Arena, id: CpuId, codec: Codec, parts: LiveCpuParts): LiveCpu {
  return new LiveCpu(arena, id, codec, parts);
}

export class CpuCore extends PhaseCore<PrepareRequest, Cpu> {
  constructor(post: (response: CpuResponse) => void, makeCpu: MakeCpu = makeLiveCpu) {
    let collector: (() => Promise<void>) | undefined;
    super(post, (request) => prepare(request, makeCpu, () => (collector ??= makeLeftoverCollector())));
  }
}

function prepare(request: PrepareRequest, makeCpu: MakeCpu, collector: () => () => Promise<void>): Prepared<Cpu> {
  const ready = makeReady(request, makeCpu);
  const { arena, cpu, clock, jobs } = ready;
  const freeLeftovers = ready.leavesGarbage ? collector() : undefined;
  const operation = arena.cpuWord(cpu.id) + CpuW.operation;
  return {
    words: arena.words,
    start: HeaderW,
    clock,
    jobs,
    arm: async () => {
      // From the last phase it may still say 'finished'.
      Atomics.store(arena.words, operation, Operation.idle);
      await freeLeftovers?.();
    },
    run: async (chosen, phase) => {
      const report = await runPhase(ready, chosen, phase);
      arena.words[operation] = Operation.finished;
      return report;
    },
  };
}

async function runPhase(
  { cpu, hotplug, roundsToTurn }: ReadyCpu,
  jobs: readonly RunnableJob<Cpu>[],
  request: PhaseRequest,
): Promise<RunReport> {
  const time = startThreadTime();
  const driver = isDisturbed(request.phase) ? hotplug : undefined;
  const batched = driver === undefined ? jobs : jobs.map((job) => driven(job, driver));
  const jobFailure = await runInTurn(cpu, batched, roundsToTurn);
  const spent = time();
  const failure = jobFailure ?? driver?.finish((request.cpus ?? []).filter((other) => other !== cpu.id));
  return { ...spent, failure, hotplug: driver?.takeCounts() };
}

function makeReady(request: PrepareRequest, makeCpu: MakeCpu): ReadyCpu {
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
  const live = makeCpu(arena, cpuId(request.cpu), faulty, {
    recompressors,
    locks: lockWordsOf(request.codec, request.memory),
    writeSteps: arenaModule(request.codec.module, request.memory),
  });
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
  const leavesGarbage = codec.freesInTurns === true && request.jobs.length > 0;
  const roundsToTurn = leavesGarbage ? roundsOf(request.jobs) : Infinity;
  const ready = { arena, cpu, clock, jobs, leavesGarbage, roundsToTurn };
  if (hotplug === undefined) return ready;
  const gate = new CpuGate(arena, cpu.id);
  const driver = request.drivesHotplug === true ? new HotplugDriver(arena, cpu, machine.hotplug, hotplug) : undefined;
  return { ...ready, jobs: jobs.map((job) => gated(job, gate)), hotplug: driver };
}

/** Rounds of the jobs' batches in which some PAGES_TO_TURN pages are written, one at least. */
function roundsOf(jobs: readonly JobPlan[]): number {
  const pages = jobs.reduce((sum, plan) => sum + ioPagesOf(plan), 0);
  return Math.max(1, Math.floor(PAGES_TO_TURN / Math.max(1, pages)));
}

/** With faults, a request that fails is one of them, or what the machine has none of. */
function goesOnIn(arena: Arena): GoesOn<Cpu> {
  return {
    failedSlot: (cpu) => arena.word(arena.cpuWord(cpu.id) + CpuW.slot),
    losesOldContent: arena.zram.freeOrder === 'first',
  };
}

/** A job whose batches are done while the CPU is up. */
function gated(job: RunnableJob<Cpu>, gate: CpuGate): RunnableJob<Cpu> {
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
function driven(job: RunnableJob<Cpu>, driver: HotplugDriver): RunnableJob<Cpu> {
  return {
    ...job,
    batch(cpu) {
      driver.tick();
      return job.batch(cpu);
    },
  };
}

function percpuJob(job: PercpuJob): RunnableJob<Cpu> {
  return {
    name: job.plan.name,
    begin: (phase) => {
      if (phase !== 'create' && phase !== 'destroy') throw new Error(`a percpu job knows no phase ${phase}`);
      job.begin(phase);
    },
    batch: (cpu) => job.batch(cpu),
    verifiedPages: () => 0,
    objects: () => job.objects,
  };
}

function upkeepJob(job: RecompressJob): RunnableJob<Cpu> {
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
