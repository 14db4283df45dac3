/** The list of streams of Linux 3.15: never two takers of one, never more than there may be, nobody asleep beside an idle one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cpu, Suspending } from '../../../../../src/main/machine/cpu.ts';
import type { Machine } from '../../../../../src/main/machine/machine.ts';
import { DeviceW, FrameKind } from '../../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames, PageFrames } from '../../../../../src/main/machine/memory/page-frames.ts';
import { cpuId, frameNumber, type LockWord } from '../../../../../src/main/machine/units.ts';
import type { Stream } from '../../../../../src/main/machine/zram/streams/stream.ts';
import { IoStatus } from '../../../../../src/main/machine/zram/io-status.ts';
import { OneCpu } from '../../fixtures/one-cpu.ts';
import { auditFrames } from '../../fixtures/pool-audit.ts';
import { giveStream, interleaved, streamMachine, streamPages, takeStream } from '../../fixtures/stream-machine.ts';
import { SizedCodec, sizedPage } from '../../fixtures/sized-pages.ts';

const DESIGN = { bufferLayout: 'stream-list', protection: 'wait-queue' } as const;

function listMachine(maxStreams: number, pages = 1024): Machine {
  return streamMachine(DESIGN, { memoryBytes: pages * 4096 }, { maxStreams });
}

const word = ({ arena }: Machine, field: number): number => arena.word(arena.deviceWord(0) + field);
const idleHead = (machine: Machine): number => word(machine, DeviceW.idleStreams);
const made = (machine: Machine): number => word(machine, DeviceW.streams);
const waiters = (machine: Machine): number => word(machine, DeviceW.streamWaiters);

/** Takes all free memory but `left` pages, in runs too short for a stream when `left` is small. */
function fillMemory(machine: Machine, left: number): void {
  const frames = new PageFrames(machine.arena);
  const cpu = new OneCpu(machine.arena);
  const free = countFrames(machine.arena)[FrameKind.free] ?? 0;
  for (let taken = 0; taken < free - left; taken++) cpu.run((on) => frames.take(on, 1, FrameKind.ioBuffer));
}

interface Use {
  /** By first byte of the buffer: who holds the stream now. */
  readonly holders: Map<number, string>;
  /** Most held at one time, and all that were ever held. */
  most: number;
  readonly seen: Set<number>;
  /** How often a taker had to wait or could not take at once. */
  switches: number;
}

/** Takes a stream, holds it over a few pauses in which it must stay its own, gives it back; round after round. */
function* useStreams(machine: Machine, cpu: Cpu, who: string, use: Use): Suspending<void> {
  const streams = machine.streams.ofDevice(0).primary;
  for (let round = 0; round < 5; round++) {
    const stream = yield* takeStream(streams, cpu);
    if (stream === undefined) throw new Error(`${who} was given no stream`);
    const { target } = stream;
    expect(use.holders.get(target), `${who} takes a stream that nobody holds`).toBeUndefined();
    use.holders.set(target, who);
    use.seen.add(target);
    use.most = Math.max(use.most, use.holders.size);
    for (let turn = 0; turn < 3; turn++) {
      machine.arena.bytes.fill(who.charCodeAt(0), target, target + 2 * 4096);
      yield* cpu.pause();
      expect(machine.arena.bytes[target + 5000], `${who}'s bytes are its own`).toBe(who.charCodeAt(0));
      use.switches += 1;
    }
    use.holders.delete(target);
    yield* giveStream(streams, cpu, stream);
  }
}

function runTakers(
  machine: Machine,
  { takers, seed, switchChance }: { takers: number; seed: number; switchChance: number },
): Use {
  const use: Use = { holders: new Map(), most: 0, seen: new Set(), switches: 0 };
  const engine = interleaved(machine, seed, switchChance);
  for (let taker = 0; taker < takers; taker++) {
    const cpu = engine.cpu(cpuId(taker % 4));
    engine.spawn(cpu, `taker ${taker}`, useStreams(machine, cpu, String.fromCharCode(65 + taker), use));
  }
  engine.run();
  return use;
}

