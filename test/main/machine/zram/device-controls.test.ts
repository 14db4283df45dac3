import { describe, expect, it, vi } from 'vitest';
import type { MachineConfig } from '../../../../src/main/machine/memory/arena.ts';
import { DeviceW, FrameKind, ZoneW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { memoryFigures, peakMemoryFigures } from '../../../../src/main/machine/memory-figures.ts';
import { tryLock, unlock } from '../../../../src/main/machine/sync/lock.ts';
import { readDeviceStatistics } from '../../../../src/main/machine/zram/device-statistics.ts';
import {
  bdStatText,
  blockStateText,
  classesText,
  debugStatText,
  ioStatText,
  mmStatText,
} from '../../../../src/main/machine/zram/device-texts.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import { readPoolClasses } from '../../../../src/main/machine/zram/pool-classes.ts';
import { Slots } from '../../../../src/main/machine/zram/slots.ts';
import { CURRENT_ZRAM, type ZramVariant } from '../../../../src/main/machine/zram/zram-variant.ts';
import { BUFFER_LAYOUTS } from '../../../../src/shared/design.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { mmStat } from '../fixtures/mm-stat.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditMachine } from '../fixtures/pool-audit.ts';
import { blankPage, samePage, SizedCodec, sizedPage } from '../fixtures/sized-pages.ts';

function deviceUnderTest(changes: Partial<MachineConfig> = {}) {
  const machine = makeMachine({ bufferLayout: 'single-mutex', ...changes });
  const { arena } = machine;
  const device = machine.device(0);
  const cpu = new OneCpu(arena, new SizedCodec(arena));
  return {
    arena,
    device,
    cpu,
    controls: device.controls,
    /** SLOT:SIZE, 0 for same-filled; answers with the statuses. */
    write: (list: string): readonly IoStatus[] =>
      list.split(' ').map((item) => {
        const [slot = 0, size = 0] = item.split(':').map(Number);
        return cpu.write(device, slot, size === 0 ? samePage(slot + 1, 3) : sizedPage(size, slot));
      }),
    holds: (slot: number, size: number): boolean => cpu.read(device, slot).equals(sizedPage(size, slot).bytes),
    isEmpty: (slot: number): boolean => cpu.read(device, slot).equals(blankPage().bytes),
    statistics: () => readDeviceStatistics(arena, 0),
  };
}

const variant = (changes: Partial<ZramVariant>): Partial<MachineConfig> => ({ zram: { ...CURRENT_ZRAM, ...changes } });

describe('the memory limit', () => {
  it('is rounded up to whole pages, and lifted by 0', () => {
    const under = deviceUnderTest();
    under.controls.setMemoryLimit(4097);
    expect(under.statistics().limitPages).toBe(2);
    expect(under.write('0:4000 1:4000 2:4000')).toEqual([IoStatus.done, IoStatus.done, IoStatus.noMemory]);
    under.controls.setMemoryLimit(0);
    expect(under.write('2:4000')).toEqual([IoStatus.done]);
  });

  it('leaves the high-water mark, which is brought down to the present size on demand', () => {
    const under = deviceUnderTest();
    under.write('0:4000 1:4000 2:4000');
    under.cpu.discard(under.device, 0, 2);
    expect(under.statistics()).toMatchObject({ poolPages: 1, poolPagesMax: 3 });
    under.controls.resetMemoryPeak();
    expect(under.statistics()).toMatchObject({ poolPages: 1, poolPagesMax: 1 });
  });
});

