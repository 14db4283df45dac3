/**
 * A machine with page tables, as one thread sees it: CPUs, memory, an address space and per-CPU chunks in both mappings.
 *
 *     buffer   [ arena, no zram device: … page frames ][ address space: TLBs, areas ][ mapping: chunks in use ]
 *
 * Page frames that nobody writes to cost the host nothing: the buffer's pages come into being when they are touched, so a
 * machine of 512 CPUs whose units are mapped and never used takes the host its tables and frame descriptors only.
 */
import type { Translation } from '../../../../shared/address-space.ts';
import type { Cpu, Suspending } from '../../cpu.ts';
import { AddressSpace, type AddressSpaceConfig, type TlbConfig } from '../../memory/address-space.ts';
import { Arena, type MachineConfig } from '../../memory/arena.ts';
import { FrameKind } from '../../memory/arena-layout.ts';
import { KernelMappings } from '../../memory/kernel-mappings.ts';
import { PageFrames } from '../../memory/page-frames.ts';
import { pageGeometry } from '../../memory/page-geometry.ts';
import { PageTables } from '../../memory/page-tables.ts';
import { roundUp } from '../../units.ts';
import type { PercpuConfig } from '../percpu-config.ts';
import { LocalMapping } from './local-mapping.ts';
import { MappedPages } from './mapped-pages.ts';
import { type LocalMappingConfig, mappingBytes, mappingShape } from './mapping-layout.ts';

export interface MappedMachineConfig {
  readonly possibleCpus: number;
  readonly onlineCpus: number;
  readonly translation: Translation;
  /** Page frames × page size. */
  readonly memoryBytes: number;
  readonly tlb: TlbConfig;
  /** See AddressSpaceConfig. */
  readonly pgdTakesPage: boolean;
  readonly mapping: LocalMappingConfig;
}

/** The arena's own per-CPU bookkeeping, as small as can be: chunks are this machine's, and the allocator's are not booted. */
const UNUSED_PERCPU: PercpuConfig = {
  method: 'page',
  otherStaticBytes: 0,
  reservedBytes: 0,
  dynamicRequestBytes: 0,
  earlyDynamicBytes: 0,
  minUnitBytes: 32768,
  atomBytes: 4096,
  limitBytes: 0,
  nodes: 1,
  maxChunks: 2,
  callSites: 0,
};

/** Areas beside the chunks': vmalloc's. */
const OTHER_AREAS = 256;

export class MappedMachine {
  readonly arena: Arena;
  readonly frames: PageFrames;
  readonly space: AddressSpace;
  readonly tables: PageTables;
  readonly mappings: KernelMappings;
  readonly mapping: LocalMapping;
  readonly pages: MappedPages;

  private constructor(space: AddressSpace, makeMapping: (machine: MappedMachine) => LocalMapping) {
    this.arena = space.arena;
    this.space = space;
    this.frames = new PageFrames(space.arena);
    this.tables = new PageTables(space, this.frames);
    this.mappings = new KernelMappings(space, this.tables, this.frames);
    this.mapping = makeMapping(this);
    this.pages = new MappedPages(this);
  }

  /** Bytes of the buffer of such a machine. */
  static bytesFor(config: MappedMachineConfig): number {
    const { possibleCpus } = config;
    const space = AddressSpace.bytesFor(possibleCpus, spaceConfig(config));
    return spaceStart(Arena.bytesFor(arenaConfig(config))) + space + mappingBytes(config.mapping.maxChunks);
  }

  /** Makes a machine over a buffer of at least `bytesFor` bytes, all zero; undefined when its memory does not hold its tables. */
  static *boot(
    cpu: Cpu,
    buffer: SharedArrayBuffer,
    config: MappedMachineConfig,
  ): Suspending<MappedMachine | undefined> {
    const arena = Arena.format(buffer, arenaConfig(config));
    const space = AddressSpace.format(arena, spaceStart(arena.geometry.totalBytes), spaceConfig(config));
    const machine = new MappedMachine(space, (parts) =>
      LocalMapping.format(parts, mappingStart(space), config.mapping),
    );
    // A frame number is never 0, as on every machine.
    if (machine.frames.takeAtBoot(1, FrameKind.reserved) === undefined) return undefined;
    const isMade = (yield* machine.mappings.boot(cpu)) && (yield* machine.mapping.boot(cpu));
    if (!isMade) return undefined;
    arena.seal();
    return machine;
  }

  /** The machine that another thread has booted over the buffer. Throws when there is none. */
  static attach(buffer: SharedArrayBuffer): MappedMachine {
    const arena = Arena.attach(buffer);
    const space = AddressSpace.attach(arena, spaceStart(arena.geometry.totalBytes));
    return new MappedMachine(space, (parts) => LocalMapping.attach(parts, mappingStart(space)));
  }

  /** A further chunk with the first `pages` pages of its units populated; undefined, with nothing taken, when there is no room. */
  *addChunk(cpu: Cpu, pages: number): Suspending<number | undefined> {
    const chunk = yield* this.mapping.createChunk(cpu);
    if (chunk === undefined) return undefined;
    if (yield* this.pages.populate(cpu, chunk, { first: 0, end: pages })) return chunk;
    yield* this.mapping.destroyChunk(cpu, chunk);
    return undefined;
  }

  /** Takes away what `addChunk` gave. */
  *removeChunk(cpu: Cpu, chunk: number, pages: number): Suspending<void> {
    yield* this.pages.depopulate(cpu, chunk, { first: 0, end: pages });
    yield* this.mapping.destroyChunk(cpu, chunk);
  }
}

function arenaConfig(config: MappedMachineConfig): MachineConfig {
  return {
    possibleCpus: config.possibleCpus,
    onlineCpus: config.onlineCpus,
    pageSizeBytes: pageGeometry(config.translation).pageSizeBytes,
    memoryBytes: config.memoryBytes,
    devices: 0,
    diskSizeBytes: 0,
    bufferLayout: 'per-cpu-global',
    percpu: { ...UNUSED_PERCPU, atomBytes: pageGeometry(config.translation).pageSizeBytes },
  };
}

function spaceConfig(config: MappedMachineConfig): AddressSpaceConfig {
  const { ranges } = mappingShape(pageGeometry(config.translation), config.possibleCpus, config.mapping);
  return {
    translation: config.translation,
    tlb: config.tlb,
    pgdTakesPage: config.pgdTakesPage,
    maxAreas: config.mapping.maxChunks + OTHER_AREAS,
    ...ranges,
  };
}

function spaceStart(arenaBytes: number): number {
  return roundUp(arenaBytes, 256);
}

function mappingStart(space: AddressSpace): number {
  return space.base * 4 + space.offsets.totalBytes;
}
