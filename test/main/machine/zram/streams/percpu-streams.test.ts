/** Streams of CPUs under each protection: whose they are between taking and giving back, and what happens when a CPU goes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cpu, Suspending } from '../../../../../src/main/machine/cpu.ts';
import type { IoPage, ObjectSpan } from '../../../../../src/main/machine/codec.ts';
import type { Machine } from '../../../../../src/main/machine/machine.ts';
import { ZoneW } from '../../../../../src/main/machine/memory/arena-layout.ts';
import { HotplugState } from '../../../../../src/main/machine/percpu/hotplug.ts';
import { cpuId } from '../../../../../src/main/machine/units.ts';
import { IoStatus } from '../../../../../src/main/machine/zram/io-status.ts';
import { readDeviceStatistics } from '../../../../../src/main/machine/zram/device-statistics.ts';
import { OneCpu } from '../../fixtures/one-cpu.ts';
import { auditMachine } from '../../fixtures/pool-audit.ts';
import { giveStream, interleaved, PER_CPU_DESIGNS, streamMachine, takeStream } from '../../fixtures/stream-machine.ts';
import { blankPage, SizedCodec, sizedPage } from '../../fixtures/sized-pages.ts';

/** Takes and gives, holding over pauses in which nobody else may have the stream. */
function* hold(machine: Machine, cpu: Cpu, who: number, held: Map<string, number>): Suspending<void> {
  for (let round = 0; round < 6; round++) {
    const device = (who + round) % 2;
    const streams = machine.streams.ofDevice(device).byPriority[round % 2];
    if (streams === undefined) throw new Error('two algorithms have two priorities');
    const stream = yield* takeStream(streams, cpu);
    if (stream === undefined) throw new Error(`CPU ${cpu.id} has no stream`);
    const key = String(stream.target);
    expect(held.get(key), `task ${who} takes a stream that nobody holds`).toBeUndefined();
    held.set(key, who);
    for (let turn = 0; turn < 3; turn++) {
      machine.arena.bytes.fill(who, stream.target, stream.target + 2 * 4096);
      if (cpu.shouldPause()) yield* cpu.pause();
      expect(machine.arena.bytes[stream.target + 8191]).toBe(who);
    }
    held.delete(key);
    yield* giveStream(streams, cpu, stream);
  }
}

describe.each(PER_CPU_DESIGNS)('streams of $bufferLayout with $protection', (design) => {
  it('are never used by two tasks at once, whatever the schedule', () => {
    const schedules = fc.record({ seed: fc.nat(0xffff), switchChance: fc.constantFrom(0, 30, 128, 220) });
    fc.assert(
      fc.property(schedules, ({ seed, switchChance }) => {
        const machine = streamMachine(design, { devices: 2 }, { algorithms: 2 });
        const engine = interleaved(machine, seed, switchChance);
        const held = new Map<string, number>();
        for (let who = 0; who < 12; who++) {
          const cpu = engine.cpu(cpuId(who % 4));
          engine.spawn(cpu, `task ${who}`, hold(machine, cpu, who, held));
        }
        engine.run();
        expect(held.size).toBe(0);
        auditMachine(machine.arena);
      }),
      { numRuns: 25 },
    );
  });

  it('keep what tasks write and read while CPUs without tasks come and go', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), (seed) => {
        const machine = streamMachine(design, { possibleCpus: 6, onlineCpus: 6, devices: 2 }, { algorithms: 2 });
        const engine = interleaved(machine, seed, 100);
        for (let who = 0; who < 6; who++) {
          const cpu = engine.cpu(cpuId(who % 3));
          engine.spawn(cpu, `writer ${who}`, writeAndRead(cpu, machine, who));
        }
        engine.spawn(engine.cpu(cpuId(0)), 'hotplug', cycle(engine.cpu(cpuId(0)), machine));
        engine.run();
        auditMachine(machine.arena);
        expect(machine.hotplug.online().length).toBe(6);
      }),
      { numRuns: 10 },
    );
  });

  it('fail a write on a CPU that was never brought up, unless a task may be moved to another CPU', () => {
    const machine = streamMachine(design, { onlineCpus: 3 });
    const mayMove = design.protection === 'mutex' || design.protection === 'read-write';
    const engine = interleaved(machine, 4);
    const results: IoStatus[] = [];
    engine.spawn(
      engine.cpu(cpuId(3)),
      'a write',
      keep(machine.device(0).writeRequest(engine.cpu(cpuId(3)), 5, [sizedPage(700, 9)]), results),
    );
    engine.run();
    expect(results).toEqual([mayMove ? IoStatus.done : IoStatus.noBuffer]);
    expect(readDeviceStatistics(machine.arena, 0).failedWrites).toBe(mayMove ? 0 : 1);
    const cpu = new OneCpu(machine.arena, new SizedCodec(machine.arena));
    expect(cpu.read(machine.device(0), 5).equals((mayMove ? sizedPage(700, 9) : blankPage()).bytes)).toBe(true);
    auditMachine(machine.arena);
  });

  it('fail reads as well where reads need a stream and there is none, and count them', () => {
    const machine = streamMachine(design, { onlineCpus: 3 });
    const cpu = new OneCpu(machine.arena, new SizedCodec(machine.arena));
    expect(cpu.write(machine.device(0), 1, sizedPage(700, 1))).toBe(IoStatus.done);
    const engine = interleaved(machine, 4);
    const results: IoStatus[] = [];
    const down = engine.cpu(cpuId(3));
    engine.spawn(down, 'a read', keep(machine.device(0).readRequest(down, 1, [blankPage()]), results));
    engine.run();
    const fails = design.protection === 'local-lock';
    expect(results).toEqual([fails ? IoStatus.noBuffer : IoStatus.done]);
    expect(readDeviceStatistics(machine.arena, 0).failedReads).toBe(fails ? 1 : 0);
  });
});

