/** Steps that are compiled leave a machine, byte for byte, as those do that are taken one by one. */
import { arenaModule } from '../../../../src/main/engine/codec/arena-module.ts';
import { describe, expect, it } from 'vitest';
import { allocateArena, type ArenaMemory } from '../../../../src/main/engine/codec/arena-memory.ts';
import { makeCodec } from '../../../../src/main/engine/codec/make-codec.ts';
import { LiveCpu } from '../../../../src/main/engine/live/live-cpu.ts';
import { lockWordsOf } from '../../../../src/main/engine/live/lock-words.ts';
import type { Codec } from '../../../../src/main/machine/codec.ts';
import { complete } from '../../../../src/main/machine/cpu.ts';
import { Arena, type MachineConfig } from '../../../../src/main/machine/memory/arena.ts';
import { CpuF64, CpuW, DeviceW, POOL_CLASS_BYTES } from '../../../../src/main/machine/memory/arena-layout.ts';
import { LOCKED } from '../../../../src/main/machine/sync/lock.ts';
import { cpuId, type LockWord, lockWord } from '../../../../src/main/machine/units.ts';
import { GIVE_TO_LIST, type WriteSteps, WRITTEN } from '../../../../src/main/machine/write-steps.ts';
import { deviceCounters, readDeviceStatistics } from '../../../../src/main/machine/zram/device-statistics.ts';
import { IoStatus, settle } from '../../../../src/main/machine/zram/io-status.ts';
import { Slots } from '../../../../src/main/machine/zram/slots.ts';
import { CURRENT_ZRAM } from '../../../../src/main/machine/zram/zram-variant.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { stillHeld } from '../../../../src/main/workload/torture/leftovers.ts';
import { BUFFER_LAYOUTS, PROTECTIONS_OF } from '../../../../src/shared/design.ts';
import { valueOf } from '../../lab/small-lab.ts';
import { machineConfig, makeMachine } from '../../machine/fixtures/make-machine.ts';
import { auditMachine } from '../../machine/fixtures/pool-audit.ts';
import { codecParts } from '../codec/test-codecs.ts';

const PARTS = codecParts('lz4-kernel');
const SLOTS = 600;

/** What the steps have answered: all the way, some of it, nothing done. */
interface Answers {
  written: number;
  partly: number;
  nothing: number;
}

function counting(steps: WriteSteps): { readonly steps: WriteSteps; readonly answers: Answers } {
  const answers = { written: 0, partly: 0, nothing: 0 };
  const finishWrite: WriteSteps['finishWrite'] = (...args) => {
    const answer = steps.finishWrite(...args);
    if (answer === WRITTEN) answers.written++;
    else if (answer === 0) answers.nothing++;
    else answers.partly++;
    return answer;
  };
  return { steps: { finishWrite }, answers };
}

function compiledSteps(memory: ArenaMemory): WriteSteps {
  const compiled = arenaModule(PARTS.module, memory);
  if (compiled === undefined) throw new Error('the module reaches this memory');
  return compiled;
}

/** A codec beside which something else happens, once. */
class InterruptedCodec implements Codec {
  readonly name = 'interrupted';
  readonly #codec: Codec;
  next: (() => void) | undefined;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  compress(...args: Parameters<Codec['compress']>): number {
    this.next?.();
    this.next = undefined;
    return this.#codec.compress(...args);
  }

  decompress(...args: Parameters<Codec['decompress']>): boolean {
    return this.#codec.decompress(...args);
  }
}

function machineIn(memory: ArenaMemory, config: MachineConfig, withSteps: boolean) {
  const machine = makeMachine(config, memory.buffer);
  const { steps, answers } = counting(compiledSteps(memory));
  const parts = { locks: lockWordsOf(PARTS, memory), writeSteps: withSteps ? steps : undefined };
  const codec = new InterruptedCodec(makeCodec(PARTS, memory, config.pageSizeBytes));
  const cpu = new LiveCpu(machine.arena, cpuId(0), codec, parts);
  const pages = complete(machine.takeIoPages(cpu, 3));
  if (pages === undefined) throw new Error('the machine has pages left');
  return { machine, cpu, codec, pages, answers };
}

