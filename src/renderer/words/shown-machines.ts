/** The machines of a profile whose address space can be looked at. */
import type { AddressSpaceShape } from '../../shared/address-space-contract.ts';
import type { MappingProfile } from '../../shared/mapping-profile.ts';

/** A machine, and why one would look at it. How its TLBs are shared is chosen while looking. */
export interface ShownMachine {
  readonly title: string;
  readonly shape: Omit<AddressSpaceShape, 'tlbSharing'>;
  /** What the added chunks come with. */
  readonly occasion: string;
}

/** None where the profile says nothing of page tables. */
export function shownMachines({ machine, workload }: MappingProfile): readonly ShownMachine[] {
  const { possibleCpus, ...addressSpace } = machine;
  const { chunksAtRest, chunksAdded, occasion } = workload;
  return [
    {
      title: `${possibleCpus} CPUs, as counted`,
      occasion,
      shape: { addressSpace, possibleCpus, onlineCpus: possibleCpus, chunksAtRest, chunksAdded },
    },
  ];
}
