/**
 * The first reading of a trace: what it tells about the chunks that existed before it began.
 *
 *     cells of an older chunk     ####....######..##########
 *                                 └ never touched by a traced object: in use at the start, for good
 *                                     └ touched: free at the start, unless an older object's free says otherwise
 *
 * Memory is bounded by the chunks, not by the trace: a few bytes per cell, and what the trace is found to lack.
 */
import { CellSet } from './cell-set.ts';
import { ChunkLife } from './chunk-life.ts';
import { TraceGaps } from './trace-gaps.ts';
import { LARGEST_UNSEEN_CELLS, UnseenObjects } from './unseen-objects.ts';
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
  /** The first line that names it. */
  readonly firstLine: number;
  readonly touched: CellSet;
  /** Of the touched cells those that were given out before anything could have been freed there: free at the start. */
  readonly fresh: CellSet;
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
  /** Chunks that existed at once, at most; older ones count throughout. */
  readonly maxChunks: number;
  /** Lines that stood behind lines of a later time. */
  readonly displacedLines: number;
  /** Events that the tracer says it lost, as far as it counts them. */
  readonly lostEvents: number;
  /** Objects whose allocation is missing in the trace. */
  readonly unseen: UnseenObjects;
  /** What else is missing. */
  readonly gaps: TraceGaps;
}

class SurveyedChunk implements OlderChunk {
  readonly base: string;
  readonly firstLine: number;
  readonly touched = new CellSet();
  readonly fresh = new CellSet();
  readonly olderObjects: OlderObject[] = [];
  freshFrom = 0;
  /** Cells that objects older than the trace may have left. */
  readonly #left = new CellSet();

  constructor(base: string, firstLine: number) {
    this.base = base;
    this.firstLine = firstLine;
  }

  allocate({ offsetBytes, sizeBytes, alignBytes }: AllocEvent): void {
    const start = offsetBytes / CELL_BYTES;
    const cells = Math.ceil(sizeBytes / CELL_BYTES);
    const alignCells = Math.max(alignBytes / CELL_BYTES, 1);
    if (start - this.touched.end >= alignCells) this.freshFrom = start;
    if (!this.touched.meets(start, start + cells) && !this.#left.meets(start, start + cells)) {
      this.fresh.addRange(start, start + cells);
    }
    this.touched.addRange(start, start + cells);
  }

  /** An object that nobody saw allocated, where nothing else was before: it is older than the trace. */
  freeOlder({ offsetBytes }: FreeEvent): void {
    const start = offsetBytes / CELL_BYTES;
    this.olderObjects.push({ start, limit: this.touched.next(start) });
    this.#left.addRange(start, start + LARGEST_UNSEEN_CELLS);
    this.freshFrom = Math.max(this.freshFrom, start + 1);
  }
}

/** Takes a trace's events one by one. */
export class TraceSurveyor {
  readonly #unseen = new UnseenObjects();
  readonly #gaps = new TraceGaps();
  readonly #older = new Map<string, SurveyedChunk>();
  /** Chunks that exist. */
  readonly #lives = new Map<string, ChunkLife>();
  /** Names of chunks that are no more, with the line of their end. */
  readonly #ended = new Map<string, number>();
  /** Line of each CPU's last event. */
  readonly #lastLines: number[] = [];
  #furthestByte = 0;
  #events = 0;
  #lostEvents = 0;
  #mostLives = 0;
  #lastBase = '';
  #lastLife: ChunkLife | undefined;

  take(event: TraceEvent): void {
    if (event.kind === 'lost') {
      this.#lostEvents += event.count ?? 0;
      this.#gaps.addStretch({ after: this.#lastLines[event.cpu] ?? 0, before: event.line });
      return;
    }
    this.#events += 1;
    this.#lastLines[event.cpu] = event.line;
    switch (event.kind) {
      case 'create':
        this.#create(event.base, event.line);
        return;
      case 'destroy':
        this.#end(event.base, event.line);
        return;
      case 'alloc':
        this.#takeAlloc(event);
        return;
      case 'free':
        this.#takeFree(event);
        return;
      case 'fail':
    }
  }

  /** `displacedLines` of the text were put in order before. */
  survey(displacedLines = 0): TraceSurvey {
    return {
      displacedLines,
      lostEvents: this.#lostEvents,
      unseen: this.#unseen,
      gaps: this.#gaps,
      olderChunks: [...this.#older.values()],
      furthestByte: this.#furthestByte,
      highestCpu: this.#lastLines.length - 1,
      events: this.#events,
      maxChunks: this.#mostLives + this.#older.size,
    };
  }

  #takeAlloc(event: AllocEvent): void {
    const { base, offsetBytes, sizeBytes, line } = event;
    this.#furthestByte = Math.max(this.#furthestByte, offsetBytes + sizeBytes);
    const life = this.#life(base, line);
    const gaps = life.allocate(offsetBytes / CELL_BYTES, Math.ceil(sizeBytes / CELL_BYTES), line);
    if (gaps.length > 0) this.#gaps.add(base, gaps);
    if (life.bornLine === 0) this.#older.get(base)?.allocate(event);
  }

  #takeFree(event: FreeEvent): void {
    const { base, offsetBytes, line } = event;
    const start = offsetBytes / CELL_BYTES;
    const life = this.#life(base, line);
    const gap = life.free(start, line);
    if (gap === undefined) return;
    const older = life.bornLine === 0 ? this.#older.get(base) : undefined;
    // Touched before: its allocation is missing in the trace, and says nothing about the start.
    if (older !== undefined && !older.touched.has(start)) {
      older.freeOlder(event);
      this.#gaps.add(base, [{ ...gap, what: 'older' }]);
    } else {
      this.#unseen.add(base, start, gap);
      this.#gaps.add(base, [gap]);
    }
  }

  #create(base: string, line: number): void {
    const life = this.#lives.get(base);
    if (life !== undefined) this.#gaps.add(base, [{ what: 'chunk event', after: life.bornLine, before: line }]);
    this.#begin(base, line);
  }

  #end(base: string, line: number): void {
    const life = this.#lives.get(base);
    if (life === undefined) {
      this.#gaps.add(base, [{ what: 'chunk event', after: this.#ended.get(base) ?? 0, before: line }]);
    } else if (life.bornLine > 0) {
      // What is older than the trace may have been freed by name only: its size is not known.
      this.#gaps.add(base, life.end(line));
    }
    this.#lives.delete(base);
    this.#ended.set(base, line);
    this.#lastLife = undefined;
  }

  #begin(base: string, line: number): ChunkLife {
    const life = new ChunkLife(line);
    this.#lives.set(base, life);
    this.#mostLives = Math.max(this.#mostLives, this.#lives.size);
    this.#lastLife = undefined;
    return life;
  }

  /** The chunk of a name that an allocation or a free has: older than the trace when the name is new. */
  #life(base: string, line: number): ChunkLife {
    if (base === this.#lastBase && this.#lastLife !== undefined) return this.#lastLife;
    const life = this.#lives.get(base) ?? this.#meet(base, line);
    this.#lastBase = base;
    this.#lastLife = life;
    return life;
  }

  #meet(base: string, line: number): ChunkLife {
    const ended = this.#ended.get(base);
    if (ended !== undefined) {
      this.#gaps.add(base, [{ what: 'chunk event', after: ended, before: line }]);
      return this.#begin(base, ended);
    }
    this.#older.set(base, new SurveyedChunk(base, line));
    return this.#begin(base, 0);
  }
}
