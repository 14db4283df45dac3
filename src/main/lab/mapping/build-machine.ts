/** Machines with page tables for counting: booted over a buffer of their own, with chunks mapped and never written to. */
import type { Translation, WindowLayout } from '../../../shared/address-space.ts';
import type { MappingProfile } from '../../../shared/mapping-profile.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { complete } from '../../machine/cpu.ts';
import { FrameKind } from '../../machine/memory/arena-layout.ts';
import { pageGeometry } from '../../machine/memory/page-geometry.ts';
import { MappedMachine, type MappedMachineConfig } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId } from '../../machine/units.ts';
import { LoneCpu } from '../../machine/lone-cpu.ts';

/** What is different from the profile's machine. */
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
  { machine, workload }: MappingProfile,
  variant: MachineVariant = {},
  onlineCpus?: number,
): Result<MappedMachine> {
  const possibleCpus = variant.cpus ?? machine.possibleCpus;
  const translation = variant.translation ?? machine.translation;
  const maxChunks = workload.chunksAtRest + workload.chunksAdded;
  const { pageSizeBytes } = pageGeometry(translation);
  const tables = possibleCpus * (maxChunks + SPARE_TABLES) + 1024;
  const config: MappedMachineConfig = {
    possibleCpus,
    onlineCpus: onlineCpus ?? possibleCpus,
    translation,
    memoryBytes: maxChunks * possibleCpus * machine.unitBytes + tables * pageSizeBytes,
    tlb: { ...machine.tlb, cpusPerTlb: 1, isTagged: false },
    pgdTakesPage: false,
    mapping: {
      window: variant.window ?? machine.window,
      firstChunk: machine.firstChunk,
      tablesFor: onlineCpus === undefined ? machine.tablesFor : 'online',
      unitBytes: machine.unitBytes,
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
      `this host cannot give the machine ${bytes} bytes in one piece`,
      'machine.possibleCpus',
    );
  }
}
