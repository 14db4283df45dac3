/**
 * A machine as one thread sees it: the arena and the objects that work on it. The objects hold offsets and scratch, never
 * state; every thread makes its own over the same buffer, and they are the same machine.
 */
import type { IoPage } from './codec.ts';
import type { Cpu, Suspending } from './cpu.ts';
import { FailingFrames } from './faults/failing-frames.ts';
import { FailingBringUp, FailingPercpu } from './faults/failing-parts.ts';
import type { FaultInjector } from './faults/fault-injector.ts';
import { Arena } from './memory/arena.ts';
import { takeIoPages } from './memory/io-pages.ts';
import { PageFrames } from './memory/page-frames.ts';
import { Hotplug, type HotplugStep } from './percpu/hotplug.ts';
import { attachTables, OwnTablesStep } from './percpu/local-mapping/machine-tables.ts';
import type { MappedMachine } from './percpu/local-mapping/mapped-machine.ts';
import { PercpuArea } from './percpu/percpu-area.ts';
import { PercpuInterface } from './percpu/percpu-interface.ts';
import { ZramDevice } from './zram/device.ts';
import { ZramStreams } from './zram/streams/zram-streams.ts';

export class Machine {
  readonly arena: Arena;
  /** Page tables, on machines that have any. */
  readonly mapped: MappedMachine | undefined;
  readonly area: PercpuArea;
  readonly percpu: PercpuInterface;
  readonly streams: ZramStreams;
  readonly hotplug: Hotplug;
  readonly devices: readonly ZramDevice[];
  readonly #frames: PageFrames;

  /** With `faults`, some of its parts are those that refuse on purpose; a codec that does is the engine's to bring. */
  constructor(arena: Arena, faults?: FaultInjector) {
    this.arena = arena;
    const frames = faults === undefined ? new PageFrames(arena) : new FailingFrames(arena, faults);
    this.#frames = frames;
    this.mapped = attachTables(arena, frames);
    this.area = new PercpuArea(arena, frames, this.mapped?.mapping);
    this.percpu =
      faults === undefined
        ? new PercpuInterface(arena, frames, this.area)
        : new FailingPercpu(arena, frames, this.area, faults);
    this.streams = new ZramStreams(arena, frames, this.area);
    const failing = faults === undefined ? [] : [new FailingBringUp(faults)];
    this.hotplug = new Hotplug(arena, [...this.#hotplugSteps(), ...failing]);
    this.devices = Array.from(
      { length: arena.config.devices },
      (_, index) => new ZramDevice(arena, { frames, streams: this.streams.ofDevice(index), index }),
    );
  }

  /** Throws when the buffer holds no machine (see `Arena.attach`). */
  static attach(buffer: SharedArrayBuffer, faults?: FaultInjector): Machine {
    return new Machine(Arena.attach(buffer), faults);
  }

  /** In the order of bringing up. */
  #hotplugSteps(): readonly HotplugStep[] {
    const { config } = this.arena;
    const steps: HotplugStep[] = [];
    if (this.mapped !== undefined && config.addressSpace?.tablesFor === 'online') {
      steps.push(new OwnTablesStep(this.mapped));
    }
    return [...steps, this.streams.hotplug];
  }

  /** Pages for requests in flight (io-pages.ts); undefined when memory does not suffice. */
  takeIoPages(cpu: Cpu, count: number): Suspending<readonly IoPage[] | undefined> {
    return takeIoPages(cpu, this.arena, this.#frames, count);
  }

  /** Throws for a number that the machine does not have. */
  device(index: number): ZramDevice {
    const device = this.devices[index];
    if (device === undefined) throw new Error(`device ${index} does not exist; there are ${this.devices.length}`);
    return device;
  }
}
