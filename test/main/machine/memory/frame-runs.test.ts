/** Contiguous runs, at boot and later. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { FrameKind, FrameW, ZoneW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames, PageFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { frameNumber } from '../../../../src/main/machine/units.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { MachineTasks } from '../fixtures/machine-tasks.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditFrames } from '../fixtures/pool-audit.ts';

/** A machine whose boot takes the first 10 frames. */
const BOOT_FRAMES = 10;
function freshFrames(frameCount = 40) {
  const { arena } = makeMachine({
    possibleCpus: 1,
    onlineCpus: 1,
    memoryBytes: frameCount * 4096,
    diskSizeBytes: 4096,
  });
  return { arena, frames: new PageFrames(arena), cpu: new OneCpu(arena) };
}

function kindOf(arena: Arena, frame: number): number {
  return arena.word(arena.descriptorWord(frameNumber(frame)) + FrameW.kind);
}

/** Frames from the end of boot's on: `.` free, `P` pool, `B` buffer, `W` work memory. */
function drawFrames(arena: Arena): string {
  const letters: Readonly<Record<number, string>> = { 0: '.', 3: 'B', 4: 'W', 5: 'P' };
  return Array.from(
    { length: arena.frameCount - BOOT_FRAMES },
    (_, index) => letters[kindOf(arena, BOOT_FRAMES + index)] ?? '?',
  ).join('');
}

/** Frames of a chain, at most so many. */
function chain(arena: Arena, first: number, most = 100): readonly number[] {
  const frames: number[] = [];
  for (let entry = first + 1; entry !== 0 && frames.length < most;) {
    frames.push(entry - 1);
    entry = arena.word(arena.descriptorWord(frameNumber(entry - 1)) + FrameW.next);
  }
  return frames;
}

/** Frames on the stack of freed ones, each once, none of them in use. */
function freed(arena: Arena): ReadonlySet<number> {
  const head = arena.word(arena.zoneWord() + ZoneW.freeHead);
  const frames = head === 0 ? [] : chain(arena, head - 1, arena.frameCount + 1);
  const set = new Set(frames);
  expect(set.size, 'each freed frame is on the stack once').toBe(frames.length);
  return set;
}

/** Every frame is in use, on the stack, or never used: exactly one of them. */
function auditFree(arena: Arena): void {
  const stack = freed(arena);
  const fresh = arena.word(arena.zoneWord() + ZoneW.fresh);
  for (let frame = 0; frame < arena.frameCount; frame++) {
    const isFree = kindOf(arena, frame) === FrameKind.free;
    expect(stack.has(frame) || frame >= fresh, `frame ${frame} can be taken`).toBe(isFree);
    expect(stack.has(frame) && frame >= fresh, `frame ${frame} could be taken twice`).toBe(false);
  }
  auditFrames(arena);
}

/** Length of the longest run of free frames, from the descriptors alone. */
function longestRun(arena: Arena): number {
  let [longest, length] = [0, 0];
  for (let frame = 0; frame < arena.frameCount; frame++) {
    length = kindOf(arena, frame) === FrameKind.free ? length + 1 : 0;
    longest = Math.max(longest, length);
  }
  return longest;
}

