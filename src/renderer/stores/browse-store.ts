import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { FolderListing } from '../../shared/contract.ts';
import type { LabError } from '../../shared/result.ts';
import { useLab } from '../lab-key.ts';

/** The folder of the lab's host that a file picker shows. */
export const useBrowseStore = defineStore('browse', () => {
  const lab = useLab();
  const listing = shallowRef<FolderListing>();
  const error = ref<LabError>();
  const loading = ref(false);

  let asked = 0;

  /**
   * Goes to a folder, from the one that is shown on, or to the user's home without a path. A failure is shown in the picker and changes nothing. Whoever goes on
   * before the answer sees the folder of the last step only.
   */
  async function go(path: string | undefined): Promise<void> {
    const own = ++asked;
    loading.value = true;
    const from = listing.value?.path;
    const answer = await lab.browse(path === undefined ? {} : { path, ...(from === undefined ? {} : { from }) });
    if (own !== asked) return;
    loading.value = false;
    if (answer.ok) {
      listing.value = answer.value;
      error.value = undefined;
    } else {
      error.value = answer.error;
    }
  }

  return { listing, error, loading, go };
});
