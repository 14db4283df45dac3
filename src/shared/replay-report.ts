/** What a replay of a percpu trace found: plain data, for the command line and the dashboard alike. Sizes in bytes. */
import type { PercpuStats, PercpuStatsInfo } from './percpu-stats.ts';

/** Why an offset differs. unexplained: a fault of the model, or something that the trace does not show. */
export type MismatchClass = 'event-order' | 'lost-events' | 'starting-state' | 'unexplained';
/** In the order in which they are shown. */
export const MISMATCH_CLASSES: readonly MismatchClass[] = [
  'event-order',
  'lost-events',
  'starting-state',
  'unexplained',
];

/** An allocation that the model would have put elsewhere. */
export interface Mismatch {
  readonly line: number;
  readonly class: MismatchClass;
  /** Lines of the trace that show why; none where it is unexplained. */
  readonly evidence: readonly number[];
  readonly sizeBytes: number;
  readonly alignBytes: number;
  readonly kernelBase: string;
  readonly kernelOffsetBytes: number;
  /** Absent where the model knows no name for its chunk, or found no room at all. */
  readonly modelBase?: string | undefined;
  readonly modelOffsetBytes?: number | undefined;
}

export interface Agreement {
  /** Allocations whose chunk and offset are the kernel's. */
  readonly matched: number;
  readonly total: number;
}

export interface MemorySample {
  /** Since the first event of the trace. */
  readonly timeUs: number;
  /** Populated pages × units × page size, the first chunk included. */
  readonly populatedBytes: number;
  /** Live objects of the trace × possible CPUs. */
  readonly liveBytes: number;
  readonly chunks: number;
}

/** An event that is missing for certain. */
export interface MissingEvent {
  readonly what: 'alloc' | 'free' | 'chunk event';
  /** It was lost between these lines, not included; after 0: anywhere before. The second one shows it. */
  readonly after: number;
  readonly before: number;
  readonly base: string;
}

/** What each figure of the recorded machine was taken from; `assumed`: from nothing. */
export interface GeometryOrigin {
  readonly possibleCpus: 'boot log' | 'trace';
  readonly unit: 'boot log' | 'percpu_stats' | 'trace';
  readonly firstChunk: 'boot log' | 'percpu_stats' | 'assumed';
}

/** One row of the table of who allocates what. */
export interface CallSiteRow {
  /** `unknown` where the trace does not print it. */
  readonly callSite: string;
  readonly allocations: number;
  /** Size of one object where all have the same; absent where they differ. */
  readonly sizeBytes?: number | undefined;
  /** Sum of sizes of one CPU's copies. */
  readonly totalBytes: number;
  /** Of all call sites' totals. */
  readonly share: number;
  /** Objects that are still there at the end. */
  readonly live: number;
}

/** How code reaches the running CPU's copy. A trace of allocations tells what that costs in tables, not in time. */
export type ReplayAccessMode = 'segment' | 'preempt-offset' | 'fixup' | 'local-mapping';
/** All of them, for parsers and lists. */
export const REPLAY_ACCESS_MODES: readonly ReplayAccessMode[] = ['segment', 'preempt-offset', 'fixup', 'local-mapping'];

/** What the trace's requests cost on a machine that starts with nothing but its first chunk full. */
export interface MachineCost {
  readonly possibleCpus: number;
  readonly units: number;
  readonly unitBytes: number;
  /** At their peaks, each on its own. */
  readonly populatedBytesPeak: number;
  readonly chunksPeak: number;
  /** Address space of the chunks at their peak. */
  readonly addressSpaceBytesPeak: number;
  /** Maps and summaries of the chunks at their peak, and the side table of memory accounting on top. */
  readonly metadataBytesPeak: number;
  readonly sideTableBytesPeak: number;
  /** At the end of the trace. */
  readonly populatedBytesAtEnd: number;
  /** Absent where none was asked for. */
  readonly accessMode?: ReplayAccessMode | undefined;
  /** Private page tables of all CPUs at their peak, and address space of the local units; 0 without a local mapping. */
  readonly localTableBytesPeak: number;
  readonly localAddressSpaceBytesPeak: number;
  readonly localTableBytesAtEnd: number;
  /** Pages, live objects and chunks over time; the first chunk's pages included. */
  readonly memory: readonly MemorySample[];
}

export interface ReplayReport {
  readonly trace: string;
  readonly geometry: PercpuStatsInfo & { readonly possibleCpus: number; readonly units: number };
  /** Of the figures each on its own. */
  readonly geometryOrigin: GeometryOrigin;
  /** Where most of the geometry was taken from: 'percpu_stats' | 'boot log' | 'trace'. */
  readonly geometrySource: string;
  /** Why the percpu_stats text that was given was left out: it contradicts the trace. Absent where it was used, or none given. */
  readonly statsContradiction?: string | undefined;
  readonly lines: number;
  readonly events: number;
  readonly allocations: number;
  readonly frees: number;
  readonly failures: number;
  /** Frees of objects that were allocated before the trace began. */
  readonly freesOfOlderObjects: number;
  readonly chunksBorn: number;
  readonly chunksDestroyed: number;
  /** Allocations into chunks whose create event is in the trace. */
  readonly bornWithin: Agreement;
  /** All allocations, older chunks' state reconstructed. */
  readonly overall: Agreement;
  /** Allocations whose chunk, at least, is the kernel's. */
  readonly sameChunk: number;
  /** Allocations that agree once they are taken to have happened a few events before they were printed; counted as matched. */
  readonly reordered: number;
  /** Lines that stood twice, one below the other, and were taken once. */
  readonly doubledLines: number;
  /** Lines that stood behind lines of a later time, and were taken before them. */
  readonly displacedLines: number;
  /** Allocations that agree once events that the trace lacks are put right; counted as matched. */
  readonly repaired: number;
  readonly mismatchCounts: Readonly<Record<MismatchClass, number>>;
  /** The first of them. */
  readonly mismatches: readonly Mismatch[];
  readonly lostEvents: {
    /** Places where the tracer says that events are missing, and how many it names. */
    readonly markers: number;
    readonly counted: number;
    /** Overwritten before the text begins. */
    readonly overwritten: number;
    /** Entries that the header counts and the text does not have; whatever events they were. */
    readonly notInText: number;
    /** Entries that the header counts where the text has them all; absent where it has not, or no header counts them. */
    readonly allOfHeader?: number | undefined;
    /** The first events that are missing for certain, as the lines around show, and how many there are. */
    readonly proofs: readonly MissingEvent[];
    readonly proofCount: number;
    /** What the replay had to put right. */
    readonly missingFrees: number;
    readonly missingAllocations: number;
    readonly missingChunkEvents: number;
  };
  /** What kept the file from being read to its end, and how far it was read; absent where all was. */
  readonly cutShort?: { readonly reason: string; readonly line: number; readonly timeUs: number } | undefined;
  readonly malformedCount: number;
  readonly malformed: readonly { readonly line: number; readonly reason: string }[];
  /** Sentences on what was assumed. */
  readonly notes: readonly string[];
  readonly memory: readonly MemorySample[];
  readonly callSites: readonly CallSiteRow[];
  /** The model's percpu_stats at the end. */
  readonly statsAtEnd: PercpuStats;
  /** The same requests on this machine from nothing, and on others. */
  readonly machines: readonly MachineCost[];
}
