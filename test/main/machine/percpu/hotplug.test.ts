import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cpu, Suspending } from '../../../../src/main/machine/cpu.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { FrameKind, HeaderW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames, PageFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { Hotplug, HotplugState, type HotplugStep } from '../../../../src/main/machine/percpu/hotplug.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import { fail, ok, type Result } from '../../../../src/shared/result.ts';
import { errorOf } from '../../lab/small-lab.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { MachineTasks } from '../fixtures/machine-tasks.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditFrames, auditMachine } from '../fixtures/pool-audit.ts';
import { blankPage, SizedCodec, sizedPage } from '../fixtures/sized-pages.ts';

const TWO = cpuId(2);

/** Steps that write down what is asked of them; the `failing`th, counted from 0, cannot prepare. */
function writtenSteps(names: readonly string[], failing = -1) {
  const log: string[] = [];
  const steps = names.map((name, index): HotplugStep => ({
    name,
    *prepare(cpu: Cpu, target): Suspending<Result<void>> {
      log.push(`prepare ${name} of ${target}`);
      if (cpu.shouldPause()) yield* cpu.pause();
      return index === failing ? fail('out-of-memory', 'nothing left') : ok(undefined);
    },
    *dead(cpu: Cpu, target): Suspending<void> {
      log.push(`dead ${name} of ${target}`);
      if (cpu.shouldPause()) yield* cpu.pause();
    },
  }));
  return { log, steps };
}

/** CPU 2 of four is down, with steps a, b, c. */
function threeSteps(failing?: number) {
  const { arena } = makeMachine({ onlineCpus: 2 });
  const { log, steps } = writtenSteps(['a', 'b', 'c'], failing);
  return { arena, log, hotplug: new Hotplug(arena, steps), cpu: new OneCpu(arena) };
}

/** `CPU 0 online, CPU 2 down …` as digits: 0 possible, 1 present, 2 online. */
function states({ hotplug, arena }: Pick<Machine, 'hotplug' | 'arena'>): string {
  return Array.from({ length: arena.config.possibleCpus }, (_, cpu) => hotplug.state(cpuId(cpu))).join('');
}

describe('a machine that has booted', () => {
  it('has its first CPUs online and all others present', () => {
    const machine = makeMachine({ possibleCpus: 6, onlineCpus: 2 });
    expect(states(machine)).toBe('221111');
    expect(machine.hotplug.online()).toEqual([0, 1]);
  });

  it('throws for a CPU that is not possible', () => {
    const { hotplug } = makeMachine({ possibleCpus: 4 });
    for (const cpu of [4, -1]) {
      expect(() => hotplug.state(cpuId(cpu))).toThrow(`CPU ${cpu} is not possible on this machine`);
    }
  });
});

