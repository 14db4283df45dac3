import { defineStore } from 'pinia';
import { onScopeDispose, ref } from 'vue';
import { useLab } from '../lab-key.ts';
import type { ConnectionState } from '../transport/connection.ts';

/** Whether the lab can be reached right now. */
export const useConnectionStore = defineStore('connection', () => {
  const lab = useLab();
  const state = ref<ConnectionState>(lab.connectionState());
  const unsubscribe = lab.onConnectionState((next) => {
    state.value = next;
  });
  onScopeDispose(unsubscribe);
  return { state };
});