function* keep<T>(computation: Suspending<T>, results: T[]): Suspending<void> {
  results.push(yield* computation);
}

function* writeAndRead(cpu: Cpu, machine: Machine, who: number): Suspending<void> {
  const device = machine.device(who % 2);
  for (let round = 0; round < 6; round++) {
    const slot = who * 6 + round;
    const page = sizedPage([700, 2700, 3000][round % 3] ?? 0, slot);
    expect(yield* device.writeRequest(cpu, slot, [page])).toBe(IoStatus.done);
    const read = blankPage();
    expect(yield* device.readRequest(cpu, slot, [read])).toBe(IoStatus.done);
    expect(Buffer.from(read.bytes).equals(page.bytes), `slot ${slot}`).toBe(true);
  }
}

/** CPUs 3, 4 and 5 down and up again, twice. */
function* cycle(cpu: Cpu, { hotplug }: Machine): Suspending<void> {
  for (const target of [3, 4, 5, 3, 4, 5].map(cpuId)) {
    expect(yield* hotplug.takeDown(cpu, target)).toMatchObject({ ok: true });
    expect(yield* hotplug.bringUp(cpu, target)).toMatchObject({ ok: true });
  }
}

describe('a CPU that is taken down while a task of it holds a stream', () => {
  it.each(PER_CPU_DESIGNS)('waits for it under $bufferLayout with $protection, and frees it then', (design) => {
    const machine = streamMachine(design);
    const engine = interleaved(machine, 7, 0);
    const holder = engine.cpu(cpuId(2));
    const streams = machine.streams.ofDevice(0).primary;
    const stream = streams.tryTake(holder);
    if (stream === undefined) throw new Error('CPU 2 is online');
    const other = engine.cpu(cpuId(0));
    const takingDown = machine.hotplug.takeDown(other, cpuId(2));
    for (let turn = 0; turn < 5; turn++) expect(takingDown.next().done).toBe(false);
    expect(machine.hotplug.state(cpuId(2))).toBe(HotplugState.present);
    expect(streams.tryGive(holder, stream)).toBe(true);
    expect(takingDown.next().done).toBe(true);
    if (design.protection !== 'preemption-off') expect(streams.tryTake(holder)).toBeUndefined();
    auditMachine(machine.arena);
  });

  it('moves to the first online one under a mutex, and back when its CPU is up again', () => {
    const machine = streamMachine({ bufferLayout: 'per-device', protection: 'mutex' });
    const streams = machine.streams.ofDevice(0).primary;
    const cpu = new OneCpu(machine.arena);
    const targetOf = (id: number): number | undefined => {
      const on = interleaved(machine, 1, 0).cpu(cpuId(id));
      const taking = takeStream(streams, on).next();
      const stream = taking.done === true ? taking.value : undefined;
      if (stream !== undefined) streams.tryGive(on, stream);
      return stream?.target;
    };
    const [home, own] = [targetOf(0), targetOf(2)];
    expect(own).not.toBe(home);
    cpu.run((on) => machine.hotplug.takeDown(on, cpuId(2)));
    expect(targetOf(2)).toBe(home);
    cpu.run((on) => machine.hotplug.bringUp(on, cpuId(2)));
    expect(targetOf(2)).not.toBe(home);
    expect(targetOf(2)).toBeDefined();
  });
});

/** Writes down whether objects came in two parts. */
class WatchingCodec extends SizedCodec {
  readonly inParts: boolean[] = [];

  override decompress(span: Readonly<ObjectSpan>, page: IoPage): boolean {
    this.inParts.push(span.restBytes > 0);
    return super.decompress(span, page);
  }
}

describe('an object that crosses pages', () => {
  it.each([
    ['preemption-off', true],
    ['local-lock', true],
    ['mutex', false],
    ['read-write', false],
  ] as const)('reaches the codec in two parts under %s: %s, else joined in the local copy', (protection, inParts) => {
    const { arena, device } = machineParts(streamMachine({ bufferLayout: 'per-cpu-global', protection }));
    const codec = new WatchingCodec(arena);
    const cpu = new OneCpu(arena, codec);
    // Of objects of 2700 bytes the second one of a zspage begins on one page and ends on the next.
    for (let slot = 0; slot < 3; slot++) cpu.write(device, slot, sizedPage(2700, slot));
    for (let slot = 0; slot < 3; slot++) {
      expect(cpu.read(device, slot).equals(sizedPage(2700, slot).bytes), `slot ${slot}`).toBe(true);
    }
    expect(codec.inParts).toEqual(inParts ? [false, true, false] : [false, false, false]);
  });
});

function machineParts(machine: Machine) {
  return { arena: machine.arena, device: machine.device(0) };
}

describe('two stages of allocation under each protection', () => {
  it.each(PER_CPU_DESIGNS)('give the stream back in between under $bufferLayout with $protection', (design) => {
    const machine = streamMachine(design, {}, { allocationStages: 'two' });
    const { arena } = machine;
    const cpu = new OneCpu(arena, new SizedCodec(arena));
    // No allocation that may not sleep succeeds.
    arena.words[arena.zoneWord() + ZoneW.reservedFrames] = 1024;
    for (let slot = 0; slot < 4; slot++) {
      expect(cpu.write(machine.device(0), slot, sizedPage(3000, slot))).toBe(IoStatus.done);
      expect(cpu.read(machine.device(0), slot).equals(sizedPage(3000, slot).bytes)).toBe(true);
    }
    expect(readDeviceStatistics(arena, 0).writeStalls).toBeGreaterThan(0);
    auditMachine(arena);
  });
});
