/** One replay in progress: the model, and the tables and series that are kept beside it. */
import type { PercpuStats } from '../../../shared/percpu-stats.ts';
import { NO_CALL_SITE, type PercpuPicture, type PictureUnit } from '../../../shared/percpu-picture.ts';
import type { MachineCost, MemorySample, ReplayReport } from '../../../shared/replay-report.ts';
import type { AllocEvent, FreeEvent, TraceEvent, TraceSummary } from '../../evidence/percpu-trace/trace-event.ts';
import { percpuStats } from '../../machine/percpu/chunks/chunk-figures.ts';
import { RegionW } from '../../machine/percpu/chunks/chunk-layout.ts';
import { ChunkRegion } from '../../machine/percpu/chunks/chunk-region.ts';
import { CELL_BYTES, type PercpuGeometry } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { regionPicture } from '../picture/region-picture.ts';
import { CallSiteTable } from './call-site-table.ts';
import { JournaledWords } from './journaled-words.ts';
import { type FollowedChunk, KernelFollower, UNSEEN_SITE } from './kernel-follower.ts';
import { type CostedMachine, MachineCostMeter } from './machine-cost.ts';
import { MemorySeries } from './memory-series.ts';
import { ReplayMoments } from './replay-moments.ts';
import { Replayer } from './replayer.ts';
import { buildStartingState } from './starting-state.ts';
import type { TraceSurvey } from './trace-survey.ts';

/** Chunks that the model may have besides those that the kernel had: made early, or in the wrong place after a mismatch. */
const SPARE_CHUNKS = 64;

/** Missing events that are told. */
const PROOFS_KEPT = 50;

/** What a session finds; the rest of a report is known before it begins. */
export type SessionReport = Omit<
  ReplayReport,
  'trace' | 'geometrySource' | 'geometryOrigin' | 'notes' | 'displacedLines' | 'doubledLines' | 'statsContradiction'
>;

/** Entries that the header counts and the text lacks. */
export function entriesNotInText({ header, entriesRead }: TraceSummary): number {
  return header === undefined ? 0 : Math.max(0, header.entries - entriesRead);
}

export interface SessionPlan {
  readonly geometry: PercpuGeometry;
  readonly survey: TraceSurvey;
  readonly stats: PercpuStats | undefined;
  /** Machines on which the cost of the requests is wanted. */
  readonly machines: readonly CostedMachine[];
  /** Units of the recorded machine, when pictures of moments are wanted; they cost time and memory. */
  readonly pictureUnits?: readonly PictureUnit[] | undefined;
}

export class ReplaySession {
  readonly #plan: SessionPlan;
  readonly #region: ChunkRegion;
  readonly #kernel: KernelFollower;
  readonly #replayer: Replayer;
  readonly #callSites = new CallSiteTable();
  readonly #memory = new MemorySeries();
  readonly #machines: readonly MachineCostMeter[];
  readonly #moments: ReplayMoments | undefined;
  #events = 0;
  #liveBytes = 0;
  #firstTimeUs: number | undefined;
  #timeUs = 0;

  constructor(plan: SessionPlan) {
    this.#plan = plan;
    const { geometry, survey, stats } = plan;
    const maxChunks = survey.maxChunks + (stats?.chunks.length ?? 0) + SPARE_CHUNKS;
    const capacity = { maxChunks, mappedUnits: 0 };
    const words = new JournaledWords(new SharedArrayBuffer(ChunkRegion.bytesFor(geometry, capacity)));
    this.#region = ChunkRegion.format(words, 0, geometry, capacity);
    const older = buildStartingState(this.#region, survey, stats);
    words.forgetBefore(words.mark());
    this.#kernel = new KernelFollower(this.#region, older);
    const observer = {
      allocated: (event: AllocEvent, chunk: FollowedChunk) => this.#noteAllocated(event, chunk),
      freed: (event: FreeEvent, chunk: FollowedChunk, sizeBytes: number) => this.#noteFreed(event, chunk, sizeBytes),
      taken: (timeUs: number) => this.#noteTaken(timeUs),
    };
    this.#replayer = new Replayer(this.#kernel, words, { survey, observer });
    this.#machines = plan.machines.map(
      (machine) => new MachineCostMeter(machine, chunksNeeded(geometry, machine.geometry, maxChunks)),
    );
    if (plan.pictureUnits !== undefined) {
      this.#moments = new ReplayMoments(survey.events);
      this.#keepMoment();
    }
  }

  get counts(): Replayer['counts'] {
    return this.#replayer.counts;
  }

  /** Events are replayed a little later than they are taken; `finish` replays the last. */
  take(event: TraceEvent): void {
    this.#replayer.take(event);
  }

  /** After `finish`: the kept moments; undefined where none were wanted. */
  get moments(): ReplayMoments | undefined {
    return this.#moments;
  }

