/**
 * Compaction by drawings: what lies where before and after. The recorded sequences of kernel-cases.test.ts compare the counts
 * with a kernel's; here it is the rules.
 */
import { describe, expect, it } from 'vitest';
import { Interleaver } from '../../../../src/main/engine/interleaved/interleaver.ts';
import type { Cpu, Suspending } from '../../../../src/main/machine/cpu.ts';
import type { MachineConfig } from '../../../../src/main/machine/memory/arena.ts';
import { DeviceW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { PageFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { tryLock, unlock } from '../../../../src/main/machine/sync/lock.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { readDeviceStatistics } from '../../../../src/main/machine/zram/device-statistics.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import { emptySpan } from '../../../../src/main/machine/zram/object-span.ts';
import { Slots } from '../../../../src/main/machine/zram/slots.ts';
import { Zsmalloc } from '../../../../src/main/machine/zram/zsmalloc.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { poolPages } from '../fixtures/mm-stat.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditMachine, drawPool } from '../fixtures/pool-audit.ts';
import { SizedCodec, sizedPage } from '../fixtures/sized-pages.ts';

/** A device whose slots are written with `fill(0, 9, 2700)`: slots 0 to 8, tagged with their numbers. */
function compactable(changes: Partial<MachineConfig> = {}) {
  const machine = makeMachine({ bufferLayout: 'single-mutex', ...changes });
  const { arena } = machine;
  const device = machine.device(0);
  const cpu = new OneCpu(arena, new SizedCodec(arena));
  const sizes = new Map<number, number>();
  return {
    arena,
    device,
    fill: (first: number, count: number, size: number): void => {
      for (let slot = first; slot < first + count; slot++) {
        expect(cpu.write(device, slot, sizedPage(size, slot))).toBe(IoStatus.done);
        sizes.set(slot, size);
      }
    },
    discard: (...slots: readonly number[]): void => {
      for (const slot of slots) {
        cpu.discard(device, slot);
        sizes.delete(slot);
      }
    },
    /** Answers with the pages released; every slot must still read what was written. */
    compact: (): number => {
      const released = cpu.run((on) => device.controls.compact(on));
      auditMachine(arena);
      for (const [slot, size] of sizes) {
        expect(cpu.read(device, slot).equals(sizedPage(size, slot).bytes), `slot ${slot}`).toBe(true);
      }
      return released;
    },
    drawing: (): string => drawPool(arena),
  };
}

describe('compaction', () => {
  it('moves the emptiest zspage into the fullest that has room (example B)', () => {
    const pool = compactable();
    pool.fill(0, 6, 2700);
    pool.discard(0, 1, 3);
    expect(pool.drawing()).toBe('2720 2/3  4:[..x] 7:[.xx]');
    expect(pool.compact()).toBe(2);
    expect(pool.drawing()).toBe('2720 2/3  11:[xxx]');
    expect(poolPages(pool.arena)).toBe(2);
    expect(readDeviceStatistics(pool.arena, 0).pagesCompacted).toBe(2);
  });

  it('does nothing while less than a whole zspage is free', () => {
    const pool = compactable();
    pool.fill(0, 6, 2700);
    pool.discard(0, 3);
    const before = pool.drawing();
    expect(pool.compact()).toBe(0);
    expect(pool.drawing()).toBe(before);
  });

  it('goes on with another target when one is full, and with another source when one is empty', () => {
    const pool = compactable();
    pool.fill(0, 15, 2700);
    pool.discard(0, 1, 3, 4, 6, 9);
    expect(pool.drawing()).toBe('2720 2/3  4:[..x] 4:[..x] 7:[.xx] 7:[.xx] 11:[xxx]');
    expect(pool.compact()).toBe(4);
    expect(pool.drawing()).toBe('2720 2/3  11:[xxx] 11:[xxx] 11:[xxx]');
  });

  it('moves objects in ascending order into what was freed last first', () => {
    const pool = compactable();
    // 13 objects a zspage: eleven of the first stay, two of the second move.
    pool.fill(0, 26, 1560);
    pool.discard(4, 9, ...Array.from({ length: 11 }, (_, at) => 13 + at));
    expect(pool.drawing()).toBe('1568 5/13  2:[...........xx] 9:[xxxx.xxxx.xxx]');
    const slots = new Slots(pool.arena, 0);
    const first = slots.handle(slots.lock(0));
    expect(pool.compact()).toBe(5);
    expect(pool.drawing()).toBe('1568 5/13  11:[xxxxxxxxxxxxx]');
    expect([24, 25].map((slot) => slots.handle(slots.lock(slot)))).toEqual([first + 9, first + 4]);
  });

  it('leaves full zspages and pages of one object alone', () => {
    const pool = compactable();
    pool.fill(0, 6, 2700);
    pool.fill(10, 5, 4000);
    pool.discard(11, 13);
    const before = pool.drawing();
    expect(pool.compact()).toBe(0);
    expect(pool.drawing()).toBe(before);
  });

  it('works on all classes, and adds up what it released', () => {
    const pool = compactable();
    pool.fill(0, 6, 2700);
    pool.fill(10, 18, 3624);
    pool.fill(30, 26, 1560);
    pool.discard(0, 1, 3);
    pool.discard(...Array.from({ length: 6 }, (_, at) => 10 + at), 20, 21, 22, 23);
    pool.discard(...Array.from({ length: 8 }, (_, at) => 30 + at), ...Array.from({ length: 8 }, (_, at) => 43 + at));
    expect(pool.compact()).toBe(2 + 8 + 5);
    expect(pool.compact()).toBe(0);
    expect(readDeviceStatistics(pool.arena, 0).pagesCompacted).toBe(15);
    expect(poolPages(pool.arena)).toBe(2 + 8 + 5);
  });

  it('carries objects whole over page borders, in chains of up to 16 pages', () => {
    for (const zspagePages of [4, 8, 16]) {
      const pool = compactable({
        zram: { zspagePages, freeOrder: 'last', allocationStages: 'one' },
        memoryBytes: 512 * 4096,
        diskSizeBytes: 256 * 4096,
      });
      for (const [at, size] of [100, 600, 1100, 2100, 2900, 3200].entries()) pool.fill(at * 40, 40, size);
      pool.discard(...Array.from({ length: 240 }, (_, slot) => slot).filter((slot) => slot % 3 !== 0));
      expect(pool.compact(), `chains of ${zspagePages}`).toBeGreaterThan(0);
    }
  });
});

describe('compaction beside others', () => {
  it('is one at a time: a second one releases nothing, at once', () => {
    const pool = compactable();
    pool.fill(0, 6, 2700);
    pool.discard(0, 1, 3);
    const word = pool.arena.deviceWord(0) + DeviceW.compacting;
    pool.arena.words[word] = 1;
    expect(pool.compact()).toBe(0);
    pool.arena.words[word] = 0;
    expect(pool.compact()).toBe(2);
  });

  it('keeps the object of a locked slot where it is, and ends with its class', () => {
    const pool = compactable();
    pool.fill(0, 6, 2700);
    pool.discard(0, 1, 3);
    const lock = new Slots(pool.arena, 0).lock(2);
    const cpu = new OneCpu(pool.arena);
    expect(tryLock(pool.arena.words, lock)).toBe(true);
    expect(cpu.run((on) => pool.device.controls.compact(on))).toBe(0);
    expect(pool.drawing()).toBe('2720 2/3  4:[..x] 7:[.xx]');
    unlock(pool.arena.words, lock);
    expect(pool.compact()).toBe(2);
  });

  /** Writes slot 20 with its lock held by another, who does `meanwhile` once the object is allocated. */
  function whileWriteWaits(pool: ReturnType<typeof compactable>, meanwhile: (on: Cpu) => Suspending<void>): void {
    const { arena, device } = pool;
    const engine = new Interleaver({ arena, random: new Random(1), codec: new SizedCodec(arena), switchChance: 0 });
    const [writer, other] = [engine.cpu(cpuId(0)), engine.cpu(cpuId(1))];
    const lock = new Slots(arena, 0).lock(20);
    tryLock(arena.words, lock);
    const before = pool.drawing();
    function* watch(): Suspending<void> {
      while (pool.drawing() === before) yield* other.pause();
      yield* meanwhile(other);
      unlock(arena.words, lock);
    }
    engine.spawn(writer, 'write', device.writeRequest(writer, 20, [sizedPage(2700, 20)]));
    engine.spawn(other, 'watch', watch());
    engine.run();
    auditMachine(arena);
  }

  it('takes the zspage of an object that a write has not entered yet for a target', () => {
    const pool = compactable();
    pool.fill(0, 5, 2700);
    pool.discard(0, 1, 3);
    expect(pool.drawing()).toBe('2720 2/3  4:[.x.] 4:[..x]');
    const released: number[] = [];
    whileWriteWaits(pool, function* (on) {
      released.push(yield* pool.device.controls.compact(on));
    });
    expect(released).toEqual([2]);
    expect(pool.drawing()).toBe('2720 2/3  11:[xxx]');
    expect(pool.compact()).toBe(0);
  });

  it('moves no object that its slot does not hold yet', () => {
    const pool = compactable();
    pool.fill(0, 3, 2700);
    // What a write has between its allocation and the slot's lock.
    const zsmalloc = new Zsmalloc(pool.arena, new PageFrames(pool.arena), 0);
    const cpu = new OneCpu(pool.arena);
    const owner = new Slots(pool.arena, 0).lock(20);
    const handle = cpu.run((on) => zsmalloc.allocate(on, { bytes: 2700, owner, maySleep: true, span: emptySpan() }));
    pool.discard(0, 1);
    expect(pool.drawing()).toBe('2720 2/3  4:[..x] 4:[x..]');
    expect(cpu.run((on) => pool.device.controls.compact(on))).toBe(0);
    expect(pool.drawing()).toBe('2720 2/3  4:[..x] 4:[x..]');
    cpu.run((on) => zsmalloc.free(on, handle));
    expect(pool.compact()).toBe(0);
  });
});
