/** CPUs that are watched, on a real machine: each test does with its locks what a machine's code must not, or must. */
import { describe, expect, it } from 'vitest';
import type { Cpu, Suspending } from '../../../../src/main/machine/cpu.ts';
import { LockClass } from '../../../../src/main/machine/cpu.ts';
import { Interleaver } from '../../../../src/main/engine/interleaved/interleaver.ts';
import type { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { DeviceW, FrameKind, HeaderW, PoolClassW, ZoneW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { PageFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { Operation } from '../../../../src/main/machine/operation.ts';
import { CheckedCpu } from '../../../../src/main/machine/sync/checked-cpu.ts';
import { LockRecord } from '../../../../src/main/machine/sync/lock-record.ts';
import { lockReport } from '../../../../src/main/machine/sync/lock-report.ts';
import {
  cpuId,
  type LockWord,
  lockWord,
  type PhysicalAddress,
  physicalAddress,
} from '../../../../src/main/machine/units.ts';
import { Slots } from '../../../../src/main/machine/zram/slots.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { lockChainText, type LockProblem } from '../../../../src/shared/lock-report.ts';
import { makeMachine, smallPercpu } from '../fixtures/make-machine.ts';
import { sizedPage, SizedCodec } from '../fixtures/sized-pages.ts';

interface Locks {
  readonly hotplug: LockWord;
  readonly slot: LockWord;
  readonly otherSlot: LockWord;
  readonly stream: LockWord;
  readonly poolClass: LockWord;
  readonly zone: LockWord;
}

function locksOf(arena: Arena): Locks {
  const slots = new Slots(arena, 0);
  return {
    hotplug: lockWord(HeaderW.hotplugLock),
    slot: slots.lock(3),
    otherSlot: slots.lock(4),
    stream: lockWord(arena.deviceWord(0) + DeviceW.mutex),
    poolClass: lockWord(arena.poolClassWord(0) + PoolClassW.lock),
    zone: lockWord(arena.zoneWord() + ZoneW.lock),
  };
}

/** Watched CPUs of one machine; each task runs to its end before the next begins, unless said otherwise. */
class Watched {
  readonly machine = makeMachine({ bufferLayout: 'single-mutex' });
  readonly record = new LockRecord();
  readonly locks = locksOf(this.machine.arena);
  readonly #engine: Interleaver;

  constructor(switchChance = 0) {
    const { arena } = this.machine;
    this.#engine = new Interleaver({ arena, random: new Random(5), codec: new SizedCodec(arena), switchChance });
  }

  run(id: number, task: (cpu: Cpu, locks: Locks) => Suspending<unknown>, record = this.record): void {
    const raw = this.#engine.cpu(cpuId(id));
    this.#engine.spawn(raw, 'a task', task(new CheckedCpu(raw, this.machine.arena, record), this.locks));
    this.#engine.run();
  }

  get problems(): readonly LockProblem[] {
    return lockReport(this.record).problems;
  }

  /** Kind, sentence and chains, a line each. */
  get text(): readonly string[] {
    return this.problems.flatMap(({ kind, message, chains }) => [`${kind}: ${message}`, ...chains.map(lockChainText)]);
  }
}

/** Takes locks in this order and gives them back in the other. */
function nest(operation: Operation, ...order: readonly (keyof Locks)[]) {
  return function* (cpu: Cpu, locks: Locks): Suspending<void> {
    cpu.begin(operation);
    for (const name of order) if (!cpu.tryLock(locks[name])) yield* cpu.lock(locks[name], LockClass[classOf(name)]);
    for (const name of order.toReversed()) cpu.unlock(locks[name]);
    cpu.end();
  };
}

function classOf(name: keyof Locks): keyof typeof LockClass {
  if (name === 'otherSlot') return 'slot';
  return name === 'stream' ? 'deviceMutex' : name;
}

describe('locks taken in an order that all keep', () => {
  it('are counted and no problem', () => {
    const watched = new Watched();
    watched.run(0, nest(Operation.write, 'stream', 'poolClass', 'zone'));
    watched.run(1, nest(Operation.recompress, 'slot', 'stream', 'poolClass', 'zone'));
    expect(lockReport(watched.record)).toEqual({ acquisitions: 7, orders: 6, problems: [] });
  });
});

describe('locks taken in one order here and in the other there', () => {
  it('are told with both chains, although nobody ever waited', () => {
    const watched = new Watched();
    watched.run(2, nest(Operation.write, 'slot', 'poolClass'));
    watched.run(0, nest(Operation.compact, 'zone', 'poolClass', 'slot'));
    expect(watched.text).toEqual([
      'order: locks are taken in a circle: slot, then pool class, then slot',
      'CPU 2, write, holding slot: takes pool class',
      'CPU 0, compaction, holding zone, pool class: takes slot',
      'sleeping: a slot, which may sleep, is taken where sleeping is forbidden',
      'CPU 0, compaction, holding zone, pool class, slot: may sleep, with preemption off or under a spinning lock',
    ]);
  });

  it('are told by way of a third as well, once', () => {
    const watched = new Watched();
    watched.run(0, nest(Operation.write, 'stream', 'poolClass'));
    watched.run(1, nest(Operation.read, 'poolClass', 'zone'));
    watched.run(3, nest(Operation.discard, 'zone', 'stream'));
    const orders = watched.problems.filter(({ kind }) => kind === 'order');
    expect(orders.map(({ message, chains }) => [message, ...chains.map(lockChainText)])).toEqual([
      [
        'locks are taken in a circle: stream lock, then pool class, then zone, then stream lock',
        'CPU 0, write, holding stream lock: takes pool class',
        'CPU 1, read, holding pool class: takes zone',
        'CPU 3, discard, holding zone: takes stream lock',
      ],
    ]);
  });

  it('are told when one of the two waits for the other, before it does', () => {
    const watched = new Watched(255);
    watched.run(0, nest(Operation.write, 'poolClass', 'zone'));
    watched.run(1, nest(Operation.write, 'zone', 'poolClass'));
    expect(watched.problems.map(({ kind }) => kind)).toEqual(['order']);
  });

  it('are fine where the second is only tried', () => {
    const watched = new Watched();
    watched.run(0, nest(Operation.write, 'slot', 'poolClass'));
    watched.run(1, function* (cpu, { poolClass, slot }) {
      cpu.begin(Operation.compact);
      expect(cpu.tryLock(poolClass) && cpu.tryOnly(slot)).toBe(true);
      cpu.unlock(slot);
      cpu.unlock(poolClass);
      cpu.end();
    });
    expect(watched.problems).toEqual([]);
  });
});

describe('a lock taken twice', () => {
  it('by the same task is told and thrown, for it would wait for ever', () => {
    const watched = new Watched();
    const task = nest(Operation.reset, 'zone', 'zone');
    expect(() => {
      watched.run(1, task);
    }).toThrow(`CPU 1 waits for lock word ${watched.locks.zone}, which it holds itself`);
    expect(watched.text).toEqual([
      'recursion: a zone is waited for by the CPU that holds it',
      'CPU 1, reset, holding zone: takes zone',
    ]);
  });

  it('is one under another of the same class', () => {
    const watched = new Watched();
    watched.run(0, nest(Operation.discard, 'slot', 'otherSlot'));
    expect(watched.text).toEqual([
      'same-class: a slot is taken under another slot',
      'CPU 0, discard, holding slot: takes slot',
    ]);
  });
});

describe('the lock of the page tables', () => {
  it('is a class of its own, taken under the allocation mutex, and frames for tables may be slept for under it', () => {
    const { arena, percpu } = makeMachine({
      addressSpace: {
        translation: '4k-48',
        window: 'same-offset',
        tablesFor: 'possible',
        tlb: { entries: 16, ways: 4 },
      },
      memoryBytes: 4096 * 4096,
      // The units of one chunk reach over several PTE tables, so that a second chunk needs new ones.
      percpu: smallPercpu(4096, { minUnitBytes: 2 ** 20, maxChunks: 4 }),
    });
    const record = new LockRecord();
    const engine = new Interleaver({ arena, random: new Random(5), codec: new SizedCodec(arena), switchChance: 0 });
    const raw = engine.cpu(cpuId(0));
    const cpu = new CheckedCpu(raw, arena, record);
    const allocations = function* (): Suspending<void> {
      for (let object = 0; object < 40; object++) yield* percpu.allocPercpu(cpu, { sizeBytes: 32_000, alignBytes: 8 });
    };
    engine.spawn(raw, 'a task', allocations());
    engine.run();
    expect(lockReport(record).problems).toEqual([]);
    expect(record.order(LockClass.percpuAllocMutex, LockClass.addressSpace)).toBeDefined();
    expect(record.order(LockClass.addressSpace, LockClass.zone)).toBeDefined();
  });
});

describe('sleeping', () => {
  it('is forbidden with preemption off, whether the lock happens to be free or not', () => {
    const watched = new Watched();
    watched.run(0, function* (cpu, locks) {
      cpu.begin(Operation.write);
      cpu.preemptDisable();
      cpu.preemptDisable();
      cpu.preemptEnable();
      if (!cpu.tryLock(locks.stream)) yield* cpu.lock(locks.stream, LockClass.deviceMutex);
      cpu.unlock(locks.stream);
      if (!cpu.tryLock(locks.zone)) yield* cpu.lock(locks.zone, LockClass.zone);
      cpu.unlock(locks.zone);
      cpu.preemptEnable();
      if (!cpu.tryLock(locks.hotplug)) yield* cpu.lock(locks.hotplug, LockClass.hotplug);
      cpu.unlock(locks.hotplug);
      cpu.end();
    });
    expect(watched.text).toEqual([
      'sleeping: a stream lock, which may sleep, is taken where sleeping is forbidden',
      'CPU 0, write, holding stream lock: may sleep, with preemption off or under a spinning lock',
    ]);
  });

  it('is what an allocation may do between getCpuPtr and putCpuPtr', () => {
    const watched = new Watched();
    const { percpu, area } = watched.machine;
    watched.run(1, function* (cpu) {
      cpu.begin(Operation.write);
      percpu.getCpuPtr(cpu, area.variable('other'));
      yield* percpu.allocPercpu(cpu, { sizeBytes: 64, alignBytes: 8 });
      yield* percpu.putCpuPtr(cpu);
      cpu.end();
    });
    expect(watched.text).toEqual([
      'sleeping: an allocation mutex, which may sleep, is taken where sleeping is forbidden',
      'CPU 1, per-CPU allocation, holding allocation mutex: may sleep, with preemption off or under a spinning lock',
    ]);
  });

  it('is not what an atomic allocation does', () => {
    const watched = new Watched();
    const { percpu } = watched.machine;
    watched.run(1, function* (cpu) {
      cpu.preemptDisable();
      yield* percpu.allocPercpu(cpu, { sizeBytes: 8, alignBytes: 8, atomic: true });
      cpu.preemptEnable();
    });
    expect(watched.text).toEqual([]);
  });

  it.each([
    ['preemption off', 'holding nothing'],
    ['a spinning lock', 'holding pool class'],
  ])('is what a request for frames may do under %s, unless it is atomic', (under, holding) => {
    const watched = new Watched();
    const frames = new PageFrames(watched.machine.arena);
    const ask = (mode: 'sleeping' | 'atomic') =>
      watched.run(0, function* (cpu, { poolClass }) {
        cpu.begin(Operation.write);
        if (under === 'preemption off') cpu.preemptDisable();
        else if (!cpu.tryLock(poolClass)) yield* cpu.lock(poolClass, LockClass.poolClass);
        yield* frames.take(cpu, 1, FrameKind.pool, mode);
        if (under === 'preemption off') cpu.preemptEnable();
        else cpu.unlock(poolClass);
        cpu.end();
      });
    ask('atomic');
    expect(watched.text).toEqual([]);
    ask('sleeping');
    expect(watched.text).toEqual([
      'allocating: memory is asked for, which may sleep, where sleeping is forbidden',
      `CPU 0, write, ${holding}: may sleep, with preemption off or under a spinning lock`,
    ]);
  });

  it('is what a CPU does when it reschedules', () => {
    const watched = new Watched();
    watched.run(1, function* (cpu, { poolClass }) {
      cpu.begin(Operation.compact);
      yield* cpu.reschedule();
      if (!cpu.tryLock(poolClass)) yield* cpu.lock(poolClass, LockClass.poolClass);
      yield* cpu.reschedule();
      cpu.unlock(poolClass);
      cpu.end();
    });
    expect(watched.text).toEqual([
      'sleeping: a CPU reschedules where it must not sleep',
      'CPU 1, compaction, holding pool class: may sleep, with preemption off or under a spinning lock',
    ]);
  });
});

describe('what an operation leaves', () => {
  it('is told: a lock, or preemption that is off', () => {
    const watched = new Watched();
    watched.run(0, function* (cpu, { poolClass }) {
      cpu.begin(Operation.write);
      cpu.tryLock(poolClass);
      cpu.end();
    });
    const forgetsPreemption = function* (cpu: Cpu): Suspending<void> {
      cpu.begin(Operation.read);
      cpu.preemptDisable();
      cpu.end();
      cpu.preemptEnable();
    };
    watched.run(3, forgetsPreemption);
    expect(watched.text).toEqual([
      'left-held: an operation ends with a pool class held',
      'CPU 0, write, holding pool class: ends',
      'left-held: an operation ends with preemption off',
      'CPU 3, read, holding nothing: ends',
    ]);
  });

  it('counts at the end of the outermost only', () => {
    const watched = new Watched();
    watched.run(0, function* (cpu, { hotplug, zone }) {
      cpu.begin(Operation.hotplug);
      cpu.tryLock(hotplug);
      yield* nest(Operation.percpuAllocate, 'zone')(cpu, watched.locks);
      cpu.unlock(hotplug);
      cpu.end();
      expect(watched.machine.arena.word(zone)).toBe(0);
    });
    expect(watched.problems).toEqual([]);
  });

  it('is told when somebody else gives it back', () => {
    const watched = new Watched();
    watched.run(0, function* (cpu, { zone }) {
      cpu.tryLock(zone);
    });
    watched.run(1, function* (cpu, { zone }) {
      cpu.begin(Operation.discard);
      cpu.unlock(zone);
      cpu.end();
    });
    expect(watched.text).toEqual([
      'not-held: a zone is given back by a CPU that does not hold it',
      'CPU 1, discard, holding nothing: gives it back',
    ]);
  });
});

describe('a stream', () => {
  const page = sizedPage(900, 1);
  /** Where two buffers are, as far as the codec cares. */
  const here = (arena: Arena): PhysicalAddress => physicalAddress(arena.geometry.frames + 100 * 4096);
  const there = (arena: Arena): PhysicalAddress => physicalAddress(here(arena) + 20 * 4096);

  function* compress(watched: Watched, cpu: Cpu, guard: 'stream' | 'preemption' | 'none', at = here): Suspending<void> {
    cpu.begin(Operation.write);
    if (guard === 'stream' && !cpu.tryLock(watched.locks.stream)) {
      yield* cpu.lock(watched.locks.stream, LockClass.deviceMutex);
    }
    if (guard === 'preemption') cpu.preemptDisable();
    cpu.codec.compress(page, at(watched.machine.arena), physicalAddress(0));
    if (guard === 'preemption') cpu.preemptEnable();
    if (guard === 'stream') cpu.unlock(watched.locks.stream);
    cpu.end();
  }

  it('may be used by everybody under the same lock, and by one CPU with preemption off', () => {
    const watched = new Watched();
    for (const id of [0, 1, 2]) watched.run(id, (cpu) => compress(watched, cpu, 'stream'));
    for (let time = 0; time < 3; time++) watched.run(1, (cpu) => compress(watched, cpu, 'preemption', there));
    expect(watched.problems).toEqual([]);
  });

  it('used without its buffer lock is told', () => {
    const watched = new Watched();
    watched.run(2, (cpu) => compress(watched, cpu, 'none'));
    expect(watched.text).toEqual([
      'stream: a stream is used without its buffer lock',
      'CPU 2, write, holding nothing: uses the stream',
    ]);
  });

  it('used under its lock here and with preemption off there is told with both uses', () => {
    const watched = new Watched();
    watched.run(0, (cpu) => compress(watched, cpu, 'stream'));
    watched.run(1, (cpu) => compress(watched, cpu, 'preemption'));
    expect(watched.text).toEqual([
      'stream: a stream is used under another lock, or by another CPU, than before',
      'CPU 1, write, holding nothing: uses the stream',
      'CPU 0, write, holding stream lock: uses the stream',
    ]);
  });

  it('of one CPU used by another is told, unless it has become the other’s by hotplug', () => {
    const watched = new Watched();
    watched.run(0, (cpu) => compress(watched, cpu, 'preemption'));
    watched.run(0, (cpu) => watched.machine.hotplug.takeDown(cpu, cpuId(3)));
    watched.run(1, (cpu) => compress(watched, cpu, 'preemption'));
    expect(watched.problems).toEqual([]);
    watched.run(2, (cpu) => compress(watched, cpu, 'preemption'));
    expect(watched.problems.map(({ kind }) => kind)).toEqual(['stream']);
  });
});

describe('a record', () => {
  it('is one for all who have its buffer, and keeps the first of each kind', () => {
    const watched = new Watched();
    const elsewhere = new LockRecord(watched.record.buffer);
    watched.run(0, nest(Operation.write, 'poolClass', 'zone'));
    watched.run(1, nest(Operation.read, 'zone', 'poolClass'), elsewhere);
    watched.run(2, nest(Operation.read, 'zone', 'poolClass'));
    watched.run(3, nest(Operation.read, 'slot', 'otherSlot'));
    watched.run(2, nest(Operation.read, 'slot', 'otherSlot'), elsewhere);
    expect(watched.problems.map(({ kind, chains }) => [kind, ...chains.map(({ cpu }) => cpu)])).toEqual([
      ['order', 0, 1],
      ['same-class', 3],
    ]);
    expect(lockReport(elsewhere)).toEqual(lockReport(watched.record));
  });

  it('has room for so many kinds and goes on when it is full', () => {
    const record = new LockRecord();
    for (let lockClass = 0; lockClass < 9; lockClass++) {
      for (let operation = 0; operation < 14; operation++) {
        const chain = { cpu: 1, operation: operation as Operation, classes: [LockClass.zone] };
        record.addProblem('left-held', lockClass as LockClass, chain);
      }
    }
    expect(record.problems()).toHaveLength(64);
  });
});
