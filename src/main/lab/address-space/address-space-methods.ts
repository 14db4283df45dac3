/** The contract's methods that look into the address space of a machine; see shared/address-space-contract.ts. */
import type { AddressSpaceOutputs, AddressSpaceShape, SpaceOverview } from '../../../shared/address-space-contract.ts';
import { parseAddress, printAddress } from '../../../shared/address-space.ts';
import type { Input, LabMethods } from '../../../shared/contract.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { MappedMachine } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId, type VirtualAddress, virtualAddress } from '../../machine/units.ts';
import { chunkColumns } from './chunk-columns.ts';
import type { ShownMachine } from './shown-machine.ts';
import { ShownMachines } from './shown-machines.ts';
import { tableContent } from './table-content.ts';
import { tableAt } from './table-place.ts';
import { tableTree } from './table-tree.ts';
import { invalidateIn, tlbContent, translateOn } from './translation.ts';
import { cpusOf } from './walkers.ts';

type AddressSpaceMethods = Pick<LabMethods, keyof AddressSpaceOutputs>;

/** `isMeasuring` says whether an experiment runs: no machine is built meanwhile. */
export function createAddressSpaceMethods(isMeasuring: () => boolean): AddressSpaceMethods {
  const machines = new ShownMachines(isMeasuring);
  const onMachine = <T>(
    { shape, moment }: Pick<Input<'pageTableTree'>, 'shape' | 'moment'>,
    look: (machine: MappedMachine) => Result<T>,
  ): Promise<Result<T>> => {
    const opened = machines.open(shape, moment);
    return Promise.resolve(opened.ok ? look(opened.value.machine) : opened);
  };
  const onCpu = <T>(input: Input<'pageTableTree'>, look: (machine: MappedMachine) => Result<T>): Promise<Result<T>> =>
    input.cpu < input.shape.possibleCpus
      ? onMachine(input, look)
      : Promise.resolve(fail('not-found', `The machine has no CPU ${input.cpu}`, 'cpu'));
  return {
    describeAddressSpace: ({ shape }) => {
      const opened = machines.open(shape);
      return Promise.resolve(opened.ok ? ok(overview(opened.value, shape)) : opened);
    },
    pageTableTree: (input) => onCpu(input, (machine) => ok(tableTree(machine, cpuId(input.cpu)))),
    pageTable: (input) =>
      onCpu(input, (machine) => {
        const place = tableAt(machine, cpuId(input.cpu), input.path);
        return place.ok ? ok(tableContent(machine, place.value, input.entry ?? 0)) : place;
      }),
    chunkColumns: (input) => onMachine(input, (machine) => chunkColumns(machine, input.chunk, input.cpus)),
    translateAddress: (input) =>
      onCpu(input, (machine) => {
        const address = readAddress(machine, input.address);
        return address.ok ? ok(translateOn(machine, cpuId(input.cpu), address.value)) : address;
      }),
    invalidateTlb: (input) =>
      onCpu(input, (machine) => {
        const address = input.address === undefined ? ok(undefined) : readAddress(machine, input.address);
        if (!address.ok) return address;
        invalidateIn(machine, address.value);
        return ok(tlbContent(machine, cpuId(input.cpu)));
      }),
  };
}

function readAddress({ space }: MappedMachine, text: string): Result<VirtualAddress> {
  const { vaBits } = space.geometry;
  const address = parseAddress(vaBits, text);
  if (address !== undefined) return ok(virtualAddress(address));
  const range = `${printAddress(vaBits, 0)} … ${printAddress(vaBits, 2 ** vaBits - 1)}`;
  return fail('bad-input', `“${text}” is no address of the kernel’s half, which is ${range}`, 'address');
}

const LEVEL_NAMES: Readonly<Record<number, readonly string[]>> = {
  3: ['PGD', 'PMD', 'PTE'],
  4: ['PGD', 'PUD', 'PMD', 'PTE'],
  5: ['PGD', 'P4D', 'PUD', 'PMD', 'PTE'],
};

function overview({ machine, totals }: ShownMachine, { addressSpace }: AddressSpaceShape): SpaceOverview {
  const { space, mapping } = machine;
  const { levels, pageSizeBytes, vaBits } = space.geometry;
  const { linear, modules, vmalloc, chunks, window } = space.regions;
  const names = LEVEL_NAMES[levels.length] ?? [];
  return {
    pageSizeBytes,
    vaBits,
    levels: levels.map(({ entries, spanBytes }, level) => ({
      name: names[level] ?? `level ${level}`,
      entries,
      spanBytes,
      tableBytes: level === 0 ? space.pgdBytes : pageSizeBytes,
    })),
    regionEnds: {
      linear: linear.end,
      modules: modules.end,
      vmalloc: vmalloc.end,
      chunks: chunks.end,
      window: window.end,
      top: 2 ** vaBits,
    },
    hasWindow: addressSpace.window !== 'none',
    cpusWithTables: cpusOf(machine).filter((cpu) => mapping.hasWindow(cpu)).length,
    moments: totals,
    tlb: { sets: space.config.tlb.entries / space.config.tlb.ways, ways: space.config.tlb.ways },
  };
}
