import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { HostDescription } from '../../shared/contract.ts';
import { useLab } from '../lab-key.ts';
import { useNoticeStore } from './notice-store.ts';

/** The host that the lab runs on, which is not always the one with the screen. */
export const useHostStore = defineStore('host', () => {
  const lab = useLab();
  const notices = useNoticeStore();
  const host = ref<HostDescription>();

  /** Asks the lab; a store of past runs that cannot be used is reported once. */
  async function load(): Promise<void> {
    const described = notices.valueOf('The host could not be described', await lab.describeHost({}));
    if (described === undefined) return;
    host.value = described;
    if (described.storeError !== undefined) notices.reportError('Past runs cannot be kept', described.storeError);
  }

  return { host, load };
});
