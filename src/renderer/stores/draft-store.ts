import { defineStore } from 'pinia';
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { WorkloadPreview } from '../../shared/contract.ts';
import { profileFieldErrors, type Profile } from '../../shared/profile.ts';
import type { FieldError } from '../../shared/result.ts';
import type { Engine } from '../../shared/run-record.ts';
import { useLab } from '../lab-key.ts';
import { kernelObstacle } from '../words/engine-words.ts';
import { useHostStore } from './host-store.ts';
import { useNoticeStore } from './notice-store.ts';
import { isSameProfile } from './same-profile.ts';

/** Long enough not to ask the lab for every key, short enough to feel immediate. */
const PREVIEW_DELAY_MS = 250;

/** Sentences per field path. */
export type ErrorsByField = ReadonlyMap<string, readonly string[]>;

function byField(errors: readonly FieldError[]): ErrorsByField {
  const found = new Map<string, string[]>();
  for (const { field, message } of errors) {
    const messages = found.get(field) ?? [];
    if (!messages.includes(message)) found.set(field, [...messages, message]);
  }
  return found;
}

/**
 * The profile in the form. Edits replace it as a whole, so that "changed" is a comparison with what was loaded. The
 * schema's errors are there at once; what only the lab can tell (the job file's lines) follows after a pause.
 */
export const useDraftStore = defineStore('draft', () => {
  const lab = useLab();
  const notices = useNoticeStore();
  const host = useHostStore();
  const draft = shallowRef<Profile>();
  const loadedId = ref<string>();
  const loadedProfile = shallowRef<Profile>();
  const preview = shallowRef<WorkloadPreview>();
  const previewedProfile = shallowRef<Profile>();
  const previewedEngine = ref<Engine>();
  const wantedEngine = ref<Engine>('live');
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Why the kernel engine cannot run what is in the form, if so. */
  const engineObstacle = computed(() => kernelObstacle(host.host, draft.value));
  /** What would run it: the choice, as long as it can be had. */
  const engine = computed(() => (engineObstacle.value === undefined ? wantedEngine.value : 'live'));

  const changed = computed(() => !isSameProfile(draft.value, loadedProfile.value));
  const schemaErrors = computed(() => (draft.value === undefined ? [] : profileFieldErrors(draft.value)));
  const errors = computed(() => byField([...schemaErrors.value, ...(preview.value?.fieldErrors ?? [])]));
  const previewIsCurrent = computed(
    () => previewedProfile.value === draft.value && previewedEngine.value === engine.value,
  );
  const valid = computed(() => draft.value !== undefined && errors.value.size === 0);

  /** Puts a profile into the form; `id` is the file it came from. */
  function load(profile: Profile, id: string | undefined): void {
    draft.value = profile;
    loadedId.value = id;
    loadedProfile.value = profile;
  }

  /** The loaded file was deleted: the form keeps what it holds, as something that is not saved. */
  function orphan(): void {
    loadedId.value = undefined;
    loadedProfile.value = undefined;
  }

  /** The loaded file was renamed: takes the new name over without touching other edits. */
  function follow(name: string, id: string): void {
    const renamed = (profile: Profile | undefined) => (profile === undefined ? undefined : { ...profile, name });
    draft.value = renamed(draft.value);
    loadedProfile.value = renamed(loadedProfile.value);
    loadedId.value = id;
  }

  /** Replaces the profile in the form by an edited one. */
  function edit(profile: Profile): void {
    draft.value = profile;
  }

  /** Chooses who plays the CPUs. */
  function chooseEngine(chosen: Engine): void {
    wantedEngine.value = chosen;
  }

  /** Gives up what was changed since loading; what is saved nowhere stays. */
  function revert(): void {
    draft.value = loadedProfile.value ?? draft.value;
  }

  /** Asks the lab what the form would run; an answer that comes after a further edit is dropped. */
  async function updatePreview(): Promise<void> {
    const asked = draft.value;
    const askedEngine = engine.value;
    if (asked === undefined) return;
    const answer = await lab.previewWorkload({ profile: asked, engine: askedEngine });
    if (asked !== draft.value || askedEngine !== engine.value) return;
    previewedProfile.value = asked;
    previewedEngine.value = askedEngine;
    preview.value = notices.valueOf('The workload could not be previewed', answer);
  }

  watch([draft, engine], () => {
    clearTimeout(timer);
    timer = setTimeout(() => void updatePreview(), PREVIEW_DELAY_MS);
  });
  onScopeDispose(() => clearTimeout(timer));

  return {
    draft,
    loadedId,
    loadedProfile,
    changed,
    errors,
    preview,
    previewIsCurrent,
    valid,
    engine,
    engineObstacle,
    chooseEngine,
    load,
    follow,
    orphan,
    edit,
    revert,
    updatePreview,
  };
});