describe('at boot', () => {
  it('a run begins at the alignment, and what is skipped is free', () => {
    const { arena, frames, cpu } = freshFrames(24);
    expect(frames.takeAtBoot(2, FrameKind.buffer, 4)).toBe(12);
    expect(drawFrames(arena)).toBe('..BB..........');
    auditFree(arena);
    // The skipped ones are taken before those never used.
    expect(cpu.run((on) => frames.take(on, 3, FrameKind.pool))).not.toBe(14);
    expect(drawFrames(arena)).toBe('PPBBP.........');
  });

  it('a run that is aligned anyway skips nothing', () => {
    const { arena, frames } = freshFrames(24);
    expect(frames.takeAtBoot(2, FrameKind.buffer, 2)).toBe(10);
    expect(freed(arena).size).toBe(0);
  });

  it('a run that does not fit for its alignment takes nothing', () => {
    const { arena, frames } = freshFrames(24);
    const before = Buffer.from(arena.bytes);
    expect(frames.takeAtBoot(9, FrameKind.buffer, 16)).toBeUndefined();
    expect(before.equals(arena.bytes)).toBe(true);
    expect(frames.takeAtBoot(8, FrameKind.buffer, 16)).toBe(16);
    auditFree(arena);
  });

  it('a run is chained like any other, so that it can be given back later', () => {
    const { arena, frames, cpu } = freshFrames(24);
    const first = frames.takeAtBoot(4, FrameKind.buffer) ?? frameNumber(0);
    expect(chain(arena, first)).toEqual([10, 11, 12, 13]);
    cpu.run((on) => frames.give(on, first, 4, FrameKind.buffer));
    expect(drawFrames(arena)).toBe('..............');
    auditFree(arena);
  });

  it('a part that is given back is free, and was never a peak', () => {
    const { arena, frames } = freshFrames(24);
    const peak = arena.word(arena.zoneWord() + ZoneW.usedFramesPeak);
    frames.takeAtBoot(8, FrameKind.workMemory);
    frames.giveAtBoot(frameNumber(13), 5, FrameKind.workMemory);
    expect(drawFrames(arena)).toBe('WWW...........');
    expect(arena.word(arena.zoneWord() + ZoneW.usedFramesPeak)).toBe(peak + 3);
    expect(arena.word(arena.zoneWord() + ZoneW.byKindPeak + FrameKind.workMemory)).toBe(5 + 3);
    auditFree(arena);
  });

  it('nothing can be given back that is of another kind', () => {
    const { frames } = freshFrames(24);
    frames.takeAtBoot(4, FrameKind.buffer);
    expect(() => frames.giveAtBoot(frameNumber(12), 4, FrameKind.buffer)).toThrow(
      'frame 15 given back as kind 3 is of kind 0',
    );
  });

  it('any takes and gives agree with a list of what is held', () => {
    const step = fc.record({
      count: fc.integer({ min: 1, max: 9 }),
      align: fc.constantFrom(1, 2, 4, 8, 16),
      given: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const { arena, frames } = freshFrames(80);
        const held = new Set<number>();
        let end = BOOT_FRAMES;
        for (const { count, align, given } of steps) {
          const aligned = Math.ceil(end / align) * align;
          const first = frames.takeAtBoot(count, FrameKind.buffer, align);
          expect(first).toBe(aligned + count <= 80 ? aligned : undefined);
          if (first === undefined) continue;
          end = aligned + count;
          const back = Math.min(given, count);
          frames.giveAtBoot(frameNumber(end - back), back, FrameKind.buffer);
          for (let frame: number = first; frame < end - back; frame++) held.add(frame);
        }
        for (let frame = BOOT_FRAMES; frame < 80; frame++) {
          expect(kindOf(arena, frame)).toBe(held.has(frame) ? FrameKind.buffer : FrameKind.free);
          held.delete(frame);
        }
        expect(held.size).toBe(0);
        auditFrames(arena);
        freed(arena);
      }),
    );
  });
});

