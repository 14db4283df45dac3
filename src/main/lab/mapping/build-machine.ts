/** Machines with page tables for counting: booted over a buffer of their own, with chunks mapped and never written to. */
import type { AddressSpaceSettings } from '../../../shared/address-space-settings.ts';
import type { Translation, WindowLayout } from '../../../shared/address-space.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { TableCounting } from '../../../shared/this-cpu-profile.ts';
import { complete } from '../../machine/cpu.ts';
import { FrameKind } from '../../machine/memory/arena-layout.ts';
import { pageGeometry } from '../../machine/memory/page-geometry.ts';
import { MappedMachine, type MappedMachineConfig } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId } from '../../machine/units.ts';
import { LoneCpu } from '../../machine/lone-cpu.ts';

/** What is counted, on which machine. */
export interface CountingTask {
  readonly addressSpace: AddressSpaceSettings;
  readonly counting: TableCounting;
}

/** What is different from the task's machine. */
export interface MachineVariant {
  readonly translation?: Translation;
  readonly window?: WindowLayout;
  readonly cpus?: number;
}

/** Frames beside the units': tables, at most a PTE page per CPU and chunk and three levels above. */
const SPARE_TABLES = 16;

/** Runs computations of machine code to their ends. */
export const countingCpu = new LoneCpu(cpuId(0));

/** Errors: 'out-of-memory' when the host does not give the buffer. */
export function buildMachine(
  { addressSpace, counting }: CountingTask,
  variant: MachineVariant = {},
  onlineCpus?: number,
): Result<MappedMachine> {
  const possibleCpus = variant.cpus ?? counting.cpus;
  const translation = variant.translation ?? addressSpace.translation;
  const maxChunks = counting.chunksAtRest + counting.chunksAdded;
  const { pageSizeBytes } = pageGeometry(translation);
  const tables = possibleCpus * (maxChunks + SPARE_TABLES) + 1024;
  const config: MappedMachineConfig = {
    possibleCpus,
    onlineCpus: onlineCpus ?? possibleCpus,
    translation,
    memoryBytes: maxChunks * possibleCpus * addressSpace.unitBytes + tables * pageSizeBytes,
    tlb: { ...addressSpace.tlb, cpusPerTlb: 1, isTagged: false },
    pgdTakesPage: false,
    mapping: {
      window: variant.window ?? addressSpace.window,
      firstChunk: addressSpace.firstChunk,
      tablesFor: onlineCpus === undefined ? addressSpace.tablesFor : 'online',
      unitBytes: addressSpace.unitBytes,
      maxChunks,
    },
  };
  const buffer = allocate(MappedMachine.bytesFor(config));
  if (!buffer.ok) return buffer;
  const booted = complete(MappedMachine.boot(countingCpu, buffer.value, config));
  if (booted === undefined || !adoptFirstChunk(booted)) {
    throw new Error('the memory that was worked out does not hold the tables');
  }
  return ok(booted);
}

/** Where the first chunk is an embedded one: its units in one piece of memory. */
function adoptFirstChunk({ mapping, frames, arena }: MappedMachine): boolean {
  if (mapping.config.firstChunk === 'page') return true;
  const pages = (mapping.config.unitBytes / arena.config.pageSizeBytes) * arena.config.possibleCpus;
  const first = frames.takeAtBoot(pages, FrameKind.percpu);
  return first !== undefined && complete(mapping.adoptFirstChunk(countingCpu, first));
}

/** Maps chunks, all pages populated, until there are so many. */
export function growTo(machine: MappedMachine, chunks: number): void {
  const pages = machine.mapping.config.unitBytes / machine.arena.config.pageSizeBytes;
  while (machine.mapping.chunks().length < chunks) {
    if (complete(machine.addChunk(countingCpu, pages)) === undefined) {
      throw new Error('the memory that was worked out does not hold the chunks');
    }
  }
}

function allocate(bytes: number): Result<SharedArrayBuffer> {
  try {
    return ok(new SharedArrayBuffer(bytes));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail(
      'out-of-memory',
      `this host cannot give the counted machine ${bytes} bytes in one piece`,
      'workload.counting.cpus',
    );
  }
}
