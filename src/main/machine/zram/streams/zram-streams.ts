/**
 * All streams of a machine's zram devices, as its buffer layout has them.
 *
 *     single-mutex     device ─▶ one stream                                        1 × D
 *     stream-list      device ─▶ list of up to N streams                           N × D
 *     per-stream       device ─▶ algorithm ─▶ a stream per CPU                      C × A × D
 *     per-device       device ─▶ a stream per CPU                                   C × D
 *     per-cpu-global   machine ─▶ a stream per CPU                                  C
 *
 * times two pages of buffer. Work memory goes with the stream of the primary algorithm; those of recompression bring their
 * own. What belongs to a device alone is made with it (`initialise`) and given back at its reset (`release`); the one stream
 * of `single-mutex` and the shared ones are made at boot and stay.
 */
import type { BufferLayout } from '../../../../shared/design.ts';
import { assertUnreachable, ok, type Result } from '../../../../shared/result.ts';
import type { Cpu, Suspending } from '../../cpu.ts';
import type { Arena, MachineConfig } from '../../memory/arena.ts';
import { DeviceW, HeaderW } from '../../memory/arena-layout.ts';
import type { PageFrames } from '../../memory/page-frames.ts';
import type { PercpuArea } from '../../percpu/percpu-area.ts';
import { completeVariant, MOST_ALGORITHMS } from '../zram-variant.ts';
import { LockedStreams, UnpreemptedStreams } from './percpu-streams.ts';
import { SingleStream } from './single-stream.ts';
import { type CompressStreams, streamFrames, type StreamRun, streamRuns } from './stream.ts';
import { StreamHotplug } from './stream-hotplug.ts';
import { StreamList } from './stream-list.ts';
import { StreamSet } from './stream-set.ts';

/** The streams of a device, as its operations use them. */
export interface DeviceStreams {
  /** Those of the primary algorithm. */
  readonly primary: CompressStreams;
  /** By priority, 0 being the primary algorithm; under `per-stream` those that the machine was made for, else all. */
  readonly byPriority: readonly CompressStreams[];
  /** By priority, where a read takes a stream; undefined where decompression needs none. */
  readonly readers: readonly CompressStreams[] | undefined;
  /** Makes what is the device's alone; errors: 'out-of-memory', with nothing left taken. */
  initialise(cpu: Cpu): Suspending<Result<void>>;
  /** Gives it back; none of it may be in use. */
  release(cpu: Cpu): Suspending<void>;
}

/** Whether streams belong to CPUs; else to devices. */
function streamsArePerCpu(layout: BufferLayout): boolean {
  switch (layout) {
    case 'single-mutex':
    case 'stream-list':
      return false;
    case 'per-stream':
    case 'per-device':
    case 'per-cpu-global':
      return true;
    default:
      return assertUnreachable(layout);
  }
}

/** What each stream of an algorithm of this priority is made of. */
export function runsOf(machine: MachineConfig, priority: number): readonly StreamRun[] {
  const { protection } = completeVariant(machine);
  const localCopy = protection === 'read-write' || (protection === 'mutex' && streamsArePerCpu(machine.bufferLayout));
  return streamRuns(machine.pageSizeBytes, { workMemory: priority === 0, localCopy });
}

/** Frames that the streams of such a machine take once it is booted; the records of per-CPU ones are per-CPU memory. */
export function streamFramesAtBoot(machine: MachineConfig): number {
  const { algorithms } = completeVariant(machine);
  const frames = (priority: number): number => streamFrames(runsOf(machine, priority));
  const { devices, onlineCpus } = machine;
  switch (machine.bufferLayout) {
    case 'single-mutex':
    case 'stream-list':
      return frames(0) * devices;
    case 'per-stream':
      return (frames(0) + (algorithms - 1) * frames(1)) * onlineCpus * devices;
    case 'per-device':
      return frames(0) * onlineCpus * devices;
    case 'per-cpu-global':
      return frames(0) * onlineCpus;
    default:
      return assertUnreachable(machine.bufferLayout);
  }
}

/** Sets of per-CPU streams that are a device's own. */
function setsOfDevice(layout: BufferLayout, algorithms: number): number {
  switch (layout) {
    case 'per-stream':
      return algorithms;
    case 'per-device':
      return 1;
    case 'single-mutex':
    case 'stream-list':
    case 'per-cpu-global':
      return 0;
    default:
      return assertUnreachable(layout);
  }
}

export class ZramStreams {
  /** The streams' part in CPUs coming and going. */
  readonly hotplug: StreamHotplug;
  readonly #arena: Arena;
  readonly #frames: PageFrames;
  readonly #area: PercpuArea;
  /** The set that all devices share, or by device those of its priorities. */
  readonly #shared: StreamSet | undefined;
  readonly #ofDevices: readonly (readonly StreamSet[])[];

