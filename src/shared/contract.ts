/**
 * The one contract between the lab and whoever looks at it. Three transports carry it (Electron IPC, WebSocket, in
 * memory); `src/main/lab` implements it; the dashboard knows nothing else.
 *
 * Every method takes one object and answers with a `Result`; every argument passes its schema in `contractInputs`
 * before the lab sees it. Events go the other way, to every subscriber.
 */
import * as v from 'valibot';
import { addressSpaceInputs, type AddressSpaceOutputs } from './address-space-contract.ts';
import type { Design } from './design.ts';
import { evidenceInputs, type EvidenceOutputs } from './evidence-contract.ts';
import type { Profile } from './profile.ts';
import type { FieldError, LabError, Result } from './result.ts';
import type { RunPhase } from './run-phase.ts';
import {
  type Direction,
  type Engine,
  ENGINES,
  type Environment,
  type MemoryFigures,
  type RunListing,
  type RunOutcome,
  type RunRecord,
  type Sample,
} from './run-record.ts';
import { verifyInputs, type VerifyOutputs } from './verify-contract.ts';
import type { WirePicture } from './wire-picture.ts';
import type { ZramDeviceState } from './zram-report.ts';

/** A profile file as the lab found it; a damaged one is named and left alone. */
export type ProfileEntry =
  | {
      readonly kind: 'profile';
      /** `shipped/seed-2010` or `saved/NAME`. */
      readonly id: string;
      readonly origin: 'shipped' | 'saved';
      readonly profile: Profile;
    }
  | { readonly kind: 'damaged'; readonly id: string; readonly origin: 'shipped' | 'saved'; readonly error: LabError };

/** What a profile would run, worked out without running it. */
export interface WorkloadPreview {
  /** Wrong fields; the job file's own errors come under `workload.jobFile` with line and column in the message. */
  readonly fieldErrors: readonly FieldError[];
  /** One line per job after cloning; empty while there are errors. */
  readonly jobs: readonly {
    readonly name: string;
    readonly cpu: number;
    readonly device: number;
    readonly rw: string;
    readonly blockBytes: number;
    readonly sizeBytes: number;
    readonly ioDepth: number;
  }[];
  readonly oversubscribed: boolean;
  /** Whether the job file was read, rightly or with errors: also while other fields are wrong, but not the machine's. */
  readonly jobFileRead?: boolean | undefined;
}

/** Where a run stands; sent ten times a second while a phase runs. */
export interface RunProgress {
  readonly runId: string;
  /** How many samples came before, those of the warm-up included. */
  readonly sample: number;
  readonly design: Design;
  /** 0 is the warm-up, which may run a design more than once. */
  readonly repetition: number;
  readonly repetitions: number;
  readonly phase: RunPhase;
  /** 0 … 1 of the whole experiment. */
  readonly fraction: number;
  /** Absent until there is something to extrapolate from. */
  readonly secondsLeft?: number | undefined;
  /** Milliseconds since the run started. */
  readonly atMs: number;
  /** Since the previous progress event of this phase. */
  readonly megabytesPerSecond: Readonly<Partial<Record<Direction, number>>>;
  readonly operationsPerSecond: Readonly<Partial<Record<Direction, number>>>;
  readonly memory?: MemoryFigures | undefined;
  /** One entry per online CPU. */
  readonly cpus: readonly CpuShares[];
}

/** What a CPU did with the time since the previous progress event, 0 … 1; the rest it was idle. */
export interface CpuShares {
  readonly working: number;
  readonly lockWait: number;
  /** Without a core of the host, and so neither working nor waiting; absent where the host does not tell: it is in `working` then. */
  readonly withheld?: number | undefined;
}

