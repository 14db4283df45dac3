import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InterleavedCpu, Interleaver } from '../../../../src/main/engine/interleaved/interleaver.ts';
import type { Codec } from '../../../../src/main/machine/codec.ts';
import { Cost, type Cpu, LockClass, type Suspending } from '../../../../src/main/machine/cpu.ts';
import type { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { DeviceW, ZoneW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { cpuId, type LockWord, lockWord } from '../../../../src/main/machine/units.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { makeMachine } from '../../machine/fixtures/make-machine.ts';
import { SizedCodec } from '../../machine/fixtures/sized-pages.ts';

function engineWith(options: { readonly seed?: number; readonly switchChance?: number } = {}) {
  const { arena } = makeMachine();
  const codec: Codec = new SizedCodec(arena);
  const { seed = 1, switchChance = 0 } = options;
  const engine = new Interleaver({ arena, random: new Random(seed), codec, switchChance });
  return { arena, engine };
}

/** Two locks of a machine at rest. */
function locksOf(arena: Arena): readonly [LockWord, LockWord] {
  return [lockWord(arena.deviceWord(0) + DeviceW.mutex), lockWord(arena.zoneWord() + ZoneW.lock)];
}

function* withLock(cpu: Cpu, word: LockWord, body: () => Suspending<void>): Suspending<void> {
  if (!cpu.tryLock(word)) yield* cpu.lock(word, LockClass.zone);
  yield* body();
  cpu.unlock(word);
}

/** Notes `letter` in `log` and lets others go first, `times` over. */
function* noting(log: string[], letter: string, times: number): Suspending<void> {
  for (let time = 0; time < times; time++) {
    log.push(letter);
    yield undefined;
  }
}

describe('tasks', () => {
  it('run to their ends, and not before run is called', () => {
    const { engine } = engineWith();
    const log: string[] = [];
    engine.spawn(engine.cpu(cpuId(0)), 'a', noting(log, 'a', 2));
    engine.spawn(engine.cpu(cpuId(1)), 'b', noting(log, 'b', 3));
    expect(log).toEqual([]);
    // A step to each yield, and one to each end.
    expect(engine.run()).toBe(2 + 1 + 3 + 1);
    expect(log.toSorted().join('')).toBe('aabbb');
  });

  it('come in the same order for the same seed, and in another for another', () => {
    const orderOf = (seed: number): string => {
      const { engine } = engineWith({ seed });
      const log: string[] = [];
      for (const [index, letter] of ['a', 'b', 'c', 'd'].entries()) {
        engine.spawn(engine.cpu(cpuId(index)), letter, noting(log, letter, 5));
      }
      engine.run();
      return log.join('');
    };
    expect(orderOf(7)).toBe(orderOf(7));
    expect(new Set([1, 2, 3, 4, 5, 6].map(orderOf)).size).toBeGreaterThan(1);
  });

  it('may be added again after a run', () => {
    const { engine } = engineWith();
    const log: string[] = [];
    engine.spawn(engine.cpu(cpuId(0)), 'a', noting(log, 'a', 1));
    engine.run();
    engine.spawn(engine.cpu(cpuId(0)), 'b', noting(log, 'b', 1));
    engine.run();
    expect(log).toEqual(['a', 'b']);
    expect(engine.cpu(cpuId(0)).taskCount).toBe(0);
  });

  it('that throw end the run with what they threw', () => {
    const { engine } = engineWith();

    const failing = function* (): Suspending<void> {
      throw new Error('frame 7 is broken');
    };
    engine.spawn(engine.cpu(cpuId(0)), 'a', failing());
    expect(() => engine.run()).toThrow('frame 7 is broken');
  });
});

describe('a lock', () => {
  it('keeps everybody else out of its section under every schedule', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.constantFrom(0, 30, 128, 255), (seed, switchChance) => {
        const { arena, engine } = engineWith({ seed, switchChance });
        const [lock] = locksOf(arena);
        let inside = 0;
        const enter = function* (): Suspending<void> {
          inside += 1;
          expect(inside).toBe(1);
          yield undefined;
          yield undefined;
          inside -= 1;
        };
        for (let task = 0; task < 6; task++) {
          const cpu = engine.cpu(cpuId(task % 4));
          engine.spawn(cpu, `task ${task}`, withLock(cpu, lock, enter));
        }
        engine.run();
        expect(inside).toBe(0);
        expect(arena.word(lock)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('is tried in vain when the engine wants another CPU first, and then waited for', () => {
    const { arena, engine } = engineWith({ switchChance: 256 });
    const [lock] = locksOf(arena);
    const cpu = engine.cpu(cpuId(0));
    expect(cpu.tryLock(lock)).toBe(false);
    expect(arena.word(lock)).toBe(0);
    const waiting = cpu.lock(lock, LockClass.zone);
    expect(waiting.next()).toEqual({ done: false, value: lock });
    expect(waiting.next().done).toBe(true);
    expect(arena.word(lock)).toBe(1);
  });

  it('counts each acquisition once, however it was had', () => {
    const { arena, engine } = engineWith({ switchChance: 128 });
    const [lock] = locksOf(arena);
    const cpu = engine.cpu(cpuId(0));
    for (let task = 0; task < 10; task++) {
      engine.spawn(cpu, `task ${task}`, withLock(cpu, lock, noting.bind(undefined, [], 'x', 1)));
    }
    engine.run();
    expect(cpu.charged[Cost.lock]).toBe(10);
  });
});

describe('a deadlock', () => {
  it('is found when two tasks take two locks in opposite order, and both are named with what they wait for', () => {
    const { arena, engine } = engineWith();
    const [first, second] = locksOf(arena);
    const both = (cpu: Cpu, outer: LockWord, inner: LockWord): Suspending<void> =>
      withLock(cpu, outer, function* () {
        yield undefined;
        yield* withLock(cpu, inner, function* () {
          yield undefined;
        });
      });
    // With this seed each has its outer lock before either tries the inner one.
    const [left, right] = [engine.cpu(cpuId(0)), engine.cpu(cpuId(1))];
    engine.spawn(left, 'left', both(left, first, second));
    engine.spawn(right, 'right', both(right, second, first));
    const message = `deadlock: left on CPU 0 waits for word ${second}; right on CPU 1 waits for word ${first}`;
    expect(() => engine.run()).toThrow(message);
  });

  it('is found when a lock is never released', () => {
    const { arena, engine } = engineWith();
    const [lock] = locksOf(arena);
    const cpu = engine.cpu(cpuId(3));
    const forgetful = function* (): Suspending<void> {
      if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.zone);
    };
    engine.spawn(cpu, 'forgetful', forgetful());
    engine.run();
    engine.spawn(cpu, 'late', withLock(cpu, lock, noting.bind(undefined, [], 'x', 1)));
    expect(() => engine.run()).toThrow(`deadlock: late on CPU 3 waits for word ${lock}`);
  });

  it('is found when a task with preemption off waits for a task of its own CPU', () => {
    const { arena, engine } = engineWith({ seed: 3 });
    const [lock] = locksOf(arena);
    const cpu = engine.cpu(cpuId(0));
    const holder = withLock(cpu, lock, noting.bind(undefined, [], 'x', 50));
    const impatient = function* (): Suspending<void> {
      yield undefined;
      cpu.preemptDisable();
      if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.zone);
      cpu.unlock(lock);
      cpu.preemptEnable();
    };
    engine.spawn(cpu, 'holder', holder);
    engine.spawn(cpu, 'impatient', impatient());
    expect(() => engine.run()).toThrow(/^deadlock: .*impatient on CPU 0 waits for word/);
  });
});

/** Logs `<` and `>` around a preempt-off section in which it yields, and letters outside. */
function* section(cpu: InterleavedCpu, log: string[], letter: string): Suspending<void> {
  log.push(letter);
  yield undefined;
  cpu.preemptDisable();
  log.push(`<${letter}`);
  yield undefined;
  yield undefined;
  log.push(`${letter}>`);
  if (cpu.preemptEnable()) yield* cpu.reschedule();
  log.push(letter);
}

describe('preemption off', () => {
  it('keeps other tasks of the CPU away until it is on again', () => {
    for (let seed = 0; seed < 40; seed++) {
      const { engine } = engineWith({ seed, switchChance: 128 });
      const cpu = engine.cpu(cpuId(0));
      const log: string[] = [];
      for (const letter of ['a', 'b', 'c']) engine.spawn(cpu, letter, section(cpu, log, letter));
      engine.run();
      expect(log.join(' ')).toMatch(/<a a>/);
      expect(log.join(' ')).toMatch(/<b b>/);
      expect(log.join(' ')).toMatch(/<c c>/);
    }
  });

  it('does not keep tasks of other CPUs away', () => {
    const interleaved = Array.from({ length: 40 }, (_, seed) => {
      const { engine } = engineWith({ seed, switchChance: 128 });
      const log: string[] = [];
      for (const [index, letter] of ['a', 'b', 'c'].entries()) {
        const cpu = engine.cpu(cpuId(index));
        engine.spawn(cpu, letter, section(cpu, log, letter));
      }
      engine.run();
      return !/<a a>.*<b b>|<b b>.*<a a>/.test(log.join(' '));
    });
    expect(interleaved).toContain(true);
  });

  it('nests', () => {
    const { engine } = engineWith();
    const cpu = engine.cpu(cpuId(0));
    cpu.preemptDisable();
    cpu.preemptDisable();
    expect(cpu.preemptEnable()).toBe(false);
    expect(cpu.preemptionIsOff()).toBe(true);
    cpu.preemptEnable();
    expect(cpu.preemptionIsOff()).toBe(false);
  });

  it('may not be ended more often than begun', () => {
    const { engine } = engineWith();
    expect(() => engine.cpu(cpuId(1)).preemptEnable()).toThrow('CPU 1: preemption enabled more often than disabled');
  });

  it('may not outlast its task', () => {
    const { engine } = engineWith();
    const cpu = engine.cpu(cpuId(0));

    const careless = function* (): Suspending<void> {
      cpu.preemptDisable();
    };
    engine.spawn(cpu, 'careless', careless());
    expect(() => engine.run()).toThrow('task careless ended with preemption off');
  });

  it('asks to reschedule only when another task waits for the CPU', () => {
    const { engine } = engineWith({ switchChance: 256 });
    const cpu = engine.cpu(cpuId(0));
    cpu.preemptDisable();
    expect(cpu.preemptEnable()).toBe(false);
    engine.spawn(cpu, 'a', noting([], 'a', 1));
    engine.spawn(cpu, 'b', noting([], 'b', 1));
    cpu.preemptDisable();
    expect(cpu.preemptEnable()).toBe(true);
  });
});
