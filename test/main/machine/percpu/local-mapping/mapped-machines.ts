/** Machines with page tables, booted for real. */
import { complete } from '../../../../../src/main/machine/cpu.ts';
import { LoneCpu } from '../../../../../src/main/machine/lone-cpu.ts';
import {
  MappedMachine,
  type MappedMachineConfig,
} from '../../../../../src/main/machine/percpu/local-mapping/mapped-machine.ts';
import type { LocalMappingConfig } from '../../../../../src/main/machine/percpu/local-mapping/mapping-layout.ts';
import { cpuId } from '../../../../../src/main/machine/units.ts';

const KIB = 1024;

/** Runs computations on CPU 0 to their ends; nobody contends with it. */
export const bootCpu = new LoneCpu(cpuId(0));

type Changes = Partial<Omit<MappedMachineConfig, 'mapping'>> & { readonly mapping?: Partial<LocalMappingConfig> };

/** Four CPUs, 4 MiB, units of two pages, up to four chunks in a same-offset window, unless said otherwise. */
export function mappedConfig(changes: Changes = {}): MappedMachineConfig {
  const possibleCpus = changes.possibleCpus ?? 4;
  return {
    possibleCpus,
    onlineCpus: possibleCpus,
    translation: '4k-48',
    memoryBytes: 4096 * KIB,
    tlb: { entries: 16, ways: 4, cpusPerTlb: 1, isTagged: false },
    pgdTakesPage: false,
    ...changes,
    mapping: {
      window: 'same-offset',
      firstChunk: 'page',
      tablesFor: 'possible',
      unitBytes: 8 * KIB,
      maxChunks: 4,
      ...changes.mapping,
    },
  };
}

/** Throws when its memory does not hold its tables. */
export function bootMapped(changes: Changes = {}): MappedMachine {
  const config = mappedConfig(changes);
  const buffer = new SharedArrayBuffer(MappedMachine.bytesFor(config));
  const machine = complete(MappedMachine.boot(bootCpu, buffer, config));
  if (machine === undefined) throw new Error('the machine has too little memory for its tables');
  return machine;
}

/** A further chunk with all its pages; throws when there is no room. */
export function addChunk(machine: MappedMachine): number {
  const chunk = complete(machine.addChunk(bootCpu, unitPages(machine)));
  if (chunk === undefined) throw new Error('no room for a chunk');
  return chunk;
}

export function removeChunk(machine: MappedMachine, chunk: number): void {
  complete(machine.removeChunk(bootCpu, chunk, unitPages(machine)));
}

function unitPages(machine: MappedMachine): number {
  return machine.mapping.config.unitBytes / machine.arena.config.pageSizeBytes;
}
