import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codec, IoPage, ObjectSpan } from '../../../../src/main/machine/codec.ts';
import type { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { type PhysicalAddress, physicalAddress } from '../../../../src/main/machine/units.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import { copyPageIn, copyPageOut, copyToObject, joinObject } from '../../../../src/main/machine/zram/page-copies.ts';
import { PageMemory } from '../../engine/codec/lz4-kernel/page-memory.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditMachine, drawPool } from '../fixtures/pool-audit.ts';
import { SizedCodec, sizedPage } from '../fixtures/sized-pages.ts';

const WORD = 8;
/** What no page of a test holds in eight bytes together. */
const STRAY = 0xee;

/** Leaves bytes behind its output, as any encoder may in the second page of its buffer. */
class StrayCodec implements Codec {
  readonly name = 'stray';
  readonly #sized: SizedCodec;
  readonly #bytes: Uint8Array;

  constructor(arena: Arena) {
    this.#sized = new SizedCodec(arena);
    this.#bytes = arena.bytes;
  }

  compress(page: IoPage, target: PhysicalAddress): number {
    const size = this.#sized.compress(page, target);
    this.#bytes.fill(STRAY, target + size, target + size + 4 * WORD);
    return size;
  }

  decompress(source: Readonly<ObjectSpan>, page: IoPage): boolean {
    return this.#sized.decompress(source, page);
  }
}

describe('copying into an object', () => {
  it('brings all of its bytes, and touches nothing behind its last word', () => {
    const words = fc.integer({ min: 0, max: 40 });
    const lengths = fc.record({ gap: words, before: words, firstBytes: fc.integer({ min: 1, max: 200 }) });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 0, max: 200 }), ({ gap, before, firstBytes: wanted }, restBytes) => {
        // An object that crosses a page has whole words up to the border.
        const firstBytes = restBytes > 0 ? Math.ceil(wanted / WORD) * WORD : wanted;
        const memory = new Uint8Array(2048).map((_, at) => at % 251);
        const from = physicalAddress(1024);
        const first = before * WORD;
        const rest = first + Math.ceil(firstBytes / WORD) * WORD + gap * WORD;
        const expected = memory.slice();
        expected.set(memory.subarray(from, from + firstBytes), first);
        expected.set(memory.subarray(from + firstBytes, from + firstBytes + restBytes), rest);
        const span = { first: physicalAddress(first), firstBytes, rest: physicalAddress(rest), restBytes };
        copyToObject(memory, from, span);
        const ends = [first + firstBytes, rest + restBytes];
        // The rest of the word in which a piece ends is the object's own: whatever lies there is nobody's.
        for (const end of ends) expected.set(memory.subarray(end, Math.ceil(end / WORD) * WORD), end);
        expect(Buffer.from(memory).equals(expected)).toBe(true);
      }),
    );
  });
});

describe('an object that crosses pages', () => {
  it.each(['by the codec', 'without it'])('is joined in one place, %s', (way) => {
    const { bytes, codec, buffer } = new PageMemory();
    const [first, rest] = [buffer + 4096, buffer + 6144];
    bytes.fill(1, first, first + 40).fill(2, rest, rest + 13);
    const span = { first: physicalAddress(first), firstBytes: 40, rest: physicalAddress(rest), restBytes: 13 };
    joinObject(bytes, buffer, span, way === 'by the codec' ? codec : undefined);
    expect(span).toMatchObject({ first: buffer, firstBytes: 53, restBytes: 0 });
    expect(bytes.subarray(buffer, buffer + 53)).toEqual(Buffer.concat([Buffer.alloc(40, 1), Buffer.alloc(13, 2)]));
  });
});

describe('a raw page', () => {
  it.each(['by the codec', 'without it'])('goes into its object and out of it whole, and nowhere else, %s', (way) => {
    const { bytes, page, buffer, codec: quick } = new PageMemory();
    const codec = way === 'by the codec' ? quick : undefined;
    const span = { first: buffer, firstBytes: 4096, rest: physicalAddress(0), restBytes: 0 };
    const content = Buffer.from(Uint8Array.from({ length: 4096 }, (_, at) => (at * 7) % 251));
    page.bytes.set(content);
    const expected = Buffer.from(bytes);
    expected.set(content, buffer);
    copyPageIn(bytes, page, span, codec);
    expect(bytes.equals(expected)).toBe(true);
    page.bytes.fill(0);
    copyPageOut(bytes, span, page, codec);
    expect(bytes.equals(expected)).toBe(true);
  });
});

describe('objects side by side in one zspage', () => {
  /** Classes of 4 KiB pages, all but the last with objects across page borders. */
  const CLASS_BYTES = [1072, 2720, 1568, 48] as const;
  const SLOTS = 24;

  it.each(CLASS_BYTES)(
    'of %i bytes are written over and read back, whatever the length in the last word',
    (classBytes) => {
      // The lengths of one class, header apart: all residues of a word, up to the very end of the object.
      const write = fc.record({ slot: fc.nat(SLOTS - 1), short: fc.nat(2 * WORD - 1), tag: fc.nat(1000) });
      fc.assert(
        fc.property(fc.array(write, { minLength: 1, maxLength: 60 }), (writes) => {
          const machine = makeMachine({ bufferLayout: 'single-mutex', diskSizeBytes: SLOTS * 4096 });
          const cpu = new OneCpu(machine.arena, new StrayCodec(machine.arena));
          const contents = new Map<number, Buffer>();
          for (const { slot, short, tag } of writes) {
            const page = sizedPage(classBytes - WORD - short, tag);
            expect(cpu.write(machine.device(0), slot, page)).toBe(IoStatus.done);
            contents.set(slot, Buffer.from(page.bytes));
            for (const [each, bytes] of contents) {
              expect(cpu.read(machine.device(0), each).equals(bytes), `slot ${each} after a write of ${slot}`).toBe(
                true,
              );
            }
          }
          // Headers and the chain of free objects, which lie between the contents.
          auditMachine(machine.arena);
        }),
        { numRuns: 25 },
      );
    },
  );

  it('really are neighbours', () => {
    const machine = makeMachine({ bufferLayout: 'single-mutex', diskSizeBytes: SLOTS * 4096 });
    const cpu = new OneCpu(machine.arena, new StrayCodec(machine.arena));
    for (const slot of [0, 1, 2]) cpu.write(machine.device(0), slot, sizedPage(2705 + slot, slot));
    expect(drawPool(machine.arena, 0)).toBe('2720 2/3  11:[xxx]');
  });
});
