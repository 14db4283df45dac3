/**
 * Writes, reads and discards pages of a stretch of slots at random, and knows at every moment what each of them holds: also
 * after a write that was reported as failed.
 *
 *     write of 3 pages fails at the second:   new │ old, or nothing where the old content is freed first │ old
 *
 * What it finds to be otherwise goes into `problems`; it never stops for it. The stretch is the writer's alone, and on its CPU
 * no other task issues requests: where a request failed is told by the CPU's own words.
 */
import type { IoPage } from '../../machine/codec.ts';
import type { Cpu, Suspending } from '../../machine/cpu.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { CpuW } from '../../machine/memory/arena-layout.ts';
import type { ZramDevice } from '../../machine/zram/device.ts';
import { IoStatus } from '../../machine/zram/io-status.ts';
import type { Random } from '../random.ts';

export interface WriterParts {
  readonly arena: Arena;
  readonly device: ZramDevice;
  /** The writer's slots: [firstSlot, firstSlot + slots). */
  readonly firstSlot: number;
  readonly slots: number;
  /** Frames of the machine, the writer's alone; a request has as many pages as these at most. */
  readonly pages: readonly IoPage[];
  readonly random: Random;
}

export class PageWriter {
  readonly problems: string[] = [];
  readonly counts = { writes: 0, failedWrites: 0, reads: 0, failedReads: 0 };
  readonly #parts: WriterParts;
  /** By own slot: what it must read as; undefined reads as zeros. */
  #contents: (Buffer | undefined)[] = [];

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** One random request. */
  *step(cpu: Cpu): Suspending<void> {
    const { random, pages, slots, firstSlot, device } = this.#parts;
    const count = 1 + random.nextBelow(Math.min(pages.length, slots));
    const at = random.nextBelow(slots - count + 1);
    const choice = random.nextBelow(8);
    if (choice < 5) yield* this.#write(cpu, at, count);
    else if (choice < 7) yield* this.#read(cpu, at);
    else {
      yield* device.discard(cpu, firstSlot + at, count);
      for (let own = at; own < at + count; own++) this.#contents[own] = undefined;
    }
  }

  /** Reads every slot; a read that fails is a problem now, so no fault may be on. */
  *checkAll(cpu: Cpu): Suspending<void> {
    const failed = this.counts.failedReads;
    for (let own = 0; own < this.#parts.slots; own++) yield* this.#read(cpu, own);
    if (this.counts.failedReads > failed)
      this.problems.push(`${this.counts.failedReads - failed} pages cannot be read`);
  }

  /** The device was reset: nothing is stored any more. */
  forgetAll(): void {
    this.#contents = [];
  }

  *#write(cpu: Cpu, at: number, count: number): Suspending<void> {
    const { arena, device, firstSlot, random } = this.#parts;
    const pages = this.#parts.pages.slice(0, count);
    for (const page of pages) fillAtRandom(page, random);
    const status: IoStatus = yield* device.writeRequest(cpu, firstSlot + at, pages);
    this.counts.writes += 1;
    let written = count;
    if (status !== IoStatus.done) {
      this.counts.failedWrites += 1;
      written = arena.word(arena.cpuWord(cpu.id) + CpuW.slot) - firstSlot - at;
      if (written < 0 || written >= count) throw new Error(`a write of ${count} pages failed at page ${written}`);
      if (arena.zram.freeOrder === 'first') this.#contents[at + written] = undefined;
    }
    for (const [index, page] of pages.slice(0, written).entries()) this.#contents[at + index] = Buffer.from(page.bytes);
  }

  *#read(cpu: Cpu, at: number): Suspending<void> {
    const { device, firstSlot, pages } = this.#parts;
    const [page] = pages;
    if (page === undefined) throw new Error('a writer needs a page');
    page.bytes.fill(0xa5);
    const status: IoStatus = yield* device.readRequest(cpu, firstSlot + at, [page]);
    this.counts.reads += 1;
    if (status !== IoStatus.done) {
      this.counts.failedReads += 1;
      return;
    }
    const expected = this.#contents[at] ?? Buffer.alloc(page.bytes.length);
    if (expected.equals(page.bytes)) return;
    this.problems.push(`page ${firstSlot + at} of zram${device.index} does not read as it was written`);
  }
}

/** Zeros, one word over and over, text of two letters or of twelve, or random up to some byte and text behind it. */
function fillAtRandom({ bytes }: IoPage, random: Random): void {
  const kind = random.nextBelow(8);
  if (kind < 2) {
    bytes.fill(kind === 0 ? 0 : random.nextBelow(256));
    return;
  }
  const letters = kind === 2 ? 2 : 12;
  // A number gives eight letters: pages are made much oftener than they are looked at.
  for (let at = 0; at < bytes.length; at += 8) {
    let drawn = random.nextUint32();
    for (let letter = at; letter < at + 8; letter++, drawn >>>= 4) bytes[letter] = 97 + ((drawn & 15) % letters);
  }
  random.fillBytes(bytes.subarray(0, kind === 3 ? bytes.length : 4 * random.nextBelow(bytes.length / 8)));
}