describe('idle marks', () => {
  const states = (under: ReturnType<typeof deviceUnderTest>): string =>
    blockStateText(under.arena, 0).replaceAll(/ +([0-9]+) +0\.000000 (.{6})\n/g, '$1:$2 ');

  it('are on every stored page but same-filled ones', () => {
    const under = deviceUnderTest();
    under.write('0:2000 1:0 5:4000');
    under.cpu.run((on) => under.controls.markIdle(on));
    expect(states(under)).toBe('0:...i.. 1:s..... 5:..hi.. ');
  });

  it('are lost by reading, writing and freeing', () => {
    const under = deviceUnderTest();
    under.write('0:2000 1:2000 2:2000 3:4000');
    under.cpu.run((on) => under.controls.markIdle(on));
    under.holds(0, 2000);
    under.write('1:2000');
    under.cpu.discard(under.device, 2);
    expect(states(under)).toBe('0:...... 1:...... 3:..hi.. ');
    under.holds(3, 4000);
    expect(states(under)).toBe('0:...... 1:...... 3:..h... ');
  });
});

describe('a reset', () => {
  it('frees everything, forgets the limit and all statistics, and leaves a device that can be used', () => {
    const under = deviceUnderTest();
    const free = countFrames(under.arena)[FrameKind.free];
    under.write('0:2700 1:2700 2:0 3:4000 4:2700 5:2700');
    under.cpu.discard(under.device, 0, 2);
    under.controls.setMemoryLimit(4096);
    under.write('6:4000');
    under.cpu.run((on) => under.controls.reset(on));
    expect(mmStat(under.arena)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(Object.values(under.statistics()).every((value) => value === 0)).toBe(true);
    expect(memoryFigures(under.arena)).toMatchObject({ originalBytes: 0, compressedBytes: 0, poolBytes: 0 });
    expect(peakMemoryFigures(under.arena)).toMatchObject({ originalBytes: 0, compressedBytes: 0 });
    expect(countFrames(under.arena)[FrameKind.free]).toBe(free);
    for (let slot = 0; slot < 7; slot++) expect(under.isEmpty(slot)).toBe(true);
    expect(under.write('0:2700')).toEqual([IoStatus.done]);
    expect(under.holds(0, 2700)).toBe(true);
    auditMachine(under.arena);
  });
});

describe('a free notification', () => {
  it('frees the slot and counts', () => {
    const under = deviceUnderTest();
    under.write('0:2700');
    under.cpu.run((on) => under.device.notifyFree(on, 0));
    expect(under.isEmpty(0)).toBe(true);
    expect(under.statistics()).toMatchObject({ notifyFree: 1, missedFrees: 0, poolPages: 0 });
    auditMachine(under.arena);
  });

  it('is missed, and frees nothing, where the slot is locked', () => {
    const under = deviceUnderTest();
    under.write('0:2700');
    const lock = new Slots(under.arena, 0).lock(0);
    tryLock(under.arena.words, lock);
    under.cpu.run((on) => under.device.notifyFree(on, 0));
    unlock(under.arena.words, lock);
    expect(under.holds(0, 2700)).toBe(true);
    expect(under.statistics()).toMatchObject({ notifyFree: 1, missedFrees: 1 });
    expect(debugStatText(under.arena, 0)).toBe('version: 1\n0        1\n');
  });
});

describe('with the old content freed first (6.14 to 6.16)', () => {
  it('a write needs no room beside what it replaces', () => {
    const under = deviceUnderTest(variant({ freeOrder: 'first' }));
    const pages = [under.write('0:4114'), under.write('1:4114'), under.write('0:4114'), under.write('0:2700')];
    expect(pages.flat()).toEqual([0, 0, 0, 0]);
    // Freed last, the third write has three pages for a moment (example D: 1, 2, 3 in mem_used_max).
    expect(under.statistics()).toMatchObject({ poolPages: 3, poolPagesMax: 3, hugePagesSince: 3 });
    under.controls.setMemoryLimit(3 * 4096);
    expect(under.write('1:4114')).toEqual([IoStatus.done]);
    auditMachine(under.arena);
  });

  it('a write that fails leaves its slot empty, where freed last it leaves it as it was', () => {
    for (const freeOrder of ['first', 'last'] as const) {
      const under = deviceUnderTest(variant({ freeOrder }));
      under.write('0:2700 1:4000');
      under.controls.setMemoryLimit(4096);
      expect(under.write('0:3624')).toEqual([IoStatus.noMemory]);
      expect(under.isEmpty(0), freeOrder).toBe(freeOrder === 'first');
      expect(under.holds(0, 2700), freeOrder).toBe(freeOrder === 'last');
      auditMachine(under.arena);
    }
  });
});

describe.each(BUFFER_LAYOUTS)('two allocation stages (before 6.15) under %s', (bufferLayout) => {
  /** Leaves `left` frames that an allocation which may not sleep does not take. */
  function scarce(left: number) {
    const under = deviceUnderTest({ bufferLayout, ...variant({ allocationStages: 'two' }) });
    const free = countFrames(under.arena)[FrameKind.free] ?? 0;
    under.arena.words[under.arena.zoneWord() + ZoneW.reservedFrames] = free - left;
    return under;
  }

  it('do not stall while memory is at hand', () => {
    const under = scarce(4);
    expect(under.write('0:2700 1:2700 2:2700')).toEqual([0, 0, 0]);
    expect(under.statistics().writeStalls).toBe(0);
  });

  it('give the buffer back, wait for memory and compress again when it is not', () => {
    const under = scarce(1);
    expect(under.write('0:2700 1:2700 2:4000 3:4000')).toEqual([0, 0, 0, 0]);
    // The first page needs a zspage of two pages; the second fits there, the third takes a frame at hand, the fourth not.
    expect(under.statistics().writeStalls).toBe(3);
    for (const [slot, size] of [2700, 2700, 4000, 4000].entries()) expect(under.holds(slot, size)).toBe(true);
    expect(debugStatText(under.arena, 0)).toBe('version: 1\n       3        0\n');
    auditMachine(under.arena);
  });

  it('fail when the second stage fails too, with nothing held', () => {
    const under = deviceUnderTest({
      bufferLayout,
      memoryBytes: 40 * 4096,
      diskSizeBytes: 64 * 4096,
      possibleCpus: 1,
      onlineCpus: 1,
      ...variant({ allocationStages: 'two' }),
    });
    const statuses: IoStatus[] = [];
    for (let slot = 0; slot < 40; slot++) statuses.push(...under.write(`${slot}:4000`));
    const failed = statuses.filter((status) => status === IoStatus.noMemory).length;
    expect(failed).toBeGreaterThan(0);
    expect(under.statistics()).toMatchObject({ failedWrites: failed, writeStalls: failed, pagesStored: 40 - failed });
    auditMachine(under.arena);
  });

  it('leave no stall to a kernel of one stage, which may sleep at once', () => {
    const under = deviceUnderTest({ bufferLayout });
    under.arena.words[under.arena.zoneWord() + ZoneW.reservedFrames] = under.arena.frameCount;
    expect(under.write('0:2700 1:4000')).toEqual([0, 0]);
    expect(under.statistics().writeStalls).toBe(0);
    expect(debugStatText(under.arena, 0)).toBe('version: 1\n0        0\n');
  });
});

describe('a page that both stages find no room for', () => {
  it('takes the buffer once: there is nothing to compress again', () => {
    const { arena, device, cpu, write } = deviceUnderTest({
      memoryBytes: 40 * 4096,
      diskSizeBytes: 64 * 4096,
      possibleCpus: 1,
      onlineCpus: 1,
      ...variant({ allocationStages: 'two' }),
    });
    let slot = 0;
    while (write(`${slot}:4000`)[0] === IoStatus.done) slot += 1;
    const unlocked: number[] = [];
    const status = cpu.run(function* (watched) {
      const releases = vi.spyOn(watched, 'unlock');
      const ended = yield* device.writeRequest(watched, slot, [sizedPage(4000, slot)]);
      unlocked.push(...releases.mock.calls.map(([word]) => word));
      return ended;
    });
    expect(status).toBe(IoStatus.noMemory);
    expect(unlocked.filter((word) => word === arena.deviceWord(0) + DeviceW.mutex)).toHaveLength(1);
  });
});

describe('the statistics texts', () => {
  it('are laid out as on Linux 6.18', () => {
    const under = deviceUnderTest();
    expect(mmStatText(under.arena, 0)).toBe(`${' '.repeat(7)}0${`${' '.repeat(8)}0`.repeat(8)}\n`);
    under.write('0:2700 1:2700 2:0 3:4000 4:2700 5:2700');
    under.cpu.discard(under.device, 0, 2);
    under.controls.setMemoryLimit(40960);
    // The columns of the mm_stat file, each right-aligned in eight places.
    expect(mmStatText(under.arena, 0)).toBe(
      '   16384     9496    20480    40960    20480        1        0        1        1\n',
    );
    expect(ioStatText(under.arena, 0)).toBe('       0        0 0        2\n');
    expect(bdStatText()).toBe('       0        0        0\n');
  });

  it('show each slot with content, its number twelve wide', () => {
    const under = deviceUnderTest();
    under.write('0:0 33:4000');
    expect(blockStateText(under.arena, 0)).toBe('           0     0.000000 s.....\n          33     0.000000 ..h...\n');
  });

  it('list every class with its zspages by tenth, and sum up (the head is that of the kernel documentation)', () => {
    const under = deviceUnderTest();
    under.write('0:2700 1:2700 2:2700 3:2700 4:2700 5:2700 6:2700 10:4000 11:1560');
    under.cpu.discard(under.device, 0, 2);
    const lines = classesText(under.arena, 0).split('\n');
    const tenths = ['10%', '20%', '30%', '40%', '50%', '60%', '70%', '80%', '90%', '99%', '100%'];
    const head = tenths.map((tenth) => tenth.padStart(10)).join('');
    expect(lines[0]).toBe(` class  size${head} obj_allocated   obj_used pages_used pages_per_zspage freeable`);
    expect(lines).toHaveLength(1 + 119 + 3);
    const words = lines.map((line) => line.trim().split(/ +/).join(' '));
    expect(words.filter((line) => line.includes(' 2720 '))).toEqual(['168 2720 0 0 0 2 0 0 0 0 0 0 1 9 5 6 2 2']);
    expect(words.filter((line) => line.includes(' 4096 '))).toEqual(['254 4096 0 0 0 0 0 0 0 0 0 0 1 1 1 1 1 0']);
    expect(words.at(-2)).toBe('Total 1 0 0 2 0 0 0 0 0 0 2 23 7 12 2');
  });
});

describe('the class table', () => {
  it('recounts the pool: pages, objects, and what compaction then releases', () => {
    const under = deviceUnderTest({ memoryBytes: 512 * 4096 });
    for (let slot = 0; slot < 60; slot++) under.write(`${slot}:${200 + 60 * (slot % 50)}`);
    for (let slot = 0; slot < 60; slot += 2) under.cpu.discard(under.device, slot);
    const before = readPoolClasses(under.arena, 0);
    const sum = (of: (row: (typeof before)[number]) => number): number =>
      before.reduce((total, row) => total + of(row), 0);
    expect(sum((row) => row.pagesUsed)).toBe(under.statistics().poolPages);
    expect(sum((row) => row.usedObjects)).toBe(under.statistics().pagesStored);
    const zspages = (row: (typeof before)[number]): number => row.zspagesByTenth.reduce((a, b) => a + b, 0);
    expect(sum((row) => zspages(row) * row.pagesPerZspage)).toBe(under.statistics().poolPages);
    expect(under.cpu.run((on) => under.controls.compact(on))).toBe(sum((row) => row.freeablePages));
    expect(readPoolClasses(under.arena, 0).every((row) => row.freeablePages === 0)).toBe(true);
  });
});
