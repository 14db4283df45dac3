import { defineStore } from 'pinia';
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue';
import { profileFieldErrors, type Profile } from '../../shared/profile.ts';
import type { Engine } from '../../shared/run-record.ts';
import { warnBeforeLeaving } from '../platform/leave-warning.ts';
import { usePageMemory } from '../platform/page-memory.ts';
import { useDraftStore } from './draft-store.ts';
import { useProfileStore } from './profile-store.ts';
import { parseRemembered, type Remembered } from './remembered.ts';
import { useRunStore } from './run-store.ts';
import { isSameProfile } from './same-profile.ts';

/** The experiment that the lab was made for first, and the one that its words for newcomers speak of. */
const FIRST_PROFILE = 'shipped/seed-2010';

/** What fills the form when a page opens, and what is kept of it for the next page. */
export const useMemoryStore = defineStore('memory', () => {
  const memory = usePageMemory();
  const profiles = useProfileStore();
  const draft = useDraftStore();
  const run = useRunStore();
  /** What the form held when it was last a profile by the schema: what another page can take over. */
  const lastUsable = shallowRef<Profile>();
  /** Whether the browser took what was last to be kept. */
  const isKept = ref(true);

  /** What the last page left. */
  function recall(): Remembered {
    return parseRemembered(memory.recall());
  }

  /**
   * Own edits come before the profile of a run that goes on, and that before what was merely loaded; the first time it
   * is the 2010 experiment, or else the first usable profile.
   */
  function fillForm(remembered: Remembered): void {
    // The shipped ones are always there: the lab did not answer, and is asked again when it is back.
    if (profiles.entries.length === 0) return;
    const running = run.active ? run.run : undefined;
    const { draft: left, loaded } = remembered;
    const isEdited = left !== undefined && !isSameProfile(left, loaded);
    if (running !== undefined && !isEdited && !isSameProfile(left, running.profile)) {
      loadProfile(running.profile, running.engine);
    } else if (!restore(remembered, isEdited)) {
      loadFirstProfile();
    }
  }

  /** False when there is nothing to restore: nothing was kept, or an unedited profile whose file is gone. */
  function restore({ loadedId, loaded, draft: left, engine }: Remembered, isEdited: boolean): boolean {
    const entry = profiles.entries.find(({ id }) => id === loadedId);
    const file = entry?.kind === 'profile' ? entry : undefined;
    const profile = file?.profile ?? loaded ?? left;
    if (profile === undefined || (file === undefined && loadedId !== undefined && !isEdited)) return false;
    draft.load(profile, file?.id ?? idOf(profile));
    // What the form held was saved nowhere, and still is not.
    if (loaded === undefined && draft.loadedId === undefined) draft.orphan();
    if (isEdited && left !== undefined) draft.edit(left);
    draft.chooseEngine(engine);
    return true;
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

  /** From now on keeps the form and what `whereabouts` says; nothing before the form is filled, lest what was kept goes. */
  function keep(whereabouts: () => Pick<Remembered, 'place' | 'tab' | 'runId'>): void {
    const kept = computed(() => {
      if (draft.draft === undefined) return undefined;
      const { loadedId, loadedProfile: loaded, engine } = draft;
      return JSON.stringify({ ...whereabouts(), engine, loadedId, loaded, draft: lastUsable.value });
    });
    watch(kept, (text) => {
      if (text !== undefined) isKept.value = memory.keep(text);
    });
  }

  watch(
    () => draft.draft,
    (edited) => {
      if (edited !== undefined && profileFieldErrors(edited).length === 0) lastUsable.value = edited;
    },
  );
  const wouldLose = (): boolean => draft.changed && !(isKept.value && isSameProfile(draft.draft, lastUsable.value));
  onScopeDispose(warnBeforeLeaving(wouldLose));

  return { recall, fillForm, loadProfile, keep };
});
