/**
 * A job while it runs: prepares requests in its I/O pages, submits them to its device, checks what comes back.
 *
 *     batch:   prepare × ioDepth  ─▶  submit × ioDepth, each timed  ─▶  check × ioDepth
 *              fill the pages         device.write / read                  compare with what was written
 *
 * zram completes a request in the context of its submitter, so the depth of the queue does not add parallelism: it sets how
 * many requests reach the device back to back, without the job's own work in between. A request's clock runs from its
 * hand-over to the device to its completion.
 *
 * What was written where is kept in the device's `WrittenPages`, and what is read must equal that. The n-th write of a job
 * takes the n-th block's worth of pages of its set, whatever the place on the disk, so that overwriting changes content and
 * size. The pages that its requests use are frames of the machine; record and page sets are the user's.
 */
import { assertUnreachable } from '../../shared/result.ts';
import type { IoPage } from '../machine/codec.ts';
import type { Cpu, Suspending } from '../machine/cpu.ts';
import { type IoOutcome, IoStatus } from '../machine/zram/io-status.ts';
import { type BlockOrder, ListedOrder, RandomOrder, SequentialOrder } from './block-order.ts';
import type { PageSet } from './data/page-set.ts';
import type { BatchOutcome, IoFailure, JobClock } from './job-clock.ts';
import type { FioPhaseKind, JobPlan } from './job-plan.ts';
import { Random } from './random.ts';
import type { WrittenPages } from './written-pages.ts';
import { WideBuffer } from './wide-buffer.ts';

const FAILURE_OF_STATUS = {
  [IoStatus.noMemory]: 'no-memory',
  [IoStatus.noBuffer]: 'no-buffer',
  [IoStatus.codecFailed]: 'codec-failed',
  [IoStatus.corrupt]: 'corrupt',
} as const satisfies Record<Exclude<IoStatus, typeof IoStatus.done>, IoFailure['kind']>;

/** What a job's requests go to: a zram device of the machine, or one of the host's kernel, for which nobody has to be named. */
export interface JobDevice<Executor> {
  /** Consecutive pages from `firstSlot` on; stops at the first that fails. */
  read(cpu: Executor, firstSlot: number, pages: readonly IoPage[]): IoOutcome;
  write(cpu: Executor, firstSlot: number, pages: readonly IoPage[]): IoOutcome;
}

/** What a job must know of its device to go on when requests fail. */
export interface GoesOn<Executor> {
  /** Slot of the page at which the CPU's last request failed; the pages before it were written. */
  failedSlot(cpu: Executor): number;
  /** Whether that page holds nothing now, instead of what it held before. */
  readonly losesOldContent: boolean;
}

/** A request in preparation; its pages are reused from batch to batch. */
interface Request {
  readonly pages: readonly IoPage[];
  block: number;
  isRead: boolean;
  /** Of a job that goes on: by page, what the record said before this request. */
  readonly before: number[];
  failed: boolean;
}

/** What a job works with, besides its plan. */
export interface JobParts<Executor> {
  readonly device: JobDevice<Executor>;
  /** The one that the plan names. */
  readonly pageSet: PageSet;
  /** Of the plan's device. */
  readonly written: WrittenPages;
  readonly clock: JobClock;
  /** Absent: a request that fails ends the job. Else the job goes on, and the record is what the device holds nevertheless. */
  readonly goesOn?: GoesOn<Executor> | undefined;
  /** Where the device takes pages from, the job's alone: `ioPagesOf(plan)` of them. */
  readonly ioPages: readonly IoPage[];
}

/** Pages of all requests that a job has in flight. */
export function ioPagesOf(plan: Pick<JobPlan, 'ioDepth' | 'blockPages'>): number {
  return plan.ioDepth * plan.blockPages;
}

/** `Executor` is who executes its requests: a CPU of the machine, unless the device is not the machine's. */
export class Job<Executor = Cpu> {
  readonly plan: JobPlan;
  /** Pages read and found equal to what was written. */
  verifiedPages = 0;
  readonly #device: JobDevice<Executor>;
  readonly #set: PageSet;
  readonly #setBytes: WideBuffer;
  readonly #clock: JobClock;
  readonly #requests: readonly Request[];
  readonly #written: WrittenPages;
  readonly #goesOn: GoesOn<Executor> | undefined;
  #nextSetPage: number;
  #reads: BlockOrder;
  #writes: BlockOrder;
  /** Chooses reads and writes in mixed patterns. */
  #mix: Random;
  /** Blocks that requests behind the one looked at wrote to; of the batch in hand. */
  readonly #writtenLater = new Set<number>();
  #readPercent = 0;
  #blocksLeft = 0;
  /** Milliseconds that the phase may take, from its first batch on. */
  #limitMs = Infinity;
  #startedMs: number | undefined;

