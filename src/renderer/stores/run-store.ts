import { defineStore } from 'pinia';
import { computed, onScopeDispose, ref, shallowRef } from 'vue';
import type { RunEvent } from '../../shared/contract.ts';
import type { Profile } from '../../shared/profile.ts';
import { assertUnreachable, type LabError } from '../../shared/result.ts';
import type { RunOutcome, Sample } from '../../shared/run-record.ts';
import { useLab } from '../lab-key.ts';
import { createLiveFigures, type LiveFigures, type LiveSnapshot } from './live-figures.ts';
import { useNoticeStore } from './notice-store.ts';

/** A quarter of a second: quick for the eye, cheap for the CPUs under measurement. */
const PUBLISH_EVERY_MS = 250;

/** What is known of a run from its start on. */
export interface RunIdentity {
  readonly runId: string;
  readonly profile: Profile;
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

const NOTHING_YET: LiveSnapshot = { progress: undefined, throughput: [], memory: [], cpus: [] };

/** The run that goes on, its live figures, and how it ended. */
export const useRunStore = defineStore('run', () => {
  const lab = useLab();
  const notices = useNoticeStore();
  const state = shallowRef<RunState>({ kind: 'idle' });
  const live = shallowRef<LiveSnapshot>(NOTHING_YET);
  const samples = ref<readonly Sample[]>([]);
  const active = computed(() => state.value.kind !== 'idle' && state.value.kind !== 'finished');
  const run = computed(() => ('run' in state.value ? state.value.run : undefined));
  let figures: LiveFigures | undefined;
  let publishTimer: ReturnType<typeof setTimeout> | undefined;

  /** Starts a run; its 'started' event makes it appear here. */
  async function start(profile: Profile): Promise<void> {
    if (active.value) return;
    const before = state.value;
    state.value = { kind: 'starting' };
    const answer = await lab.startRun({ profile });
    if (!answer.ok) {
      notices.reportError('The run could not be started', answer.error);
      if (state.value.kind === 'starting') state.value = before;
    } else if (state.value.kind === 'starting') {
      begin({ runId: answer.value.runId, profile, oversubscribed: false });
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
    if (!active.value || !isOurs(current.runId)) begin(current);
    samples.value = current.samples;
    if (current.progress !== undefined) figures?.add(current.progress);
    publish();
  }

  function begin({ runId, profile, oversubscribed }: RunIdentity): void {
    state.value = { kind: 'running', run: { runId, profile, oversubscribed } };
    samples.value = [];
    figures = createLiveFigures(profile.designs);
    live.value = figures.snapshot();
  }

  function publish(): void {
    clearTimeout(publishTimer);
    publishTimer = undefined;
    if (figures !== undefined) live.value = figures.snapshot();
  }

  function isOurs(runId: string): boolean {
    return run.value?.runId === runId;
  }

  function handle(event: RunEvent): void {
    switch (event.kind) {
      case 'started':
        begin(event);
        return;
      case 'progress':
        if (!isOurs(event.progress.runId)) return;
        figures?.add(event.progress);
        publishTimer ??= setTimeout(publish, PUBLISH_EVERY_MS);
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
    publish();
    if (run.value !== undefined) state.value = { kind: 'finished', run: run.value, outcome, stored, error };
  }

  const unsubscribe = lab.subscribe(handle);
  onScopeDispose(() => {
    unsubscribe();
    clearTimeout(publishTimer);
  });

  return { state, live, samples, active, run, start, cancel, pickUp };
});