/**
 * Requests of one to three pages: of all sizes of objects, huge and same-filled ones and such as begin so, over slots that are new or
 * have content; slots that are freed; a device that is reset now and then. Of a list of streams another one is given back meanwhile.
 */
function work({ machine, cpu, codec, pages }: ReturnType<typeof machineIn>, steps: number): void {
  const random = new Random(7);
  const device = machine.device(0);
  const streams = machine.streams.ofDevice(0).primary;
  const isListed = machine.arena.config.bufferLayout === 'stream-list';
  for (let step = 1; step <= steps; step++) {
    const slot = random.nextBelow(SLOTS - pages.length);
    if (step % 700 === 0) {
      complete(device.controls.reset(cpu));
      expect(complete(device.controls.initialise(cpu)).ok).toBe(true);
    }
    if (random.nextBelow(8) === 0) {
      complete(device.discard(cpu, slot, 1));
      continue;
    }
    const request = pages.slice(0, 1 + random.nextBelow(pages.length));
    for (const page of request) {
      page.bytes.fill(random.nextBelow(3));
      const noise = random.nextBelow(page.bytes.length + 1);
      const start = random.nextBelow(2) * 16;
      for (let at = start; at < noise; at++) page.bytes[at] = random.nextBelow(256);
    }
    if (isListed && random.nextBelow(2) === 0) {
      const other = streams.tryTake(cpu) ?? complete(streams.take(cpu));
      if (other === undefined) throw new Error('the list has a second stream');
      // Before the codec, and at the latest afterwards.
      codec.next = () => void streams.tryGive(cpu, other);
    }
    expect(complete(settle(device.write(cpu, slot, request)))).toBe(IoStatus.done);
    codec.next?.();
    codec.next = undefined;
  }
}

function bytesOf(memory: ArenaMemory, config: MachineConfig): Buffer {
  return Buffer.from(memory.buffer, 0, Arena.bytesFor(config));
}

const VARIANTS = [
  ...BUFFER_LAYOUTS.flatMap((layout) =>
    PROTECTIONS_OF[layout].map((protection) => ({ layout, protection, zspagePages: 8, pageSizeBytes: 4096 })),
  ),
  { layout: 'per-cpu-global', protection: 'preemption-off', zspagePages: 16, pageSizeBytes: 4096 },
  { layout: 'per-cpu-global', protection: 'preemption-off', zspagePages: 4, pageSizeBytes: 16_384 },
] as const;