describe('the callbacks', () => {
  it('prepare in their order before the CPU is online', () => {
    const { hotplug, log, cpu } = threeSteps();
    expect(cpu.run((on) => hotplug.bringUp(on, TWO))).toEqual(ok(undefined));
    expect(log).toEqual(['prepare a of 2', 'prepare b of 2', 'prepare c of 2']);
    expect(hotplug.state(TWO)).toBe(HotplugState.online);
  });

  it('are undone in the opposite order when the CPU is dead', () => {
    const { hotplug, log, cpu } = threeSteps();
    cpu.run((on) => hotplug.bringUp(on, TWO));
    log.length = 0;
    expect(cpu.run((on) => hotplug.takeDown(on, TWO))).toEqual(ok(undefined));
    expect(log).toEqual(['dead c of 2', 'dead b of 2', 'dead a of 2']);
    expect(hotplug.state(TWO)).toBe(HotplugState.present);
  });

  it.each([
    [0, ['prepare a of 2']],
    [1, ['prepare a of 2', 'prepare b of 2', 'dead a of 2']],
    [2, ['prepare a of 2', 'prepare b of 2', 'prepare c of 2', 'dead b of 2', 'dead a of 2']],
  ])('before the failing one, number %i, are undone and the CPU stays down', (failing, expected) => {
    const { arena, hotplug, log, cpu } = threeSteps(failing);
    expect(errorOf(cpu.run((on) => hotplug.bringUp(on, TWO)))).toEqual({
      code: 'out-of-memory',
      message: `CPU 2 stays down: ${'abc'[failing]}: nothing left`,
    });
    expect(log).toEqual(expected);
    expect(hotplug.state(TWO)).toBe(HotplugState.present);
    expect(arena.word(HeaderW.hotplugLock), 'the lock is free').toBe(0);
    expect(hotplug.online()).toEqual([0, 1]);
  });

  it('are not asked where a CPU is plugged in or out', () => {
    const { hotplug, log, cpu } = threeSteps();
    cpu.run((on) => hotplug.unplug(on, TWO));
    expect(hotplug.state(TWO)).toBe(HotplugState.possible);
    cpu.run((on) => hotplug.plugIn(on, TWO));
    expect(hotplug.state(TWO)).toBe(HotplugState.present);
    expect(log).toEqual([]);
  });

  it('of changes that are asked for at the same time never mix', () => {
    fc.assert(
      fc.property(fc.nat(100_000), (seed) => {
        const { arena } = makeMachine({ possibleCpus: 6, onlineCpus: 3 });
        const { log, steps } = writtenSteps(['a', 'b', 'c']);
        const hotplug = new Hotplug(arena, steps);
        const tasks = new MachineTasks(arena, { seed, switchChance: 128 });
        for (const by of [0, 1, 2]) tasks.spawn(by, (cpu) => hotplug.bringUp(cpu, cpuId(3 + by)));
        tasks.runAll();
        const targets = log.map((line) => line.at(-1));
        expect(log).toHaveLength(9);
        for (const at of [0, 3, 6]) expect(new Set(targets.slice(at, at + 3)).size).toBe(1);
        expect(states({ hotplug, arena })).toBe('222222');
      }),
      { numRuns: 30 },
    );
  });
});

describe('a change that cannot be', () => {
  const asked = (machine: Machine, change: 'bringUp' | 'takeDown' | 'plugIn' | 'unplug', target: number) =>
    errorOf(new OneCpu(machine.arena).run((cpu) => machine.hotplug[change](cpu, cpuId(target))));

  it.each([
    ['bringUp', 1, 'CPU 1 is online, not down'],
    ['bringUp', 3, 'CPU 3 is absent, not down'],
    ['takeDown', 0, 'CPU 0 cannot take itself down'],
    ['takeDown', 2, 'CPU 2 is down, not online'],
    ['takeDown', 3, 'CPU 3 is absent, not online'],
    ['plugIn', 1, 'CPU 1 is online, not absent'],
    ['plugIn', 2, 'CPU 2 is down, not absent'],
    ['unplug', 1, 'CPU 1 is online, not down'],
    ['unplug', 3, 'CPU 3 is absent, not down'],
  ] as const)('%s of CPU %i is refused and changes nothing: %s', (change, target, message) => {
    const machine = makeMachine({ onlineCpus: 2 });
    new OneCpu(machine.arena).run((cpu) => machine.hotplug.unplug(cpu, cpuId(3)));
    const before = Buffer.from(machine.arena.bytes);
    expect(asked(machine, change, target)).toEqual({ code: 'bad-input', message });
    expect(before.equals(machine.arena.bytes)).toBe(true);
    expect(states(machine)).toBe('2210');
  });
});

