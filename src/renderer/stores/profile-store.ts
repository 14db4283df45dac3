import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { ProfileEntry } from '../../shared/contract.ts';
import { isSameProfileName, type Profile, profileNameProblem } from '../../shared/profile.ts';
import type { LabError } from '../../shared/result.ts';
import { useLab } from '../lab-key.ts';
import { useNoticeStore } from './notice-store.ts';

/** What became of saving: `exists` asks for a decision to overwrite. */
export type SaveAnswer =
  | { readonly kind: 'saved'; readonly entry: ProfileEntry }
  | { readonly kind: 'exists' }
  | { readonly kind: 'failed'; readonly error: LabError };

const nameOf = (entry: ProfileEntry): string => (entry.kind === 'profile' ? entry.profile.name : entry.id);

/** As they are shown: published experiments begin with their year. */
function byName(one: ProfileEntry, other: ProfileEntry): number {
  return nameOf(one).localeCompare(nameOf(other), 'en');
}

/** The profile files that the lab knows, damaged ones included. */
export const useProfileStore = defineStore('profiles', () => {
  const lab = useLab();
  const notices = useNoticeStore();
  const entries = ref<readonly ProfileEntry[]>([]);
  const loaded = ref(false);
  const shipped = computed(() => entries.value.filter((entry) => entry.origin === 'shipped').toSorted(byName));
  const saved = computed(() => entries.value.filter((entry) => entry.origin === 'saved').toSorted(byName));

  /** Reads the list anew. */
  async function refresh(): Promise<void> {
    const listed = notices.valueOf('Profiles could not be listed', await lab.listProfiles({}));
    if (listed !== undefined) entries.value = listed;
    loaded.value = true;
  }

  /** As `refresh`, unasked: where it fails the list stays, and nobody is told. */
  async function lookAgain(): Promise<void> {
    const listed = await lab.listProfiles({});
    if (listed.ok) entries.value = listed.value;
  }

  /** Saves under the profile's own name; a saved profile of that name is replaced only with `overwrite`. */
  async function save(profile: Profile, overwrite: boolean): Promise<SaveAnswer> {
    if (!overwrite && hasSaved(profile.name)) return { kind: 'exists' };
    const answer = await lab.saveProfile({ profile, overwrite });
    if (!answer.ok) {
      notices.reportError('The profile could not be saved', answer.error);
      return { kind: 'failed', error: answer.error };
    }
    await refresh();
    return { kind: 'saved', entry: answer.value };
  }

  const isAmong = (list: readonly ProfileEntry[], name: string): boolean =>
    list.some((entry) => entry.kind === 'profile' && isSameProfileName(entry.profile.name, name));
  const hasSaved = (name: string): boolean => isAmong(saved.value, name);

  /** Whether a shipped profile alone answers to the name: what is saved needs another one. */
  function isShippedName(name: string): boolean {
    const isId = shipped.value.some(({ id }) => id === `shipped/${name.trim()}`);
    return (isId || isAmong(shipped.value, name)) && !hasSaved(name);
  }

  /** What is wrong with a name for a saved profile, in a sentence; undefined where nothing is. */
  function nameProblem(name: string): string | undefined {
    return profileNameProblem(name) ?? (isShippedName(name) ? 'A profile of this name came with the lab' : undefined);
  }

  /** Renames a saved profile; undefined when it failed. */
  async function rename(id: string, name: string): Promise<ProfileEntry | undefined> {
    const entry = notices.valueOf('The profile could not be renamed', await lab.renameProfile({ id, name }));
    await refresh();
    return entry;
  }

  /** Deletes a saved profile; answers with whether it is gone. */
  async function remove(id: string): Promise<boolean> {
    const answer = await lab.deleteProfile({ id });
    if (!answer.ok) notices.reportError('The profile could not be deleted', answer.error);
    await refresh();
    return answer.ok;
  }

  return { entries, shipped, saved, loaded, refresh, lookAgain, isShippedName, nameProblem, save, rename, remove };
});
