/**
 * The first reading of a trace: what it tells about the chunks that existed before it began.
 *
 *     cells of an older chunk     ####....######..##########
 *                                 └ never touched by a traced object: in use at the start, for good
 *                                     └ touched: free at the start, unless an older object's free says otherwise
 *
 * Memory is bounded by the chunks, not by the trace: one bit per cell, and the frees of objects that nobody saw allocated.
 */
import { UnseenObjects } from './unseen-objects.ts';
import type { AllocEvent, FreeEvent, TraceEvent } from '../../evidence/percpu-trace/trace-event.ts';
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';

/** An object that was freed in the trace and allocated before it. In cells. */
export interface OlderObject {
  readonly start: number;
  /** Cells up to this one may be its. */
  readonly limit: number;
}

/** What is known of a chunk that is older than the trace. */
export interface OlderChunk {
  readonly base: string;
  readonly touched: CellSet;
  readonly olderObjects: readonly OlderObject[];
  /**
   * Cells from here on look as if nothing had been there when the trace began: each allocation that went beyond all others
   * left no more room than its alignment asks for. 0: the chunk looks wholly free.
   */
  readonly freshFrom: number;
}

/** What the whole trace tells. */
export interface TraceSurvey {
  /** In the order of their first events. */
  readonly olderChunks: readonly OlderChunk[];
  /** Bytes from a chunk's start to the end of the furthest object. */
  readonly furthestByte: number;
  readonly highestCpu: number;
  readonly events: number;
  readonly maxChunks: number;
  /** Objects whose allocation is missing in the trace. */
  readonly unseen: UnseenObjects;
}

/** A set of cells that grows with the furthest one. */
export class CellSet {
  #bits = new Uint8Array(4096);
  #end = 0;

  /** Cell after the last one in the set. */
  get end(): number {
    return this.#end;
  }

  has(cell: number): boolean {
    return this.#bits[cell] === 1;
  }

  addRange(from: number, end: number): void {
    while (end > this.#bits.length) {
      const longer = new Uint8Array(this.#bits.length * 2);
      longer.set(this.#bits);
      this.#bits = longer;
    }
    this.#bits.fill(1, from, end);
    this.#end = Math.max(this.#end, end);
  }

  /** First cell at or after `from` that is in the set; infinite when there is none. */
  next(from: number): number {
    const cell = this.#bits.indexOf(1, from);
    return cell < 0 ? Infinity : cell;
  }
}

class SurveyedChunk implements OlderChunk {
  readonly base: string;
  readonly touched = new CellSet();
  readonly olderObjects: OlderObject[] = [];
  freshFrom = 0;

  constructor(base: string) {
    this.base = base;
  }

  allocate({ offsetBytes, sizeBytes, alignBytes }: AllocEvent): void {
    const start = offsetBytes / CELL_BYTES;
    const cells = Math.ceil(sizeBytes / CELL_BYTES);
    const alignCells = Math.max(alignBytes / CELL_BYTES, 1);
    if (start - this.touched.end >= alignCells) this.freshFrom = start;
    this.touched.addRange(start, start + cells);
  }

  /** An object that nobody saw allocated, where nothing else was before: it is older than the trace. */
  freeOlder({ offsetBytes }: FreeEvent): void {
    const start = offsetBytes / CELL_BYTES;
    this.olderObjects.push({ start, limit: this.touched.next(start) });
    this.freshFrom = Math.max(this.freshFrom, start + 1);
  }
}

/** Takes a trace's events one by one. */
export class TraceSurveyor {
  readonly #born = new Set<string>();
  readonly #unseen = new UnseenObjects();
  readonly #older = new Map<string, SurveyedChunk>();
  #furthestByte = 0;
  #highestCpu = 0;
  #events = 0;
  #created = 0;

  take(event: TraceEvent): void {
    if (event.kind === 'lost') return;
    this.#events += 1;
    this.#highestCpu = Math.max(this.#highestCpu, event.cpu);
    switch (event.kind) {
      case 'create':
        this.#born.add(event.base);
        this.#unseen.created(event.base, event.line);
        this.#created += 1;
        return;
      case 'alloc':
        this.#furthestByte = Math.max(this.#furthestByte, event.offsetBytes + event.sizeBytes);
        this.#unseen.allocated(event.base, event.offsetBytes);
        if (!this.#born.has(event.base)) this.#chunk(event.base).allocate(event);
        return;
      case 'free':
        this.#takeFree(event);
        return;
      case 'destroy':
      case 'fail':
    }
  }

  #takeFree(event: FreeEvent): void {
    const { base, offsetBytes, line } = event;
    const older = this.#born.has(base) ? undefined : this.#chunk(base);
    // Touched before: its allocation is missing in the trace, and says nothing about the start.
    const mayBeOlder = older !== undefined && !older.touched.has(offsetBytes / CELL_BYTES);
    if (!this.#unseen.freed(base, offsetBytes, line, mayBeOlder) && mayBeOlder) older.freeOlder(event);
  }

  survey(): TraceSurvey {
    return {
      unseen: this.#unseen,
      olderChunks: [...this.#older.values()],
      furthestByte: this.#furthestByte,
      highestCpu: this.#highestCpu,
      events: this.#events,
      maxChunks: this.#created + this.#older.size,
    };
  }

  #chunk(base: string): SurveyedChunk {
    let chunk = this.#older.get(base);
    if (chunk === undefined) {
      chunk = new SurveyedChunk(base);
      this.#older.set(base, chunk);
    }
    return chunk;
  }
}
