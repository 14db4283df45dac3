/** Who allocates what: the table of call sites with number, size and total. */
import type { CallSiteRow } from '../../../shared/replay-report.ts';

const UNKNOWN = 'unknown';
/** Call sites beyond so many share a row: sites are remembered per object in 16 bits. */
const MOST_SITES = 65_000;
const OTHERS = 'other call sites';

interface SiteCounts {
  readonly callSite: string;
  allocations: number;
  totalBytes: number;
  /** −1: sizes differ. */
  sizeBytes: number;
  live: number;
}

export class CallSiteTable {
  readonly #numbers = new Map<string, number>();
  readonly #sites: SiteCounts[] = [];

  /** Counts an allocation; answers with the number of its call site. */
  allocated(callSite: string | undefined, sizeBytes: number): number {
    const number = this.#numberOf(callSite ?? UNKNOWN);
    const site = this.#sites[number];
    if (site === undefined) throw new Error(`call site ${number} is not in the table`);
    if (site.allocations === 0) site.sizeBytes = sizeBytes;
    else if (site.sizeBytes !== sizeBytes) site.sizeBytes = -1;
    site.allocations += 1;
    site.totalBytes += sizeBytes;
    site.live += 1;
    return number;
  }

  freed(number: number): void {
    const site = this.#sites[number];
    if (site !== undefined) site.live -= 1;
  }

  /** Names by number. */
  names(): readonly string[] {
    return this.#sites.map(({ callSite }) => callSite);
  }

  /** Numbers, the biggest total first. */
  ranking(): readonly number[] {
    const total = (number: number): number => this.#sites[number]?.totalBytes ?? 0;
    return [...this.#sites.keys()].sort((a, b) => total(b) - total(a));
  }

  /** Rows, the biggest total first. */
  rows(): readonly CallSiteRow[] {
    const all = this.#sites.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
    return this.#sites
      .map((site) => ({
        callSite: site.callSite,
        allocations: site.allocations,
        sizeBytes: site.sizeBytes < 0 ? undefined : site.sizeBytes,
        totalBytes: site.totalBytes,
        share: site.totalBytes / all,
        live: site.live,
      }))
      .sort((a, b) => b.totalBytes - a.totalBytes);
  }

  #numberOf(callSite: string): number {
    const known = this.#numbers.get(callSite);
    if (known !== undefined) return known;
    if (this.#sites.length >= MOST_SITES && callSite !== OTHERS) return this.#numberOf(OTHERS);
    const number = this.#sites.length;
    this.#numbers.set(callSite, number);
    this.#sites.push({ callSite, allocations: 0, totalBytes: 0, sizeBytes: 0, live: 0 });
    return number;
  }
}
