import { isSameProfileName, type Profile } from '../../shared/profile.ts';
import { askAboutChanges, askConfirmation, askName } from '../dialogs/ask.ts';
import { useDraftStore } from '../stores/draft-store.ts';
import { useProfileStore } from '../stores/profile-store.ts';

/** Saving what is in the form, with the questions that it takes. Each way answers with whether it is saved. */
export function useDraftSaving() {
  const draft = useDraftStore();
  const profiles = useProfileStore();

  /** Under its own name, which replaces the loaded file where that is the user's and has it. */
  async function save(): Promise<boolean> {
    return draft.draft !== undefined && saveProfile(draft.draft, isOwnName(draft.draft));
  }

  async function saveAs(): Promise<boolean> {
    return draft.draft !== undefined && saveUnderName(draft.draft);
  }

  /** Whether another profile may take the form: what was changed in it is saved before, or the user gives it up. */
  async function mayLeave(): Promise<boolean> {
    if (!draft.changed) return true;
    const answer = await askAboutChanges(draft.valid);
    return answer === 'save' ? save() : answer === 'lose';
  }

  /** Any other name in use than that of the loaded file is asked about, and so is another name for what was made of a shipped profile. */
  async function saveProfile(profile: Profile, replacesOwn: boolean): Promise<boolean> {
    if (profiles.isShippedName(profile.name)) return saveUnderName({ ...profile, name: `${profile.name} (mine)` });
    const first = await profiles.save(profile, replacesOwn);
    const message = `A saved profile “${profile.name}” exists. It is replaced by what is in the form.`;
    const answer =
      first.kind === 'exists' && (await askConfirmation({ title: 'Replace profile', message, action: 'Replace' }))
        ? await profiles.save(profile, true)
        : first;
    if (answer.kind !== 'saved' || answer.entry.kind !== 'profile') return false;
    draft.load(answer.entry.profile, answer.entry.id);
    return true;
  }

  async function saveUnderName(profile: Profile): Promise<boolean> {
    const name = await askName({
      title: 'Save profile as',
      message: 'Name',
      action: 'Save',
      initial: profile.name,
      problemOf: profiles.nameProblem,
    });
    return name !== undefined && saveProfile({ ...profile, name }, false);
  }

  function isOwnName(profile: Profile): boolean {
    return profiles.saved.some(
      (entry) =>
        entry.id === draft.loadedId && entry.kind === 'profile' && isSameProfileName(entry.profile.name, profile.name),
    );
  }

  return { save, saveAs, mayLeave };
}
