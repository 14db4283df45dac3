import { defineStore } from 'pinia';
import { computed, onScopeDispose, ref, shallowRef } from 'vue';
import type { RunEvent } from '../../shared/contract.ts';
import type { Design } from '../../shared/design.ts';
import type { Profile } from '../../shared/profile.ts';
import { assertUnreachable, type LabError } from '../../shared/result.ts';
import type { Engine, RunOutcome, Sample } from '../../shared/run-record.ts';
import { useLab } from '../lab-key.ts';
import { createLivePublisher } from './live-publisher.ts';
import { useNoticeStore } from './notice-store.ts';

/** What is known of a run from its start on. */
export interface RunIdentity {
  readonly runId: string;
  readonly profile: Profile;
  readonly engine: Engine;
  /** What is measured. */
  readonly designs: readonly Design[];
  readonly oversubscribed: boolean;
}

/** `idle → starting → running → cancelling → finished`; a failed start falls back to what was before. */
export type RunState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running' | 'cancelling'; readonly run: RunIdentity }
  | {
      readonly kind: 'finished';
      readonly run: RunIdentity;
      readonly outcome: RunOutcome;
      readonly stored: boolean;
      readonly error: LabError | undefined;
    };

function designsOf({ designs }: Profile, engine: Engine): readonly Design[] {
  return engine === 'kernel' ? ['kernel'] : designs;
}

/** The run that goes on, its live figures, and how it ended. */
export const useRunStore = defineStore('run', () => {
  const lab = useLab();
  const notices = useNoticeStore();
  const state = shallowRef<RunState>({ kind: 'idle' });
  const publisher = createLivePublisher();
  const samples = ref<readonly Sample[]>([]);
  /** How long the run had gone on when this page picked it up, from where its live figures begin; 0 of one seen from its start. */
  const pickedUpAtMs = ref(0);
  const active = computed(() => state.value.kind !== 'idle' && state.value.kind !== 'finished');
  const run = computed(() => ('run' in state.value ? state.value.run : undefined));

  /** Starts a run; its 'started' event makes it appear here. */
  async function start(profile: Profile, engine: Engine = 'live'): Promise<void> {
    if (active.value) return;
    const before = state.value;
    state.value = { kind: 'starting' };
    const answer = await lab.startRun({ profile, engine });
    if (!answer.ok) notices.reportError('The run could not be started', answer.error);
    // The 'started' event usually comes before the answer and has moved on already.
    if (isStarting()) {
      if (answer.ok)
        begin({ ...answer.value, profile, engine, designs: designsOf(profile, engine), oversubscribed: false });
      else state.value = before;
    }
  }

  /** Asks for the end; what was finished is kept. */
  async function cancel(): Promise<void> {
    if (state.value.kind !== 'running') return;
    const { run: cancelled } = state.value;
    state.value = { kind: 'cancelling', run: cancelled };
    const answer = await lab.cancelRun({ runId: cancelled.runId });
    if (answer.ok) return;
    notices.reportError('The run could not be cancelled', answer.error);
    if (state.value.kind === 'cancelling') state.value = { kind: 'running', run: cancelled };
  }

  /**
   * Shows a run that went on before this page was loaded or connected again; a shown one that the lab does not know any
   * more has ended unseen.
   */
  async function pickUp(): Promise<void> {
    const answer = await lab.currentRun({});
    const current = notices.valueOf('The lab could not be asked for its current run', answer)?.run;
    if (current === undefined) {
      if (answer.ok && active.value) state.value = { kind: 'idle' };
      return;
    }
    if (!active.value || !isOurs(current.runId)) begin(current, current.progress?.atMs);
    samples.value = current.samples;
    if (current.progress !== undefined) publisher.add(current.progress);
    publisher.flush();
  }

  function begin({ runId, profile, engine, designs, oversubscribed }: RunIdentity, seenFromMs = 0): void {
    state.value = { kind: 'running', run: { runId, profile, engine, designs, oversubscribed } };
    samples.value = [];
    pickedUpAtMs.value = seenFromMs;
    publisher.begin(profile, designs);
  }

  const isStarting = (): boolean => state.value.kind === 'starting';
  const isOurs = (runId: string): boolean => run.value?.runId === runId;

  function handle(event: RunEvent): void {
    switch (event.kind) {
      case 'started':
        begin(event);
        return;
      case 'progress':
        if (isOurs(event.progress.runId)) publisher.add(event.progress);
        return;
      case 'sample':
        if (isOurs(event.runId)) samples.value = [...samples.value, event.sample];
        return;
      case 'finished':
        if (isOurs(event.runId)) finish(event);
        return;
      default:
        assertUnreachable(event);
    }
  }

  function finish({ outcome, stored, error }: Extract<RunEvent, { kind: 'finished' }>): void {
    publisher.flush();
    if (run.value !== undefined) state.value = { kind: 'finished', run: run.value, outcome, stored, error };
  }

  const unsubscribe = lab.subscribe(handle);
  onScopeDispose(() => {
    unsubscribe();
    publisher.flush();
  });

  return { state, live: publisher.live, samples, pickedUpAtMs, active, run, start, cancel, pickUp };
});