  constructor(plan: JobPlan, parts: JobParts<Executor>) {
    this.plan = plan;
    this.#device = parts.device;
    this.#set = parts.pageSet;
    this.#setBytes = new WideBuffer(parts.pageSet.bytes);
    this.#clock = parts.clock;
    this.#requests = Array.from({ length: plan.ioDepth }, (_, at) => ({
      pages: parts.ioPages.slice(at * plan.blockPages, (at + 1) * plan.blockPages),
      block: 0,
      isRead: false,
      before: [],
      failed: false,
    }));
    if (parts.ioPages.length !== ioPagesOf(plan)) {
      throw new Error(`job ${plan.name} was given ${parts.ioPages.length} I/O pages, not ${ioPagesOf(plan)}`);
    }
    this.#written = parts.written;
    this.#goesOn = parts.goesOn;
    this.#nextSetPage = plan.firstSetPage;
    this.#mix = new Random(plan.seed);
    this.#reads = new SequentialOrder(plan.blocks);
    this.#writes = this.#reads;
  }

  /** Makes the job ready for a phase. With `repeatForMs` it goes round for that long, whatever its size and runtime. */
  begin(phase: FioPhaseKind, repeatForMs?: number): void {
    const { plan } = this;
    const repeat = repeatForMs !== undefined;
    this.#mix = new Random(plan.seed);
    this.#blocksLeft = repeat ? Infinity : plan.blocks;
    this.#limitMs = phase === 'layout' ? Infinity : (repeatForMs ?? plan.runtimeMs ?? Infinity);
    this.#startedMs = undefined;
    switch (phase) {
      case 'layout':
        this.#blocksLeft = plan.blocks;
        this.#readPercent = 0;
        this.#writes = new SequentialOrder(plan.blocks);
        return;
      case 'main':
        if (!repeat) this.#blocksLeft = plan.blocksToDo ?? Infinity;
        this.#readPercent = readShare(plan);
        this.#reads = this.#order();
        // A random map is one for both directions; sequential cursors are apart.
        this.#writes = plan.pattern === 'randrw' ? this.#reads : this.#order();
        return;
      case 'verify': {
        const blocks = this.#writtenBlocks();
        if (!repeat || blocks.length === 0) this.#blocksLeft = blocks.length;
        this.#readPercent = 100;
        this.#reads = new ListedOrder(blocks);
        return;
      }
      default:
        assertUnreachable(phase);
    }
  }

  /** One batch of at most `ioDepth` requests. */
  *batch(cpu: Executor): Suspending<BatchOutcome> {
    if (this.#clock.stopped() || this.#timeIsOver()) return 'finished';
    const count = Math.min(this.plan.ioDepth, this.#blocksLeft);
    if (count === 0) return 'finished';
    this.#blocksLeft -= count;
    for (let at = 0; at < count; at++) this.#prepare(this.#request(at));
    let startMs = this.#clock.now();
    for (let at = 0; at < count; at++) {
      if (this.#clock.stopped()) return 'finished';
      const request = this.#request(at);
      const slot = this.#slotOf(request);
      const outcome = request.isRead
        ? this.#device.read(cpu, slot, request.pages)
        : this.#device.write(cpu, slot, request.pages);
      const status = typeof outcome === 'object' ? yield* outcome : outcome;
      if (status !== IoStatus.done) {
        if (this.#goesOn === undefined) return this.#failure(FAILURE_OF_STATUS[status], request);
        this.#undo(at, this.#goesOn.failedSlot(cpu), count);
        startMs = this.#clock.now();
        continue;
      }
      const endMs = this.#clock.now();
      this.#clock.record(request.isRead ? 'read' : 'write', startMs, endMs);
      startMs = endMs;
    }
    const wrong = this.#firstWrong(count);
    if (wrong !== undefined) return this.#failure('mismatch', wrong);
    return this.#blocksLeft === 0 ? 'finished' : 'more';
  }

  #timeIsOver(): boolean {
    const nowMs = this.#clock.now();
    this.#startedMs ??= nowMs;
    return nowMs - this.#startedMs >= this.#limitMs;
  }

  #prepare(request: Request): void {
    request.isRead =
      this.#readPercent === 100 || (this.#readPercent > 0 && this.#mix.nextBelow(100) < this.#readPercent);
    request.block = request.isRead ? this.#reads.next() : this.#writes.next();
    request.failed = false;
    if (request.isRead) return;
    const { pageSizeBytes, count } = this.#set;
    const { pages } = request;
    const slot = this.#slotOf(request);
    if (this.#goesOn !== undefined) this.#noteBefore(request);
    // By index: an iterator costs each page a twentieth of what the device does with it.
    for (let at = 0; at < pages.length; at++) {
      const page = pages[at];
      if (page === undefined) return;
      this.#written.enter(slot + at, this.plan.pageSet, this.#nextSetPage);
      this.#setBytes.fetch(this.#nextSetPage * pageSizeBytes, pageSizeBytes, page.bytes, 0);
      this.#nextSetPage = this.#nextSetPage + 1 === count ? 0 : this.#nextSetPage + 1;
    }
  }

  #noteBefore({ before, block }: Request): void {
    const first = this.plan.firstSlot + block * this.plan.blockPages;
    for (let page = 0; page < this.plan.blockPages; page++) before[page] = this.#written.entry(first + page);
  }

  /**
   * Request `at` of `count` failed at a slot: from there on the record says again what it said before, and so does what later
   * requests of the batch to the same block have noted.
   */
  #undo(at: number, failedSlot: number, count: number): void {
    const request = this.#request(at);
    request.failed = true;
    if (request.isRead) return;
    const first = this.#slotOf(request);
    for (let page = failedSlot - first; page < this.plan.blockPages; page++) {
      const isLost = this.#goesOn?.losesOldContent === true && first + page === failedSlot;
      const entry = isLost ? 0 : (request.before[page] ?? 0);
      const later = this.#nextWriteTo(request.block, at + 1, count);
      if (later === undefined) this.#written.restore(first + page, entry);
      else later.before[page] = entry;
    }
  }

  #nextWriteTo(block: number, from: number, count: number): Request | undefined {
    for (let at = from; at < count; at++) {
      const request = this.#request(at);
      if (!request.isRead && request.block === block) return request;
    }
    return undefined;
  }

  /**
   * The first read of a batch of `count` requests that found something else than what was written. A read in front of a write
   * to the same block is not looked at: the record says what the write has left. From the last request to the first, so that
   * the writes behind a read are known, however deep the queue.
   */
  #firstWrong(count: number): Request | undefined {
    this.#writtenLater.clear();
    let wrong: Request | undefined;
    for (let at = count - 1; at >= 0; at--) {
      const request = this.#request(at);
      if (!request.isRead) {
        if (this.#readPercent > 0) this.#writtenLater.add(request.block);
      } else if (!request.failed && !this.#writtenLater.has(request.block) && !this.#isAsWritten(request)) {
        wrong = request;
      }
    }
    return wrong;
  }

  #isAsWritten(request: Request): boolean {
    const slot = this.#slotOf(request);
    for (const [index, page] of request.pages.entries()) {
      if (!this.#written.matches(slot + index, page)) return false;
    }
    this.verifiedPages += request.pages.length;
    return true;
  }

  #failure(kind: IoFailure['kind'], request: Request): IoFailure {
    return { kind, job: this.plan.name, device: this.plan.device, slot: this.#slotOf(request) };
  }

  #slotOf(request: Request): number {
    return this.plan.firstSlot + request.block * this.plan.blockPages;
  }

  #order(): BlockOrder {
    const random = this.plan.pattern.startsWith('rand');
    return random
      ? new RandomOrder(this.plan.blocks, new Random(this.plan.seed))
      : new SequentialOrder(this.plan.blocks);
  }

  #writtenBlocks(): Uint32Array {
    const { firstSlot, blocks: count, blockPages } = this.plan;
    const blocks: number[] = [];
    for (let block = 0; block < count; block++) {
      if (this.#written.isWritten(firstSlot + block * blockPages)) blocks.push(block);
    }
    return Uint32Array.from(blocks);
  }

  #request(at: number): Request {
    const request = this.#requests[at];
    if (request === undefined) throw new Error(`request ${at} lies beyond the depth of ${this.plan.ioDepth}`);
    return request;
  }
}

/** Share of reads in the main phase, 0 … 100. */
function readShare(plan: JobPlan): number {
  switch (plan.pattern) {
    case 'write':
    case 'randwrite':
      return 0;
    case 'read':
    case 'randread':
      return 100;
    case 'readwrite':
    case 'randrw':
      return plan.readPercent;
    default:
      return assertUnreachable(plan.pattern);
  }
}
