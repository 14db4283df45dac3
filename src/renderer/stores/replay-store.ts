import { defineStore } from 'pinia';
import { onScopeDispose, shallowRef } from 'vue';
import type { Input } from '../../shared/contract.ts';
import type { ReplayMoment } from '../../shared/evidence-contract.ts';
import type { ReplayReport } from '../../shared/replay-report.ts';
import type { LabError } from '../../shared/result.ts';
import { useLab } from '../lab-key.ts';

/** The files and the other machine that a replay was asked for with. */
export type ReplayWish = Input<'startReplay'>;

/** What a finished replay left to look at. */
export interface FinishedReplay {
  readonly replayId: string;
  /** What it was asked for with. */
  readonly wish: ReplayWish;
  readonly report: ReplayReport;
  readonly moments: readonly ReplayMoment[];
}

export type ReplayProgress =
  | { readonly kind: 'replaying'; readonly fraction: number; readonly secondsLeft?: number | undefined }
  | { readonly kind: 'cancelling' }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: LabError };

/** A trace's last replay. */
export interface TraceReplay {
  readonly wish: ReplayWish;
  readonly progress: ReplayProgress;
  /** Of the last replay that was done; it stays while another goes on, and when that one fails with the same files. */
  readonly finished?: FinishedReplay | undefined;
}

/** How often the lab is asked how far it is. */
const ASK_EVERY_MS = 150;

/** Replays by the file id of their trace. */
export const useReplayStore = defineStore('replays', () => {
  const lab = useLab();
  const replays = shallowRef<ReadonlyMap<string, TraceReplay>>(new Map());
  const running = new Map<string, string>();
  let disposed = false;
  onScopeDispose(() => {
    disposed = true;
  });

  function set(wish: ReplayWish, progress: ReplayProgress, newlyFinished?: FinishedReplay): void {
    const before = replays.value.get(wish.traceId)?.finished;
    const stays = progress.kind !== 'failed' || progress.error.code === 'cancelled' || hasFilesOf(before, wish);
    const finished = newlyFinished ?? (stays ? before : undefined);
    replays.value = new Map([...replays.value, [wish.traceId, { wish, progress, finished }]]);
  }

  /** Replays a trace to its end; the one before it, of whatever trace, is cancelled by the lab. */
  async function replay(wish: ReplayWish): Promise<void> {
    set(wish, { kind: 'replaying', fraction: 0 });
    const started = await lab.startReplay(wish);
    if (!started.ok) {
      set(wish, { kind: 'failed', error: started.error });
      return;
    }
    const { replayId } = started.value;
    running.set(wish.traceId, replayId);
    while (!disposed && running.get(wish.traceId) === replayId && !(await look(wish, replayId))) {
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }

  /** Whether it has ended. */
  async function look(wish: ReplayWish, replayId: string): Promise<boolean> {
    const asked = await lab.replayState({ replayId });
    if (running.get(wish.traceId) !== replayId) return true;
    const state = asked.ok ? asked.value : ({ kind: 'failed', error: asked.error } as const);
    if (state.kind === 'replaying') {
      if (replays.value.get(wish.traceId)?.progress.kind !== 'cancelling') set(wish, state);
      return false;
    }
    if (state.kind === 'done') {
      set(wish, { kind: 'done' }, { replayId, wish, report: state.report, moments: state.moments });
    } else {
      set(wish, state);
    }
    return true;
  }

  /** Asks the lab to end a trace's replay. */
  async function cancel(traceId: string): Promise<void> {
    const replayId = running.get(traceId);
    const wish = replays.value.get(traceId)?.wish;
    if (replayId === undefined || wish === undefined) return;
    set(wish, { kind: 'cancelling' });
    await lab.cancelReplay({ replayId });
  }

  return { replays, replay, cancel };
});

/** Another machine that cannot be does not make wrong what was found of the trace. */
function hasFilesOf(finished: FinishedReplay | undefined, { dmesgId, statsId }: ReplayWish): boolean {
  return finished !== undefined && finished.wish.dmesgId === dmesgId && finished.wish.statsId === statsId;
}