describe('a CPU that is taken down', () => {
  const BUFFERS = [FrameKind.buffer, FrameKind.workMemory] as const;
  const buffers = (machine: Machine): readonly (number | undefined)[] => {
    const frames = countFrames(machine.arena);
    return BUFFERS.map((kind) => frames[kind]);
  };

  it('gives its buffer and work memory back, and gets both when it comes up', () => {
    const machine = makeMachine({ onlineCpus: 4 });
    const cpu = new OneCpu(machine.arena);
    expect(buffers(machine)).toEqual([4 * 2, 4 * 5]);
    cpu.run((on) => machine.hotplug.takeDown(on, TWO));
    expect(buffers(machine)).toEqual([3 * 2, 3 * 5]);
    cpu.run((on) => machine.hotplug.bringUp(on, TWO));
    expect(buffers(machine)).toEqual([4 * 2, 4 * 5]);
    auditMachine(machine.arena);
  });

  it('cannot write any more, and can again when it is up', () => {
    const machine = makeMachine({ onlineCpus: 4 });
    const tasks = new MachineTasks(machine.arena, { codec: new SizedCodec(machine.arena) });
    const write = (slot: number): IoStatus =>
      tasks.run(2, (cpu) => machine.device(0).writeRequest(cpu, slot, [sizedPage(900, slot)]));
    tasks.run(0, (cpu) => machine.hotplug.takeDown(cpu, TWO));
    expect(write(0)).toBe(IoStatus.noBuffer);
    tasks.run(0, (cpu) => machine.hotplug.bringUp(cpu, TWO));
    expect(write(0)).toBe(IoStatus.done);
    auditMachine(machine.arena);
  });

  it('has the buffer to the end of the page that it is at', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seed) => {
        const machine = makeMachine({ onlineCpus: 3 });
        const { arena, hotplug } = machine;
        const device = machine.device(0);
        const tasks = new MachineTasks(arena, { seed, switchChance: 128, codec: new SizedCodec(arena) });
        const stored: number[] = [];
        tasks.spawn(2, function* (cpu) {
          for (let slot = 0; slot < 6; slot++) {
            const status = yield* device.writeRequest(cpu, slot, [sizedPage(2000, slot)]);
            if (status === IoStatus.done) stored.push(slot);
          }
        });
        tasks.spawn(0, (cpu) => hotplug.takeDown(cpu, TWO));
        // Whoever gets the frames writes all over them.
        tasks.spawn(1, function* (cpu) {
          const frames = new PageFrames(arena);
          while (hotplug.state(TWO) === HotplugState.online) yield* cpu.pause();
          for (let turn = 0; turn < 10; turn++) {
            const first = yield* frames.take(cpu, 2, FrameKind.percpuBig);
            if (first === undefined) throw new Error('no frames');
            const start = arena.frameAddress(first);
            arena.bytes.fill(0xee, start, start + 4096);
            yield* cpu.pause();
          }
        });
        tasks.runAll();
        for (const slot of stored) {
          const page = blankPage();
          expect(tasks.run(0, (cpu) => device.readRequest(cpu, slot, [page]))).toBe(IoStatus.done);
          expect(Buffer.from(page.bytes).equals(sizedPage(2000, slot).bytes), `slot ${slot}`).toBe(true);
        }
        auditMachine(arena);
      }),
      { numRuns: 200 },
    );
  });

  it('stays down when memory runs out, at every page in turn, and nothing is left of it', () => {
    for (let left = 0; left < 9; left++) {
      const machine = makeMachine({ onlineCpus: 2 });
      const cpu = new OneCpu(machine.arena);
      const frames = new PageFrames(machine.arena);
      const free = countFrames(machine.arena)[FrameKind.free] ?? 0;
      cpu.run((on) => frames.take(on, free - left, FrameKind.pool));
      const before = countFrames(machine.arena);
      const result = cpu.run((on) => machine.hotplug.bringUp(on, TWO));
      expect(result.ok, `${left} pages left`).toBe(left >= 7);
      if (!result.ok) {
        expect(result.error.message).toBe(
          `CPU 2 stays down: zram compression buffer: no ${left < 2 ? 2 : 5} contiguous pages are free`,
        );
        expect(countFrames(machine.arena)).toEqual(before);
        expect(machine.hotplug.state(TWO)).toBe(HotplugState.present);
      }
      auditFrames(machine.arena);
    }
  });
});
