import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import type { Profile } from '../../shared/profile.ts';
import type { Engine } from '../../shared/run-record.ts';
import { useConnectionStore } from './connection-store.ts';
import { useDraftStore } from './draft-store.ts';
import { type DroppedFile, useEvidenceStore } from './evidence-store.ts';
import { useHostStore } from './host-store.ts';
import { usePastRunStore } from './past-run-store.ts';
import { useProfileStore } from './profile-store.ts';
import { useReplayStore } from './replay-store.ts';
import { useRunStore } from './run-store.ts';
import { isSameProfile } from './same-profile.ts';
import { useVerifyStore } from './verify-store.ts';

/** What the right pane is asked to show. */
export type Shown = 'live' | 'result';

/** What the dashboard is for: experiments, what kernels printed, and the host's kernel held beside the lab. */
export type Place = 'experiment' | 'evidence' | 'verify';

/** The experiment that the lab was made for first, and the one that its words for newcomers speak of. */
const FIRST_PROFILE = 'shipped/seed-2010';

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
  const place = ref<Place>('experiment');
  const wanted = ref<Shown>('live');

  /** `nothing` until there is a run to show. */
  const shown = computed<Shown | 'nothing'>(() => {
    if (wanted.value === 'result' && pastRuns.opened !== undefined) return 'result';
    return run.state.kind === 'idle' ? 'nothing' : 'live';
  });

  /**
   * Fills the dashboard when it opens: the 2010 experiment (or else the first usable profile) in the form, and what
   * already goes on, a run or a verification.
   */
  async function start(): Promise<void> {
    await Promise.all([host.load(), profiles.refresh(), pastRuns.refresh(), run.pickUp(), verify.pickUp()]);
    if (verify.active) place.value = 'verify';
    if (run.run === undefined) {
      loadFirstProfile();
      return;
    }
    loadProfile(run.run.profile, run.run.engine);
  }

  /** After the connection was lost: events were missed, so everything is asked for again. */
  async function resume(): Promise<void> {
    const before = run.active ? run.run?.runId : undefined;
    await Promise.all([profiles.refresh(), pastRuns.refresh(), run.pickUp(), verify.pickUp()]);
    if (before !== undefined && !run.active) await openRun(before);
  }

  function loadFirstProfile(): void {
    const usable = profiles.entries.filter((entry) => entry.kind === 'profile');
    const first = usable.find(({ id }) => id === FIRST_PROFILE) ?? usable[0];
    if (first !== undefined) draft.load(first.profile, first.id);
  }

  /** Puts the profile of a run into the form, as one that was loaded where a file holds it. */
  function loadProfile(profile: Profile, engine: Engine): void {
    draft.load(profile, idOf(profile));
    draft.chooseEngine(engine);
  }

  /** The file that holds exactly this profile, if any. */
  function idOf(profile: Profile): string | undefined {
    return profiles.entries.find((entry) => entry.kind === 'profile' && isSameProfile(entry.profile, profile))?.id;
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

  return { shown, place, start, loadProfile, openRun, showLive, bringEvidence };
});
