/**
 * The engine of an experiment as the experiment sees it: something that runs one design's sample.
 *
 *     live     machines booted one after the other over one buffer: its pages have been touched by the warm-up, and no
 *              design pays for the host's page faults
 *              of this-cpu workloads: a machine and threads of its own for each sample, so that no design's code warms up another's
 *     kernel   devices made and removed for each sample; the only design is the kernel
 */
import type { Design } from '../../../shared/design.ts';
import { assertUnreachable, ok, type Result } from '../../../shared/result.ts';
import type { MemoryFigures, Sample } from '../../../shared/run-record.ts';
import type { ZramDeviceState } from '../../../shared/zram-report.ts';
import { allocateArena } from '../../engine/codec/arena-memory.ts';
import type { CodecSource } from '../../engine/codec/codec-source.ts';
import type { KernelCounts, KernelEngine } from '../../engine/kernel/kernel-engine.ts';
import type { LiveEngine, RunningMachine, SampleObserver } from '../../engine/live/live-engine.ts';
import { makeTally } from '../../engine/live/recompress-job.ts';
import type { SampleFigures, SamplePlan } from '../../engine/live/sample-plan.ts';
import { tellFailure } from '../../engine/tell-failure.ts';
import { Arena, type MachineConfig } from '../../machine/memory/arena.ts';
import { memoryFigures, peakMemoryFigures } from '../../machine/memory-figures.ts';
import type { PlannedProfile } from '../plan/plan-profile.ts';
import { kernelDeviceStates, runningDeviceStates } from '../zram/device-states.ts';
import { MemoryCourse } from '../zram/memory-course.ts';
import { recompressionRun } from '../zram/recompression-plan.ts';
import { cpuId } from '../../machine/units.ts';
import { runStorm } from '../../engine/live/storm/storm.ts';
import { LoneCpu } from '../../machine/lone-cpu.ts';
import { stormFigures, stormObserver } from './storm-sample.ts';
import { zramAfterwards } from '../zram/zram-afterwards.ts';
import { phaseName } from './progress-meter.ts';

export interface Engines {
  readonly live: LiveEngine;
  readonly kernel: KernelEngine;
  /** Entry of a storm CPU's thread. */
  readonly stormWorkerUrl: URL;
}

/** What a sample is of a plan apart from its machine and codec. */
export type SampleWork = Omit<SamplePlan, 'machine' | 'codec' | 'recompressJob'>;

/** Figures of a sample, and what the zram devices of the machine say of themselves. */
export type RunFigures = Omit<SampleFigures, 'phaseMBps'> & Pick<Sample, 'zram'>;

/** What a sample tells while it runs, and when it fails. */
export interface RunObserver extends SampleObserver {
  /** The zram devices of a sample that failed once it had begun, before they are gone. */
  readonly onFailure: (devices: readonly ZramDeviceState[]) => void;
}

export type SampleRunner = (
  design: Design,
  work: SampleWork,
  observer: RunObserver,
  signal: AbortSignal,
) => Promise<Result<RunFigures>>;

/** Errors: 'unavailable' (the codec), 'out-of-memory' when this host cannot hold the largest of the machines. */
export function sampleRunner(engines: Engines, planned: PlannedProfile, codecs: CodecSource): Result<SampleRunner> {
  switch (planned.engine) {
    case 'live':
      return planned.storms.size > 0 ? ok(stormRunner(engines, planned)) : liveRunner(engines, planned, codecs);
    case 'kernel':
      return ok(kernelRunner(engines, planned));
    default:
      return assertUnreachable(planned.engine);
  }
}

