/**
 * Replays for a dashboard: one at a time, asked after, cancelled, and looked at when they are done.
 *
 *     start ──▶ replaying ──▶ done (kept until MOST_KEPT newer ones are)
 *                  └──cancel, another start, or a failure──▶ failed
 */
import { randomUUID } from 'node:crypto';
import type { Input, Output } from '../../../shared/contract.ts';
import type { ReplayState } from '../../../shared/evidence-contract.ts';
import { fail, type Failure, type LabError, ok, type Result } from '../../../shared/result.ts';
import { encodePicture } from '../../../shared/wire-picture.ts';
import { reportUnexpected } from '../report-unexpected.ts';
import type { KeptFile } from '../uploads/upload-shelf.ts';
import type { ReplayMoments } from './replay-moments.ts';
import { watchReplay } from './replay-trace.ts';

/** Finished replays that can still be looked at; each may hold some hundred MiB of moments. */
const MOST_KEPT = 2;
/** Time left is extrapolated from here on. */
const EXTRAPOLATE_FROM = 0.05;

/** Files of one replay. */
export interface ReplayFiles {
  readonly trace: KeptFile;
  readonly dmesg: KeptFile | undefined;
  readonly stats: KeptFile | undefined;
}

interface Replay {
  readonly abort: AbortController;
  readonly startedMs: number;
  state: ReplayState;
  moments?: ReplayMoments;
  ended: Promise<void>;
}

export class ReplayControl {
  /** Oldest first. */
  readonly #replays = new Map<string, Replay>();

  /** Whether one goes on. */
  get active(): boolean {
    return [...this.#replays.values()].some(({ state }) => state.kind === 'replaying');
  }

  start(files: ReplayFiles, otherMachine: Input<'startReplay'>['otherMachine']): Output<'startReplay'> {
    for (const { abort } of this.#replays.values()) abort.abort();
    const replayId = randomUUID();
    const replay: Replay = {
      abort: new AbortController(),
      startedMs: performance.now(),
      state: { kind: 'replaying', fraction: 0 },
      ended: Promise.resolve(),
    };
    this.#replays.set(replayId, replay);
    const [oldest] = this.#replays.keys();
    if (this.#replays.size > MOST_KEPT && oldest !== undefined) this.#replays.delete(oldest);
    replay.ended = this.#carryOut(replay, files, otherMachine);
    return { replayId };
  }

  state(replayId: string): Result<ReplayState> {
    const replay = this.#replays.get(replayId);
    return replay === undefined ? notKept() : ok(replay.state);
  }

  /** Ends a replay; one that is done stays as it is. */
  cancel(replayId: string): Result<Record<string, never>> {
    const replay = this.#replays.get(replayId);
    if (replay === undefined) return notKept();
    replay.abort.abort();
    return ok({});
  }

  picture({ replayId, moment, chunkKey }: Input<'replayPicture'>): Result<Output<'replayPicture'>> {
    const moments = this.#replays.get(replayId)?.moments;
    if (moments === undefined) return notKept();
    const picture = moments.picture(moment, chunkKey);
    return picture === undefined
      ? fail('bad-input', `moment: the replay has no moment ${moment}`, 'moment')
      : ok(encodePicture(picture));
  }

  /** Ends what goes on and waits for it. */
  async close(): Promise<void> {
    for (const { abort } of this.#replays.values()) abort.abort();
    await Promise.all([...this.#replays.values()].map(({ ended }) => ended));
    this.#replays.clear();
  }

  async #carryOut(
    replay: Replay,
    files: ReplayFiles,
    otherMachine: Input<'startReplay'>['otherMachine'],
  ): Promise<void> {
    const { trace, dmesg, stats } = files;
    const request = { tracePath: trace.path, dmesgPath: dmesg?.path, statsPath: stats?.path, otherMachine };
    const onFraction = (fraction: number): void => {
      const elapsedMs = performance.now() - replay.startedMs;
      const secondsLeft = fraction < EXTRAPOLATE_FROM ? undefined : (elapsedMs / fraction) * (1 - fraction) * 1e-3;
      replay.state = { kind: 'replaying', fraction, secondsLeft };
    };
    try {
      const replayed = await watchReplay(request, { signal: replay.abort.signal, onFraction });
      if (!replayed.ok) {
        replay.state = { kind: 'failed', error: withNames(replayed.error, files) };
        return;
      }
      replay.moments = replayed.value.moments;
      const report = { ...replayed.value.report, trace: trace.file.name };
      replay.state = { kind: 'done', report, moments: replayed.value.moments.list() };
    } catch (thrown) {
      reportUnexpected('A replay failed unexpectedly', thrown);
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      replay.state = { kind: 'failed', error: { code: 'unavailable', message } };
    }
  }
}

/** The user knows files by their names, not by where they are kept. */
function withNames(error: LabError, files: ReplayFiles): LabError {
  const kept = [files.trace, files.dmesg, files.stats].filter((file) => file !== undefined);
  const named = (text: string): string =>
    kept.reduce((sentence, { path, file }) => sentence.replaceAll(path, file.name), text);
  const { code, message, where } = error;
  return where === undefined
    ? { code, message: named(message) }
    : { code, message: named(message), where: named(where) };
}

function notKept(): Failure {
  return fail('not-found', 'this replay is not kept any more; replay the trace again');
}
