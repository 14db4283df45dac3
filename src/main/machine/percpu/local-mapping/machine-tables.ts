/**
 * Page tables of a machine that allocates: made at boot, found again by every thread, kept for CPUs that come and go.
 *
 *     boot     linear map ─▶ top-level tables ─▶ first chunk, page by page, globally and in every window
 *     online   a CPU's own tables are a hotplug step where they are made for CPUs that run only
 *
 * The tables are those of mapped-machine.ts; this is what ties them to the arena of a whole machine.
 */
import { type Failure, fail, ok, type Result } from '../../../../shared/result.ts';
import { complete, type Cpu, type Suspending } from '../../cpu.ts';
import { LoneCpu } from '../../lone-cpu.ts';
import type { Arena, MachineConfig } from '../../memory/arena.ts';
import { addressRegions } from '../../memory/address-regions.ts';
import type { PageFrames } from '../../memory/page-frames.ts';
import { pageGeometry, type PageGeometry } from '../../memory/page-geometry.ts';
import { type CpuId, cpuId, frameNumber } from '../../units.ts';
import { ChunkRegion } from '../chunks/chunk-region.ts';
import { RegionWords } from '../chunks/region-words.ts';
import type { HotplugStep } from '../hotplug.ts';
import type { PercpuPlan } from '../percpu-plan.ts';
import { MappedMachine } from './mapped-machine.ts';
import { mappingShape } from './mapping-layout.ts';
import { chunkMapping, spaceChoice } from './mapping-plan.ts';

/** Why a machine cannot have the page tables that it is asked to have; undefined when it can, or has none. */
export function tablesRefusal(config: MachineConfig, plan: PercpuPlan): Failure | undefined {
  const { addressSpace } = config;
  if (addressSpace === undefined) return undefined;
  const refuse = (why: string): Failure => fail('bad-input', why, 'machine.addressSpace');
  const geometry = pageGeometry(addressSpace.translation);
  if (geometry.pageSizeBytes !== config.pageSizeBytes) {
    return refuse(`translation ${addressSpace.translation} does not fit pages of ${config.pageSizeBytes} bytes`);
  }
  if (addressSpace.window === 'packed') {
    return refuse('the allocator lays chunks one behind the other, all units of each; a packed window is counted only');
  }
  if (plan.spec.method !== 'page' || plan.cpuOfUnit.some((cpu, unit) => cpu !== unit)) {
    return refuse('a first chunk that is mapped page by page is needed, with a unit per CPU in order');
  }
  const mapping = chunkMapping(addressSpace, plan);
  try {
    addressRegions(geometry, mappingShape(geometry, config.possibleCpus, mapping).ranges);
  } catch {
    return refuse(`${mapping.maxChunks} chunks and their windows do not fit into ${geometry.vaBits} bits`);
  }
  return undefined;
}

/** Frames that the tables take at boot at most: linear map, top-level tables, first chunk and its windows. */
export function tableFramesAtBoot(config: MachineConfig, plan: PercpuPlan): number {
  if (config.addressSpace === undefined) return 0;
  const geometry = pageGeometry(config.addressSpace.translation);
  const { unitBytes } = plan.geometry;
  const pgdFrames = Math.ceil(geometry.pgdBytes / geometry.pageSizeBytes);
  const perCpu = pgdFrames + (config.addressSpace.window === 'none' ? 0 : tablesBelow(geometry, unitBytes));
  const global = tablesBelow(geometry, unitBytes * config.possibleCpus);
  // The linear map consists of blocks but for its end, and begins at a border of all levels.
  return config.possibleCpus * perCpu + global + tablesBelow(geometry, config.memoryBytes);
}

/** Tables of all levels below the top one that a range of so many bytes touches at most. */
function tablesBelow({ levels }: PageGeometry, bytes: number): number {
  return levels.slice(0, -1).reduce((sum, { spanBytes }) => sum + Math.ceil(bytes / spanBytes) + 1, 0);
}

/** Makes the tables of a machine that boots. False when its memory does not hold them. */
export function bootTables(arena: Arena, frames: PageFrames): boolean {
  const { addressSpace } = arena.config;
  if (addressSpace === undefined) return true;
  const cpu = new LoneCpu(cpuId(0));
  const place = { frames, byteOffset: arena.geometry.addressSpace };
  const config = { ...spaceChoice(addressSpace), mapping: chunkMapping(addressSpace, arena.percpu) };
  const mapped = complete(MappedMachine.bootOn(cpu, arena, place, config));
  return mapped !== undefined && complete(mapFirstChunk(cpu, arena, mapped));
}

function* mapFirstChunk(cpu: Cpu, arena: Arena, { mapping }: MappedMachine): Suspending<boolean> {
  const region = ChunkRegion.attach(new RegionWords(arena.buffer), arena.geometry.chunkRegion);
  const chunk = yield* mapping.createChunk(cpu);
  if (chunk !== 0) throw new Error(`the first chunk would be chunk ${String(chunk)} of the mapping`);
  const frameWord = (page: number, unit: number): number => region.words.get(region.firstChunkFrameWord(page, unit));
  for (let page = 0; page < region.layout.pagesPerUnit; page++) {
    if (frameWord(page, 0) === 0) continue;
    if (!(yield* mapping.mapPage(cpu, { chunk, page }, (unit) => frameNumber(frameWord(page, unit) - 1)))) return false;
  }
  return true;
}

/** The tables of a machine that has booted; undefined where it has none. */
export function attachTables(arena: Arena, frames: PageFrames): MappedMachine | undefined {
  if (arena.config.addressSpace === undefined) return undefined;
  return MappedMachine.attachOn(arena, { frames, byteOffset: arena.geometry.addressSpace });
}

/** Tables of a CPU's own, from before it runs until it is dead. CPU 0 keeps the machine's. */
export class OwnTablesStep implements HotplugStep {
  readonly name = 'page tables';
  readonly #mapped: MappedMachine;

  constructor(mapped: MappedMachine) {
    this.#mapped = mapped;
  }

  *prepare(cpu: Cpu, target: CpuId): Suspending<Result<void>> {
    if (yield* this.#mapped.mapping.bringUp(cpu, target)) return ok(undefined);
    return fail('out-of-memory', 'no page frames for page tables of its own');
  }

  *dead(cpu: Cpu, target: CpuId): Suspending<void> {
    if (target !== 0) yield* this.#mapped.mapping.tearDown(cpu, target);
  }
}