  /** percpu_stats of the model as it is now. */
  stats(): PercpuStats {
    return percpuStats(this.#region);
  }

  /** Lets the balance work do what is left to do, and gathers everything that was found. */
  finish(summary: TraceSummary): SessionReport {
    this.#replayer.finish();
    if (this.#kernel.balanceWanted()) this.#kernel.runBalanceWork();
    this.#keepMoment();
    this.#moments?.nameCallSites(this.#callSites.names(), this.#callSites.ranking());
    const { counts, mismatchCounts, mismatches } = this.#replayer;
    const { info } = this.stats();
    const { cutShort: reason, lines: line } = summary;
    return {
      geometry: { ...info, possibleCpus: this.#plan.geometry.possibleCpus, units: this.#plan.geometry.units },
      lines: summary.lines,
      events: this.#plan.survey.events,
      allocations: counts.allocations,
      frees: counts.frees,
      failures: counts.failures,
      freesOfOlderObjects: counts.freesOfOlderObjects,
      chunksBorn: counts.chunksBorn,
      chunksDestroyed: counts.chunksDestroyed,
      bornWithin: { matched: counts.bornMatched, total: counts.bornTotal },
      overall: { matched: counts.matched, total: counts.allocations },
      sameChunk: counts.sameChunk,
      reordered: counts.reordered,
      repaired: counts.repaired,
      mismatchCounts,
      mismatches,
      lostEvents: this.#lostEvents(summary),
      ...(reason === undefined ? {} : { cutShort: { reason, line, timeUs: this.#sinceFirst() } }),
      malformedCount: summary.malformedCount,
      malformed: summary.malformed,
      memory: this.#memory.finish(this.#sample()),
      callSites: this.#callSites.rows(),
      statsAtEnd: this.stats(),
      machines: this.#machines.map((machine): MachineCost => machine.cost(this.#sinceFirst())),
    };
  }

  #lostEvents(summary: TraceSummary): ReplayReport['lostEvents'] {
    const { lostMarkers, lostCounted } = this.#replayer.counts;
    const { losses } = this.#plan.survey.gaps;
    return {
      markers: lostMarkers,
      counted: lostCounted,
      overwritten: summary.overwrittenEvents,
      notInText: entriesNotInText(summary),
      ...(isWhole(summary) ? { allOfHeader: summary.header?.entries } : {}),
      proofs: losses.slice(0, PROOFS_KEPT),
      proofCount: losses.length,
      ...this.#kernel.repairs,
    };
  }

  /** Older chunks that were found to have been sidelined when the trace began. */
  sidelinedAtStart(): readonly string[] {
    return this.#replayer.sidelinedAtStart;
  }

  #noteTaken(timeUs: number): void {
    this.#firstTimeUs ??= timeUs;
    this.#timeUs = timeUs;
    for (const machine of this.#machines) machine.tick(this.#sinceFirst());
    if (this.#memory.isDue()) this.#memory.add(this.#sample());
    this.#events += 1;
    if (this.#moments?.isDue(this.#events) === true) this.#keepMoment();
  }

  #noteAllocated(event: AllocEvent, followed: FollowedChunk): void {
    const cell = event.offsetBytes / CELL_BYTES;
    followed.sites[cell] = this.#callSites.allocated(event.callSite, event.sizeBytes) + 1;
    this.#liveBytes += event.sizeBytes;
    for (const machine of this.#machines) {
      const { sizeBytes, alignBytes, isAtomic, isReserved } = event;
      machine.allocate(this.#key(followed, cell), { sizeBytes, alignBytes, atomic: isAtomic, reserved: isReserved });
    }
  }

  #noteFreed(event: FreeEvent, followed: FollowedChunk, sizeBytes: number): void {
    const cell = event.offsetBytes / CELL_BYTES;
    this.#callSites.freed((followed.sites[cell] ?? 0) - 1);
    this.#liveBytes -= sizeBytes;
    for (const machine of this.#machines) machine.free(this.#key(followed, cell));
  }

  #keepMoment(): void {
    this.#moments?.add(
      {
        events: this.#events,
        timeUs: this.#timeUs - (this.#firstTimeUs ?? this.#timeUs),
        chunks: this.#region.header(RegionW.chunks),
        liveObjects: this.#region.header(RegionW.liveObjects),
      },
      this.#picture(),
    );
  }

  #picture(): PercpuPicture {
    return regionPicture({
      region: this.#region,
      units: this.#plan.pictureUnits ?? [],
      callSites: [],
      callSiteOf: (chunk, cell) => {
        const site = this.#kernel.followed(chunk)?.sites[cell] ?? 0;
        return site === 0 || site === UNSEEN_SITE ? NO_CALL_SITE : site - 1;
      },
      baseOf: (chunk) => ({ baseName: this.#kernel.followed(chunk)?.base }),
    });
  }

  #key({ chunk }: FollowedChunk, cell: number): number {
    return chunk * (this.#plan.geometry.unitBytes / CELL_BYTES) + cell;
  }

  #sinceFirst(): number {
    return this.#timeUs - (this.#firstTimeUs ?? this.#timeUs);
  }

  #sample(): MemorySample {
    const { geometry } = this.#plan;
    const { staticBytes, reservedBytes, dynBytes, pageSizeBytes, units } = geometry;
    const firstChunkPages = Math.floor((staticBytes + reservedBytes + dynBytes) / pageSizeBytes);
    const pages = firstChunkPages + this.#region.header(RegionW.populatedPages);
    return {
      timeUs: this.#sinceFirst(),
      populatedBytes: pages * units * pageSizeBytes,
      liveBytes: this.#liveBytes * geometry.possibleCpus,
      chunks: this.#region.header(RegionW.chunks),
    };
  }
}

/** Whether the header counts entries and the text has them all. */
function isWhole(summary: TraceSummary): boolean {
  return summary.header !== undefined && summary.cutShort === undefined && entriesNotInText(summary) === 0;
}

/** Smaller units need more chunks; fragmentation at their ends, more still. */
function chunksNeeded(recorded: PercpuGeometry, machine: PercpuGeometry, maxChunks: number): number {
  return Math.ceil((2 * maxChunks * recorded.unitBytes) / machine.unitBytes) + SPARE_CHUNKS;
}
