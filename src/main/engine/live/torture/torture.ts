/**
 * Torture under the live engine: sequences of everything at once on real threads, each on a machine of its own over one memory.
 *
 *     seed ─▶ machine, faults ─▶ boot ─▶ a message to each thread ─▶ reports ─▶ what is left? what did the checker see?
 *
 * A seed decides the machine, the faults and what each CPU wants to do; in which order they do it the host decides. A sequence whose
 * threads do not all answer in time is told as one that hangs, with what each CPU was at; the threads are then ended.
 */
import { Worker } from 'node:worker_threads';
import { BUFFER_LAYOUTS, PROTECTIONS_OF, type StreamProtection } from '../../../../shared/design.ts';
import type { FaultCount, FaultPlan } from '../../../../shared/fault-profile.ts';
import { lockChainText } from '../../../../shared/lock-report.ts';
import { ALLOCATION_STAGES, FREE_ORDERS, ZSPAGE_PAGES } from '../../../../shared/zram-profile.ts';
import { bootMachine } from '../../../machine/boot.ts';
import { FaultInjector } from '../../../machine/faults/fault-injector.ts';
import { Machine } from '../../../machine/machine.ts';
import { Arena, type MachineConfig } from '../../../machine/memory/arena.ts';
import { FrameKind, HeaderW } from '../../../machine/memory/arena-layout.ts';
import { LockRecord } from '../../../machine/sync/lock-record.ts';
import { lockReport } from '../../../machine/sync/lock-report.ts';
import { cpuId } from '../../../machine/units.ts';
import { holderMustNotSleep, type ZramVariant } from '../../../machine/zram/zram-variant.ts';
import { Random } from '../../../workload/random.ts';
import { leftOver, memoryInUse, stillHeld } from '../../../workload/torture/leftovers.ts';
import { allocateArena, type ArenaMemory } from '../../codec/arena-memory.ts';
import type { CodecParts } from '../../codec/make-codec.ts';
import { describeOperation } from '../cpu-counters.ts';
import { IO_PAGES, type TortureCounts, type TortureCpuPlan, type TortureReport } from './torture-cpu.ts';
import type { TortureThrew } from './torture-worker.ts';

const PAGE_BYTES = 4096;
const SLOTS_OF_CPU = 24;
/** A sequence takes tens of milliseconds. */
const HANGS_AFTER_MS = 60_000;
/** More than there are barriers. */
const CONTROL_WORDS = 16;

export interface TortureOutcome {
  /** In words; none when all went as it should. */
  readonly problems: readonly string[];
  /** Of all CPUs; undefined when one of them did not get to its end. */
  readonly counts: TortureCounts | undefined;
  readonly faults: readonly FaultCount[];
}

export class Torture {
  readonly cpus: number;
  readonly #codec: CodecParts;
  readonly #workerUrl: URL;
  readonly #memory: ArenaMemory;
  readonly #hangsAfterMs: number;
  #threads: Worker[] = [];

