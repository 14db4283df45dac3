import { describe, expect, it } from 'vitest';
import { BUFFER_LAYOUTS } from '../../../../src/shared/design.ts';
import { Lz4Codec } from '../../../../src/main/engine/codec/lz4.ts';
import { Interleaver } from '../../../../src/main/engine/interleaved/interleaver.ts';
import { Cost } from '../../../../src/main/machine/cpu.ts';
import { LoneCpu } from '../../../../src/main/machine/lone-cpu.ts';
import type { Arena, MachineConfig } from '../../../../src/main/machine/memory/arena.ts';
import { CpuF64, CpuW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { Operation } from '../../../../src/main/machine/operation.ts';
import { type DeviceStatistics, readDeviceStatistics } from '../../../../src/main/machine/zram/device-statistics.ts';
import { memoryFigures, peakMemoryFigures } from '../../../../src/main/machine/memory-figures.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { mmStat, poolPages, poolPagesMax, setLimit } from '../fixtures/mm-stat.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditMachine, drawPool } from '../fixtures/pool-audit.ts';
import { blankPage, samePage, SizedCodec, sizedPage } from '../fixtures/sized-pages.ts';

/** A device of 64 pages and the CPU that uses it; `write('0:2700 1:0')` writes pages of those compressed sizes. */
function deviceUnderTest(changes: Partial<MachineConfig> = {}) {
  const machine = makeMachine({ bufferLayout: 'single-mutex', ...changes });
  const { arena } = machine;
  const pageSizeBytes = arena.config.pageSizeBytes;
  const device = machine.device(0);
  const cpu = new OneCpu(arena, new SizedCodec(arena));
  const page = (size: number, tag: number) =>
    size === 0 ? samePage(tag, 3, pageSizeBytes) : sizedPage(size, tag, pageSizeBytes);
  return {
    arena,
    device,
    cpu,
    /** SLOT:SIZE, the slot is the page's tag. Answers with the status of each. */
    write: (list: string): readonly IoStatus[] =>
      list.split(' ').map((item) => {
        const [slot = 0, size = 0] = item.split(':').map(Number);
        return cpu.write(device, slot, page(size, slot));
      }),
    holds: (slot: number, size: number): boolean =>
      cpu.read(device, slot, pageSizeBytes).equals(page(size, slot).bytes),
    isEmpty: (slot: number): boolean => cpu.read(device, slot, pageSizeBytes).equals(blankPage(pageSizeBytes).bytes),
    statistics: (): DeviceStatistics => readDeviceStatistics(arena, 0),
  };
}

const OK = IoStatus.done;

/** Where the pool keeps what `SizedCodec` made of a page; the pool's frames come last. */
function objectAt(arena: Arena, { tag, sizeBytes }: { readonly tag: number; readonly sizeBytes: number }): number {
  return Buffer.from(arena.buffer).lastIndexOf(Buffer.from(Int32Array.of(tag, sizeBytes).buffer));
}

