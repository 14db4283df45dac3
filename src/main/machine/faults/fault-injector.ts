/**
 * Faults on purpose: which of the requests that pass a site is refused.
 *
 *     request ─▶ site: the n-th of all CPUs ─┬─ n is a multiple of `every`       ─▶ refused
 *                                            └─ mix(seed, site, n) < the share   ─▶ refused, else as if nobody had asked
 *
 * No part of the machine: its record is a shared buffer of its own, so that an arena with faults is the arena without. All
 * threads of a machine have one record and count in it together; n decides, so that under an engine that always goes the same
 * way the same requests fail. While the record is not armed nothing fails and nothing is counted: boot, layout and the
 * checks at the end go undisturbed.
 *
 * A machine without faults has none of this: `Machine` takes other parts when it is given an injector (failing-parts.ts).
 */
import { FAULT_SITES, type FaultCount, type FaultPlan, type FaultSite } from '../../../shared/fault-profile.ts';

/** Words of the record. Rates and seed are written once; the others by any thread, with Atomics. */
const FaultW = {
  /** 1 while faults are on. */
  armed: 0,
  seed: 1,
  /** Four words for each site. */
  sites: 4,
} as const;

/** Words of a site. */
const SiteW = {
  /** Every so many requests are refused; 0: by chance. */
  every: 0,
  /** Chance in 2^32, unsigned; CERTAIN for all. */
  chance: 1,
  attempts: 2,
  injected: 3,
} as const;
const SITE_WORDS = 4;
const RECORD_BYTES = (FaultW.sites + FAULT_SITES.length * SITE_WORDS) * 4;
/** The largest chance that a word can say: one of four billion requests is spared at 100 %. */
const CERTAIN = 2 ** 32 - 1;

export class FaultInjector {
  /** What other threads make theirs from. */
  readonly record: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** Over a record that `create` has made. */
  constructor(record: SharedArrayBuffer) {
    this.record = record;
    this.#words = new Int32Array(record);
  }

  /** A new record, not armed. */
  static create(plan: FaultPlan): FaultInjector {
    const words = new Int32Array(new SharedArrayBuffer(RECORD_BYTES));
    words[FaultW.seed] = plan.seed ?? 0;
    for (const site of FAULT_SITES) {
      const rate = plan[site];
      if (rate === undefined) continue;
      const first = siteWord(site);
      if ('every' in rate) words[first + SiteW.every] = rate.every;
      else words[first + SiteW.chance] = Math.min(CERTAIN, Math.ceil((rate.percent / 100) * 2 ** 32));
    }
    return new FaultInjector(words.buffer);
  }

  /** Turns the faults on or off for all threads. */
  arm(isOn: boolean): void {
    Atomics.store(this.#words, FaultW.armed, isOn ? 1 : 0);
  }

  /** Whether the request that passes `site` now is to be refused. */
  refuses(site: FaultSite): boolean {
    const first = siteWord(site);
    const every = this.#word(first + SiteW.every);
    const chance = this.#word(first + SiteW.chance) >>> 0;
    if ((every === 0 && chance === 0) || Atomics.load(this.#words, FaultW.armed) === 0) return false;
    const attempt = Atomics.add(this.#words, first + SiteW.attempts, 1) + 1;
    const isRefused =
      every > 0 ? attempt % every === 0 : mixed(mixed(this.#word(FaultW.seed), first), attempt) < chance;
    if (isRefused) Atomics.add(this.#words, first + SiteW.injected, 1);
    return isRefused;
  }

  /** Sites of the plan only. */
  counts(): readonly FaultCount[] {
    return FAULT_SITES.filter((site) => this.#isPlanned(site)).map((site) => ({
      site,
      attempts: Atomics.load(this.#words, siteWord(site) + SiteW.attempts),
      injected: Atomics.load(this.#words, siteWord(site) + SiteW.injected),
    }));
  }

  #isPlanned(site: FaultSite): boolean {
    const first = siteWord(site);
    return this.#word(first + SiteW.every) !== 0 || this.#word(first + SiteW.chance) !== 0;
  }

  #word(index: number): number {
    return this.#words[index] ?? 0;
  }
}

function siteWord(site: FaultSite): number {
  return FaultW.sites + FAULT_SITES.indexOf(site) * SITE_WORDS;
}

/** A number of 32 bits from two, each of whose bits depends on all of theirs (two rounds of multiply and shift). */
function mixed(seed: number, number: number): number {
  let bits = (Math.imul(number, 0x9e3779b1) ^ seed) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
