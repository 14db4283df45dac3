import { defineStore } from 'pinia';
import { ref, shallowRef, watch } from 'vue';
import type { AddressTranslation, TlbContent } from '../../shared/address-space-contract.ts';
import { printAddress } from '../../shared/address-space.ts';
import type { LabError } from '../../shared/result.ts';
import { useLab } from '../lab-key.ts';
import { useAddressSpaceStore } from './address-space-store.ts';

/** Addresses that are translated on the CPU that is looked at, and the TLB that this leaves behind. */
export const useTranslationStore = defineStore('translation', () => {
  const lab = useLab();
  const space = useAddressSpaceStore();
  const text = ref('');
  const found = shallowRef<AddressTranslation>();
  const tlb = shallowRef<TlbContent>();
  /** What is wrong with the typed address. */
  const error = ref<LabError>();

  // Another CPU or machine has other tables and another TLB; the address stays, to be tried there.
  watch(
    () => space.looked,
    () => {
      found.value = undefined;
      tlb.value = undefined;
      error.value = undefined;
    },
  );

  /** Accesses an address, as typed or as picked in a picture. */
  async function translate(address: string | number): Promise<void> {
    const { looked, overview } = space;
    if (looked === undefined || overview === undefined) return;
    text.value = typeof address === 'string' ? address : printAddress(overview.vaBits, address);
    const answer = await lab.translateAddress({ ...looked, address: text.value });
    if (looked !== space.looked) return;
    error.value = answer.ok ? undefined : answer.error;
    found.value = answer.ok ? answer.value : undefined;
    if (answer.ok) tlb.value = answer.value.after;
  }

  /** Takes the page that was translated last, or everything, out of all TLBs. */
  async function invalidate(all: boolean): Promise<void> {
    const { looked, overview } = space;
    if (looked === undefined || overview === undefined) return;
    const address = all || found.value === undefined ? undefined : printAddress(overview.vaBits, found.value.address);
    const answer = await lab.invalidateTlb({ ...looked, address });
    if (looked !== space.looked) return;
    error.value = answer.ok ? undefined : answer.error;
    if (answer.ok) tlb.value = answer.value;
  }

  return { text, found, tlb, error, translate, invalidate };
});
