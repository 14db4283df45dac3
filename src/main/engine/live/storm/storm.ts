/**
 * A storm of this_cpu operations under the live engine: a machine of its own and fresh threads for each access mode, so that
 * nothing that one mode compiled or warmed up serves another.
 *
 *     boot ─▶ threads ─▶ [ all armed ─▶ tasks anew ─▶ go ─▶ all done ─▶ totals ─▶ audit ] for each mix ─▶ figures
 *
 * The first mix is a short one of all operations, whose times and counts are dropped: the loops are compiled in it.
 *
 * The page tables are audited after every mix, while no CPU runs and no clock counts: about 1 ms on 4 CPUs and
 * 5 to 13 ms on 64 (units of 192 KiB, measured), where starting a storm's threads alone takes some 100 ms. Eleven storms with and
 * eleven without, interleaved, did not differ beyond the host's noise.
 *
 * The threads end with the storm. More CPUs than host cores is allowed; times are then the host scheduler's.
 */
import { fail, ok, type Result } from '../../../../shared/result.ts';
import { complete, type Cpu } from '../../../machine/cpu.ts';
import { memoryFigures, peakMemoryFigures } from '../../../machine/memory-figures.ts';
import { FrameKind, HeaderW } from '../../../machine/memory/arena-layout.ts';
import { type AccessFigures, accessFigures, accessFiguresOf } from '../../../machine/percpu/access/cpu-statistics.ts';
import { TaskW } from '../../../machine/percpu/access/task-layout.ts';
import { Tasks } from '../../../machine/percpu/access/tasks.ts';
import { auditMapping } from '../../../machine/percpu/local-mapping/audit-mapping.ts';
import { MappedMachine } from '../../../machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId, type PercpuPtr, roundUp } from '../../../machine/units.ts';
import { readAllCpuCounters } from '../cpu-counters.ts';
import {
  additionsPerUnit,
  type MixOutcome,
  type StormCpuPlan,
  type StormMessage,
  type StormMix,
  type StormObserver,
  type StormOutcome,
  type StormPlan,
  turnsPerUnit,
} from './storm-plan.ts';
import { StormThreads } from './storm-threads.ts';
import { LOOK_MS, type StormPatience, USUAL_PATIENCE } from './storm-watch.ts';

/** Byte in the unit at which the first mix's counter lies; mixes and their two variables are a cache line or two apart. */
const FIRST_COUNTER = 256;
const COUNTER_STRIDE = 256;
const FLAGS_OFFSET = 128;

/** Operations of the warm-up, all CPUs together: after some 10^5 turns a loop has been compiled. */
const WARM_UP_OPERATIONS = 1_000_000;

/** What a storm needs of its caller. */
export interface StormParts {
  /** Boots the machine. */
  readonly cpu: Cpu;
  /** Entry of a storm CPU's thread. */
  readonly workerUrl: URL;
  /** Absent: USUAL_PATIENCE. */
  readonly patience?: StormPatience | undefined;
}

const CANCELLED = fail('cancelled', 'the run was cancelled');

type DoneMessage = Extract<StormMessage, { kind: 'done' }>;

/** Whatever the threads of one storm share. */
interface Storm {
  readonly plan: StormPlan;
  readonly machine: MappedMachine;
  readonly tasks: Tasks;
  readonly tasksStart: number;
  readonly counters: readonly PercpuPtr[];
}

/**
 * Runs all mixes. Errors: 'out-of-memory', 'cancelled' (the signal was aborted), 'cpu-failed' (a thread threw or ended, or the
 * CPUs wait for ever), 'data-mismatch' (totals are wrong in a mode that loses nothing, or page tables break an invariant).
 */
export async function runStorm(
  { cpu, workerUrl, patience = USUAL_PATIENCE }: StormParts,
  plan: StormPlan,
  observer: StormObserver,
  signal: AbortSignal,
): Promise<Result<StormOutcome>> {
  const prepared = prepare(cpu, { ...plan, mixes: [warmUpOf(plan), ...plan.mixes] });
  if (!prepared.ok) return prepared;
  if (signal.aborted) return CANCELLED;
  const storm = prepared.value;
  const threads = new StormThreads(storm.tasks, patience);
  const cancel = (): void => threads.end(CANCELLED);
  signal.addEventListener('abort', cancel);
  try {
    return await runMixes({ cpu, workerUrl, storm, threads, observer });
  } finally {
    signal.removeEventListener('abort', cancel);
    await threads.close();
  }
}

/** A storm and those who take part. */
interface Running {
  readonly cpu: Cpu;
  readonly workerUrl: URL;
  readonly storm: Storm;
  readonly threads: StormThreads;
  readonly observer: StormObserver;
}