describe('compiled steps of a write', () => {
  it.each(VARIANTS)(
    'leave the same arena as steps one by one: $layout, $protection, $zspagePages × $pageSizeBytes',
    (variant) => {
      const { layout, pageSizeBytes, zspagePages, protection } = variant;
      const config = machineConfig({
        bufferLayout: layout,
        pageSizeBytes,
        diskSizeBytes: SLOTS * pageSizeBytes,
        memoryBytes: 2048 * pageSizeBytes,
        zram: { ...CURRENT_ZRAM, zspagePages, protection, maxStreams: 2 },
      });
      const memories = [0, 1].map(() => valueOf(allocateArena(Arena.bytesFor(config), 'lz4-kernel')));
      const [compiled, single] = memories.map((memory, index) => machineIn(memory, config, index === 0));
      if (compiled === undefined || single === undefined) throw new Error('two machines');
      for (const each of [compiled, single]) work(each, 2000);
      const [one, other] = memories.map((memory) => bytesOf(memory, config));
      expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true);
      // Each answer was given often enough for this to say something.
      for (const count of Object.values(compiled.answers)) expect(count).toBeGreaterThan(50);
      expect(single.answers).toEqual({ written: 0, partly: 0, nothing: 0 });
    },
  );

  it('give an object back that is beyond the limit of the pool, stream and preemption with it', () => {
    const config = machineConfig({ diskSizeBytes: SLOTS * 4096 });
    const memory = valueOf(allocateArena(Arena.bytesFor(config), 'lz4-kernel'));
    const { machine, cpu, pages, answers } = machineIn(memory, config, true);
    const { arena } = machine;
    const device = machine.device(0);
    const request = pages.slice(0, 1);
    const random = new Random(1);
    for (const page of request) for (let at = 0; at < 2000; at++) page.bytes[at] = random.nextBelow(256);
    for (let slot = 0; slot < 3; slot++) expect(device.write(cpu, slot, request)).toBe(IoStatus.done);
    const { written } = answers;
    expect(written).toBeGreaterThan(0);
    const usedBefore = readDeviceStatistics(arena, 0);
    expect(usedBefore.poolPages).toBeGreaterThan(1);
    // There is room for one more object, but in a pool that is beyond its limit by now.
    device.controls.setMemoryLimit(1);
    expect(complete(settle(device.write(cpu, 3, request)))).toBe(IoStatus.noMemory);
    expect(answers.partly).toBe(1);
    expect(readDeviceStatistics(arena, 0)).toEqual({ ...usedBefore, limitPages: 1, failedWrites: 1 });
    expect(arena.word(arena.cpuWord(cpu.id) + CpuW.preemptCount)).toBe(0);
    expect(stillHeld(machine)).toEqual([]);
    auditMachine(arena);
    device.controls.setMemoryLimit(0);
    expect(device.write(cpu, 3, request)).toBe(IoStatus.done);
    expect(answers.written).toBe(written + 1);
  });

  describe('stop in front of a lock that is held', () => {
    const config = machineConfig({ diskSizeBytes: SLOTS * 4096, bufferLayout: 'stream-list' });

    /** The answer, and what has changed by then, of an object written into an empty slot of a pool that has room. */
    function answerWith(held: (arena: Arena, slot: LockWord) => LockWord | undefined) {
      const memory = valueOf(allocateArena(Arena.bytesFor(config), 'lz4-kernel'));
      const { machine, cpu, pages } = machineIn(memory, config, false);
      const { arena } = machine;
      for (const page of pages) page.bytes.fill(1, 0, 100).fill(2, 100);
      expect(machine.device(0).write(cpu, 0, pages.slice(0, 1))).toBe(IoStatus.done);
      const stream = machine.streams.ofDevice(0).primary.tryTake(cpu);
      if (stream === undefined) throw new Error('the list has a stream');
      const slots = new Slots(arena, 0);
      const bytes = slots.sizeBytes(slots.lock(0));
      const sizeClass = arena.sizeClasses.classOfStep[Math.ceil(bytes / 8)] ?? 0;
      const block = lockWord(arena.poolClassWord(0) + (sizeClass * POOL_CLASS_BYTES) / 4);
      const lock = held(arena, block) ?? slots.lock(1);
      arena.words[lock] = LOCKED;
      const before = Buffer.from(bytesOf(memory, config));
      const answer = compiledSteps(memory).finishWrite(
        arena.cpuWord(cpu.id),
        arena.deviceWord(0),
        deviceCounters(arena, 0, cpu.id),
        block,
        arena.sizeClasses.objectBytes[sizeClass] ?? 0,
        arena.sizeClasses.objects[sizeClass] ?? 0,
        slots.lock(1),
        stream.target,
        bytes,
        GIVE_TO_LIST,
        4096,
      );
      expect(arena.words[lock]).toBe(LOCKED);
      const isIdle = arena.word(arena.deviceWord(0) + DeviceW.idleStreams) !== 0;
      const operations = arena.double(arena.cpuWord(cpu.id) / 2 + CpuF64.writeOperations);
      const unchanged = bytesOf(memory, config).equals(before);
      return { answer, isIdle, isEmpty: !slots.hasContent(slots.lock(1)), operations, unchanged };
    }

    it('of the size class: nothing is done', () => {
      const { answer, unchanged } = answerWith((_arena, block) => block);
      expect(answer).toBe(0);
      expect(unchanged).toBe(true);
    });

    it('of the list: the object is taken, the stream still in hand', () => {
      const left = answerWith((arena) => lockWord(arena.deviceWord(0) + DeviceW.listLock));
      expect(left).toMatchObject({ isIdle: false, isEmpty: true, operations: 1, unchanged: false });
      expect(left.answer).toBeGreaterThan(WRITTEN);
    });

    it('of the slot: the object is taken, the stream is back', () => {
      const left = answerWith(() => undefined);
      expect(left).toMatchObject({ isIdle: true, isEmpty: true, operations: 1, unchanged: false });
      expect(left.answer).toBeLessThan(0);
    });
  });
});
