/** How many streams each layout has, whose they are, and what they are made of. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BufferLayout } from '../../../../../src/shared/design.ts';
import type { Machine } from '../../../../../src/main/machine/machine.ts';
import { CpuW, FrameKind, FrameW } from '../../../../../src/main/machine/memory/arena-layout.ts';
import { LOCKED } from '../../../../../src/main/machine/sync/lock.ts';
import { cpuId, frameNumber, type PhysicalAddress } from '../../../../../src/main/machine/units.ts';
import {
  BUFFER_PAGES,
  LZ4_WORK_MEMORY_BYTES,
  type Stream,
} from '../../../../../src/main/machine/zram/streams/stream.ts';
import { streamFramesAtBoot } from '../../../../../src/main/machine/zram/streams/zram-streams.ts';
import {
  interleaved,
  PER_CPU_DESIGNS,
  STREAM_DESIGNS,
  streamMachine,
  streamPages,
} from '../../fixtures/stream-machine.ts';
import { sizedPage } from '../../fixtures/sized-pages.ts';

/** What a frame of an address is used for. */
function kindOf({ arena }: Machine, address: PhysicalAddress): number {
  const frame = frameNumber(Math.floor((address - arena.geometry.frames) / arena.config.pageSizeBytes));
  return arena.word(arena.descriptorWord(frame) + FrameW.kind);
}

/** The stream that a CPU gets for a priority of a device, given back at once. */
function streamOf(machine: Machine, device: number, cpu: number, priority = 0): Stream {
  const streams = machine.streams.ofDevice(device).byPriority[priority];
  const on = interleaved(machine, 1, 0).cpu(cpuId(cpu));
  const stream = streams?.tryTake(on);
  if (streams === undefined || stream === undefined)
    throw new Error(`CPU ${cpu} has no stream of priority ${priority}`);
  expect(streams.tryGive(on, stream)).toBe(true);
  return stream;
}

/**
 * Buffers by device and priority (rows) and CPU (columns), as ordinals of first appearance:
 *
 *     0 1     device 0, primary
 *     2 3     device 0, recompression …
 */
function bufferTable(bufferLayout: BufferLayout, maxStreams = 1): string {
  const [design] = STREAM_DESIGNS.filter((each) => each.bufferLayout === bufferLayout);
  if (design === undefined) throw new Error(`no design of ${bufferLayout}`);
  const machine = streamMachine(design, { devices: 2, onlineCpus: 3 }, { algorithms: 2, maxStreams });
  const seen: PhysicalAddress[] = [];
  const rows = [0, 1].flatMap((device) =>
    [0, 1].map((priority) => {
      const row = [0, 1, 2].map((cpu) => {
        const { target } = streamOf(machine, device, cpu, priority);
        if (!seen.includes(target)) seen.push(target);
        return seen.indexOf(target);
      });
      return row.join(' ');
    }),
  );
  return rows.join('\n');
}

describe('the buffers of two devices with two algorithms on three CPUs', () => {
  it('are one per device under single-mutex', () => {
    expect(bufferTable('single-mutex')).toBe('0 0 0\n0 0 0\n1 1 1\n1 1 1');
  });

  it('are the one given back last under stream-list, while nobody holds another', () => {
    expect(bufferTable('stream-list', 3)).toBe('0 0 0\n0 0 0\n1 1 1\n1 1 1');
  });

  it('are one per device, algorithm and CPU under per-stream', () => {
    expect(bufferTable('per-stream')).toBe('0 1 2\n3 4 5\n6 7 8\n9 10 11');
  });

  it('are one per device and CPU under per-device', () => {
    expect(bufferTable('per-device')).toBe('0 1 2\n0 1 2\n3 4 5\n3 4 5');
  });

  it('are one per CPU under per-cpu-global', () => {
    expect(bufferTable('per-cpu-global')).toBe('0 1 2\n0 1 2\n0 1 2\n0 1 2');
  });
});

