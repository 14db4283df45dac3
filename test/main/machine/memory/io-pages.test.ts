import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryFigures, peakMemoryFigures } from '../../../../src/main/machine/memory-figures.ts';
import { FrameKind, FrameW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { frameNumber } from '../../../../src/main/machine/units.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditMachine } from '../fixtures/pool-audit.ts';

function take(machine: Machine, count: number) {
  return new OneCpu(machine.arena).run((cpu) => machine.takeIoPages(cpu, count));
}

describe('I/O pages', () => {
  it.each([4096, 16384, 65536])('are page frames of %i bytes of their own kind', (pageSizeBytes) => {
    const machine = makeMachine({ pageSizeBytes, memoryBytes: 100 * pageSizeBytes });
    const { arena } = machine;
    for (const page of take(machine, 5) ?? []) {
      const frame = frameNumber((page.address - arena.geometry.frames) / pageSizeBytes);
      expect(Number.isInteger(frame)).toBe(true);
      expect(arena.word(arena.descriptorWord(frame) + FrameW.kind)).toBe(FrameKind.ioBuffer);
      expect([page.bytes.length, page.words.length]).toEqual([pageSizeBytes, pageSizeBytes / 4]);
    }
  });

  it('are the memory at their address, seen as bytes and as words', () => {
    const machine = makeMachine();
    const [page] = take(machine, 1) ?? [];
    if (page === undefined) throw new Error('there is a page');
    page.bytes[4] = 0x12;
    page.bytes[7] = 0x80;
    expect(page.words[1]).toBe(0x12 - 2 ** 31);
    expect(machine.arena.bytes[page.address + 4]).toBe(0x12);
    expect(machine.arena.word(page.address / 4 + 1)).toBe(0x12 - 2 ** 31);
  });

  it('are counted as memory of the machine, now and at peak', () => {
    const machine = makeMachine();
    const before = memoryFigures(machine.arena);
    expect(before.ioBufferBytes).toBe(0);
    take(machine, 3);
    take(machine, 4);
    const after = memoryFigures(machine.arena);
    expect(after.ioBufferBytes).toBe(7 * 4096);
    expect(after.usedBytes - before.usedBytes).toBe(7 * 4096);
    expect(peakMemoryFigures(machine.arena).ioBufferBytes).toBe(7 * 4096);
    auditMachine(machine.arena);
  });

  it('never overlap, whoever takes how many, until the memory is full; then none is taken', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 }), (requests) => {
        const machine = makeMachine({
          memoryBytes: 120 * 4096,
          diskSizeBytes: 16 * 4096,
          possibleCpus: 1,
          onlineCpus: 1,
        });
        const seen = new Set<number>();
        for (const count of requests) {
          const free = countFrames(machine.arena)[FrameKind.free] ?? 0;
          const pages = take(machine, count);
          expect(pages?.length).toBe(count <= free ? count : undefined);
          for (const page of pages ?? []) {
            expect(seen.has(page.address)).toBe(false);
            seen.add(page.address);
          }
        }
        expect(memoryFigures(machine.arena).ioBufferBytes).toBe(seen.size * 4096);
        auditMachine(machine.arena);
      }),
      { numRuns: 30 },
    );
  });
});
