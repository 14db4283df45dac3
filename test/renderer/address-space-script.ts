/** The lab's own look into address spaces, in memory: it needs nothing but the machine's code. */
import { createAddressSpaceMethods } from '../../src/main/lab/address-space/address-space-methods.ts';
import type { AddressSpaceOutputs, AddressSpaceShape } from '../../src/shared/address-space-contract.ts';
import type { LabMethods } from '../../src/shared/contract.ts';
import type { Result } from '../../src/shared/result.ts';

type Answer = <T>(method: string, make: () => Result<T>) => Promise<Result<T>>;

/** The contract's part, answered through `answer`. */
export function createAddressSpaceScript(
  answer: Answer,
  isMeasuring: () => boolean,
): Pick<LabMethods, keyof AddressSpaceOutputs> {
  const real = createAddressSpaceMethods(isMeasuring);
  const passOn = async <T>(method: string, called: Promise<Result<T>>): Promise<Result<T>> => {
    const result = await called;
    return answer(method, () => result);
  };
  return {
    describeAddressSpace: (input) => passOn('describeAddressSpace', real.describeAddressSpace(input)),
    pageTableTree: (input) => passOn('pageTableTree', real.pageTableTree(input)),
    pageTable: (input) => passOn('pageTable', real.pageTable(input)),
    chunkColumns: (input) => passOn('chunkColumns', real.chunkColumns(input)),
    translateAddress: (input) => passOn('translateAddress', real.translateAddress(input)),
    invalidateTlb: (input) => passOn('invalidateTlb', real.invalidateTlb(input)),
  };
}

/** Eight CPUs, two chunks of 64 KiB units at rest and one more, small TLBs of their own. */
export function sampleShape(changes: Partial<AddressSpaceShape> = {}): AddressSpaceShape {
  return {
    addressSpace: {
      translation: '4k-48',
      window: 'same-offset',
      firstChunk: 'page',
      tablesFor: 'possible',
      unitBytes: 65_536,
      tlb: { entries: 8, ways: 2 },
    },
    possibleCpus: 8,
    onlineCpus: 8,
    chunksAtRest: 2,
    chunksAdded: 1,
    tlbSharing: 'own',
    ...changes,
  };
}
