/** How an object is drawn: a colour for the first call sites, and a letter, so that colour is not all that tells them apart. */
import { NO_CALL_SITE } from '../../shared/percpu-picture.ts';
import type { ThemeTokens } from '../theme/tokens.ts';

const SITE_TOKENS = ['site1', 'site2', 'site3', 'site4', 'site5', 'site6', 'site7', 'site8'] as const;

/** Call sites that have a look of their own. */
export const SITES_WITH_LOOK = SITE_TOKENS.length;

export interface SiteLook {
  readonly token: keyof ThemeTokens;
  /** One character. */
  readonly letter: string;
}

const OTHERS: SiteLook = { token: 'siteOther', letter: '·' };
const UNKNOWN: SiteLook = { token: 'partStatic', letter: '?' };

/** The look of call site number `site` of a picture. */
export function siteLook(site: number): SiteLook {
  if (site === NO_CALL_SITE) return UNKNOWN;
  const token = SITE_TOKENS[site];
  return token === undefined ? OTHERS : { token, letter: String.fromCharCode(65 + site) };
}

/** One line of the legend: who, how many objects and bytes of the chunk. */
export interface SiteEntry {
  readonly title: string;
  readonly look: SiteLook;
  readonly objects: number;
  readonly bytes: number;
}

/** Who has objects in a chunk: sites with a look in their order, then all others, then objects that nobody knows. */
export function siteEntries(
  columns: { readonly callSite: Uint16Array; readonly sizeBytes: Int32Array },
  names: readonly string[],
  unknownTitle: string,
): readonly SiteEntry[] {
  const entries = new Map<string, { title: string; look: SiteLook; objects: number; bytes: number; order: number }>();
  for (const [index, site] of columns.callSite.entries()) {
    const look = siteLook(site);
    const entry = entries.get(look.letter) ?? {
      title: titleOf(site, names, unknownTitle),
      look,
      objects: 0,
      bytes: 0,
      order: Math.min(site, SITES_WITH_LOOK) + (site === NO_CALL_SITE ? 1 : 0),
    };
    entry.objects += 1;
    entry.bytes += columns.sizeBytes[index] ?? 0;
    entries.set(look.letter, entry);
  }
  return [...entries.values()].sort((a, b) => a.order - b.order);
}

function titleOf(site: number, names: readonly string[], unknownTitle: string): string {
  if (site === NO_CALL_SITE) return unknownTitle;
  return site < SITES_WITH_LOOK ? (names[site] ?? '') : 'all other call sites';
}
