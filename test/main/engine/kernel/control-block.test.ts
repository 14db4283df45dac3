import { describe, expect, it } from 'vitest';
import { ControlBlock, ControlW } from '../../../../src/main/engine/kernel/control-block.ts';

describe('the control block', () => {
  it('counts for each thread apart, and is the same through every view', () => {
    const control = ControlBlock.forThreads(3);
    control.addWritten(0, 4096);
    control.addWritten(2, 8192);
    control.addRead(2, 4096);
    const other = new ControlBlock(control.buffer);
    expect(other.threads).toBe(3);
    expect([0, 1, 2].map((thread) => other.counters(thread))).toEqual([
      { readBytes: 0, writtenBytes: 4096, isInPhase: false },
      { readBytes: 0, writtenBytes: 0, isInPhase: false },
      { readBytes: 4096, writtenBytes: 8192, isInPhase: false },
    ]);
  });

  it('counts beyond 32 bits', () => {
    const control = ControlBlock.forThreads(1);
    for (let piece = 0; piece < 5; piece++) control.addWritten(0, 2 ** 31);
    expect(control.counters(0).writtenBytes).toBe(5 * 2 ** 31);
  });

  it('keeps what different threads write 256 bytes apart', () => {
    const control = ControlBlock.forThreads(2);
    const touched = (act: () => void): readonly number[] => {
      const before = control.words.slice();
      act();
      return [...control.words.keys()].filter((word) => control.words[word] !== before[word]);
    };
    const first = touched(() => {
      control.addRead(0, 1);
      control.addWritten(0, 1);
      control.enterPhase(0);
    });
    const second = touched(() => {
      control.addRead(1, 1);
      control.addWritten(1, 1);
      control.enterPhase(1);
    });
    const run = touched(() => control.halt());
    expect(first.map((word) => Math.floor((word * 4) / 256))).toEqual(first.map(() => 1));
    expect(second.map((word) => Math.floor((word * 4) / 256))).toEqual(second.map(() => 2));
    expect(run).toEqual([ControlW.stop, ControlW.halt]);
  });

  it('is quiet once every thread has left its phase, and not before', () => {
    const control = ControlBlock.forThreads(2);
    control.enterPhase(1);
    expect(control.counters(1).isInPhase).toBe(true);
    expect(control.waitUntilQuiet(5)).toBe(false);
    control.leavePhase(1);
    expect(control.waitUntilQuiet(5)).toBe(true);
  });
});
