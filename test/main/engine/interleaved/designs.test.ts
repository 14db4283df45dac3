/**
 * Both designs under every schedule that seeds give: several tasks on several CPUs write and read one device. What each
 * task wrote to its own pages must be there, shared pages must hold what some task wrote, and the pool must add up. CPUs
 * that ignore what protects a design show that these checks can fail.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUFFER_LAYOUTS, type BufferLayout } from '../../../../src/shared/design.ts';
import { type InterleavedCpu, Interleaver } from '../../../../src/main/engine/interleaved/interleaver.ts';
import type { Codec } from '../../../../src/main/machine/codec.ts';
import type { Cost, Cpu, LockClass, Suspending } from '../../../../src/main/machine/cpu.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import type { Operation } from '../../../../src/main/machine/operation.ts';
import { DeviceW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { CheckedCpu } from '../../../../src/main/machine/sync/checked-cpu.ts';
import { LockRecord } from '../../../../src/main/machine/sync/lock-record.ts';
import { lockReport } from '../../../../src/main/machine/sync/lock-report.ts';
import { type CpuId, cpuId, type LockWord } from '../../../../src/main/machine/units.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { makeMachine } from '../../machine/fixtures/make-machine.ts';
import { poolPages } from '../../machine/fixtures/mm-stat.ts';
import { OneCpu } from '../../machine/fixtures/one-cpu.ts';
import { auditMachine } from '../../machine/fixtures/pool-audit.ts';
import { blankPage, samePage, SizedCodec, sizedPage } from '../../machine/fixtures/sized-pages.ts';

const CPUS = 4;
const TASKS_PER_CPU = 3;
const TASKS = CPUS * TASKS_PER_CPU;
const OWN_SLOTS = 3;
const SHARED_SLOTS = 4;
const FIRST_SHARED = TASKS * OWN_SLOTS;
const ROUNDS = 6;

/** A CPU that passes everything on to another; variants leave something out. */
class ForwardingCpu implements Cpu {
  readonly id: CpuId;
  readonly codec: Codec;
  protected readonly cpu: Cpu;

  constructor(cpu: Cpu) {
    this.cpu = cpu;
    this.id = cpu.id;
    this.codec = cpu.codec;
  }

  begin(operation: Operation): void {
    this.cpu.begin(operation);
  }

  end(): void {
    this.cpu.end();
  }

  tryLock(word: LockWord): boolean {
    return this.cpu.tryLock(word);
  }

  tryOnly(word: LockWord): boolean {
    return this.cpu.tryOnly(word);
  }

  lock(word: LockWord, lockClass: LockClass): Suspending<void> {
    return this.cpu.lock(word, lockClass);
  }

  unlock(word: LockWord): void {
    this.cpu.unlock(word);
  }

  sleepOn(word: LockWord, lockClass: LockClass): Suspending<void> {
    return this.cpu.sleepOn(word, lockClass);
  }

  wakeOne(word: LockWord): void {
    this.cpu.wakeOne(word);
  }

  preemptDisable(): void {
    this.cpu.preemptDisable();
  }

  preemptEnable(): boolean {
    return this.cpu.preemptEnable();
  }

  reschedule(): Suspending<void> {
    return this.cpu.reschedule();
  }

  shouldPause(): boolean {
    return this.cpu.shouldPause();
  }

  pause(): Suspending<void> {
    return this.cpu.pause();
  }

  charge(cost: Cost, amount: number): void {
    this.cpu.charge(cost, amount);
  }
}

/** Breaks per-cpu-global: other tasks of the CPU may run in the middle of a compression. */
class CpuIgnoringPreemptOff extends ForwardingCpu {
  override preemptDisable(): void {}

  override preemptEnable(): boolean {
    return false;
  }
}

/** Breaks single-mutex: everybody gets the mutex. */
class CpuIgnoringMutex extends ForwardingCpu {
  readonly #mutex: number;

