/**
 * The streams' hotplug state: one step with many instances, each a set of per-CPU streams.
 *
 *     a CPU comes up    prepare set 1, 2, … n ─✗─▶ dead of those before, the last one first: the CPU stays down
 *     a CPU is dead     dead set n, … 2, 1
 *     a set is added    records, then prepare for every CPU that is online ─✗─▶ dead for those before, records freed
 *     a set is removed  dead for every CPU, records freed
 *
 * A set is an instance while it has records; instances come in the order of devices, then of priorities. All of it is under
 * the hotplug lock, which adding and removing take themselves. (Facts: zram's multi-instance state.)
 */
import { fail, ok, type Result } from '../../../../shared/result.ts';
import { type Cpu, LockClass, type Suspending } from '../../cpu.ts';
import type { Arena } from '../../memory/arena.ts';
import { CpuW, HeaderW } from '../../memory/arena-layout.ts';
import { Operation } from '../../operation.ts';
import { HotplugState, type HotplugStep } from '../../percpu/hotplug.ts';
import { type CpuId, cpuId, lockWord } from '../../units.ts';
import type { StreamSet } from './stream-set.ts';

const HOTPLUG_LOCK = lockWord(HeaderW.hotplugLock);

export class StreamHotplug implements HotplugStep {
  readonly name = 'zram compression buffer';
  readonly #arena: Arena;
  readonly #sets: readonly StreamSet[];

  /** `sets` are all that there can be, in order. */
  constructor(arena: Arena, sets: readonly StreamSet[]) {
    this.#arena = arena;
    this.#sets = sets;
  }

  *prepare(cpu: Cpu, target: CpuId): Suspending<Result<void>> {
    const prepared: StreamSet[] = [];
    for (const set of this.#instances()) {
      const made = yield* set.prepare(cpu, target);
      if (!made.ok) {
        for (const each of prepared.toReversed()) yield* each.dead(cpu, target);
        return made;
      }
      prepared.push(set);
    }
    return ok(undefined);
  }

  *dead(cpu: Cpu, target: CpuId): Suspending<void> {
    for (const set of this.#instances().toReversed()) yield* set.dead(cpu, target);
  }

  /** Errors: 'out-of-memory', with nothing left taken; 'bad-input' when the set is there already. */
  *add(cpu: Cpu, set: StreamSet): Suspending<Result<void>> {
    cpu.begin(Operation.hotplug);
    if (!cpu.tryLock(HOTPLUG_LOCK)) yield* cpu.lock(HOTPLUG_LOCK, LockClass.hotplug);
    const added = yield* this.#addLocked(cpu, set);
    cpu.unlock(HOTPLUG_LOCK);
    cpu.end();
    return added;
  }

  /** A set that is not there is none to remove. No stream of it may be in use. */
  *remove(cpu: Cpu, set: StreamSet): Suspending<void> {
    cpu.begin(Operation.hotplug);
    if (!cpu.tryLock(HOTPLUG_LOCK)) yield* cpu.lock(HOTPLUG_LOCK, LockClass.hotplug);
    if (set.exists()) yield* this.#removeLocked(cpu, set);
    cpu.unlock(HOTPLUG_LOCK);
    cpu.end();
  }

  *#addLocked(cpu: Cpu, set: StreamSet): Suspending<Result<void>> {
    if (set.exists()) return fail('bad-input', 'the device has its compression streams already');
    const made = yield* set.make(cpu);
    if (!made.ok) return made;
    for (const target of this.#cpus()) {
      if (!this.#isOnline(target)) continue;
      const prepared = yield* set.prepare(cpu, target);
      if (prepared.ok) continue;
      yield* this.#removeLocked(cpu, set);
      const { code, message } = prepared.error;
      return fail(code, `no compression stream for CPU ${target}: ${message}`);
    }
    return ok(undefined);
  }

  /** CPUs without a stream have nothing to free. */
  *#removeLocked(cpu: Cpu, set: StreamSet): Suspending<void> {
    for (const target of this.#cpus().toReversed()) yield* set.dead(cpu, target);
    yield* set.free(cpu);
  }

  /** Instances whose records are objects of the per-CPU allocator. */
  recordSets(): number {
    return this.#instances().filter((set) => set.hasRecords).length;
  }

  #instances(): readonly StreamSet[] {
    return this.#sets.filter((set) => set.exists());
  }

  #cpus(): readonly CpuId[] {
    return Array.from({ length: this.#arena.config.possibleCpus }, (_, cpu) => cpuId(cpu));
  }

  #isOnline(cpu: CpuId): boolean {
    return this.#arena.word(this.#arena.cpuWord(cpu) + CpuW.hotplugState) === HotplugState.online;
  }
}
