/** How tables and what their entries lead to are told apart: colour, pattern and word. */
import { ENTRY_LETTERS, type TableNode } from '../../shared/address-space-contract.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import type { GlossaryTerm } from '../words/glossary.ts';

export interface TableLook {
  readonly title: string;
  readonly token: keyof ThemeTokens;
  readonly hatch?: 'rising' | 'falling' | 'level' | undefined;
  readonly term: GlossaryTerm;
}

export const TABLE_LOOKS: Readonly<Record<TableNode['kind'] | 'frame' | 'block', TableLook>> = {
  pgd: { title: 'top-level table of this CPU', token: 'site4', hatch: 'level', term: 'tablePgd' },
  private: { title: 'private to this CPU', token: 'site2', hatch: 'rising', term: 'tablePrivate' },
  shared: { title: 'shared by all CPUs', token: 'site1', term: 'tableShared' },
  frame: { title: 'page frame', token: 'site3', hatch: 'falling', term: 'tableFrames' },
  block: { title: 'block of frames', token: 'site7', term: 'tableBlock' },
};

/** Of a letter of a strip; undefined for an empty entry. */
export function letterLook(letter: string): TableLook | undefined {
  switch (letter) {
    case ENTRY_LETTERS.private:
      return TABLE_LOOKS.private;
    case ENTRY_LETTERS.shared:
      return TABLE_LOOKS.shared;
    case ENTRY_LETTERS.page:
      return TABLE_LOOKS.frame;
    case ENTRY_LETTERS.block:
      return TABLE_LOOKS.block;
    default:
      return undefined;
  }
}