  /** `workerUrl` is the entry of a CPU's thread. Throws when this host has no memory for the largest of the machines. */
  constructor(workerUrl: URL, codec: CodecParts, { cpus = 4, hangsAfterMs = HANGS_AFTER_MS } = {}) {
    this.cpus = cpus;
    this.#codec = codec;
    this.#workerUrl = workerUrl;
    this.#hangsAfterMs = hangsAfterMs;
    const memory = allocateArena(this.#largestArena(), codec.name);
    if (!memory.ok) throw new Error(memory.error.message);
    this.#memory = memory.value;
  }

  /** Runs the sequence of a seed, `turns` steps a load on every CPU. One at a time. */
  async run(seed: number, turns: number): Promise<TortureOutcome> {
    const random = new Random(seed);
    const config = randomMachine(random, this.cpus);
    const booted = bootMachine(this.#memory.buffer, config);
    if (!booted.ok) throw new Error(booted.error.message);
    const machine = new Machine(booted.value);
    // A limit of some pages, in one sequence of three, makes writes fail for want of room.
    const limit = random.nextBelow(3) === 0 ? 4 + random.nextBelow(40) : 0;
    for (const { controls } of machine.devices) controls.setMemoryLimit(limit * PAGE_BYTES);
    const before = [...memoryInUse(machine)];
    before[FrameKind.ioBuffer] = this.cpus * IO_PAGES;
    const injector = FaultInjector.create(randomFaults(random, seed));
    const record = new LockRecord();
    const plan = {
      memory: this.#memory,
      codec: this.#codec,
      cpus: this.cpus,
      control: new SharedArrayBuffer(CONTROL_WORDS * 4),
      faults: injector.record,
      locks: record.buffer,
      seed,
      turns,
      resetDevice: random.nextBelow(2) === 0 ? random.nextBelow(config.devices) : undefined,
    };
    const answers = await this.#runOnThreads(plan, machine.arena);
    const reports = answers.flatMap((answer) => ('threw' in answer ? [] : [answer]));
    const isWhole = reports.length === this.cpus;
    const problems = [
      ...answers.flatMap((answer) => ('threw' in answer ? [answer.threw] : answer.problems)),
      ...lockReport(record).problems.map(({ message, chains }) => [message, ...chains.map(lockChainText)].join('; ')),
      ...(isWhole ? [...stillHeld(machine), ...leftOver(machine, before)] : []),
    ];
    return { problems, counts: isWhole ? sumOf(reports) : undefined, faults: injector.counts() };
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  async #runOnThreads(
    plan: Omit<TortureCpuPlan, 'cpu'>,
    arena: Arena,
  ): Promise<readonly (TortureReport | TortureThrew)[]> {
    while (this.#threads.length < this.cpus) {
      this.#threads.push(new Worker(this.#workerUrl, { name: `torture CPU ${this.#threads.length}` }));
    }
    const answers = Promise.all(this.#threads.map((thread) => answerOrHalt(thread, arena)));
    for (const [cpu, thread] of this.#threads.entries()) thread.postMessage({ ...plan, cpu } satisfies TortureCpuPlan);
    const hung = Promise.withResolvers<'hung'>();
    const watchdog = setTimeout(() => {
      hung.resolve('hung');
    }, this.#hangsAfterMs);
    const ended = await Promise.race([answers, hung.promise]);
    clearTimeout(watchdog);
    if (ended !== 'hung' && ended.every((answer) => !('threw' in answer))) return ended;
    const at = this.#threads.map((_, cpu) => `CPU ${cpu} ${describeOperation(arena, cpuId(cpu))}`);
    halt(arena);
    await this.close();
    return ended === 'hung' ? [{ threw: `the sequence hangs: ${at.join('; ')}` }] : ended;
  }

  #largestArena(): number {
    const random = new Random(1);
    const configs = BUFFER_LAYOUTS.map((bufferLayout) => {
      return Arena.bytesFor({ ...randomMachine(random, this.cpus), bufferLayout, devices: MOST_DEVICES });
    });
    // Longer chains have more size classes.
    return Math.max(...configs) + MOST_DEVICES * 256 * 128;
  }
}

const MOST_DEVICES = 2;
/** Room for all that is written and allocated, so that a CPU that is down can be brought up again in the end. */
const FRAMES = 1200;

function randomMachine(random: Random, cpus: number): MachineConfig {
  const pick = <Member>(members: readonly Member[]): Member => {
    const member = members[random.nextBelow(members.length)];
    if (member === undefined) throw new Error('an empty set has no members');
    return member;
  };
  const bufferLayout = pick(BUFFER_LAYOUTS);
  return {
    possibleCpus: cpus,
    onlineCpus: cpus,
    pageSizeBytes: PAGE_BYTES,
    memoryBytes: FRAMES * PAGE_BYTES,
    devices: 1 + random.nextBelow(MOST_DEVICES),
    diskSizeBytes: cpus * SLOTS_OF_CPU * PAGE_BYTES,
    bufferLayout,
    percpu: {
      method: 'page',
      otherStaticBytes: 0,
      reservedBytes: 0,
      dynamicRequestBytes: 0,
      earlyDynamicBytes: 2048,
      minUnitBytes: 32_768,
      atomBytes: PAGE_BYTES,
      limitBytes: 0,
      nodes: 1,
      maxChunks: 6,
      callSites: 0,
    },
    zram: withAllowedStages({
      zspagePages: ZSPAGE_PAGES.min + random.nextBelow(ZSPAGE_PAGES.max - ZSPAGE_PAGES.min + 1),
      freeOrder: pick(FREE_ORDERS),
      allocationStages: pick(ALLOCATION_STAGES),
      protection: pick(PROTECTIONS_OF[bufferLayout]),
      algorithms: 2,
    }),
  };
}

/** Two stages of allocation where the holder of a stream must not sleep. */
function withAllowedStages(variant: ZramVariant & { readonly protection: StreamProtection }): ZramVariant {
  return holderMustNotSleep(variant.protection) ? { ...variant, allocationStages: 'two' } : variant;
}

/**
 * Rates from seldom to often, at some of the sites; none at all in one sequence of eight. A bring-up takes several runs of frames, so
 * that every second one refused would refuse every bring-up.
 */
function randomFaults(random: Random, seed: number): FaultPlan {
  const isCalm = random.nextBelow(8) === 0;
  const rate = (mostPercent: number): { every: number } | { percent: number } | undefined => {
    const choice = isCalm ? 0 : random.nextBelow(4);
    if (choice === 0) return undefined;
    return choice === 1 ? { every: 8 + random.nextBelow(20) } : { percent: 1 + random.nextBelow(mostPercent) };
  };
  return { seed, frames: rate(20), atomic: rate(60), codec: rate(40), bringUps: rate(60) };
}

/** Where one thread cannot go on the others must not wait for it. */
async function answerOrHalt(thread: Worker, arena: Arena): Promise<TortureReport | TortureThrew> {
  const answer = await nextAnswer(thread);
  if ('threw' in answer) halt(arena);
  return answer;
}

function halt(arena: Arena): void {
  Atomics.store(arena.words, HeaderW.halt, 1);
  Atomics.notify(arena.words, HeaderW.halt);
}

function nextAnswer(thread: Worker): Promise<TortureReport | TortureThrew> {
  return new Promise((resolve) => {
    const settle = (answer: TortureReport | TortureThrew): void => {
      thread.off('message', settle);
      thread.off('error', onError);
      thread.off('exit', onExit);
      resolve(answer);
    };
    const onError = (error: unknown): void => {
      settle({ threw: error instanceof Error ? error.message : String(error) });
    };
    const onExit = (code: number): void => {
      settle({ threw: `a thread ended with code ${code}` });
    };
    thread.on('message', settle);
    thread.on('error', onError);
    thread.on('exit', onExit);
  });
}

function sumOf(reports: readonly TortureReport[]): TortureCounts {
  const sum = (name: keyof TortureCounts): number => reports.reduce((all, { counts }) => all + counts[name], 0);
  return {
    writes: sum('writes'),
    failedWrites: sum('failedWrites'),
    reads: sum('reads'),
    failedReads: sum('failedReads'),
    failedAllocations: sum('failedAllocations'),
    pagesReleased: sum('pagesReleased'),
    recompressed: sum('recompressed'),
    cameUp: sum('cameUp'),
    failedBringUps: sum('failedBringUps'),
  };
}
