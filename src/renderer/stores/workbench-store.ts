import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import { useConnectionStore } from './connection-store.ts';
import { useDraftStore } from './draft-store.ts';
import { type DroppedFile, useEvidenceStore } from './evidence-store.ts';
import { useHostStore } from './host-store.ts';
import { useMemoryStore } from './memory-store.ts';
import { usePastRunStore } from './past-run-store.ts';
import { useProfileStore } from './profile-store.ts';
import type { OutcomeTab, Place } from './remembered.ts';
import { useReplayStore } from './replay-store.ts';
import { useRunStore } from './run-store.ts';
import { useVerifyStore } from './verify-store.ts';

/** What the right pane is asked to show. */
export type Shown = 'live' | 'result';

/** What the user looks at, and how the other stores follow each other: load, run, look at the result. */
export const useWorkbenchStore = defineStore('workbench', () => {
  const connection = useConnectionStore();
  const host = useHostStore();
  const profiles = useProfileStore();
  const draft = useDraftStore();
  const pastRuns = usePastRunStore();
  const run = useRunStore();
  const evidence = useEvidenceStore();
  const replays = useReplayStore();
  const verify = useVerifyStore();
  const memory = useMemoryStore();
  const place = ref<Place>('experiment');
  const tab = ref<OutcomeTab>('run');
  const wanted = ref<Shown>('live');

  /** `nothing` until there is a run to show. */
  const shown = computed<Shown | 'nothing'>(() => {
    if (wanted.value === 'result' && pastRuns.opened !== undefined) return 'result';
    return run.state.kind === 'idle' ? 'nothing' : 'live';
  });

  /**
   * Fills the dashboard when it opens with what already goes on, a run or a verification, and with what its user left:
   * profile and edits in the form, place, open result. The first time with the 2010 experiment. What the user does before
   * the lab has answered counts more.
   */
  async function start(): Promise<void> {
    const remembered = memory.recall();
    place.value = remembered.place;
    tab.value = remembered.tab;
    const fillForm = async (): Promise<void> => {
      await run.pickUp();
      await profiles.refresh();
      // Before anybody can choose from the list: what was left in the form is not lost without a question.
      if (draft.draft === undefined) memory.fillForm(remembered);
    };
    await Promise.all([host.load(), fillForm(), pastRuns.refresh(), verify.pickUp()]);
    if (verify.active && place.value === remembered.place) place.value = 'verify';
    if (run.active && tab.value === remembered.tab) tab.value = 'run';
    const { runId } = remembered;
    const isKnown = pastRuns.listings.some(({ id }) => id === runId);
    if (!run.active && runId !== undefined && isKnown && pastRuns.opened === undefined) await openRun(runId);
  }

  /** After the connection was lost: events were missed, so everything is asked for again. */
  async function resume(): Promise<void> {
    const before = run.active ? run.run?.runId : undefined;
    await Promise.all([profiles.refresh(), pastRuns.refresh(), run.pickUp(), verify.pickUp()]);
    if (draft.draft === undefined) memory.fillForm(memory.recall());
    if (before !== undefined && !run.active) await openRun(before);
  }

  /** Opens a past run in the right pane. */
  async function openRun(runId: string): Promise<void> {
    if (await pastRuns.open(runId)) wanted.value = 'result';
  }

  /** Goes back to the run that goes on, or to how the last one ended. */
  function showLive(): void {
    wanted.value = 'live';
  }

  /** Brings files of kernel evidence; traces are replayed with the boot log and percpu_stats that came with them. */
  async function bringEvidence(files: readonly DroppedFile[]): Promise<void> {
    if (files.length === 0) return;
    place.value = 'evidence';
    const ready = (await evidence.add(files)).flatMap(({ state }) => (state.kind === 'ready' ? [state.file] : []));
    const dmesgId = ready.find(({ kind }) => kind === 'boot-log')?.fileId;
    const statsId = ready.find(({ kind }) => kind === 'percpu-stats')?.fileId;
    for (const { fileId, kind } of ready) {
      if (kind === 'trace') await replays.replay({ traceId: fileId, dmesgId, statsId });
    }
  }

  memory.keep(() => ({
    place: place.value,
    tab: tab.value,
    runId: shown.value === 'result' ? pastRuns.opened?.id : undefined,
  }));

  watch(
    () => connection.state,
    (state) => {
      if (state === 'connected') void resume();
    },
  );

  watch(
    () => run.state,
    async (state, before) => {
      if (state.kind === 'running' && before.kind !== 'cancelling') wanted.value = 'live';
      if (state.kind !== 'finished' || !state.stored) return;
      const watching = shown.value === 'live';
      await pastRuns.refresh();
      if (watching) await openRun(state.run.runId);
    },
  );

  return { shown, place, tab, start, loadProfile: memory.loadProfile, openRun, showLive, bringEvidence };
});
