/**
 * Memory by kind: which page frames belong together in pictures, and every column of the table.
 *
 *   usedBytes = pool + slot tables + per-CPU area + other      (the picture: disjoint, adds up)
 *
 * Buffers, work memory and I/O buffers are frames of their own kinds; the picture has them among the others, because
 * their peaks are not of one moment and they are thin beside a pool. The table has a column for each.
 */
import type { Design } from '../../shared/design.ts';
import { isMemoryMeasured } from '../../shared/measured-figures.ts';
import type { MemoryFigures } from '../../shared/run-record.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import type { GlossaryTerm } from './glossary.ts';

/** A disjoint part of the used page frames. */
export interface MemoryKind {
  readonly title: string;
  readonly term: GlossaryTerm;
  readonly token: keyof ThemeTokens;
  /** Bytes of this kind. */
  readonly bytes: (memory: MemoryFigures) => number;
}

/** The parts of `usedBytes`, bottom of the stack first. */
export const MEMORY_KINDS: readonly MemoryKind[] = [
  { title: 'pool', term: 'pool', token: 'memoryPool', bytes: (memory) => memory.poolBytes },
  { title: 'slot tables', term: 'slotTable', token: 'memorySlotTable', bytes: (memory) => memory.slotTableBytes },
  { title: 'per-CPU area', term: 'percpuArea', token: 'memoryPercpu', bytes: (memory) => memory.percpuAreaBytes },
  { title: 'other', term: 'otherMemory', token: 'memoryOther', bytes: otherBytes },
];

/** The kinds that somebody measured under one of `designs`: of the kernel alone, the pool. */
export function measuredKinds(designs: readonly Design[]): readonly MemoryKind[] {
  const isKernelAlone = designs.length > 0 && designs.every((design) => !isMemoryMeasured(design, 'usedBytes'));
  return isKernelAlone ? MEMORY_KINDS.slice(0, 1) : MEMORY_KINDS;
}

/** Used page frames of no other kind; at peak, where columns peak on their own, never below 0. */
export function otherBytes(memory: MemoryFigures): number {
  return Math.max(0, memory.usedBytes - memory.poolBytes - memory.slotTableBytes - memory.percpuAreaBytes);
}

/** One row of the memory table. */
export interface MemoryColumn {
  readonly key: keyof MemoryFigures;
  readonly title: string;
  readonly term: GlossaryTerm;
}

/** Every column of `MemoryFigures`, in the order of the table. */
export const MEMORY_COLUMNS: readonly MemoryColumn[] = [
  { key: 'originalBytes', title: 'original data', term: 'original' },
  { key: 'compressedBytes', title: 'compressed', term: 'compressed' },
  { key: 'poolBytes', title: 'pool', term: 'pool' },
  { key: 'bufferBytes', title: 'buffers', term: 'buffers' },
  { key: 'workMemoryBytes', title: 'work memory', term: 'workMemory' },
  { key: 'percpuAreaBytes', title: 'per-CPU area', term: 'percpuArea' },
  { key: 'slotTableBytes', title: 'slot tables', term: 'slotTable' },
  { key: 'ioBufferBytes', title: 'I/O buffers', term: 'ioBuffers' },
  { key: 'usedBytes', title: 'all in use', term: 'used' },
];

/** Entries of a legend, hatched as `memoryDecal` hatches the chart. */
export function memoryKey(kinds: readonly MemoryKind[] = MEMORY_KINDS) {
  const hatches = [undefined, 'rising', 'falling', 'level'] as const;
  return kinds.map(({ title, term, token }, index) => ({ title, term, token, hatch: hatches[index] }));
}
