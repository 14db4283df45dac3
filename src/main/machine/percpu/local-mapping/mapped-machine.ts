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
import type { TlbConfig } from '../../memory/address-space-layout.ts';
import { AddressSpace } from '../../memory/address-space.ts';
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
import type { LocalMappingConfig } from './mapping-layout.ts';
import { mappedRegionBytes, spaceConfigFor, type SpaceChoice } from './mapping-plan.ts';

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

/** Where a machine's page tables are kept track of. */
interface MappedPlace {
  readonly frames: PageFrames;
  /** A multiple of 256. */
  readonly byteOffset: number;
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

export class MappedMachine {
  readonly arena: Arena;
  readonly frames: PageFrames;
  readonly space: AddressSpace;
  readonly tables: PageTables;
  readonly mappings: KernelMappings;
  readonly mapping: LocalMapping;
  readonly pages: MappedPages;

  private constructor(space: AddressSpace, frames: PageFrames, makeMapping: (machine: MappedMachine) => LocalMapping) {
    this.arena = space.arena;
    this.space = space;
    this.frames = frames;
    this.tables = new PageTables(space, frames);
    this.mappings = new KernelMappings(space, this.tables, frames);
    this.mapping = makeMapping(this);
    this.pages = new MappedPages(this);
  }

  /** Bytes of the buffer of such a machine. */
  static bytesFor(config: MappedMachineConfig): number {
    const region = mappedRegionBytes(config.possibleCpus, config, config.mapping);
    return spaceStart(Arena.bytesFor(arenaConfig(config))) + region;
  }

  /** Makes a machine over a buffer of at least `bytesFor` bytes, all zero; undefined when its memory does not hold its tables. */
  static *boot(
    cpu: Cpu,
    buffer: SharedArrayBuffer,
    config: MappedMachineConfig,
  ): Suspending<MappedMachine | undefined> {
    const arena = Arena.format(buffer, arenaConfig(config));
    const frames = new PageFrames(arena);
    // A frame number is never 0, as on every machine.
    if (frames.takeAtBoot(1, FrameKind.reserved) === undefined) return undefined;
    const place = { frames, byteOffset: spaceStart(arena.geometry.totalBytes) };
    const machine = yield* MappedMachine.bootOn(cpu, arena, place, config);
    if (machine !== undefined) arena.seal();
    return machine;
  }

  /**
   * Gives a machine that boots its page tables: linear map, top-level tables, no chunk yet. The region of
   * `mappedRegionBytes` begins at `byteOffset`. Undefined when its memory does not hold them; it is good for nothing then.
   */
  static *bootOn(
    cpu: Cpu,
    arena: Arena,
    { frames, byteOffset }: MappedPlace,
    { mapping, ...choice }: SpaceChoice & { readonly mapping: LocalMappingConfig },
  ): Suspending<MappedMachine | undefined> {
    const config = spaceConfigFor(arena.config.possibleCpus, choice, mapping);
    const space = AddressSpace.format(arena, byteOffset, config);
    const machine = new MappedMachine(space, frames, (parts) =>
      LocalMapping.format(parts, mappingStart(space), mapping),
    );
    const isMade = (yield* machine.mappings.boot(cpu)) && (yield* machine.mapping.boot(cpu));
    return isMade ? machine : undefined;
  }

  /** The machine that another thread has booted over the buffer. Throws when there is none. */
  static attach(buffer: SharedArrayBuffer): MappedMachine {
    const arena = Arena.attach(buffer);
    return MappedMachine.attachOn(arena, {
      frames: new PageFrames(arena),
      byteOffset: spaceStart(arena.geometry.totalBytes),
    });
  }

  /** The tables that `bootOn` has made. Throws when there are none at `byteOffset`. */
  static attachOn(arena: Arena, { frames, byteOffset }: MappedPlace): MappedMachine {
    const space = AddressSpace.attach(arena, byteOffset);
    return new MappedMachine(space, frames, (parts) => LocalMapping.attach(parts, mappingStart(space)));
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

function spaceStart(arenaBytes: number): number {
  return roundUp(arenaBytes, 256);
}

function mappingStart(space: AddressSpace): number {
  return space.base * 4 + space.offsets.totalBytes;
}