async function runMixes(running: Running): Promise<Result<StormOutcome>> {
  const { storm, observer } = running;
  const mixes: MixOutcome[] = [];
  let warm: readonly AccessFigures[] = [];
  for (const [index, planned] of storm.plan.mixes.entries()) {
    if (index > 0) observer.onMix(index - 1);
    const mix = await runMix(running, planned, index);
    if (!mix.ok) return mix;
    const fault = faultOf(storm, mix.value);
    if (fault !== undefined) return fail('data-mismatch', fault);
    if (index > 0) mixes.push(mix.value);
    else warm = figuresByCpu(storm);
  }
  return ok(outcomeOf(storm, mixes, warm));
}

/** One of each operation that the mixes have, so many times. */
function warmUpOf({ mixes, machine, tasksPerCpu }: StormPlan): StormMix {
  const operations = [...new Set(mixes.flatMap(({ steps }) => steps.map(({ operation }) => operation)))];
  const longest = Math.max(...mixes.map((mix) => mix.unitsPerTask * turnsPerUnit(mix)));
  const each = Math.min(longest, WARM_UP_OPERATIONS / (machine.onlineCpus * tasksPerCpu));
  const steps = operations.map((operation) => ({ operation, number: 1 }));
  return { name: 'warm-up', steps, unitsPerTask: Math.ceil(each / operations.length) };
}

function prepare(cpu: Cpu, plan: StormPlan): Result<Storm> {
  const { onlineCpus, possibleCpus } = plan.machine;
  const tasksStart = roundUp(MappedMachine.bytesFor(plan.machine), 256);
  const taskCount = onlineCpus * plan.tasksPerCpu;
  const buffer = allocate(tasksStart + Tasks.bytesFor(possibleCpus, taskCount));
  if (!buffer.ok) return buffer;
  const machine = complete(MappedMachine.boot(cpu, buffer.value, plan.machine));
  const chunk = machine === undefined ? undefined : firstChunk(cpu, machine, plan.mixes.length);
  if (machine === undefined || chunk === undefined) {
    const bytes = plan.machine.memoryBytes;
    const sentence = `the machine's memory of ${bytes} bytes does not hold its page tables and the units of its CPUs`;
    return fail('out-of-memory', sentence, 'machine.memoryBytes');
  }
  const tasks = Tasks.format(machine, tasksStart, {
    mode: plan.mode,
    tasks: taskCount,
    balanceTicks: plan.balanceTicks,
  });
  const counters = plan.mixes.map((_, index) => machine.mapping.pointer(chunk, FIRST_COUNTER + index * COUNTER_STRIDE));
  return ok({ plan, machine, tasks, tasksStart, counters });
}

function allocate(bytes: number): Result<SharedArrayBuffer> {
  try {
    return ok(new SharedArrayBuffer(bytes));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const sentence = `this host cannot give the machine ${bytes} bytes in one piece`;
    return fail('out-of-memory', sentence, 'machine.memoryBytes');
  }
}

/** The chunk that holds the variables, its pages clear. */
function firstChunk(cpu: Cpu, machine: MappedMachine, mixes: number): number | undefined {
  const { mapping, frames, arena } = machine;
  if (mapping.config.firstChunk === 'second-window') {
    const pages = (mapping.config.unitBytes / arena.config.pageSizeBytes) * arena.config.possibleCpus;
    const first = frames.takeAtBoot(pages, FrameKind.percpu);
    if (first === undefined || !complete(mapping.adoptFirstChunk(cpu, first))) return undefined;
    arena.bytes.fill(0, arena.frameAddress(first), arena.frameAddress(first) + pages * arena.config.pageSizeBytes);
    return mapping.chunks()[0];
  }
  const pages = Math.ceil((FIRST_COUNTER + mixes * COUNTER_STRIDE) / arena.config.pageSizeBytes);
  const chunk = complete(machine.addChunk(cpu, pages));
  if (chunk !== undefined) machine.pages.clear(chunk, 0, pages * arena.config.pageSizeBytes);
  return chunk;
}

function cpuPlans({ plan, machine, tasksStart, counters }: Storm): readonly StormCpuPlan[] {
  const { tickOperations, repeatForMs, seed } = plan;
  const mixes = plan.mixes.map((mix, index) => {
    const counter = counters[index] ?? 0;
    return { ...mix, counter, flags: counter + FLAGS_OFFSET, repeatForMs: index === 0 ? undefined : repeatForMs };
  });
  return Array.from({ length: plan.machine.onlineCpus }, (_, cpu) => ({
    buffer: machine.arena.buffer,
    tasksStart,
    cpu,
    mixes,
    tickOperations,
    seed,
  }));
}

/** Errors: whatever ended the storm. */
async function runMix(
  { cpu, workerUrl, storm, threads, observer }: Running,
  mix: StormMix,
  index: number,
): Promise<Result<MixOutcome>> {
  const { machine, tasks } = storm;
  const armed = await (index === 0 ? threads.start(workerUrl, cpuPlans(storm), mix) : threads.gather('armed', mix));
  if (!armed.ok) return armed;
  complete(tasks.beginAll(cpu, mix.unitsPerTask));
  const figures = accessFigures(machine.space);
  const waits = lockWaits(storm);
  Atomics.store(machine.arena.words, HeaderW.go, index + 1);
  Atomics.notify(machine.arena.words, HeaderW.go);
  const ticking = index === 0 ? undefined : tick(storm, observer, index - 1);
  const done = await threads.gather('done', mix);
  clearInterval(ticking);
  return done.ok ? ok(mixOutcome({ storm, mix, index, figures, waits }, done.value)) : done;
}

