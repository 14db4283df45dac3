/**
 * One verification at a time, started by one call and looked at by others:
 *
 *     idle ──start──▶ running ──end, failure or cancel──▶ idle      the last one's state stays to be looked at
 *
 * Runs of experiments and verifications use the same engines and would disturb each other's figures, so neither starts while
 * the other goes on.
 */
import { randomUUID } from 'node:crypto';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { CurrentVerify, VerifyRequest, VerifyState } from '../../../shared/verify-contract.ts';
import type { VerifyProgress, VerifyReport } from '../../../shared/verify-report.ts';
import { checkKernelZram } from '../../engine/kernel/zram-control.ts';
import { reportUnexpected } from '../report-unexpected.ts';
import { verify, type VerifyParts } from './verify.ts';

/** Whoever waits for a verification. */
export interface VerifyWatcher {
  /** Aborted to end it; what was measured until then is reported. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: VerifyProgress) => void;
}

interface VerifyInHand {
  readonly verifyId: string;
  readonly request: VerifyRequest;
  readonly abort: AbortController;
  state: VerifyState;
}

/** One that has begun, and its end. */
interface Begun {
  readonly inHand: VerifyInHand;
  readonly ended: Promise<Result<VerifyReport>>;
}

export class VerifyControl {
  readonly #parts: Omit<VerifyParts, keyof VerifyWatcher>;
  readonly #isRunGoingOn: () => boolean;
  #last: VerifyInHand | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(parts: Omit<VerifyParts, keyof VerifyWatcher>, isRunGoingOn: () => boolean) {
    this.#parts = parts;
    this.#isRunGoingOn = isRunGoingOn;
  }

  get isGoingOn(): boolean {
    return this.#last?.state.kind === 'running';
  }

  /** Answers with its id at once. Errors: 'busy', 'unavailable'. */
  start(request: VerifyRequest): Result<{ readonly verifyId: string }> {
    const begun = this.#begin(request, () => undefined);
    return begun.ok ? ok({ verifyId: begun.value.inHand.verifyId }) : begun;
  }

  /** Waits for its end. Errors: 'busy', 'unavailable', and those of `verify`. */
  async run(request: VerifyRequest, { signal, onProgress }: VerifyWatcher): Promise<Result<VerifyReport>> {
    const begun = this.#begin(request, onProgress);
    if (!begun.ok) return begun;
    const { inHand, ended } = begun.value;
    const cancel = (): void => {
      inHand.abort.abort();
    };
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel);
    const result = await ended;
    signal.removeEventListener('abort', cancel);
    return result;
  }

  /** 'not-found' for any but the last one. */
  state(verifyId: string): Result<VerifyState> {
    const last = this.#find(verifyId);
    return last.ok ? ok(last.value.state) : last;
  }

  /** The last one that was started, whether it goes on or has ended; undefined when there was none. */
  current(): CurrentVerify | undefined {
    if (this.#last === undefined) return undefined;
    const { verifyId, request, state } = this.#last;
    return { verifyId, request, state };
  }

  /** Asks it to end. */
  cancel(verifyId: string): Result<Record<string, never>> {
    const last = this.#find(verifyId);
    if (!last.ok) return last;
    last.value.abort.abort();
    return ok({});
  }

  /** Cancels what is going on and waits for its end. */
  async close(): Promise<void> {
    this.#last?.abort.abort();
    await this.#ended;
  }

  #find(verifyId: string): Result<VerifyInHand> {
    const last = this.#last;
    return last?.verifyId === verifyId ? ok(last) : fail('not-found', 'the lab knows nothing of this verification');
  }

  #begin(request: VerifyRequest, onProgress: VerifyWatcher['onProgress']): Result<Begun> {
    if (this.isGoingOn) return fail('busy', 'a verification is going on already; cancel it or wait');
    if (this.#isRunGoingOn()) return fail('busy', 'an experiment is going on; cancel it or wait');
    const usable = checkKernelZram();
    if (!usable.ok) return usable;
    const abort = new AbortController();
    const inHand: VerifyInHand = { verifyId: randomUUID(), request, abort, state: { kind: 'running' } };
    this.#last = inHand;
    const ended = this.#carryOut(request, inHand, onProgress);
    this.#ended = ended;
    return ok({ inHand, ended });
  }

  async #carryOut(
    request: VerifyRequest,
    inHand: VerifyInHand,
    onProgress: VerifyWatcher['onProgress'],
  ): Promise<Result<VerifyReport>> {
    const watcher: VerifyWatcher = {
      signal: inHand.abort.signal,
      onProgress: (progress) => {
        inHand.state = { kind: 'running', progress };
        onProgress(progress);
      },
    };
    const result = await this.#verify(request, watcher);
    inHand.state = result.ok ? { kind: 'done', report: result.value } : { kind: 'failed', error: result.error };
    return result;
  }

  async #verify(request: VerifyRequest, watcher: VerifyWatcher): Promise<Result<VerifyReport>> {
    try {
      return await verify(request, { ...this.#parts, ...watcher });
    } catch (thrown) {
      reportUnexpected('The verification failed unexpectedly', thrown);
      return fail('unavailable', thrown instanceof Error ? thrown.message : String(thrown));
    }
  }
}