/** Pages of buffers: 12 CPUs with two streams are 48, 24 when a device's share, and 24 for any number of devices. */
const PUBLISHED = [
  { bufferLayout: 'per-stream', devices: 1, pages: 48 },
  { bufferLayout: 'per-device', devices: 1, pages: 24 },
  { bufferLayout: 'per-cpu-global', devices: 1, pages: 24 },
  { bufferLayout: 'per-cpu-global', devices: 8, pages: 24 },
  { bufferLayout: 'per-stream', devices: 8, pages: 384 },
  { bufferLayout: 'per-device', devices: 8, pages: 192 },
  { bufferLayout: 'single-mutex', devices: 8, pages: 16 },
  { bufferLayout: 'stream-list', devices: 8, pages: 16 },
] as const;

describe('pages of buffers', () => {
  it.each(PUBLISHED)('of 12 CPUs with two streams are $pages under $bufferLayout with $devices devices', (row) => {
    for (const design of STREAM_DESIGNS.filter((each) => each.bufferLayout === row.bufferLayout)) {
      const machine = streamMachine(
        design,
        { possibleCpus: 12, onlineCpus: 12, devices: row.devices, memoryBytes: 2048 * 4096 },
        { algorithms: 2 },
      );
      expect(streamPages(machine).buffer, design.protection).toBe(row.pages);
    }
  });

  it('are the formula of each layout for any machine, and all frames of streams those that boot counts', () => {
    const machines = fc.record({
      design: fc.constantFrom(...STREAM_DESIGNS),
      possibleCpus: fc.integer({ min: 1, max: 6 }),
      offline: fc.integer({ min: 0, max: 5 }),
      devices: fc.integer({ min: 1, max: 4 }),
      algorithms: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(machines, ({ design, possibleCpus, offline, devices, algorithms }) => {
        const onlineCpus = Math.max(1, possibleCpus - offline);
        const machine = streamMachine(design, { possibleCpus, onlineCpus, devices }, { algorithms });
        const owners: Readonly<Record<BufferLayout, number>> = {
          'single-mutex': devices,
          'stream-list': devices,
          'per-stream': onlineCpus * algorithms * devices,
          'per-device': onlineCpus * devices,
          'per-cpu-global': onlineCpus,
        };
        const streams = owners[design.bufferLayout];
        const primaries = design.bufferLayout === 'per-stream' ? streams / algorithms : streams;
        const hasLocalCopy =
          design.protection === 'read-write' ||
          (design.protection === 'mutex' && design.bufferLayout !== 'single-mutex');
        const pages = streamPages(machine);
        expect(pages).toEqual({
          buffer: streams * 2,
          workMemory: primaries * 5,
          localCopy: hasLocalCopy ? streams : 0,
        });
        expect(pages.buffer + pages.workMemory + pages.localCopy).toBe(streamFramesAtBoot(machine.arena.config));
      }),
      { numRuns: 60 },
    );
  });

  it('of per-CPU layouts come with records of 32 bytes per set in per-CPU memory, which statics of 2010 do without', () => {
    for (const design of PER_CPU_DESIGNS) {
      const machine = streamMachine(design, { devices: 3 }, { algorithms: 2 });
      const isOf2010 = design.bufferLayout === 'per-cpu-global' && design.protection === 'preemption-off';
      const sets = { 'per-stream': 6, 'per-device': 3, 'per-cpu-global': isOf2010 ? 0 : 1 };
      const expected = sets[design.bufferLayout as keyof typeof sets];
      expect(machine.streams.recordSets(), `${design.bufferLayout}, ${design.protection}`).toBe(expected);
      expect(machine.area.plan.statics.offsets.compress_buffer !== undefined).toBe(isOf2010);
    }
  });
});

describe.each(STREAM_DESIGNS)('a stream of $bufferLayout with $protection', (design) => {
  it('has a buffer of two pages and work memory apart, each in frames of its kind', () => {
    const machine = streamMachine(design);
    const { target, workMemory, localCopy } = streamOf(machine, 0, 0);
    expect(kindOf(machine, target)).toBe(FrameKind.buffer);
    expect(kindOf(machine, workMemory)).toBe(FrameKind.workMemory);
    expect(Math.abs(workMemory - target)).toBeGreaterThanOrEqual(
      workMemory > target ? BUFFER_PAGES * 4096 : LZ4_WORK_MEMORY_BYTES,
    );
    if (localCopy !== undefined) expect(kindOf(machine, localCopy)).toBe(FrameKind.localCopy);
  });

  it('is off limits to others between taking and giving back, by a lock or with preemption off', () => {
    const machine = streamMachine(design);
    const streams = machine.streams.ofDevice(0).primary;
    const engine = interleaved(machine, 1, 0);
    const cpu = engine.cpu(cpuId(0));
    const preemptions = (): number => machine.arena.word(machine.arena.cpuWord(cpuId(0)) + CpuW.preemptCount);
    const stream = streams.tryTake(cpu);
    if (stream === undefined) throw new Error('an idle stream is there');
    expect(preemptions()).toBe(design.protection === 'preemption-off' ? 1 : 0);
    if (design.protection !== 'preemption-off') {
      expect(streams.tryTake(cpu)).toBeUndefined();
      if (stream.lock !== undefined) expect(machine.arena.word(stream.lock) & LOCKED).toBe(LOCKED);
    }
    expect(streams.tryGive(cpu, stream)).toBe(true);
    expect(preemptions()).toBe(0);
    expect(streams.tryTake(cpu)?.target).toBe(stream.target);
  });

  it('costs no new object when it is taken again', () => {
    const machine = streamMachine(design);
    const streams = machine.streams.ofDevice(0).primary;
    const cpu = interleaved(machine, 1, 0).cpu(cpuId(1));
    const taken = [0, 1].map(() => {
      const stream = streams.tryTake(cpu);
      if (stream !== undefined) streams.tryGive(cpu, stream);
      return stream;
    });
    expect(taken[0]).toBe(taken[1]);
  });
});

describe('single-mutex', () => {
  it('is locked from compression to the end of the copy, and no longer', () => {
    const machine = streamMachine({ bufferLayout: 'single-mutex', protection: 'mutex' });
    const { lock } = streamOf(machine, 0, 0);
    if (lock === undefined) throw new Error('single-mutex has no lock');
    const isLocked = (): boolean => (machine.arena.word(lock) & LOCKED) !== 0;
    const cpu = interleaved(machine, 1, 256).cpu(cpuId(0));
    const writing = machine.device(0).writeRequest(cpu, 0, [sizedPage(900, 1)]);
    // Yields: waits for the mutex, pauses after compression, waits for class, zone, class again, and at last for the slot.
    const locked: boolean[] = [];
    while (writing.next().done !== true) locked.push(isLocked());
    expect(locked).toEqual([false, true, true, true, true, false]);
    expect(isLocked()).toBe(false);
  });
});

describe('the readers of a device', () => {
  const readersOf = (design: (typeof STREAM_DESIGNS)[number]) => streamMachine(design).streams.ofDevice(0).readers;

  it('take streams under the locks of 5.8 and later alone', () => {
    for (const design of STREAM_DESIGNS) {
      const takes =
        ['local-lock', 'read-write'].includes(design.protection) ||
        (design.protection === 'mutex' && design.bufferLayout !== 'single-mutex');
      expect(readersOf(design) !== undefined, `${design.bufferLayout}, ${design.protection}`).toBe(takes);
    }
  });

  it('and writers keep each other out under a mutex, and do not where reads have their own', () => {
    for (const [protection, together] of [
      ['mutex', false],
      ['read-write', true],
    ] as const) {
      const machine = streamMachine({ bufferLayout: 'per-device', protection });
      const { primary, readers } = machine.streams.ofDevice(0);
      const cpu = interleaved(machine, 1, 0).cpu(cpuId(0));
      const writer = primary.tryTake(cpu);
      const reader = readers?.[0]?.tryTake(cpu);
      expect(writer).toBeDefined();
      expect(reader !== undefined, protection).toBe(together);
    }
  });
});
