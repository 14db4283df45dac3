/** What is chosen of an address space, and how a machine that has one keeps it in its arena's header. */
import {
  TABLES_FOR,
  type TablesFor,
  type Translation,
  TRANSLATIONS,
  WINDOW_LAYOUTS,
  type WindowLayout,
} from '../../../shared/address-space.ts';

/**
 * The page tables of a machine whose per-CPU chunks are mapped. Absent: per-CPU memory is found through frame maps alone, and
 * there are no tables.
 */
export interface MappedSpaceConfig {
  readonly translation: Translation;
  /** `none`: all CPUs walk the same tables. */
  readonly window: WindowLayout;
  readonly tablesFor: TablesFor;
  /** Of each CPU's own TLB: `entries` a power of two times `ways`. */
  readonly tlb: { readonly entries: number; readonly ways: number };
}

/** Header words of a configuration. */
const MAPPED_SPACE_WORDS = 5;

/** The header words of a configuration, the first one 0 where there is none. */
export function mappedSpaceToWords(config: MappedSpaceConfig | undefined): readonly number[] {
  if (config === undefined) return Array.from({ length: MAPPED_SPACE_WORDS }, () => 0);
  return [
    TRANSLATIONS.indexOf(config.translation) + 1,
    WINDOW_LAYOUTS.indexOf(config.window),
    TABLES_FOR.indexOf(config.tablesFor),
    config.tlb.entries,
    config.tlb.ways,
  ];
}

/** Reads a configuration from its header words. Throws for names that this version does not have. */
export function mappedSpaceFromWords(word: (index: number) => number): MappedSpaceConfig | undefined {
  if (word(0) === 0) return undefined;
  const translation = TRANSLATIONS[word(0) - 1];
  const window = WINDOW_LAYOUTS[word(1)];
  const tablesFor = TABLES_FOR[word(2)];
  if (translation === undefined || window === undefined || tablesFor === undefined) {
    throw new Error('the header names no page tables of this version');
  }
  return { translation, window, tablesFor, tlb: { entries: word(3), ways: word(4) } };
}