  constructor(cpu: Cpu, { arena }: Machine) {
    super(cpu);
    this.#mutex = arena.deviceWord(0) + DeviceW.mutex;
  }

  override tryLock(word: LockWord): boolean {
    return word === this.#mutex || super.tryLock(word);
  }

  override unlock(word: LockWord): void {
    if (word !== this.#mutex) super.unlock(word);
  }
}

interface Run {
  readonly bufferLayout: BufferLayout;
  readonly seed: number;
  readonly switchChance: number;
  readonly wrap?: (cpu: InterleavedCpu, machine: Machine) => Cpu;
}

/** The page that task `task` writes to `slot` in round `round`; a kind for every way through the device. */
function pageFor(task: number, slot: number, round: number) {
  const tag = task * 1000 + slot * 10 + round;
  const sizes = [60, 1560, 2700, 3624, 4114, 0];
  const size = sizes[(task + slot + round) % sizes.length] ?? 0;
  return size === 0 ? samePage(tag, round) : sizedPage(size, tag);
}

/** Writes its own pages and a shared one, reads its own back in between, round after round. */
function* work(cpu: Cpu, machine: Machine, task: number, mismatches: string[]): Suspending<void> {
  const device = machine.device(0);
  for (let round = 0; round < ROUNDS; round++) {
    for (let own = 0; own < OWN_SLOTS; own++) {
      const slot = task * OWN_SLOTS + own;
      expect(yield* device.writeRequest(cpu, slot, [pageFor(task, slot, round)])).toBe(IoStatus.done);
    }
    const shared = FIRST_SHARED + ((task + round) % SHARED_SLOTS);
    expect(yield* device.writeRequest(cpu, shared, [pageFor(task, shared, round)])).toBe(IoStatus.done);
    const slot = task * OWN_SLOTS + (round % OWN_SLOTS);
    const read = blankPage();
    const status = yield* device.readRequest(cpu, slot, [read]);
    const isRight = Buffer.from(read.bytes).equals(pageFor(task, slot, round).bytes);
    if (status !== IoStatus.done || !isRight) mismatches.push(`task ${task}, slot ${slot}, round ${round}`);
    if (round === 3) yield* device.discard(cpu, shared, 1);
  }
}

/** Runs all tasks; answers with the machine and with what was not as written. */
function runTasks({ bufferLayout, seed, switchChance, wrap }: Run) {
  const machine = makeMachine({
    bufferLayout,
    possibleCpus: CPUS,
    onlineCpus: CPUS,
    memoryBytes: 400 * 4096,
    diskSizeBytes: (FIRST_SHARED + SHARED_SLOTS) * 4096,
  });
  const codec = new SizedCodec(machine.arena);
  const engine = new Interleaver({ arena: machine.arena, random: new Random(seed), codec, switchChance });
  const mismatches: string[] = [];
  for (let task = 0; task < TASKS; task++) {
    const cpu = engine.cpu(cpuId(task % CPUS));
    engine.spawn(cpu, `task ${task}`, work(wrap?.(cpu, machine) ?? cpu, machine, task, mismatches));
  }
  const steps = engine.run();
  return { machine, mismatches, steps };
}

/** Own pages hold their last round; shared ones something that a task wrote there, or nothing. */
function checkContents(machine: Machine): void {
  const cpu = new OneCpu(machine.arena, new SizedCodec(machine.arena));
  for (let slot = 0; slot < FIRST_SHARED; slot++) {
    const expected = pageFor(Math.floor(slot / OWN_SLOTS), slot, ROUNDS - 1).bytes;
    expect(cpu.read(machine.device(0), slot).equals(expected), `slot ${slot}`).toBe(true);
  }
  for (let slot = FIRST_SHARED; slot < FIRST_SHARED + SHARED_SLOTS; slot++) {
    const found = cpu.read(machine.device(0), slot);
    const candidates = Array.from({ length: TASKS * ROUNDS }, (_, index) =>
      pageFor(index % TASKS, slot, Math.floor(index / TASKS)),
    );
    const isKnown = [...candidates, blankPage()].some((page) => found.equals(page.bytes));
    expect(isKnown, `shared slot ${slot} holds a whole page of one task`).toBe(true);
  }
}

describe.each(BUFFER_LAYOUTS)('%s', (bufferLayout) => {
  it('keeps all data under every schedule, with several tasks on each CPU', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.constantFrom(0, 20, 100, 200, 250), (seed, switchChance) => {
        const { machine, mismatches } = runTasks({ bufferLayout, seed, switchChance });
        expect(mismatches).toEqual([]);
        auditMachine(machine.arena);
        checkContents(machine);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves the same bytes in the arena for the same seed', () => {
    const once = runTasks({ bufferLayout, seed: 42, switchChance: 100 });
    const again = runTasks({ bufferLayout, seed: 42, switchChance: 100 });
    expect(again.steps).toBe(once.steps);
    expect(Buffer.from(again.machine.arena.bytes).equals(once.machine.arena.bytes)).toBe(true);
  });

  it('takes other steps for another seed', () => {
    const once = runTasks({ bufferLayout, seed: 1, switchChance: 100 });
    const other = runTasks({ bufferLayout, seed: 2, switchChance: 100 });
    expect(Buffer.from(other.machine.arena.bytes).equals(once.machine.arena.bytes)).toBe(false);
  });

  it('gives all memory back when everything is discarded', () => {
    const { machine } = runTasks({ bufferLayout, seed: 5, switchChance: 128 });
    new OneCpu(machine.arena).discard(machine.device(0), 0, FIRST_SHARED + SHARED_SLOTS);
    expect(poolPages(machine.arena)).toBe(0);
    auditMachine(machine.arena);
  });
});

/** Whether any of 20 schedules shows pages that are not as written. */
function anyCorruption(bufferLayout: BufferLayout, wrap: (cpu: InterleavedCpu, machine: Machine) => Cpu): boolean {
  return Array.from({ length: 20 }, (_, seed) => seed).some(
    (seed) => runTasks({ bufferLayout, seed, switchChance: 128, wrap }).mismatches.length > 0,
  );
}

describe('without its protection', () => {
  it('per-cpu-global corrupts data, because tasks of one CPU share its buffer', () => {
    expect(anyCorruption('per-cpu-global', (cpu) => new CpuIgnoringPreemptOff(cpu))).toBe(true);
  });

  it('single-mutex corrupts data, because all CPUs share its buffer', () => {
    expect(anyCorruption('single-mutex', (cpu, machine) => new CpuIgnoringMutex(cpu, machine))).toBe(true);
  });

  it('is seen by a checker in one schedule, whether data is corrupted in it or not', () => {
    const seen = (bufferLayout: BufferLayout, ignoring: (cpu: Cpu, machine: Machine) => Cpu): readonly string[] => {
      const record = new LockRecord();
      const wrap = (cpu: InterleavedCpu, machine: Machine): Cpu =>
        ignoring(new CheckedCpu(cpu, machine.arena, record), machine);
      runTasks({ bufferLayout, seed: 1, switchChance: 0, wrap });
      return lockReport(record).problems.map(({ message }) => message);
    };
    const WITHOUT = 'a stream is used without its buffer lock';
    expect(seen('per-cpu-global', (cpu) => new CpuIgnoringPreemptOff(cpu))).toEqual([WITHOUT]);
    expect(seen('single-mutex', (cpu, machine) => new CpuIgnoringMutex(cpu, machine))).toEqual([WITHOUT]);
    for (const layout of BUFFER_LAYOUTS) expect(seen(layout, (cpu) => cpu)).toEqual([]);
  });

  it('that only the other design needs, each keeps all data', () => {
    expect(anyCorruption('single-mutex', (cpu) => new CpuIgnoringPreemptOff(cpu))).toBe(false);
    expect(anyCorruption('per-cpu-global', (cpu, machine) => new CpuIgnoringMutex(cpu, machine))).toBe(false);
  });
});
