/**
 * A CPU of a torture: what its thread does with one sequence.
 *
 *     all attached │ load │ one resets a device, or not │ load │ all is read back and given back │ one discards what is left
 *                  └ faults on ────────────────────────────────┘ faults off
 *
 * Load is a seeded mixture of requests, per-CPU objects and upkeep. CPU 0 also takes the others down and brings them up; their
 * threads wait meanwhile (cpu-gate.ts). Between the stretches all meet at a barrier, a count in the shared control words.
 */
import { complete, CpuHalted } from '../../../machine/cpu.ts';
import { FailingCodec } from '../../../machine/faults/failing-parts.ts';
import { FaultInjector } from '../../../machine/faults/fault-injector.ts';
import { Machine } from '../../../machine/machine.ts';
import { HeaderW } from '../../../machine/memory/arena-layout.ts';
import { CheckedCpu } from '../../../machine/sync/checked-cpu.ts';
import { LockRecord } from '../../../machine/sync/lock-record.ts';
import { type CpuId, cpuId } from '../../../machine/units.ts';
import { Random } from '../../../workload/random.ts';
import { HotplugCycles } from '../../../workload/torture/hotplug-cycles.ts';
import { ObjectChurn } from '../../../workload/torture/object-churn.ts';
import { PageWriter } from '../../../workload/torture/page-writer.ts';
import { Upkeep } from '../../../workload/torture/upkeep.ts';
import type { ArenaMemory } from '../../codec/arena-memory.ts';
import { type CodecParts, makeCodec } from '../../codec/make-codec.ts';
import { zstdCodec } from '../../codec/zlib.ts';
import { CpuGate } from '../cpu-gate.ts';
import { LiveCpu } from '../live-cpu.ts';
import { lockWordsOf } from '../lock-words.ts';

/** Pages of a CPU's requests at most, each a frame of the machine. */
export const IO_PAGES = 3;

/** What a CPU's thread is given. */
export interface TortureCpuPlan {
  readonly memory: ArenaMemory;
  readonly codec: CodecParts;
  readonly cpu: number;
  readonly cpus: number;
  /** Words that count arrivals at barriers. */
  readonly control: SharedArrayBuffer;
  readonly faults: SharedArrayBuffer;
  readonly locks: SharedArrayBuffer;
  readonly seed: number;
  /** Steps of each of the two loads. */
  readonly turns: number;
  /** The device that is reset between the loads, if any. */
  readonly resetDevice?: number | undefined;
}

/** What it says at its end; of all CPUs together the sums. */
export interface TortureCounts {
  readonly writes: number;
  readonly failedWrites: number;
  readonly reads: number;
  readonly failedReads: number;
  readonly failedAllocations: number;
  readonly pagesReleased: number;
  readonly recompressed: number;
  readonly cameUp: number;
  readonly failedBringUps: number;
}

export interface TortureReport {
  readonly problems: readonly string[];
  readonly counts: TortureCounts;
}

/** Runs a sequence to its end; throws what the machine's code throws. */
export function runTortureCpu(plan: TortureCpuPlan): TortureReport {
  return new TortureCpu(plan).run();
}

class TortureCpu {
  readonly #plan: TortureCpuPlan;
  readonly #machine: Machine;
  readonly #faults: FaultInjector;
  readonly #cpu: CheckedCpu;
  readonly #gate: CpuGate;
  readonly #random: Random;
  readonly #writer: PageWriter;
  readonly #device: number;
  readonly #churn: ObjectChurn;
  readonly #upkeep: Upkeep;
  readonly #hotplug: HotplugCycles;
  #barriers = 0;

