import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStoredContents } from '../../../../src/main/machine/zram/stored-contents.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { mmStat } from '../fixtures/mm-stat.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { samePage, SizedCodec, sizedPage } from '../fixtures/sized-pages.ts';

const SLOTS = 40;

/** A machine whose CPU recompresses to half the size; sizes of 3800 bytes and more are huge. */
function machine() {
  const made = makeMachine({ diskSizeBytes: SLOTS * 4096 });
  const { arena } = made;
  const primary = new SizedCodec(arena);
  const half = {
    name: 'half',
    compress: (...[page, target]: Parameters<SizedCodec['compress']>) => {
      const [size = 0, tag = 0] = page.words;
      return primary.compress(sizedPage(size >> 1, tag), target);
    },
    decompress: () => {
      throw new Error('nobody reads here');
    },
  };
  const cpu = new OneCpu(arena, primary, [half]);
  return { arena, cpu, device: made.device(0) };
}

describe('what the slots of a device hold', () => {
  it('is nothing at first', () => {
    const { same, huge, compressed } = readStoredContents(machine().arena, 0);
    const nothing = { pages: 0, bytes: 0 };
    expect([same, huge, ...compressed]).toEqual([nothing, nothing, nothing, nothing, nothing, nothing]);
  });

  it('is told by who made it: the first codec, nobody, or one of recompression', () => {
    const { arena, cpu, device } = machine();
    for (const [slot, size] of [1000, 2000, 3800, 3900].entries()) cpu.write(device, slot, sizedPage(size, slot));
    cpu.write(device, 4, samePage(7));
    expect(readStoredContents(arena, 0)).toMatchObject({
      same: { pages: 1, bytes: 0 },
      huge: { pages: 2, bytes: 2 * 4096 },
      compressed: [{ pages: 2, bytes: 3000 }, { pages: 0 }, { pages: 0 }, { pages: 0 }],
    });
    cpu.run((on) => device.controls.recompress(on, { type: 'huge', maxPages: 1 }));
    cpu.run((on) => device.controls.recompress(on, { maxPages: 2 }));
    const { huge, compressed } = readStoredContents(arena, 0);
    expect(huge.pages + compressed.reduce((sum, { pages }) => sum + pages, 0)).toBe(4);
    expect(compressed[0]).toEqual({ pages: 1, bytes: 1000 });
    expect(compressed[1]?.pages).toBe(3);
    expect(compressed[1]?.bytes).toBe(1000 + 1900 + 1950);
  });

  it('adds up to the columns of mm_stat, whatever was written, discarded and recompressed', () => {
    const operation = fc.record({
      slot: fc.nat(SLOTS - 1),
      size: fc.integer({ min: 16, max: 4096 }),
      kind: fc.constantFrom('write', 'write', 'write', 'same', 'discard', 'recompress'),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const { arena, cpu, device } = machine();
        for (const { slot, size, kind } of operations) {
          if (kind === 'write') cpu.write(device, slot, sizedPage(size, slot));
          if (kind === 'same') cpu.write(device, slot, samePage(size));
          if (kind === 'discard') cpu.run((on) => device.discard(on, slot, 1));
          if (kind === 'recompress') cpu.run((on) => device.controls.recompress(on, { maxPages: 3, priority: 1 }));
        }
        const { same, huge, compressed } = readStoredContents(arena, 0);
        const all = [same, huge, ...compressed];
        const sum = (pick: (each: (typeof all)[number]) => number) =>
          all.reduce((total, each) => total + pick(each), 0);
        const [original, compr, , , , samePages, , hugePages] = mmStat(arena);
        expect([sum(({ pages }) => pages) * 4096, sum(({ bytes }) => bytes)]).toEqual([original, compr]);
        expect([same.pages, huge.pages]).toEqual([samePages, hugePages]);
      }),
      { numRuns: 50 },
    );
  });
});