function tick({ machine }: Storm, observer: StormObserver, mix: number): NodeJS.Timeout {
  const startMs = performance.now();
  const before = accessFigures(machine.space).operations;
  const waitsBefore = readAllCpuCounters(machine.arena);
  return setInterval(() => {
    observer.onTick({
      mix,
      mixMs: performance.now() - startMs,
      operations: accessFigures(machine.space).operations - before,
      memory: memoryFigures(machine.arena),
      lockWaitMs: readAllCpuCounters(machine.arena).map(
        ({ lockWaitNs }, cpu) => (lockWaitNs - (waitsBefore[cpu]?.lockWaitNs ?? 0)) / 1e6,
      ),
    });
  }, LOOK_MS);
}

function mixOutcome(
  before: { storm: Storm; mix: StormMix; index: number; figures: AccessFigures; waits: LockWaits },
  spans: readonly DoneMessage[],
): MixOutcome {
  const { storm, mix, index } = before;
  const start = spans.reduce((least, { startNs }) => (startNs < least ? startNs : least), spans[0]?.startNs ?? 0n);
  const end = spans.reduce((most, { endNs }) => (endNs > most ? endNs : most), 0n);
  const units = unitsDone(storm, mix);
  const waits = lockWaits(storm);
  return {
    name: mix.name,
    units,
    issued: units * additionsPerUnit(mix),
    counted: countedTotal(storm, index),
    durationNs: Number(end - start),
    processorNs: spans.reduce((sum, { processorNs }) => sum + processorNs, 0),
    figures: accessFiguresOf((name) => accessFigures(storm.machine.space)[name] - before.figures[name]),
    lockWaitNs: waits.lockWaitNs - before.waits.lockWaitNs,
    lockContentions: waits.lockContentions - before.waits.lockContentions,
    slices: spans.map(({ slices }) => slices),
  };
}

/** What the tasks say: units that they were given and no longer have. */
function unitsDone({ machine, tasks }: Storm, mix: StormMix): number {
  let units = 0;
  for (let task = 0; task < tasks.count; task++) {
    units += mix.unitsPerTask - machine.arena.word(tasks.taskWord(task) + TaskW.remaining);
  }
  return units;
}

/** What memory says: the shared total and every CPU's counter. */
function countedTotal({ machine, tasks, counters }: Storm, mix: number): number {
  const { arena, mapping, space, tables } = machine;
  const pointer = counters[mix];
  if (pointer === undefined) throw new Error(`mix ${mix} has no counter`);
  let counted = arena.word(tasks.sharedTotalWord);
  for (let cpu = 0; cpu < arena.config.possibleCpus; cpu++) {
    const address = mapping.perCpuPtr(pointer, cpuId(cpu));
    const found = tables.walk(space.rootOf(cpuId(0)), address);
    if (found === undefined) throw new Error(`the counter of CPU ${cpu} is not mapped`);
    counted += arena.word((arena.frameAddress(found.frame) + (address % arena.config.pageSizeBytes)) / 4);
  }
  return counted;
}

/** What must not be, in a sentence. */
function faultOf({ plan, machine }: Storm, { name, issued, counted }: MixOutcome): string | undefined {
  if (plan.mode !== 'unprotected' && counted !== issued) {
    return `mix ${name} in mode ${plan.mode}: ${issued} additions were issued, and the CPUs' counters come to ${counted}`;
  }
  const [fault] = auditMapping(machine);
  return fault === undefined ? undefined : `page tables after mix ${name} in mode ${plan.mode}: ${fault}`;
}

interface LockWaits {
  readonly lockWaitNs: number;
  readonly lockContentions: number;
}

function lockWaits({ machine }: Storm): LockWaits {
  const counters = readAllCpuCounters(machine.arena);
  return {
    lockWaitNs: counters.reduce((sum, { lockWaitNs }) => sum + lockWaitNs, 0),
    lockContentions: counters.reduce((sum, { lockContentions }) => sum + lockContentions, 0),
  };
}

function figuresByCpu({ plan, machine }: Storm): readonly AccessFigures[] {
  return Array.from({ length: plan.machine.onlineCpus }, (_, cpu) => accessFigures(machine.space, [cpuId(cpu)]));
}

/** `warm`: what CPUs had counted before the first mix. */
function outcomeOf(storm: Storm, mixes: readonly MixOutcome[], warm: readonly AccessFigures[]): StormOutcome {
  const { machine } = storm;
  return {
    mixes,
    cpus: figuresByCpu(storm).map((figures, cpu) =>
      accessFiguresOf((name) => figures[name] - (warm[cpu]?.[name] ?? 0)),
    ),
    memoryAtEnd: memoryFigures(machine.arena),
    memoryAtPeak: peakMemoryFigures(machine.arena),
  };
}
