/** The machines of a profile whose address space can be looked at. */
import type { AddressSpaceShape } from '../../shared/address-space-contract.ts';
import { usualAddressSpace } from '../../shared/address-space-settings.ts';
import { counted } from '../../shared/counted.ts';
import type { Profile } from '../../shared/profile.ts';

/** A machine, and why one would look at it. How its TLBs are shared is chosen while looking. */
export interface ShownMachine {
  readonly title: string;
  readonly shape: Omit<AddressSpaceShape, 'tlbSharing'>;
  /** What the added chunks come with. */
  readonly occasion: string;
}

/** The one whose tables are counted, then the one that is run; none where no page tables matter to the workload. */
export function shownMachines({ machine, workload }: Profile): readonly ShownMachine[] {
  if (workload.kind !== 'this-cpu') return [];
  const addressSpace = machine.addressSpace ?? usualAddressSpace(machine.pageSizeBytes);
  const { possibleCpus, onlineCpus } = machine;
  const run: ShownMachine = {
    title: `${counted(possibleCpus, 'CPU')}, as run`,
    occasion: '',
    shape: { addressSpace, possibleCpus, onlineCpus, chunksAtRest: 1, chunksAdded: 0 },
  };
  if (workload.counting === undefined) return [run];
  const { cpus, chunksAtRest, chunksAdded, occasion } = workload.counting;
  const countedMachine: ShownMachine = {
    title: `${counted(cpus, 'CPU')}, as counted`,
    occasion,
    shape: { addressSpace, possibleCpus: cpus, onlineCpus: cpus, chunksAtRest, chunksAdded },
  };
  return [countedMachine, run];
}
