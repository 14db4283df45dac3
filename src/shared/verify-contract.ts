/** The part of the contract that holds this host's kernel beside the lab: startVerify ─▶ verifyState … ─▶ report; cancelVerify; currentVerify. */
import * as v from 'valibot';
import type { LabError } from './result.ts';
import { VERIFY_CODECS, VERIFY_LIMITS, type VerifyProgress, type VerifyReport } from './verify-report.ts';
import { wholeNumber } from './whole-number.ts';

const byVerify = v.strictObject({ verifyId: v.pipe(v.string(), v.nonEmpty(), v.maxLength(100)) });

/** Method names and the schema of each one's argument. */
export const verifyInputs = {
  /** Answers once it has begun; 'busy' while a run or another one goes on, 'unavailable' where the host lacks what it needs. */
  startVerify: v.strictObject({
    /** Files or folders of the lab's host. */
    paths: v.pipe(
      v.array(v.pipe(v.string(), v.nonEmpty('A data path must not be empty'), v.maxLength(4096))),
      v.minLength(1, 'Pick at least one file or folder'),
      v.maxLength(1000),
    ),
    jobs: wholeNumber(VERIFY_LIMITS.jobs, 'Jobs'),
    /** The lab's codecs; the first is the one that the report is about. */
    codecs: v.pipe(v.array(v.picklist(VERIFY_CODECS)), v.minLength(1), v.maxLength(VERIFY_CODECS.length)),
    /** Measured rounds; absent: as many as the data's size asks for. */
    rounds: v.optional(wholeNumber(VERIFY_LIMITS.rounds, 'Rounds')),
  }),
  verifyState: byVerify,
  /** Answers at once; what was measured until then is reported. */
  cancelVerify: byVerify,
  /** What a dashboard needs that is loaded while one goes on, or after it has ended. */
  currentVerify: v.strictObject({}),
} as const;

export type VerifyRequest = v.InferOutput<typeof verifyInputs.startVerify>;

export type VerifyState =
  | { readonly kind: 'running'; readonly progress?: VerifyProgress | undefined }
  | { readonly kind: 'done'; readonly report: VerifyReport }
  | { readonly kind: 'failed'; readonly error: LabError };

/** The last verification that was started since the lab was opened, whether it goes on or has ended. */
export interface CurrentVerify {
  readonly verifyId: string;
  readonly request: VerifyRequest;
  readonly state: VerifyState;
}

export interface VerifyOutputs {
  startVerify: { readonly verifyId: string };
  verifyState: VerifyState;
  cancelVerify: Record<string, never>;
  currentVerify: { readonly verify?: CurrentVerify | undefined };
}