export type RunEvent =
  | {
      readonly kind: 'started';
      readonly runId: string;
      readonly profile: Profile;
      readonly engine: Engine;
      /** The profile's, or the kernel alone. */
      readonly designs: readonly Design[];
      readonly oversubscribed: boolean;
    }
  | { readonly kind: 'progress'; readonly progress: RunProgress }
  /** A finished repetition (never the warm-up). */
  | { readonly kind: 'sample'; readonly runId: string; readonly sample: Sample }
  /**
   * Sent after the record is stored. `stored` is false when storing failed, or when input was found wrong before the first sample
   * began, with `error` saying why.
   */
  | {
      readonly kind: 'finished';
      readonly runId: string;
      readonly outcome: RunOutcome;
      readonly stored: boolean;
      readonly error?: LabError | undefined;
    };

export interface HostDescription {
  readonly environment: Environment;
  /** Where profiles and runs are kept. */
  readonly dataFolder: string;
  /** Set when past runs cannot be kept (a newer or damaged database), in one sentence. */
  readonly storeError?: LabError | undefined;
  /** Set when the kernel engine cannot run here: what is missing, in one sentence. */
  readonly kernelObstacle?: LabError | undefined;
}

export interface FolderListing {
  /** Absolute. */
  readonly path: string;
  readonly parent?: string | undefined;
  /** Where the path that was asked for is a file's: its path, this being its folder. */
  readonly pointedAt?: string | undefined;
  /** Folders first, then files, each by name. */
  readonly entries: readonly {
    readonly name: string;
    readonly path: string;
    readonly kind: 'folder' | 'file';
    readonly sizeBytes: number;
  }[];
}

/** Tables of a run: one row per sample; what each mix of each design came to; page tables that were counted. */
export const CSV_TABLES = ['samples', 'mixes', 'page-tables', 'buffers'] as const;
export type CsvTable = (typeof CSV_TABLES)[number];

export interface CsvExport {
  readonly fileName: string;
  readonly text: string;
}

/** What a kernel would have printed on a machine of a run. */
export interface KernelText {
  readonly design: Design;
  readonly kind: 'boot-lines' | 'percpu-stats';
  /** `embed.dmesg`, `embed.percpu_stats` */
  readonly fileName: string;
  readonly text: string;
}

/** The per-CPU memory of a machine while its CPUs run. */
export interface RunningPicture {
  /** With the objects of one chunk. Absent between two samples, when there is no machine. */
  readonly picture?: WirePicture | undefined;
  /** A CPU kept pcpu_lock for too long, and the picture was made without it: it may be of two moments. */
  readonly isTorn?: boolean | undefined;
  /** Where the run stood; absent before its first progress event. */
  readonly at?: RunningMoment | undefined;
}

/** The zram devices of a machine while its CPUs run: figures of slightly different moments. */
export interface RunningZram {
  readonly devices?: readonly ZramDeviceState[] | undefined;
  readonly at?: RunningMoment | undefined;
}

export type RunningMoment = Pick<RunProgress, 'design' | 'repetition' | 'repetitions' | 'phase' | 'atMs'>;

const nothing = v.strictObject({});
const id = v.pipe(v.string(), v.nonEmpty(), v.maxLength(200));
const runName = v.pipe(
  v.string(),
  v.trim(),
  v.nonEmpty('Name must not be empty'),
  v.maxLength(200, 'Name must have at most 200 characters'),
);

/** What is wrong with a name for a run, in a sentence; undefined where nothing is. */
export function runNameProblem(name: string): string | undefined {
  return v.safeParse(runName, name).issues?.[0].message;
}
const profileById = v.strictObject({ id });
const runById = v.strictObject({ runId: id });
const hostPath = v.pipe(v.string(), v.maxLength(4096));
/** A profile is parsed by the lab itself, which can then say which field is wrong. */
const anyProfile = v.unknown();