/** One memory for the machines of all samples. */
function liveRunner({ live }: Engines, planned: PlannedProfile, codecs: CodecSource): Result<SampleRunner> {
  const { faults, hotplug, checks, machine, workload, zram: steps } = planned.profile;
  const codec = codecs(machine.codec);
  if (!codec.ok) return codec;
  const memory = allocateArena(largestArena(planned), codec.value.name);
  if (!memory.ok) return memory;
  return ok(async (design, work, observer, signal) => {
    const tally = makeTally();
    const recompressJob = planned.workload.recompressJob && { ...planned.workload.recompressJob, tally };
    const disturbed = { faults, hotplug, checks };
    const plan = { ...work, ...disturbed, codec: codec.value, machine: machineOf(planned, design), recompressJob };
    const course = new MemoryCourse(() => performance.now());
    const watch = withCourse(course, observer, () => heldBy(live.runningMachine()));
    const figures = await live.runSample(memory.value, plan, watch, signal);
    const isFio = workload.kind === 'fio';
    if (!figures.ok) {
      if (!isFio || !course.hasBegun) return figures;
      return tellFailure(figures, () => observer.onFailure(runningDeviceStates(Arena.attach(memory.value.buffer))));
    }
    const { phaseMBps = [], ...measured } = figures.value;
    if (!isFio) return ok(measured);
    const held = course.endWith(measured.memoryAtEnd);
    const recompress = recompressionRun(steps, tally, { phases: plan.phases, phaseMBps });
    const zram = await zramAfterwards({ memory: memory.value, codec: codec.value }, steps, signal);
    if (!zram.ok) return zram;
    const arena = Arena.attach(memory.value.buffer);
    const stepsDone = { memoryAtEnd: memoryFigures(arena), memoryAtPeak: peakMemoryFigures(arena) };
    return ok({ ...measured, ...stepsDone, zram: { ...zram.value, recompress, course: held } });
  });
}

/** Devices of their own for each sample. */
function kernelRunner({ kernel }: Engines, planned: PlannedProfile): SampleRunner {
  return async (design, work, observer, signal) => {
    const plan = { ...work, machine: machineOf(planned, design) };
    const course = new MemoryCourse(() => performance.now());
    const watch = {
      ...withCourse(course, observer, () => kernel.runningMemory()),
      onFailure: ({ mmStat, ioStat }: KernelCounts) => observer.onFailure(kernelDeviceStates(mmStat, ioStat)),
    };
    const figures = await kernel.runSample(plan, watch, signal);
    if (!figures.ok) return figures;
    const { mmStat, ioStat, ...measured } = figures.value;
    const atEnd = kernelDeviceStates(mmStat, ioStat);
    return ok({ ...measured, zram: { atEnd, afterwards: [], course: course.endWith(measured.memoryAtEnd) } });
  };
}

/** Machines and threads of their own for each sample. */
function stormRunner({ stormWorkerUrl }: Engines, { storms }: PlannedProfile): SampleRunner {
  const parts = { cpu: new LoneCpu(cpuId(0)), workerUrl: stormWorkerUrl };
  return async (design, { phases, repeatForMs }, observer, signal) => {
    const planned = storms.get(design);
    if (planned === undefined) throw new Error(`no storm was planned for design ${design}`);
    const plan = { ...planned, repeatForMs };
    const outcome = await runStorm(parts, plan, stormObserver(plan, phases, observer), signal);
    return outcome.ok ? ok(stormFigures(plan, outcome.value)) : outcome;
  };
}

function heldBy(machine: RunningMachine | undefined): MemoryFigures | undefined {
  return machine === undefined ? undefined : memoryFigures(machine.arena);
}

/**
 * Tells `course` what the observer is told, and what is `held` when a phase begins: without it, what the phase before did
 * since its last tick would look as if done by this one.
 */
function withCourse(
  course: MemoryCourse,
  { onPhase, onTick }: SampleObserver,
  held: () => MemoryFigures | undefined,
): SampleObserver {
  return {
    onPhase: (phase, index) => {
      course.beginPhase(phaseName(phase), held());
      onPhase(phase, index);
    },
    onTick: (tick) => {
      course.note(tick.memory);
      onTick(tick);
    },
  };
}

function machineOf({ machines }: PlannedProfile, design: Design): MachineConfig {
  const machine = machines.get(design);
  if (machine === undefined) throw new Error(`no machine was planned for design ${design}`);
  return machine;
}

/** Bytes of the largest of the designs' arenas: one memory serves them all. */
function largestArena({ machines }: PlannedProfile): number {
  return Math.max(...[...machines.values()].map((machine) => Arena.bytesFor(machine)));
}
