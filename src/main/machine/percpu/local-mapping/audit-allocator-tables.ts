/**
 * Checks the page tables of a machine that allocates against what its allocator gave out.
 *
 *     frame map of the chunk region ──▶ page of a unit: frame, or none
 *     a CPU's own walk              ──▶ the same, by the global address of its unit and, where it has one, through its window
 *
 * What the tables must be among themselves is audit-mapping.ts's. At rest, since it takes no lock.
 */
import { type CpuId, cpuId, type FrameNumber, frameNumber } from '../../units.ts';
import type { ChunkRegion } from '../chunks/chunk-region.ts';
import { auditMapping } from './audit-mapping.ts';
import type { MappedMachine } from './mapped-machine.ts';
import { wrongMappingWords } from './wrong-mapping.ts';

/** What is wrong, a sentence each, what the allocator says first; empty when the tables map what they must and nothing else. */
export function auditAllocatorTables(region: ChunkRegion, mapped: MappedMachine): readonly string[] {
  const faults: string[] = [];
  for (let chunk = 0; chunk < region.capacity.maxChunks - 1; chunk++) {
    for (let page = 0; page < region.layout.pagesPerUnit; page++) {
      for (let cpu = 0; cpu < mapped.arena.config.possibleCpus; cpu++) {
        faults.push(...auditPage(mapped, { chunk, page, cpu: cpuId(cpu) }, frameOf(region, chunk, page, cpu)));
      }
    }
  }
  return [...faults, ...auditMapping(mapped)];
}

/** What the allocator has there. Chunk 0 of the mapping is the first chunk, chunk n the allocator's n + 1. */
function frameOf(region: ChunkRegion, chunk: number, page: number, unit: number): FrameNumber | undefined {
  if (chunk > 0 && !region.exists(chunk + 1)) return undefined;
  const word = chunk === 0 ? region.firstChunkFrameWord(page, unit) : region.frameWord(chunk + 1, page, unit);
  const stored = region.words.get(word);
  return stored === 0 ? undefined : frameNumber(stored - 1);
}

function auditPage(
  { mapping, space, tables }: MappedMachine,
  { chunk, page, cpu }: { readonly chunk: number; readonly page: number; readonly cpu: CpuId },
  expected: FrameNumber | undefined,
): readonly string[] {
  const pointer = mapping.pointer(chunk, page * space.geometry.pageSizeBytes);
  const global = { address: mapping.perCpuPtr(pointer, cpu), place: `page ${page} of chunk ${chunk}, its own unit` };
  const window = { address: mapping.windowPtr(pointer), place: `page ${page} of chunk ${chunk}, in its window` };
  return (mapping.hasWindow(cpu) ? [global, window] : [global]).flatMap(({ address, place }) => {
    const found = tables.walk(space.rootOf(cpu), address)?.frame;
    if (found === expected) return [];
    return [wrongMappingWords(space.geometry.vaBits, { cpu, address, place, found, expected })];
  });
}