describe('a list of streams', () => {
  it('begins with one, which was made with the device', () => {
    const machine = listMachine(5);
    expect(streamPages(machine)).toEqual({ buffer: 2, workMemory: 5, localCopy: 0 });
    expect(made(machine)).toBe(1);
    expect(idleHead(machine)).not.toBe(0);
  });

  it('has one stream unless told otherwise, as the kernel had', () => {
    const machine = streamMachine(DESIGN);
    expect(machine.arena.zram.maxStreams).toBe(1);
    expect(runTakers(machine, { takers: 4, seed: 3, switchChance: 100 })).toMatchObject({ most: 1 });
    expect(made(machine)).toBe(1);
  });

  it('never gives one to two, makes as many as there may be and no more, and leaves all of them idle', () => {
    const runs = fc.record({
      maxStreams: fc.integer({ min: 1, max: 6 }),
      takers: fc.integer({ min: 1, max: 9 }),
      seed: fc.nat(0xffff),
      switchChance: fc.constantFrom(0, 20, 100, 200, 250),
    });
    let fullLists = 0;
    fc.assert(
      fc.property(runs, ({ maxStreams, ...run }) => {
        const machine = listMachine(maxStreams);
        const use = runTakers(machine, run);
        expect(use.most).toBeLessThanOrEqual(maxStreams);
        expect(use.seen.size).toBeLessThanOrEqual(made(machine));
        expect(made(machine)).toBeLessThanOrEqual(Math.min(maxStreams, run.takers));
        if (made(machine) === maxStreams && run.takers > maxStreams) fullLists += 1;
        expect(streamPages(machine).buffer).toBe(2 * made(machine));
        expect({ waiters: waiters(machine), locks: word(machine, DeviceW.listLock) }).toEqual({ waiters: 0, locks: 0 });
        const idle = drainIdle(machine);
        expect(idle.length).toBe(made(machine));
        expect(new Set(idle.map(({ target }) => target)).size).toBe(idle.length);
        auditFrames(machine.arena);
      }),
      { numRuns: 150 },
    );
    // That some of the runs had takers who must have waited.
    expect(fullLists).toBeGreaterThan(0);
  });

  it('gives the stream that came back last', () => {
    const machine = listMachine(3);
    const streams = machine.streams.ofDevice(0).primary;
    const cpu = new OneCpu(machine.arena);
    const taken = [0, 1, 2].map(() => cpu.run((on) => takeStream(streams, on)));
    for (const index of [1, 2, 0]) {
      const stream = taken[index];
      if (stream !== undefined) cpu.run((on) => giveStream(streams, on, stream));
    }
    const again = [0, 1, 2].map(() => cpu.run((on) => takeStream(streams, on)));
    expect(again.map((stream) => stream?.target)).toEqual([0, 2, 1].map((index) => taken[index]?.target));
  });
});

/** All idle streams, taken off the list one after the other. */
function drainIdle(machine: Machine): readonly Stream[] {
  const streams = machine.streams.ofDevice(0).primary;
  const cpu = interleaved(machine, 1, 0).cpu(cpuId(0));
  const drained: Stream[] = [];
  for (;;) {
    const stream = idleHead(machine) === 0 ? undefined : streams.tryTake(cpu);
    if (stream === undefined) return drained;
    drained.push(stream);
  }
}

/** A CPU on which nothing is ever free at once, and which writes down whom it would wake. */
class WakeCountingCpu {
  readonly wakes: LockWord[] = [];
  readonly slept: LockWord[] = [];
  readonly cpu: Cpu;

  constructor(inner: Cpu) {
    const { wakes, slept } = this;
    this.cpu = {
      id: inner.id,
      codec: inner.codec,
      begin: (operation) => {
        inner.begin(operation);
      },
      end: () => {
        inner.end();
      },
      tryLock: (lock) => inner.tryLock(lock),
      tryOnly: (lock) => inner.tryOnly(lock),
      lock: (lock, lockClass) => inner.lock(lock, lockClass),
      unlock: (lock) => {
        inner.unlock(lock);
      },
      *sleepOn(at) {
        slept.push(at);
        yield at;
      },
      wakeOne: (at) => {
        wakes.push(at);
      },
      preemptDisable: () => {
        inner.preemptDisable();
      },
      preemptEnable: () => inner.preemptEnable(),
      reschedule: () => inner.reschedule(),
      shouldPause: () => inner.shouldPause(),
      pause: () => inner.pause(),
      charge: (cost, amount) => {
        inner.charge(cost, amount);
      },
    };
  }
}

