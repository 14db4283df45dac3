/**
 * Requests of a device: their pages one after the other, along a path to the pool or from it.
 *
 *     begin ─▶ page ─▶ page … ─▶ counted, end
 *               └ fails ─▶ counted as failed, end; the pages before it stay as they are then
 *
 * A page that waits is a generator, and the rest of its request with it; others cost none.
 */
import type { IoPage } from '../codec.ts';
import type { Cpu, Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import * as layout from '../memory/arena-layout.ts';
import type { DeviceCounter } from '../memory/arena-layout.ts';
import type { Operation } from '../operation.ts';
import * as ioStatus from './io-status.ts';
import { type IoOutcome, settle } from './io-status.ts';
import type { SlotContent } from './slot-content.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { IoStatus } = ioStatus;
type IoStatus = ioStatus.IoStatus;
const { CpuW } = layout;

/** A way of pages between a request and the pool. */
export interface PagePath {
  readonly operation: Operation;
  readonly counters: { readonly operations: number; readonly bytes: number; readonly failed: DeviceCounter };
  /** Moves a page; a path that waits holds nothing but what its page needs. */
  move(cpu: Cpu, slot: number, page: IoPage): IoOutcome;
}

/** Of a request: the slot of its first page, its pages, and which of them is in hand. */
interface RequestInHand {
  readonly firstSlot: number;
  readonly pages: readonly IoPage[];
  readonly at: number;
}

export class Requests {
  readonly #arena: Arena;
  readonly #content: SlotContent;
  readonly #device: number;

  constructor(arena: Arena, device: number, content: SlotContent) {
    this.#arena = arena;
    this.#device = device;
    this.#content = content;
  }

  /** Moves consecutive pages. */
  run(cpu: Cpu, path: PagePath, firstSlot: number, pages: readonly IoPage[]): IoOutcome {
    this.begin(cpu, path.operation);
    // By index: an iterator costs each page a tenth of what the machine does with it.
    for (let at = 0; at < pages.length; at++) {
      const outcome = this.#move(cpu, path, firstSlot + at, pageAt(pages, at));
      if (outcome !== IoStatus.done) return this.goOn(cpu, path, outcome, { firstSlot, pages, at });
    }
    return this.finish(cpu, path, pages.length);
  }

  begin(cpu: Cpu, operation: Operation): void {
    this.#arena.words[this.#arena.cpuWord(cpu.id) + CpuW.device] = this.#device;
    cpu.begin(operation);
  }

  /** The rest of a request whose page in hand has failed, or must wait. */
  goOn(cpu: Cpu, path: PagePath, outcome: IoOutcome, request: RequestInHand): IoOutcome {
    return typeof outcome === 'object'
      ? this.#waitThenGoOn(cpu, path, outcome, request)
      : this.#fail(cpu, path, outcome);
  }

  *#waitThenGoOn(
    cpu: Cpu,
    path: PagePath,
    waiting: Suspending<IoStatus>,
    { firstSlot, pages, at }: RequestInHand,
  ): Suspending<IoStatus> {
    let status = yield* waiting;
    for (let next = at + 1; status === IoStatus.done && next < pages.length; next++) {
      status = yield* settle(this.#move(cpu, path, firstSlot + next, pageAt(pages, next)));
    }
    return status === IoStatus.done ? this.finish(cpu, path, pages.length) : this.#fail(cpu, path, status);
  }

  #move(cpu: Cpu, path: PagePath, slot: number, page: IoPage): IoOutcome {
    this.#arena.words[this.#arena.cpuWord(cpu.id) + CpuW.slot] = slot;
    return path.move(cpu, slot, page);
  }

  #fail(cpu: Cpu, { counters }: PagePath, status: IoStatus): IoStatus {
    this.#content.count(cpu, counters.failed, 1);
    cpu.end();
    return status;
  }

  /** Counts a request of `pages` pages, and ends it. */
  finish(cpu: Cpu, { counters }: PagePath, pages: number): IoStatus {
    const { doubles, config } = this.#arena;
    const first = this.#arena.cpuWord(cpu.id) >> 1;
    const operations = first + counters.operations;
    const bytes = first + counters.bytes;
    doubles[operations] = this.#arena.double(operations) + 1;
    doubles[bytes] = this.#arena.double(bytes) + pages * config.pageSizeBytes;
    cpu.end();
    return IoStatus.done;
  }
}

export function pageAt(pages: readonly IoPage[], index: number): IoPage {
  const page = pages[index];
  if (page === undefined) throw new Error(`a request of ${pages.length} pages has no page ${index}`);
  return page;
}