describe.each(BUFFER_LAYOUTS)('a device under %s', (bufferLayout) => {
  it('reads zeros where nothing was written', () => {
    const under = deviceUnderTest({ bufferLayout });
    for (const slot of [0, 17, 63]) expect(under.isEmpty(slot)).toBe(true);
    expect(mmStat(under.arena)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('gives back what was written, whatever became of it inside', () => {
    const under = deviceUnderTest({ bufferLayout });
    under.write('0:27 1:1560 2:2700 3:3624 4:3625 5:4114 6:0');
    for (const [slot, size] of [27, 1560, 2700, 3624, 3625, 4114, 0].entries()) {
      expect(under.holds(slot, size), `size ${size}`).toBe(true);
    }
    auditMachine(under.arena);
  });

  it('counts a page of 3624 bytes as compressed and one of 3625 as huge', () => {
    const under = deviceUnderTest({ bufferLayout });
    under.write('0:3624');
    expect(mmStat(under.arena)).toEqual([4096, 3624, 8 * 4096, 0, 8 * 4096, 0, 0, 0, 0]);
    under.write('1:3625');
    expect(mmStat(under.arena)).toEqual([8192, 3624 + 4096, 9 * 4096, 0, 9 * 4096, 0, 0, 1, 1]);
  });

  it('stores a same-filled page without pool memory, both halves of its word', () => {
    const under = deviceUnderTest({ bufferLayout });
    under.cpu.write(under.device, 0, samePage(0));
    under.cpu.write(under.device, 1, samePage(-1, 0x1234_5678));
    under.cpu.write(under.device, 2, samePage(0, -2));
    expect(mmStat(under.arena)).toEqual([3 * 4096, 0, 0, 0, 0, 3, 0, 0, 0]);
    expect(under.isEmpty(0)).toBe(true);
    expect(under.cpu.read(under.device, 1).equals(samePage(-1, 0x1234_5678).bytes)).toBe(true);
    expect(under.cpu.read(under.device, 2).equals(samePage(0, -2).bytes)).toBe(true);
  });

  it('does not take a page for same-filled that differs in one byte at either end', () => {
    const under = deviceUnderTest({ bufferLayout });
    const codec = new Lz4Codec(under.arena.buffer, 4096);
    const cpu = new OneCpu(under.arena, codec);
    for (const at of [0, 7, 8, 2048, 4088, 4095]) {
      const page = samePage(5, 6);
      page.bytes[at] = 0x77;
      cpu.write(under.device, 1, page);
      expect(under.statistics().samePages, `byte ${at}`).toBe(0);
      expect(cpu.read(under.device, 1).equals(page.bytes)).toBe(true);
    }
  });

  it('replaces what a slot held, of whatever kind by whatever kind', () => {
    const under = deviceUnderTest({ bufferLayout });
    const sizes = [0, 100, 4114, 2700];
    for (const before of sizes) {
      for (const after of sizes) {
        under.write(`9:${before} 9:${after}`);
        expect(under.holds(9, after), `${before} then ${after}`).toBe(true);
        auditMachine(under.arena);
      }
    }
    expect(under.statistics().pagesStored).toBe(1);
  });

  it('never lowers the count of huge pages since boot', () => {
    const under = deviceUnderTest({ bufferLayout });
    under.write('0:4114 0:100 0:4114 1:4114 1:0');
    expect([under.statistics().hugePages, under.statistics().hugePagesSince]).toEqual([1, 3]);
  });

  it('forgets discarded slots, counts each in notify_free, and gives their memory back', () => {
    const under = deviceUnderTest({ bufferLayout });
    under.write('0:2700 1:2700 2:0 3:4114');
    under.cpu.discard(under.device, 0, 8);
    expect(mmStat(under.arena).slice(0, 3)).toEqual([0, 0, 0]);
    expect(under.statistics().notifyFree).toBe(8);
    for (let slot = 0; slot < 4; slot++) expect(under.isEmpty(slot)).toBe(true);
    auditMachine(under.arena);
  });

  it('writes and reads requests of many pages', () => {
    const under = deviceUnderTest({ bufferLayout });
    const pages = Array.from({ length: 16 }, (_, at) => sizedPage(500 + at * 200, at));
    expect(under.cpu.write(under.device, 40, ...pages)).toBe(OK);
    const read = pages.map(() => blankPage());
    expect(under.cpu.run((cpu) => under.device.readRequest(cpu, 40, read))).toBe(OK);
    expect(read.map((page) => Buffer.from(page.bytes))).toEqual(pages.map((page) => Buffer.from(page.bytes)));
  });

  it('throws for slots beyond the disk', () => {
    const under = deviceUnderTest({ bufferLayout });
    expect(() => under.write('64:100')).toThrow('slot 64 lies outside a disk of 64 pages');
    expect(() => under.cpu.read(under.device, 64)).toThrow('slot 64 lies outside a disk of 64 pages');
    expect(() => {
      under.cpu.discard(under.device, 63, 2);
    }).toThrow('slot 64 lies outside a disk of 64 pages');
  });
});

describe('the order of writing', () => {
  it('is to allocate first and to free last, as the kernel does (example D)', () => {
    const under = deviceUnderTest();
    const used: number[] = [];
    const most: number[] = [];
    for (const step of ['0:4114', '1:4114', '0:4114', '0:2700', '1:3624', '2:3625']) {
      under.write(step);
      used.push(poolPages(under.arena));
      most.push(poolPagesMax(under.arena));
    }
    expect(used).toEqual([1, 2, 2, 3, 10, 11]);
    expect(most).toEqual([1, 2, 3, 4, 11, 11]);
    expect(mmStat(under.arena)).toEqual([3 * 4096, 10420, 11 * 4096, 0, 11 * 4096, 0, 0, 1, 4]);
  });

  it('leaves holes behind discards until compaction (example B without it)', () => {
    const under = deviceUnderTest();
    under.write('0:2700 1:2700 2:2700 3:2700 4:2700 5:2700');
    expect(poolPages(under.arena)).toBe(4);
    for (const slot of [0, 1, 3]) under.cpu.discard(under.device, slot);
    expect(poolPages(under.arena)).toBe(4);
    expect(drawPool(under.arena)).toBe('2720 2/3  4:[..x] 7:[.xx]');
    for (const slot of [2, 4, 5]) expect(under.holds(slot, 2700)).toBe(true);
  });
});

describe('a memory limit', () => {
  it('is checked with the old content still there, so rewriting a huge page at the limit fails', () => {
    const under = deviceUnderTest();
    under.write('0:4114 1:4114');
    setLimit(under.arena, 2);
    expect(under.cpu.write(under.device, 0, sizedPage(4114, 99))).toBe(IoStatus.noMemory);
    expect(under.holds(0, 4114)).toBe(true);
    expect(poolPages(under.arena)).toBe(2);
    expect(poolPagesMax(under.arena)).toBe(3);
    auditMachine(under.arena);
  });

  it('does not hold for same-filled pages', () => {
    const under = deviceUnderTest();
    under.write('0:4114');
    setLimit(under.arena, 1);
    expect(under.write('0:0 1:0')).toEqual([OK, OK]);
  });

  it('fails a request once, and keeps the pages before the failing one (64 KiB of random data, 5 pages)', () => {
    const under = deviceUnderTest();
    setLimit(under.arena, 5);
    const pages = Array.from({ length: 16 }, (_, at) => sizedPage(4114, at));
    expect(under.cpu.write(under.device, 0, ...pages)).toBe(IoStatus.noMemory);
    expect(under.statistics().pagesStored).toBe(5);
    expect(under.statistics().failedWrites).toBe(1);
    expect(mmStat(under.arena)).toEqual([5 * 4096, 5 * 4096, 5 * 4096, 5 * 4096, 6 * 4096, 0, 0, 5, 5]);
    for (let slot = 0; slot < 16; slot++) expect(slot < 5 ? under.holds(slot, 4114) : under.isEmpty(slot)).toBe(true);
    auditMachine(under.arena);
  });

  it('may be exceeded in mem_used_max by one zspage, never in mem_used_total', () => {
    const under = deviceUnderTest();
    setLimit(under.arena, 3);
    expect(under.write('0:2700 1:3624')).toEqual([OK, IoStatus.noMemory]);
    expect([poolPages(under.arena), poolPagesMax(under.arena)]).toEqual([2, 10]);
  });
});

describe('memory that ran out', () => {
  it.each(BUFFER_LAYOUTS)(
    'under %s fails the write, leaves the old content, and lets the next write go on',
    (bufferLayout) => {
      const under = deviceUnderTest({ bufferLayout, memoryBytes: 48 * 4096 });
      let slot = 0;
      while (under.write(`${slot}:4114`)[0] === OK) slot += 1;
      expect(slot).toBeGreaterThan(4);
      expect(under.write('0:4114 0:2700')).toEqual([IoStatus.noMemory, IoStatus.noMemory]);
      for (let held = 0; held < slot; held++) expect(under.holds(held, 4114)).toBe(true);
      expect(under.isEmpty(slot)).toBe(true);
      auditMachine(under.arena);
      under.cpu.discard(under.device, 1);
      expect(under.write('1:4114')).toEqual([OK]);
      under.cpu.discard(under.device, 0, 64);
      expect(poolPages(under.arena)).toBe(0);
      auditMachine(under.arena);
    },
  );

  it('does not raise mem_used_max by what was never allocated', () => {
    const under = deviceUnderTest({ memoryBytes: 16 * 4096 });
    under.write('0:4114 1:4114');
    expect(under.write('2:3624')).toEqual([IoStatus.noMemory]);
    expect(poolPagesMax(under.arena)).toBe(2);
  });
});

describe('a damaged object', () => {
  it('is reported as corrupt, counted, and leaves the device usable', () => {
    const under = deviceUnderTest();
    under.write('0:2700 1:2700');
    const object = objectAt(under.arena, { tag: 0, sizeBytes: 2700 });
    under.arena.bytes[object + 1000] = (under.arena.bytes[object + 1000] ?? 0) ^ 1;
    const status = under.cpu.run((cpu) => under.device.readRequest(cpu, 0, [blankPage()]));
    expect(status).toBe(IoStatus.corrupt);
    expect(under.statistics().failedReads).toBe(1);
    expect(under.holds(1, 2700)).toBe(true);
    under.write('0:1560');
    expect(under.holds(0, 1560)).toBe(true);
  });

  it('ends a request at its page', () => {
    const under = deviceUnderTest();
    under.write('0:500 1:600 2:700');
    const object = objectAt(under.arena, { tag: 1, sizeBytes: 600 });
    under.arena.bytes.fill(0xff, object, object + 600);
    const read = [blankPage(), blankPage(), blankPage()];
    expect(under.cpu.run((cpu) => under.device.readRequest(cpu, 0, read))).toBe(IoStatus.corrupt);
    expect(Buffer.from(read[0]?.bytes ?? []).equals(sizedPage(500, 0).bytes)).toBe(true);
    expect(Buffer.from(read[2]?.bytes ?? []).equals(blankPage().bytes)).toBe(true);
  });
});

describe.each([4096, 16384, 65536])('pages of %i bytes', (pageSizeBytes) => {
  it('go through a device with real LZ4 and come back', () => {
    for (const bufferLayout of BUFFER_LAYOUTS) {
      const under = deviceUnderTest({ pageSizeBytes, bufferLayout });
      const cpu = new OneCpu(under.arena, new Lz4Codec(under.arena.buffer, pageSizeBytes));
      const random = new Random(7);
      const written = Array.from({ length: 24 }, (_, slot) => {
        const page = blankPage(pageSizeBytes);
        random.fillBytes(page.bytes.subarray(0, Math.floor((pageSizeBytes * slot) / 23)));
        expect(cpu.write(under.device, slot, page)).toBe(OK);
        return page;
      });
      for (const [slot, page] of written.entries()) {
        expect(cpu.read(under.device, slot, pageSizeBytes).equals(page.bytes), `slot ${slot}`).toBe(true);
      }
      expect(under.statistics().samePages).toBe(1);
      expect(under.statistics().hugePages).toBeGreaterThan(0);
      auditMachine(under.arena);
    }
  });

  it('are huge from the threshold of their size on', () => {
    const threshold = { 4096: 3625, 16384: 14553, 65536: 58137 }[pageSizeBytes] ?? 0;
    const under = deviceUnderTest({ pageSizeBytes });
    under.write(`0:${threshold - 1}`);
    expect(under.statistics().hugePages).toBe(0);
    under.write(`1:${threshold}`);
    expect(under.statistics().hugePages).toBe(1);
    expect(under.holds(0, threshold - 1) && under.holds(1, threshold)).toBe(true);
  });
});

describe('the counters of a CPU', () => {
  it('tell operations and bytes of finished requests, and what it is at', () => {
    const under = deviceUnderTest({ devices: 2 });
    const block = under.arena.cpuWord(cpuId(0));
    under.write('0:100 1:0');
    under.cpu.write(under.device, 2, sizedPage(200, 2), sizedPage(300, 3));
    under.cpu.read(under.device, 0);
    const doubles = [CpuF64.writeOperations, CpuF64.writtenBytes, CpuF64.readOperations, CpuF64.readBytes].map(
      (field) => under.arena.double(block / 2 + field),
    );
    expect(doubles).toEqual([3, 4 * 4096, 1, 4096]);
    expect(under.arena.word(block + CpuW.operation)).toBe(Operation.idle);
    under.cpu.discard(under.device, 7);
    expect([under.arena.word(block + CpuW.device), under.arena.word(block + CpuW.slot)]).toEqual([0, 7]);
  });

  it('name the request in hand while it waits', () => {
    const under = deviceUnderTest();
    const cpu = new Interleaver({
      arena: under.arena,
      random: new Random(1),
      codec: new SizedCodec(under.arena),
      switchChance: 256,
    }).cpu(cpuId(2));
    const writing = under.device.writeRequest(cpu, 5, [sizedPage(900, 5)]);
    expect(writing.next().done).toBe(false);
    const block = under.arena.cpuWord(cpuId(2));
    const words = [CpuW.operation, CpuW.device, CpuW.slot].map((field) => under.arena.word(block + field));
    expect(words).toEqual([Operation.write, 0, 5]);
  });

  it('are charged for every page and byte that is worked on', () => {
    const under = deviceUnderTest();
    const interleaver = new Interleaver({
      arena: under.arena,
      random: new Random(1),
      codec: new SizedCodec(under.arena),
      switchChance: 0,
    });
    const cpu = interleaver.cpu(cpuId(1));
    interleaver.spawn(
      cpu,
      'writes',
      under.device.writeRequest(cpu, 0, [sizedPage(900, 0), sizedPage(4114, 1), samePage(4)]),
    );
    interleaver.run();
    interleaver.spawn(
      cpu,
      'reads',
      under.device.readRequest(cpu, 0, [blankPage(), blankPage(), blankPage(), blankPage()]),
    );
    interleaver.run();
    expect(cpu.charged[Cost.comparePage]).toBe(3);
    expect(cpu.charged[Cost.compressPage]).toBe(2);
    expect(cpu.charged[Cost.decompressPage]).toBe(1);
    expect(cpu.charged[Cost.fillPage]).toBe(2);
    // Two objects in, the huge one out again.
    expect(cpu.charged[Cost.copyBytes]).toBe(900 + 4096 + 4096);
  });
});

describe('memory figures', () => {
  it('sum up all devices, and keep each peak when all is discarded', () => {
    const machine = makeMachine({ devices: 2 });
    const cpu = new OneCpu(machine.arena, new SizedCodec(machine.arena));
    cpu.write(machine.device(0), 0, sizedPage(2700, 1), sizedPage(4114, 2));
    cpu.write(machine.device(1), 0, sizedPage(1560, 1), samePage(9));
    const before = memoryFigures(machine.arena);
    expect(before).toMatchObject({
      originalBytes: 4 * 4096,
      compressedBytes: 2700 + 4096 + 1560,
      poolBytes: (2 + 1 + 5) * 4096,
    });
    cpu.discard(machine.device(0), 0, 2);
    cpu.discard(machine.device(1), 0, 2);
    const after = memoryFigures(machine.arena);
    expect(after).toMatchObject({ originalBytes: 0, compressedBytes: 0, poolBytes: 0 });
    expect(after.usedBytes).toBe(before.usedBytes - before.poolBytes);
    expect(peakMemoryFigures(machine.arena)).toEqual(before);
  });

  it('keep parts that add up to what is used', () => {
    for (const bufferLayout of BUFFER_LAYOUTS) {
      const under = deviceUnderTest({ bufferLayout });
      under.write('0:2700 1:4114');
      const figures = memoryFigures(under.arena);
      const { poolBytes, percpuAreaBytes, slotTableBytes, bufferBytes, workMemoryBytes } = figures;
      // Frame 0 is reserved.
      expect(figures.usedBytes).toBe(
        4096 + poolBytes + percpuAreaBytes + slotTableBytes + bufferBytes + workMemoryBytes,
      );
    }
  });
});

describe('requests', () => {
  it('are at their end at once where nothing must be waited for, overwrites included', () => {
    const { arena, device } = deviceUnderTest();
    const cpu = new LoneCpu(cpuId(0), new SizedCodec(arena));
    const [old, ...pages] = [sizedPage(900, 9), sizedPage(900, 0), sizedPage(900, 1), sizedPage(4114, 2), samePage(4)];
    expect([device.write(cpu, 1, [old, samePage(5), samePage(6)]), device.write(cpu, 0, pages)]).toEqual([OK, OK]);
    const read = pages.map(() => blankPage());
    expect(device.read(cpu, 0, read)).toBe(OK);
    expect(read.map(({ bytes }) => bytes)).toEqual(pages.map(({ bytes }) => bytes));
  });

  it('of several pages that wait, each for something, are whole in the end', () => {
    const { arena, device } = deviceUnderTest();
    const codec = new SizedCodec(arena);
    const engine = new Interleaver({ arena, random: new Random(1), codec, switchChance: 256 });
    const cpu = engine.cpu(cpuId(2));
    const pages = [sizedPage(900, 0), samePage(4), sizedPage(4114, 1), sizedPage(900, 2)];
    const read = pages.map(() => blankPage());
    engine.spawn(cpu, 'writes', device.writeRequest(cpu, 8, pages));
    engine.run();
    engine.spawn(cpu, 'reads', device.readRequest(cpu, 8, read));
    engine.run();
    expect(read.map(({ bytes }) => bytes)).toEqual(pages.map(({ bytes }) => bytes));
    expect(arena.double(arena.cpuWord(cpuId(2)) / 2 + CpuF64.writeOperations)).toBe(1);
  });
});