describe('who finds no stream idle', () => {
  /** Two takers of a list of one, on CPUs that do not interleave by themselves. */
  function twoTakers() {
    const machine = listMachine(1);
    const engine = interleaved(machine, 1, 0);
    const [holder, waiter] = [0, 1].map((id) => new WakeCountingCpu(engine.cpu(cpuId(id))));
    if (holder === undefined || waiter === undefined) throw new Error('two CPUs');
    const streams = machine.streams.ofDevice(0).primary;
    const stream = streams.tryTake(holder.cpu);
    if (stream === undefined) throw new Error('the first stream is idle');
    return { machine, streams, holder, waiter, stream, noneIdle: machine.arena.deviceWord(0) + DeviceW.noneIdle };
  }

  it('sleeps on the word that says so, is counted, and is woken by the stream that comes back', () => {
    const { machine, streams, holder, waiter, stream, noneIdle } = twoTakers();
    const taking = streams.take(waiter.cpu);
    expect(taking.next()).toEqual({ done: false, value: noneIdle });
    expect(waiter.slept).toEqual([noneIdle]);
    expect(waiters(machine)).toBe(1);
    expect(machine.arena.word(noneIdle)).toBe(1);
    expect(streams.tryGive(holder.cpu, stream)).toBe(true);
    expect(holder.wakes).toEqual([noneIdle]);
    expect(machine.arena.word(noneIdle)).toBe(0);
    expect(taking.next()).toMatchObject({ done: true, value: { target: stream.target } });
    expect(waiters(machine)).toBe(0);
  });

  it('sleeps again when another was quicker, and is woken again', () => {
    const { streams, holder, waiter, stream, noneIdle } = twoTakers();
    const taking = streams.take(waiter.cpu);
    taking.next();
    streams.tryGive(holder.cpu, stream);
    const again = streams.tryTake(holder.cpu);
    expect(again?.target).toBe(stream.target);
    expect(taking.next()).toEqual({ done: false, value: noneIdle });
    if (again !== undefined) streams.tryGive(holder.cpu, again);
    expect(holder.wakes).toEqual([noneIdle, noneIdle]);
    expect(taking.next()).toMatchObject({ done: true, value: { target: stream.target } });
  });

  it('does not fall asleep beside a stream that came back between its two looks', () => {
    const { machine, streams, holder, waiter, stream } = twoTakers();
    let isBack = false;
    // Nothing idle at the first look; before the second one the stream is there.
    const taking = streams.take({
      ...waiter.cpu,
      unlock: (lock) => {
        waiter.cpu.unlock(lock);
        if (!isBack) isBack = streams.tryGive(holder.cpu, stream);
      },
    });
    expect(taking.next()).toMatchObject({ done: true, value: { target: stream.target } });
    expect(waiter.slept).toEqual([]);
    expect(waiters(machine)).toBe(0);
  });

  it('wakes nobody where nobody waits', () => {
    const { streams, holder, stream } = twoTakers();
    streams.tryGive(holder.cpu, stream);
    expect(holder.wakes).toEqual([]);
  });
});

describe('a list whose machine has no memory for a further stream', () => {
  it('goes on with those that it has', () => {
    const machine = listMachine(4);
    const free = countFrames(machine.arena)[FrameKind.free];
    fillMemory(machine, 6);
    const use = runTakers(machine, { takers: 6, seed: 11, switchChance: 150 });
    expect(use.most).toBe(1);
    expect(made(machine)).toBe(1);
    expect(waiters(machine)).toBe(0);
    expect(countFrames(machine.arena)[FrameKind.free]).toBe(6);
    expect(free).toBeGreaterThan(6);
  });

  it('gives back the buffer of a stream for which there is no work memory', () => {
    const machine = listMachine(2);
    fillMemory(machine, 3);
    const pages = streamPages(machine);
    runTakers(machine, { takers: 3, seed: 5, switchChance: 200 });
    expect(streamPages(machine)).toEqual(pages);
  });
});

describe('a reset', () => {
  it('frees every stream that was made, and initialise makes the first one anew', () => {
    const machine = listMachine(4);
    const device = machine.device(0);
    const cpu = new OneCpu(machine.arena, new SizedCodec(machine.arena));
    const before = countFrames(machine.arena);
    runTakers(machine, { takers: 4, seed: 2, switchChance: 200 });
    expect(made(machine)).toBeGreaterThan(1);
    cpu.run((on) => device.controls.reset(on));
    expect(streamPages(machine)).toEqual({ buffer: 0, workMemory: 0, localCopy: 0 });
    expect(made(machine)).toBe(0);
    expect(cpu.write(device, 0, sizedPage(900, 1))).toBe(IoStatus.noBuffer);
    expect(cpu.run((on) => device.controls.initialise(on))).toEqual({ ok: true, value: undefined });
    expect(countFrames(machine.arena)).toEqual(before);
    expect(cpu.write(device, 0, sizedPage(900, 1))).toBe(IoStatus.done);
    expect(cpu.read(device, 0).equals(sizedPage(900, 1).bytes)).toBe(true);
  });

  it('throws where a stream is in use', () => {
    const machine = listMachine(2);
    const cpu = new OneCpu(machine.arena);
    const streams = machine.streams.ofDevice(0);
    cpu.run((on) => takeStream(streams.primary, on));
    expect(() => {
      cpu.run((on) => streams.release(on));
    }).toThrow('1 streams are in use while their device is reset');
  });

  it('leaves no stream where there is no memory for the first one', () => {
    const machine = listMachine(2);
    const cpu = new OneCpu(machine.arena);
    const { controls } = machine.device(0);
    cpu.run((on) => controls.reset(on));
    const frames = new PageFrames(machine.arena);
    const free = countFrames(machine.arena)[FrameKind.free] ?? 0;
    const first = cpu.run((on) => frames.take(on, free - 4, FrameKind.ioBuffer));
    expect(cpu.run((on) => controls.initialise(on))).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
    expect(made(machine)).toBe(0);
    expect(countFrames(machine.arena)[FrameKind.free]).toBe(4);
    if (first !== undefined) cpu.run((on) => frames.give(on, frameNumber(first), free - 4, FrameKind.ioBuffer));
    expect(cpu.run((on) => controls.initialise(on))).toMatchObject({ ok: true });
  });
});