describe('a run', () => {
  it('is contiguous and chained in order', () => {
    const { arena, frames, cpu } = freshFrames(24);
    expect(cpu.run((on) => frames.takeRun(on, 3, FrameKind.buffer))).toBe(10);
    expect(chain(arena, 10)).toEqual([10, 11, 12]);
    expect(drawFrames(arena)).toBe('BBB...........');
    auditFree(arena);
  });

  it('comes from frames never used as long as these suffice', () => {
    const { arena, frames, cpu } = freshFrames(24);
    const first = cpu.run((on) => frames.take(on, 4, FrameKind.pool)) ?? frameNumber(0);
    cpu.run((on) => frames.give(on, first, 4, FrameKind.pool));
    expect(cpu.run((on) => frames.takeRun(on, 4, FrameKind.buffer))).toBe(14);
    expect(drawFrames(arena)).toBe('....BBBB......');
  });

  it('is the lowest among the freed ones otherwise, and may reach into those never used', () => {
    const { arena, frames, cpu } = freshFrames(24);
    const take = (count: number) => cpu.run((on) => frames.take(on, count, FrameKind.pool)) ?? frameNumber(0);
    const [first, , third, , last] = [take(3), take(1), take(3), take(1), take(2)];
    for (const [run, count] of [
      [first, 3],
      [third, 3],
      [last, 2],
    ] as const) {
      cpu.run((on) => frames.give(on, run, count, FrameKind.pool));
    }
    expect(drawFrames(arena)).toBe('...P...P......');
    // Four frames were never used; two freed ones lie in front of them.
    expect(cpu.run((on) => frames.takeRun(on, 6, FrameKind.buffer))).toBe(18);
    expect(cpu.run((on) => frames.takeRun(on, 3, FrameKind.workMemory))).toBe(10);
    expect(cpu.run((on) => frames.takeRun(on, 4, FrameKind.buffer))).toBeUndefined();
    expect(drawFrames(arena)).toBe('WWWP...PBBBBBB');
    auditFree(arena);
    expect(cpu.run((on) => frames.take(on, 4, FrameKind.pool))).toBeUndefined();
    expect(cpu.run((on) => frames.take(on, 3, FrameKind.pool))).toBeDefined();
    auditFree(arena);
  });

  it('that there is none of takes nothing and leaves the zone unlocked, however much is free', () => {
    const { arena, frames, cpu } = freshFrames(24);
    const singles = Array.from({ length: 14 }, () => cpu.run((on) => frames.take(on, 1, FrameKind.pool)));
    for (const [index, frame] of singles.entries()) {
      if (index % 2 === 0 && frame !== undefined) cpu.run((on) => frames.give(on, frame, 1, FrameKind.pool));
    }
    const before = Buffer.from(arena.bytes);
    expect(cpu.run((on) => frames.takeRun(on, 2, FrameKind.buffer))).toBeUndefined();
    expect(before.equals(arena.bytes)).toBe(true);
    expect(cpu.run((on) => frames.takeRun(on, 1, FrameKind.buffer))).toBe(10);
    auditFree(arena);
  });

  it('is found whenever there is one, and never overlaps what others have', () => {
    const kinds = fc.constantFrom(FrameKind.pool, FrameKind.buffer, FrameKind.workMemory);
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constantFrom('run', 'take'),
          count: fc.integer({ min: 1, max: 9 }),
          kind: kinds,
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('give' as const), which: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { arena, frames, cpu } = freshFrames(40);
        const owner = new Map<number, FrameKind>();
        const held: { readonly frames: readonly number[]; readonly kind: FrameKind }[] = [];
        for (const each of steps) {
          if ('which' in each) {
            const [run] = held.splice(each.which % Math.max(1, held.length), 1);
            if (run === undefined) continue;
            const [first = 0] = run.frames;
            cpu.run((on) => frames.give(on, frameNumber(first), run.frames.length, run.kind));
            for (const frame of run.frames) owner.delete(frame);
          } else {
            const { count, kind } = each;
            const longest = longestRun(arena);
            const free = 40 - BOOT_FRAMES - owner.size;
            const first =
              each.do === 'run'
                ? cpu.run((on) => frames.takeRun(on, count, kind))
                : cpu.run((on) => frames.take(on, count, kind));
            expect(first !== undefined).toBe(count <= (each.do === 'run' ? longest : free));
            if (first === undefined) continue;
            const taken = chain(arena, first);
            expect(taken).toHaveLength(count);
            if (each.do === 'run') expect(taken).toEqual(Array.from({ length: count }, (_, index) => first + index));
            for (const frame of taken) {
              expect(frame).toBeGreaterThanOrEqual(BOOT_FRAMES);
              expect(owner.has(frame), `frame ${frame} is free`).toBe(false);
              owner.set(frame, kind);
            }
            held.push({ frames: taken, kind });
          }
          for (let frame = BOOT_FRAMES; frame < 40; frame++) {
            expect(kindOf(arena, frame)).toBe(owner.get(frame) ?? FrameKind.free);
          }
          auditFree(arena);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is one CPU’s alone under any interleaving', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 0, max: 200 }), (seed, switchChance) => {
        const { arena } = makeMachine({ memoryBytes: 80 * 4096 });
        const frames = new PageFrames(arena);
        const before = countFrames(arena);
        const tasks = new MachineTasks(arena, { seed, switchChance });
        for (let id = 0; id < 4; id++) {
          tasks.spawn(id, function* (cpu) {
            for (let turn = 0; turn < 20; turn++) {
              const count = 1 + ((turn * 7 + id) % 6);
              const first = yield* turn % 2 === 0
                ? frames.takeRun(cpu, count, FrameKind.workMemory)
                : frames.take(cpu, count, FrameKind.workMemory);
              if (first === undefined) continue;
              const mine = chain(arena, first);
              for (const frame of mine)
                arena.bytes.fill(
                  id + 1,
                  arena.frameAddress(frameNumber(frame)),
                  arena.frameAddress(frameNumber(frame + 1)),
                );
              if (cpu.shouldPause()) yield* cpu.pause();
              for (const frame of mine) {
                const start = arena.frameAddress(frameNumber(frame));
                if (arena.bytes[start] !== id + 1 || arena.bytes[start + 4095] !== id + 1) {
                  throw new Error(`frame ${frame} of CPU ${id} was written by another`);
                }
              }
              yield* frames.give(cpu, first, count, FrameKind.workMemory);
            }
          });
        }
        tasks.runAll();
        expect(countFrames(arena)).toEqual(before);
        auditFree(arena);
      }),
      { numRuns: 30 },
    );
  });
});
