/**
 * The part of the contract that brings what real kernels print into the lab. A file of the user's comes in pieces, since no
 * transport carries messages of any size:
 *
 *     openUpload ─▶ sendUpload … sendUpload ─▶ closeUpload ─▶ an evidence file: boot log, trace or percpu_stats
 *                                                   │ boot log ─▶ checkGeometry
 *                                                   └ trace ────▶ startReplay ─▶ replayState … ─▶ replayPicture
 *     dropEvidence at any time forgets the file
 */
import * as v from 'valibot';
import type { FileCheck } from './geometry-check.ts';
import { REPLAY_ACCESS_MODES, type ReplayReport } from './replay-report.ts';
import type { LabError } from './result.ts';
import type { WirePicture } from './wire-picture.ts';

/** Bytes of the largest file that is taken, as it is on disk. */
export const MAX_EVIDENCE_BYTES = 256 * 2 ** 20;
/** Bytes of the largest piece; as base64 it fits into a message. */
export const MAX_PIECE_BYTES = 512 * 1024;
/** Files that the lab keeps at a time; beyond them the one that was used longest ago is forgotten. */
export const MAX_EVIDENCE_FILES = 32;

const fileId = v.pipe(v.string(), v.nonEmpty(), v.maxLength(100));
const byFile = v.strictObject({ fileId });
const byReplay = v.strictObject({ replayId: fileId });
const bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const atLeastOne = (most: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(most));

/** Method names and the schema of each one's argument. */
export const evidenceInputs = {
  /** 'bad-input' for a file beyond MAX_EVIDENCE_BYTES. */
  openUpload: v.strictObject({ name: v.pipe(v.string(), v.maxLength(1000)), sizeBytes: bytes }),
  /** The piece that follows the last one; 'bad-input' for any other. */
  sendUpload: v.strictObject({
    fileId,
    offsetBytes: bytes,
    base64: v.pipe(v.string(), v.maxLength(Math.ceil(MAX_PIECE_BYTES / 3) * 4)),
  }),
  /** Says what the file is; 'bad-input' with a sentence when it is nothing that the lab reads. */
  closeUpload: byFile,
  /** Ends an upload, or forgets a file. */
  dropEvidence: byFile,
  checkGeometry: byFile,
  /** Answers once the replay has begun; another one that goes on is cancelled. */
  startReplay: v.strictObject({
    traceId: fileId,
    dmesgId: v.optional(fileId),
    statsId: v.optional(fileId),
    /** Another machine on which the cost of the trace is wanted; what is absent is as recorded. */
    otherMachine: v.optional(
      v.strictObject({
        possibleCpus: v.optional(atLeastOne(4096)),
        unitBytes: v.optional(atLeastOne(2 ** 30)),
        accessMode: v.optional(v.picklist(REPLAY_ACCESS_MODES)),
      }),
    ),
  }),
  replayState: byReplay,
  cancelReplay: byReplay,
  /** A kept moment of a finished replay, with the objects of one chunk. Absent chunk: the one with the most objects. */
  replayPicture: v.strictObject({
    replayId: fileId,
    moment: bytes,
    chunkKey: v.optional(v.pipe(v.string(), v.maxLength(200))),
  }),
} as const;

export type EvidenceKind = 'boot-log' | 'trace' | 'percpu-stats';

export interface EvidenceFile {
  readonly fileId: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly kind: EvidenceKind;
}

/** A moment of a replay whose chunks can be looked at. */
export interface ReplayMoment {
  /** Events that had been replayed. */
  readonly events: number;
  /** Since the first event of the trace. */
  readonly timeUs: number;
  readonly chunks: number;
  readonly liveObjects: number;
}

export type ReplayState =
  | {
      readonly kind: 'replaying';
      /** 0 … 1. */
      readonly fraction: number;
      /** Absent until there is something to extrapolate from. */
      readonly secondsLeft?: number | undefined;
    }
  | { readonly kind: 'done'; readonly report: ReplayReport; readonly moments: readonly ReplayMoment[] }
  | { readonly kind: 'failed'; readonly error: LabError };

export interface EvidenceOutputs {
  openUpload: { readonly fileId: string };
  sendUpload: { readonly receivedBytes: number };
  closeUpload: EvidenceFile;
  dropEvidence: Record<string, never>;
  checkGeometry: FileCheck;
  startReplay: { readonly replayId: string };
  replayState: ReplayState;
  cancelReplay: Record<string, never>;
  replayPicture: WirePicture;
}
