/**
 * How a profile says what the page tables of its machine are like, and where its local mapping lies. Sizes in bytes.
 */
import * as v from 'valibot';
import { FIRST_CHUNKS, TABLES_FOR, TRANSLATIONS, type Translation, WINDOW_LAYOUTS } from './address-space.ts';
import { wholeNumber } from './whole-number.ts';

const KIB = 1024;

export const ADDRESS_SPACE_LIMITS = {
  unitBytes: { min: 64 * KIB, max: 4096 * KIB },
  tlbEntries: { min: 1, max: 4096 },
  tlbWays: { min: 1, max: 64 },
} as const;

function oneOf<const T extends readonly string[]>(what: string, names: T) {
  return v.picklist(names, `${what} must be one of ${names.join(', ')}`);
}

export const translationSchema = oneOf('Translation', TRANSLATIONS);
export const windowSchema = oneOf('Window', WINDOW_LAYOUTS);

export const addressSpaceSchema = v.strictObject({
  translation: translationSchema,
  window: windowSchema,
  firstChunk: oneOf('First chunk', FIRST_CHUNKS),
  tablesFor: oneOf('Tables for', TABLES_FOR),
  /** One CPU's part of a chunk; pages of every translation fit into it a whole number of times. */
  unitBytes: v.pipe(
    wholeNumber(ADDRESS_SPACE_LIMITS.unitBytes, 'Unit (bytes)'),
    v.multipleOf(64 * KIB, 'Unit (bytes) must be a multiple of 65536'),
  ),
  /** Of each CPU. */
  tlb: v.pipe(
    v.strictObject({
      entries: wholeNumber(ADDRESS_SPACE_LIMITS.tlbEntries, 'TLB entries'),
      ways: wholeNumber(ADDRESS_SPACE_LIMITS.tlbWays, 'TLB ways'),
    }),
    v.forward(
      v.check(
        ({ entries, ways }) => Number.isInteger(Math.log2(entries / ways)),
        'TLB entries must be a power of two times the ways',
      ),
      ['entries'],
    ),
  ),
});

export type AddressSpaceSettings = v.InferOutput<typeof addressSpaceSchema>;

/** Of a machine whose profile does not say. */
export function usualAddressSpace(pageSizeBytes: number): AddressSpaceSettings {
  return {
    translation: USUAL_TRANSLATION.get(pageSizeBytes) ?? '4k-48',
    window: 'same-offset',
    firstChunk: 'page',
    tablesFor: 'possible',
    unitBytes: 192 * KIB,
    tlb: { entries: 64, ways: 4 },
  };
}

/** Page size of a translation: the number in front of its name. */
export function pageBytesOf(translation: Translation): number {
  return Number.parseInt(translation, 10) * KIB;
}

/** What kernels of these page sizes are usually built with. */
const USUAL_TRANSLATION: ReadonlyMap<number, Translation> = new Map([
  [4 * KIB, '4k-48'],
  [16 * KIB, '16k-47'],
  [64 * KIB, '64k-52'],
]);
