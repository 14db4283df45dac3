import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { physicalAddress } from '../../../../../src/main/machine/units.ts';
import { PageMemory } from './page-memory.ts';

const memory = new PageMemory();

describe('copies of lz4-kernel', () => {
  it('are those of copyWithin over whole 8-byte words, and touch nothing else', () => {
    const words = fc.integer({ min: 0, max: 511 });
    fc.assert(
      fc.property(
        words,
        words,
        fc.integer({ min: 0, max: 4096 }),
        fc.uint8Array({ minLength: 8192, maxLength: 8192 }),
        copiesAs,
      ),
    );
  });

  it('of no bytes change nothing', () => {
    copiesAs(0, 0, 0, new Uint8Array(8192).fill(1));
  });
});

/** From word `from` of the buffer to word `to` behind its two pages. */
function copiesAs(from: number, to: number, bytes: number, content: Uint8Array): void {
  memory.bytes.set(content, memory.buffer);
  const source = memory.buffer + 8 * from;
  const target = memory.buffer + content.length + 8 * to;
  const expected = Buffer.from(memory.bytes);
  expected.copyWithin(target, source, source + Math.ceil(bytes / 8) * 8);
  memory.codec.copyWords(physicalAddress(source), physicalAddress(target), bytes);
  expect(memory.bytes.equals(expected)).toBe(true);
}