  constructor(plan: TortureCpuPlan) {
    this.#plan = plan;
    this.#faults = new FaultInjector(plan.faults);
    this.#machine = Machine.attach(plan.memory.buffer, this.#faults);
    const { arena, hotplug } = this.#machine;
    const id = cpuId(plan.cpu);
    const { pageSizeBytes, devices } = arena.config;
    const codec = new FailingCodec(makeCodec(plan.codec, plan.memory, pageSizeBytes), this.#faults);
    const recompressors = [new FailingCodec(zstdCodec(plan.memory.buffer, pageSizeBytes, 1), this.#faults)];
    const live = new LiveCpu(arena, id, codec, {
      recompressors,
      locks: lockWordsOf(plan.codec, plan.memory),
    });
    this.#cpu = new CheckedCpu(live, arena, new LockRecord(plan.locks));
    this.#gate = new CpuGate(arena, id);
    this.#random = new Random(plan.seed * 64 + plan.cpu);
    this.#device = plan.cpu % devices;
    const slots = Math.floor(arena.slotCount / plan.cpus);
    this.#writer = new PageWriter({
      arena,
      device: this.#machine.device(this.#device),
      firstSlot: plan.cpu * slots,
      slots,
      pages: complete(this.#machine.takeIoPages(this.#cpu, IO_PAGES)) ?? [],
      random: this.#random,
    });
    this.#churn = new ObjectChurn(this.#machine, this.#random);
    this.#upkeep = new Upkeep(this.#random);
    const others = Array.from({ length: plan.cpus - 1 }, (_, other): CpuId => cpuId(other + 1));
    this.#hotplug = new HotplugCycles(hotplug, plan.cpu === 0 ? others : [], this.#random);
  }

  run(): TortureReport {
    this.#meet(() => {
      this.#faults.arm(true);
    });
    this.#load();
    this.#meet(() => {
      this.#reset();
    });
    if (this.#plan.resetDevice === this.#device) this.#writer.forgetAll();
    this.#load();
    this.#meet(() => {
      this.#faults.arm(false);
    });
    complete(this.#writer.checkAll(this.#cpu));
    complete(this.#churn.freeAll(this.#cpu));
    this.#meet(() => {
      this.#discardAll();
    });
    return this.#report();
  }

  #load(): void {
    for (let turn = 0; turn < this.#plan.turns; turn++) {
      this.#gate.enter();
      this.#step();
      this.#gate.leave();
    }
    if (this.#plan.cpu !== 0) return;
    if (complete(this.#hotplug.bringAllUp(this.#cpu)) === undefined) return;
    // One that asks for more than faults let pass in a row fails for ever with them; without, it must not.
    this.#faults.arm(false);
    const down = complete(this.#hotplug.bringAllUp(this.#cpu));
    this.#faults.arm(true);
    // The thread of a CPU that stays down waits for ever.
    if (down !== undefined) throw new Error(`${down} although nothing is refused`);
  }

  #step(): void {
    const choice = this.#random.nextBelow(16);
    if (choice < 9) complete(this.#writer.step(this.#cpu));
    else if (choice < 12) complete(this.#churn.step(this.#cpu));
    else if (choice < 14 && this.#plan.cpu === 0) complete(this.#hotplug.step(this.#cpu));
    else complete(this.#upkeep.step(this.#cpu, this.#machine.device(this.#random.nextBelow(this.#devices))));
  }

  get #devices(): number {
    return this.#machine.arena.config.devices;
  }

  /** Nobody else has an operation in hand. */
  #reset(): void {
    const { resetDevice } = this.#plan;
    if (resetDevice === undefined) return;
    const { controls } = this.#machine.device(resetDevice);
    complete(controls.reset(this.#cpu));
    // A device without streams would fail every write of the second load.
    this.#faults.arm(false);
    const initialised = complete(controls.initialise(this.#cpu));
    if (!initialised.ok) throw new Error(initialised.error.message);
    this.#faults.arm(true);
  }

  /** So that what is in use afterwards is what somebody forgot. */
  #discardAll(): void {
    for (const device of this.#machine.devices) complete(device.discard(this.#cpu, 0, this.#machine.arena.slotCount));
    complete(this.#machine.area.allocator.runBalanceWork(this.#cpu));
  }

  /** All have come here; CPU 0 does `meanwhile`; all go on. */
  #meet(meanwhile: () => void): void {
    this.#arrive();
    if (this.#plan.cpu === 0) meanwhile();
    this.#arrive();
  }

  #arrive(): void {
    const { words } = this.#machine.arena;
    const control = new Int32Array(this.#plan.control);
    const barrier = this.#barriers++;
    if (Atomics.add(control, barrier, 1) + 1 === this.#plan.cpus) Atomics.notify(control, barrier);
    for (;;) {
      const arrived = Atomics.load(control, barrier);
      if (arrived >= this.#plan.cpus) return;
      if (Atomics.load(words, HeaderW.halt) !== 0) throw new CpuHalted(this.#cpu.id);
      Atomics.wait(control, barrier, arrived, 20);
    }
  }

  #report(): TortureReport {
    const parts = [this.#writer, this.#churn, this.#upkeep, this.#hotplug];
    const { failedAllocations } = this.#churn.counts;
    const { pagesReleased, recompressed } = this.#upkeep.counts;
    const { cameUp, failedBringUps } = this.#hotplug.counts;
    return {
      problems: parts.flatMap(({ problems }) => problems),
      counts: { ...this.#writer.counts, failedAllocations, pagesReleased, recompressed, cameUp, failedBringUps },
    };
  }
}
