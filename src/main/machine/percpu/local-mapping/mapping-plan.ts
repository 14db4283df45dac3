/** What mapping a machine's per-CPU chunks asks of its address space and its arena. Pure. */
import type { MappedSpaceConfig } from '../../memory/address-space-config.ts';
import { type AddressSpaceConfig, spaceOffsets } from '../../memory/address-space-layout.ts';
import { pageGeometry } from '../../memory/page-geometry.ts';
import type { PercpuPlan } from '../percpu-plan.ts';
import { type LocalMappingConfig, mappingBytes, mappingShape } from './mapping-layout.ts';

/** The address space but for what follows from the chunks. */
export type SpaceChoice = Pick<AddressSpaceConfig, 'translation' | 'tlb' | 'pgdTakesPage'>;

/** Areas beside the chunks': vmalloc's. */
const OTHER_AREAS = 256;

/** An address space with room for the chunks, the window and other areas. */
export function spaceConfigFor(
  possibleCpus: number,
  choice: SpaceChoice,
  mapping: LocalMappingConfig,
): AddressSpaceConfig {
  const { ranges } = mappingShape(pageGeometry(choice.translation), possibleCpus, mapping);
  const { translation, tlb, pgdTakesPage } = choice;
  return { translation, tlb, pgdTakesPage, maxAreas: mapping.maxChunks + OTHER_AREAS, ...ranges };
}

/** Bytes of the address space's region and, behind it, of the mapping's; a multiple of 256. */
export function mappedRegionBytes(possibleCpus: number, choice: SpaceChoice, mapping: LocalMappingConfig): number {
  const space = spaceOffsets(possibleCpus, spaceConfigFor(possibleCpus, choice, mapping));
  return space.totalBytes + mappingBytes(mapping.maxChunks);
}

/** A machine's own TLBs: one per CPU, whole pages for top-level tables that need one. */
export function spaceChoice({ translation, tlb }: MappedSpaceConfig): SpaceChoice {
  return { translation, tlb: { ...tlb, cpusPerTlb: 1, isTagged: false }, pgdTakesPage: false };
}

/** The mapping of an allocator's chunks: chunk 0 is the first chunk, both its parts; chunk n is the allocator's n + 1. */
export function chunkMapping(
  { window, tablesFor }: MappedSpaceConfig,
  { geometry, capacity }: PercpuPlan,
): LocalMappingConfig {
  return { window, tablesFor, firstChunk: 'page', unitBytes: geometry.unitBytes, maxChunks: capacity.maxChunks - 1 };
}