  constructor(arena: Arena, frames: PageFrames, area: PercpuArea) {
    this.#arena = arena;
    this.#frames = frames;
    this.#area = area;
    const { bufferLayout, devices } = arena.config;
    const setsPerDevice = setsOfDevice(bufferLayout, arena.zram.algorithms);
    this.#shared = bufferLayout === 'per-cpu-global' ? this.#sharedSet() : undefined;
    this.#ofDevices = Array.from({ length: devices }, (_device, device) =>
      Array.from({ length: setsPerDevice }, (_set, priority) =>
        this.#set(arena.deviceWord(device) + DeviceW.streamSets + priority, priority),
      ),
    );
    this.hotplug = new StreamHotplug(arena, this.#shared === undefined ? this.#ofDevices.flat() : [this.#shared]);
  }

  /** Makes the shared streams, when the machine boots. Errors: 'out-of-memory'. */
  *bootShared(cpu: Cpu): Suspending<Result<void>> {
    if (this.#shared === undefined || this.#shared.exists()) return ok(undefined);
    return yield* this.hotplug.add(cpu, this.#shared);
  }

  /** Sets that have records in per-CPU memory. At rest. */
  recordSets(): number {
    return this.hotplug.recordSets();
  }

  ofDevice(device: number): DeviceStreams {
    const layout = this.#arena.config.bufferLayout;
    switch (layout) {
      case 'single-mutex':
        return this.#standing(new SingleStream(this.#arena, device));
      case 'stream-list':
        return this.#listed(new StreamList(this.#arena, this.#frames, device));
      case 'per-cpu-global':
      case 'per-stream':
      case 'per-device':
        return this.#perCpu(this.#ofDevices[device] ?? []);
      default:
        return assertUnreachable(layout);
    }
  }

  #standing(primary: CompressStreams): DeviceStreams {
    return {
      ...this.#oneForAll(primary),
      readers: undefined,
      *initialise() {
        return ok(undefined);
      },
      *release() {
        // Made at boot, and stays.
      },
    };
  }

  #listed(list: StreamList): DeviceStreams {
    return {
      ...this.#oneForAll(list),
      readers: undefined,
      initialise: (cpu) => list.makeFirst(cpu),
      release: (cpu) => list.freeAll(cpu),
    };
  }

  /** `own` are the device's sets, none where all devices share one. */
  #perCpu(own: readonly StreamSet[]): DeviceStreams {
    const { hotplug } = this;
    const sets = this.#setsByPriority(own);
    const [primary, ...others] = sets.map((set) => this.#writersOf(set));
    if (primary === undefined) throw new Error('a per-CPU layout has a set of streams');
    return {
      primary,
      byPriority: [primary, ...others],
      readers: this.#takesForReading() ? sets.map((set) => this.#readersOf(set)) : undefined,
      *initialise(cpu) {
        for (const set of own) {
          const added = yield* hotplug.add(cpu, set);
          if (added.ok) continue;
          for (const before of own.slice(0, own.indexOf(set)).toReversed()) yield* hotplug.remove(cpu, before);
          return added;
        }
        return ok(undefined);
      },
      *release(cpu) {
        for (const set of own.toReversed()) yield* hotplug.remove(cpu, set);
      },
    };
  }

  #setsByPriority(own: readonly StreamSet[]): readonly StreamSet[] {
    if (this.#arena.config.bufferLayout === 'per-stream') return own;
    const shared = this.#shared ?? own[0];
    return shared === undefined ? [] : Array.from({ length: MOST_ALGORITHMS }, () => shared);
  }

  #oneForAll(primary: CompressStreams): Pick<DeviceStreams, 'primary' | 'byPriority'> {
    return { primary, byPriority: Array.from({ length: MOST_ALGORITHMS }, () => primary) };
  }

  #writersOf(set: StreamSet): CompressStreams {
    return this.#arena.zram.protection === 'preemption-off'
      ? new UnpreemptedStreams(set)
      : new LockedStreams(this.#arena, set, { field: 'lock', mayMove: this.#mayMove() });
  }

  #readersOf(set: StreamSet): CompressStreams {
    const field = this.#arena.zram.protection === 'read-write' ? 'readLock' : 'lock';
    return new LockedStreams(this.#arena, set, { field, mayMove: this.#mayMove() });
  }

  #takesForReading(): boolean {
    return this.#arena.zram.protection !== 'preemption-off';
  }

  #mayMove(): boolean {
    return this.#arena.zram.protection === 'mutex' || this.#arena.zram.protection === 'read-write';
  }

  /** The streams of 2010 hang on static variables, later ones on records. */
  #sharedSet(): StreamSet {
    const isOf2010 = this.#arena.zram.protection === 'preemption-off';
    return this.#set(isOf2010 ? undefined : HeaderW.sharedStreams, 0);
  }

  #set(pointerWord: number | undefined, priority: number): StreamSet {
    return new StreamSet(this.#arena, {
      frames: this.#frames,
      area: this.#area,
      ...(pointerWord === undefined ? {} : { pointerWord }),
      runs: runsOf(this.#arena.config, priority),
    });
  }
}
