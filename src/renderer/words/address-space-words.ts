/** Sentences and short words about page tables, places in the address space and translations. */
import type {
  AddressPlace,
  AddressTranslation,
  EntryDetail,
  SpaceOverview,
  SpaceRegion,
  TableNode,
  TlbEntry,
  TlbSharing,
} from '../../shared/address-space-contract.ts';
import { printAddress } from '../../shared/address-space.ts';
import { assertUnreachable } from '../../shared/result.ts';
import { formatBytes } from '../format/bytes.ts';
import { hex } from '../format/hex.ts';
import { formatCount, formatCounted } from '../format/number.ts';

export const REGION_WORDS: Readonly<Record<SpaceRegion, string>> = {
  linear: 'linear map',
  modules: 'modules',
  vmalloc: 'vmalloc',
  chunks: 'global units',
  window: 'local window',
  top: 'fixed maps',
};

export const TLB_SHARING_WORDS: Readonly<Record<TlbSharing, string>> = {
  own: 'one per CPU',
  'smt-untagged': 'two CPUs share one, no tags',
  'smt-tagged': 'two CPUs share one, tagged',
};

/** What lies at an address. */
export function placeWords(place: AddressPlace): string {
  switch (place.kind) {
    case 'linear':
      return `frame ${place.frame} in the linear map`;
    case 'unit':
      return `byte ${hex(place.byte)} of CPU ${place.cpu}’s unit of chunk ${place.chunk}, at its global address`;
    case 'window':
      return `byte ${hex(place.byte)} of the running CPU’s own unit of chunk ${place.chunk}, in the local window`;
    case 'nothing':
      return `nothing: unused address space (${REGION_WORDS[place.region]})`;
    default:
      return assertUnreachable(place);
  }
}

/** Who walks through a table. */
export function walkersWords({ kind, walkers }: Pick<TableNode, 'kind' | 'walkers'>, cpus: number): string {
  if (cpus === 1) return 'of the only CPU';
  if (walkers === cpus) return `shared by all ${cpus} CPUs`;
  if (walkers === 1) return kind === 'pgd' ? 'this CPU’s own' : 'private to this CPU';
  return `walked by ${walkers} of ${cpus} CPUs`;
}

/** `PTE, local window` or `240 PTE tables, global units`. */
export function tableName(
  node: Pick<TableNode, 'path' | 'region'> & { readonly tables?: number },
  space: SpaceOverview,
): string {
  const level = space.levels[node.path.length]?.name ?? '';
  const what = (node.tables ?? 1) > 1 ? `${node.tables} ${level} tables` : level;
  return node.path.length === 0 ? what : `${what}, ${REGION_WORDS[node.region]}`;
}

/** A table in one line, for hovers and readers. */
export function tableSentence(node: TableNode, space: SpaceOverview, cpus: number): string {
  const entries = (space.levels[node.path.length]?.entries ?? 0) * node.tables;
  return [
    tableName(node, space),
    walkersWords(node, cpus),
    `${formatCount(node.entriesUsed)} of ${formatCounted(entries, 'entry', 'entries')} in use`,
    `covers ${formatBytes(node.end - node.start)} from ${printAddress(space.vaBits, node.start)}`,
  ].join(' · ');
}

/** What an entry leads to. */
export function entryWords(entry: EntryDetail, level: string, nextLevel: string | undefined): string {
  const who = `${level} entry ${entry.index}`;
  switch (entry.kind) {
    case 'table':
      return `${who} → ${nextLevel ?? 'table'} in frame ${entry.frame}`;
    case 'page':
      return `${who} → page frame ${entry.frame}`;
    case 'block':
      return `${who} → block of ${formatBytes(entry.end - entry.start)} from frame ${entry.frame}`;
    default:
      return assertUnreachable(entry.kind);
  }
}

export interface TranslationVerdict {
  readonly tone: 'good' | 'bad' | 'none';
  readonly text: string;
}

/** How an access ended, in one sentence. */
export function translationVerdict(found: AddressTranslation): TranslationVerdict {
  const { cpu, reachedFrame, reachedCpu, meantCpu, tableFrame, place } = found;
  if (reachedFrame === undefined) {
    return { tone: 'none', text: `Page fault on CPU ${cpu}: ${placeWords(place)}. The walk ends at an empty entry.` };
  }
  if (meantCpu !== undefined && reachedCpu !== meantCpu) {
    return { tone: 'bad', text: wrongWords(found) };
  }
  if (reachedFrame !== tableFrame) {
    return { tone: 'bad', text: `Wrong: the TLB leads to frame ${reachedFrame}, the tables to frame ${tableFrame}.` };
  }
  const whose = meantCpu === undefined ? '' : `, CPU ${meantCpu}’s own copy`;
  return { tone: 'good', text: `CPU ${cpu} reaches frame ${reachedFrame}${whose}.` };
}

function wrongWords({ cpu, reachedFrame, reachedCpu, tableFrame, tlb, after }: AddressTranslation): string {
  const reached = `CPU ${cpu} reaches frame ${reachedFrame}, the copy of CPU ${reachedCpu ?? '?'}`;
  if (tlb.kind === 'hit' && reachedFrame !== tableFrame) {
    const others = after.cpus.filter((other) => other !== cpu).map((other) => `CPU ${other}`);
    return `Wrong data: ${reached}; its own is frame ${tableFrame}. The entry was filled by ${others.join(', ')}, which shares this TLB, and nothing in it says so.`;
  }
  return `Wrong data: ${reached}. It has no tables of its own and walks CPU 0’s, so it must not use the window.`;
}

/** What the TLB did; the sentence begins with “TLB”. */
export function tlbWords({ tlb, after }: AddressTranslation, vaBits: number): string {
  const where = `set ${tlb.set}${tlb.way === undefined ? '' : `, way ${tlb.way}`} of ${after.sets} × ${after.ways}`;
  if (tlb.kind === 'hit') return `hit in ${where}: no table was read.`;
  if (tlb.way === undefined) return `miss in set ${tlb.set}: the tables were walked, nothing was entered.`;
  const thrown = tlb.evicted === undefined ? 'an empty way' : `the place of ${evictedWords(tlb.evicted, vaBits)}`;
  return `miss in ${where}: the tables were walked, and the result took ${thrown}.`;
}

function evictedWords({ address, frame, cpu }: TlbEntry, vaBits: number): string {
  return `${printAddress(vaBits, address)} → frame ${frame}, which CPU ${cpu} had filled`;
}
