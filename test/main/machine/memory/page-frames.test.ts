import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { FrameKind, FrameW, ZoneW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames, PageFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { type FrameNumber, frameNumber } from '../../../../src/main/machine/units.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditFrames } from '../fixtures/pool-audit.ts';

/** A machine whose boot takes frame 0, a page of first chunk, one of slots, 2 of buffer, 5 of work memory: 22 of 32 are free. */
function freshFrames(frameCount = 32) {
  const { arena } = makeMachine({
    bufferLayout: 'per-cpu-global',
    possibleCpus: 1,
    onlineCpus: 1,
    memoryBytes: frameCount * 4096,
    diskSizeBytes: 4096,
  });
  return { arena, frames: new PageFrames(arena), cpu: new OneCpu(arena) };
}

/** `0 free, S slot table, C per-CPU area, P pool …`, a letter a frame. */
function drawFrames(arena: Arena): string {
  const letters = ['.', 'S', 'C', 'B', 'W', 'P', '0'];
  return Array.from({ length: arena.frameCount }, (_, frame) => {
    const kind = arena.word(arena.descriptorWord(frameNumber(frame)) + FrameW.kind);
    return letters[kind] ?? '?';
  }).join('');
}

function chain(arena: Arena, first: FrameNumber): readonly number[] {
  const frames: number[] = [];
  for (let entry = first + 1; entry !== 0;) {
    frames.push(entry - 1);
    entry = arena.word(arena.descriptorWord(frameNumber(entry - 1)) + FrameW.next);
  }
  return frames;
}

function freeFrames(arena: Arena): number {
  return arena.frameCount - arena.word(arena.zoneWord() + ZoneW.usedFrames);
}

describe('at boot', () => {
  it('frames come in contiguous runs from frame 1 on, each marked with its use', () => {
    const { arena, frames } = freshFrames(24);
    expect(drawFrames(arena)).toBe('0CSBBWWWWW..............');
    expect(frames.takeAtBoot(3, FrameKind.buffer)).toBe(10);
    expect(frames.takeAtBoot(2, FrameKind.workMemory)).toBe(13);
    expect(drawFrames(arena)).toBe('0CSBBWWWWWBBBWW.........');
    auditFrames(arena);
  });

  it('a run that does not fit takes nothing', () => {
    const { arena, frames } = freshFrames(24);
    const before = drawFrames(arena);
    expect(frames.takeAtBoot(15, FrameKind.buffer)).toBeUndefined();
    expect(drawFrames(arena)).toBe(before);
    expect(frames.takeAtBoot(14, FrameKind.buffer)).toBe(10);
    auditFrames(arena);
  });

  it('frame 0 is reserved and counted, so that no handle is ever 0', () => {
    const { arena } = freshFrames();
    expect(countFrames(arena)[FrameKind.reserved]).toBe(1);
    auditFrames(arena);
  });
});

describe('take', () => {
  it('chains the frames of one request and ends the chain', () => {
    const { arena, frames, cpu } = freshFrames(24);
    const first = cpu.run((on) => frames.take(on, 4, FrameKind.pool));
    expect(first).toBe(10);
    expect(chain(arena, frameNumber(10))).toEqual([10, 11, 12, 13]);
    expect(drawFrames(arena)).toBe('0CSBBWWWWWPPPP..........');
  });

  it('hands out the frame freed last before any that was never used', () => {
    const { arena, frames, cpu } = freshFrames(24);
    const first = cpu.run((on) => frames.take(on, 1, FrameKind.pool)) ?? frameNumber(-1);
    const second = cpu.run((on) => frames.take(on, 1, FrameKind.pool)) ?? frameNumber(-1);
    cpu.run((on) => frames.give(on, first, 1, FrameKind.pool));
    cpu.run((on) => frames.give(on, second, 1, FrameKind.pool));
    expect(cpu.run((on) => frames.take(on, 3, FrameKind.pool))).toBe(second);
    expect(chain(arena, second)).toEqual([second, first, 12]);
  });

  it('gives every frame of the memory, and then undefined', () => {
    const { arena, frames, cpu } = freshFrames();
    const taken = new Set<number>();
    for (;;) {
      const frame = cpu.run((on) => frames.take(on, 1, FrameKind.pool));
      if (frame === undefined) break;
      expect(taken.has(frame)).toBe(false);
      expect(frame).toBeLessThan(arena.frameCount);
      taken.add(frame);
    }
    expect(taken.size).toBe(32 - 10);
    expect(freeFrames(arena)).toBe(0);
    auditFrames(arena);
  });

  it('takes nothing when the last frames do not suffice for all of a request', () => {
    const { arena, frames, cpu } = freshFrames(24);
    cpu.run((on) => frames.take(on, 12, FrameKind.pool));
    const before = drawFrames(arena);
    expect(cpu.run((on) => frames.take(on, 4, FrameKind.pool))).toBeUndefined();
    expect(drawFrames(arena)).toBe(before);
    expect(cpu.run((on) => frames.take(on, 2, FrameKind.pool))).toBe(22);
    auditFrames(arena);
  });

  it('leaves the zone unlocked, whether it succeeds or not', () => {
    const { arena, frames, cpu } = freshFrames(24);
    const lock = arena.zoneWord() + ZoneW.lock;
    cpu.run((on) => frames.take(on, 15, FrameKind.pool));
    expect(arena.word(lock)).toBe(0);
    cpu.run((on) => frames.take(on, 1, FrameKind.pool));
    expect(arena.word(lock)).toBe(0);
  });
});

describe('give', () => {
  it('returns a whole chain', () => {
    const { arena, frames, cpu } = freshFrames(24);
    const before = drawFrames(arena);
    const first = cpu.run((on) => frames.take(on, 5, FrameKind.pool)) ?? frameNumber(-1);
    cpu.run((on) => frames.give(on, first, 5, FrameKind.pool));
    expect(drawFrames(arena)).toBe(before);
    auditFrames(arena);
  });

  it('throws when a frame is of another kind than it is said to be', () => {
    const { frames, cpu } = freshFrames();
    const first = cpu.run((on) => frames.take(on, 1, FrameKind.pool)) ?? frameNumber(-1);
    expect(() => {
      cpu.run((on) => frames.give(on, first, 1, FrameKind.buffer));
    }).toThrow(`frame ${first} given back as kind 3 is of kind 5`);
  });

  it('throws when a frame is given back twice', () => {
    const { frames, cpu } = freshFrames();
    const first = cpu.run((on) => frames.take(on, 1, FrameKind.pool)) ?? frameNumber(-1);
    cpu.run((on) => frames.give(on, first, 1, FrameKind.pool));
    expect(() => {
      cpu.run((on) => frames.give(on, first, 1, FrameKind.pool));
    }).toThrow('is of kind 0');
  });
});

describe('the zone', () => {
  it('keeps the peak of all frames and of each kind on its own', () => {
    const { arena, frames, cpu } = freshFrames();
    const word = (field: number): number => arena.word(arena.zoneWord() + field);
    const pool = cpu.run((on) => frames.take(on, 6, FrameKind.pool)) ?? frameNumber(-1);
    cpu.run((on) => frames.give(on, pool, 6, FrameKind.pool));
    cpu.run((on) => frames.take(on, 4, FrameKind.buffer));
    expect(word(ZoneW.byKindPeak + FrameKind.pool)).toBe(6);
    expect(word(ZoneW.byKind + FrameKind.pool)).toBe(0);
    expect(word(ZoneW.byKindPeak + FrameKind.buffer)).toBe(2 + 4);
    expect(word(ZoneW.usedFramesPeak)).toBe(10 + 6);
    expect(word(ZoneW.usedFrames)).toBe(10 + 4);
  });

  it('agrees with a recount and with a model after any sequence of takes and gives', () => {
    const kinds = fc.constantFrom(FrameKind.pool, FrameKind.buffer, FrameKind.workMemory);
    const step = fc.oneof(
      fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 9 }), kind: kinds }),
      fc.record({ do: fc.constant('give' as const), which: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { arena, frames, cpu } = freshFrames(40);
        const runs: { readonly first: FrameNumber; readonly count: number; readonly kind: FrameKind }[] = [];
        let free = freeFrames(arena);
        let peak = arena.frameCount - free;
        for (const each of steps) {
          if (each.do === 'take') {
            const first = cpu.run((on) => frames.take(on, each.count, each.kind));
            expect(first !== undefined).toBe(each.count <= free);
            if (first === undefined) continue;
            expect(chain(arena, first)).toHaveLength(each.count);
            runs.push({ first, count: each.count, kind: each.kind });
            free -= each.count;
            peak = Math.max(peak, arena.frameCount - free);
          } else {
            const [run] = runs.splice(each.which % Math.max(1, runs.length), 1);
            if (run === undefined) continue;
            cpu.run((on) => frames.give(on, run.first, run.count, run.kind));
            free += run.count;
          }
          expect(freeFrames(arena)).toBe(free);
          expect(arena.word(arena.zoneWord() + ZoneW.usedFramesPeak)).toBe(peak);
        }
        const held = runs.flatMap((run) => chain(arena, run.first));
        expect(new Set(held).size).toBe(held.length);
        auditFrames(arena);
      }),
    );
  });
});