/** Method names and the schema of each one's argument. */
export const contractInputs = {
  describeHost: nothing,
  listProfiles: nothing,
  /** Saves under the profile's own name; refuses to replace a saved one unless `overwrite`. */
  saveProfile: v.strictObject({ profile: anyProfile, overwrite: v.boolean() }),
  /** Saved profiles only. */
  renameProfile: v.strictObject({ id, name: runName }),
  deleteProfile: profileById,
  /** Absent engine: live. */
  previewWorkload: v.strictObject({ profile: anyProfile, engine: v.optional(v.picklist(ENGINES)) }),
  /** Answers once the run has begun; 'busy' while another goes on, 'unavailable' where the engine cannot run. Absent: live. */
  startRun: v.strictObject({ profile: anyProfile, engine: v.optional(v.picklist(ENGINES)) }),
  /** Answers at once; a 'finished' event follows. */
  cancelRun: runById,
  /** What a dashboard needs that connects in the middle of a run. */
  currentRun: nothing,
  listRuns: nothing,
  openRun: runById,
  renameRun: v.strictObject({ runId: id, name: runName }),
  deleteRun: runById,
  /** Absent: the samples. 'not-found' where the run has no such table. */
  exportRunCsv: v.strictObject({ runId: id, table: v.optional(v.picklist(CSV_TABLES)) }),
  /** Boot lines of each design's machine; for percpu workloads percpu_stats at the fullest moment too. */
  exportKernelTexts: runById,
  /** Of the run that goes on; 'not-found' for any other. Absent chunk: the one with the most objects. */
  runningPicture: v.strictObject({ runId: id, chunkKey: v.optional(v.pipe(v.string(), v.maxLength(200))) }),
  /** What the same machine's zram devices hold; absent between two samples, and of a kernel's devices. */
  runningZram: runById,
  /** The same machine's percpu_stats; 'unavailable' between two samples. */
  runningPercpuStats: runById,
  /** Absent path: the user's home. The path of a file lists its folder; a relative one begins at `from`, absent: the home. */
  browse: v.strictObject({ path: v.optional(hostPath), from: v.optional(hostPath) }),
  ...evidenceInputs,
  ...verifyInputs,
  ...addressSpaceInputs,
} as const;

export type Method = keyof typeof contractInputs;
export type Input<M extends Method> = v.InferOutput<(typeof contractInputs)[M]>;

export interface CurrentRun {
  readonly runId: string;
  readonly profile: Profile;
  readonly engine: Engine;
  readonly designs: readonly Design[];
  readonly oversubscribed: boolean;
  readonly progress?: RunProgress | undefined;
  readonly samples: readonly Sample[];
}

interface Outputs extends EvidenceOutputs, VerifyOutputs, AddressSpaceOutputs {
  describeHost: HostDescription;
  listProfiles: readonly ProfileEntry[];
  saveProfile: ProfileEntry;
  renameProfile: ProfileEntry;
  deleteProfile: Record<string, never>;
  previewWorkload: WorkloadPreview;
  startRun: { readonly runId: string };
  cancelRun: Record<string, never>;
  currentRun: { readonly run?: CurrentRun | undefined };
  listRuns: readonly RunListing[];
  openRun: RunRecord;
  renameRun: RunListing;
  deleteRun: Record<string, never>;
  exportRunCsv: CsvExport;
  exportKernelTexts: readonly KernelText[];
  runningPicture: RunningPicture;
  runningZram: RunningZram;
  runningPercpuStats: KernelText;
  browse: FolderListing;
}
export type Output<M extends Method> = Outputs[M];

/** The methods, by mapped type: adding one to `contractInputs` without an output does not compile. */
export type LabMethods = {
  readonly [M in Method]: (input: Input<M>) => Promise<Result<Output<M>>>;
};

export interface LabContract extends LabMethods {
  /** Returns the function that ends the subscription. */
  readonly subscribe: (listener: (event: RunEvent) => void) => () => void;
}

/** Whether a name that came over a wire is a method. */
export function isMethod(name: string): name is Method {
  return Object.hasOwn(contractInputs, name);
}
