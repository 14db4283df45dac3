import { beforeEach, describe, expect, it } from 'vitest';
import { Standstill } from '../../../../src/main/engine/live/standstill.ts';
import { LockClass } from '../../../../src/main/machine/cpu.ts';
import { CpuF64, CpuW, HeaderW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { Operation } from '../../../../src/main/machine/operation.ts';
import { LOCKED, WAITERS } from '../../../../src/main/machine/sync/lock.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { makeMachine } from '../../machine/fixtures/make-machine.ts';

const LOOKS = 4;
const { hotplugLock: A } = HeaderW;

describe('CPUs of a phase', () => {
  let { arena } = makeMachine();
  let zone = 0;
  let standstill = new Standstill(arena, [0, 1, 2], LOOKS);

  beforeEach(() => {
    ({ arena } = makeMachine());
    zone = arena.zoneWord();
    standstill = new Standstill(arena, [0, 1, 2], LOOKS);
    for (const word of [A, zone]) arena.words[word] = LOCKED | WAITERS;
    waits(0, A, LockClass.hotplug);
    waits(1, zone, LockClass.zone);
    waits(2, A, LockClass.hotplug);
  });

  function waits(cpu: number, word: number, lockClass: LockClass, sinceMs = 1000): void {
    const block = arena.cpuWord(cpuId(cpu));
    arena.words[block + CpuW.operation] = Operation.compact;
    arena.words[block + CpuW.waitsFor] = word;
    arena.words[block + CpuW.waitsForClass] = lockClass;
    arena.doubles[block / 2 + CpuF64.waitingSinceMs] = sinceMs;
  }

  const look = (times: number): readonly boolean[] => Array.from({ length: times }, () => standstill.look());

  it('that stay in the same waits for locks that are held stand still, which is told once', () => {
    expect(look(LOOKS + 2)).toEqual([false, false, false, true, false, false]);
    expect(standstill.sentence).toBe(
      `the CPUs wait for each other: CPU 0, during compaction, after page 0 of zram0, waits for hotplug lock (word ${A}), ` +
        `which CPU 1 holds; CPU 1, during compaction, after page 0 of zram0, waits for zone (word ${zone}), which CPU 0 or ` +
        `CPU 2 holds; CPU 2, during compaction, after page 0 of zram0, waits for hotplug lock (word ${A}), which CPU 1 holds`,
    );
  });

  it('do not while one of them does not wait', () => {
    waits(1, zone, LockClass.zone, 0);
    look(3 * LOOKS);
    expect(standstill.sentence).toBeUndefined();
  });

  it('do not while what one waits for is to be had', () => {
    arena.words[zone] = WAITERS;
    look(3 * LOOKS);
    expect(standstill.sentence).toBeUndefined();
  });

  it('do not while waits end and begin, however long there always is one', () => {
    for (let turn = 0; turn < 3 * LOOKS; turn++) {
      waits(1, zone, LockClass.zone, 2000 + turn);
      look(LOOKS - 1);
    }
    expect(standstill.sentence).toBeUndefined();
  });

  it('need not count those whose jobs are done, who may have left a lock held', () => {
    waits(2, A, LockClass.hotplug, 0);
    arena.words[arena.cpuWord(cpuId(2)) + CpuW.operation] = Operation.finished;
    look(LOOKS);
    expect(standstill.sentence).toContain('CPU 0, during compaction, after page 0 of zram0, waits for hotplug lock');
    expect(standstill.sentence).toContain('which CPU 1 or CPU 2 holds; CPU 1');
  });

  it('that have all done their jobs do not stand still', () => {
    for (const cpu of [0, 1, 2]) arena.words[arena.cpuWord(cpuId(cpu)) + CpuW.operation] = Operation.finished;
    look(3 * LOOKS);
    expect(standstill.sentence).toBeUndefined();
  });
});
