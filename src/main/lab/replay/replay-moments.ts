/**
 * What the chunks looked like at a few dozen moments of a replay, evenly spaced by events: pictures with all objects. When
 * they take too much memory, every second one is given up and the distance is doubled.
 */
import type { ReplayMoment } from '../../../shared/evidence-contract.ts';
import { NO_CALL_SITE, type PercpuPicture, type PictureChunk } from '../../../shared/percpu-picture.ts';

const MOST_MOMENTS = 48;
/** Bytes of all kept columns. */
const MOST_BYTES = 128 * 2 ** 20;

interface KeptMoment {
  readonly moment: ReplayMoment;
  readonly picture: PercpuPicture;
}

export class ReplayMoments {
  #kept: KeptMoment[] = [];
  #step: number;
  #bytes = 0;
  /** Place of a call site, by its number, among all by their totals. */
  #ranks: readonly number[] = [];
  #callSites: readonly string[] = [];

  /** `events` are expected in all. */
  constructor(events: number) {
    this.#step = Math.max(1, Math.ceil(events / MOST_MOMENTS));
  }

  /** Whether the state after so many events is to be added. */
  isDue(events: number): boolean {
    return events % this.#step === 0;
  }

  add(moment: ReplayMoment, picture: PercpuPicture): void {
    if (this.#kept.at(-1)?.moment.events === moment.events) return;
    this.#kept.push({ moment, picture });
    this.#bytes += bytesOf(picture);
    while (this.#bytes > MOST_BYTES && this.#kept.length > 2) this.#thinOut();
  }

  /** Names of call sites by number, and which comes first: known at the end only. */
  nameCallSites(names: readonly string[], ranking: readonly number[]): void {
    const ranks = Array.from({ length: names.length }, () => 0);
    for (const [rank, number] of ranking.entries()) ranks[number] = rank;
    this.#ranks = ranks;
    this.#callSites = ranking.flatMap((number) => names[number] ?? []);
  }

  list(): readonly ReplayMoment[] {
    return this.#kept.map(({ moment }) => moment);
  }

  /** Objects are in the chunk with that key alone, or in the one with most; undefined for no moment of `list`. */
  picture(index: number, key: string | undefined): PercpuPicture | undefined {
    const picture = this.#kept[index]?.picture;
    if (picture === undefined) return undefined;
    const chosen = picture.chunks.find((chunk) => chunk.key === key) ?? fullest(picture.chunks);
    const chunks = picture.chunks.map((chunk) =>
      chunk === chosen ? this.#ranked(chunk) : { ...chunk, objects: undefined },
    );
    return { ...picture, callSites: this.#callSites, chunks };
  }

  #ranked(chunk: PictureChunk): PictureChunk {
    if (chunk.objects === undefined) return chunk;
    const callSite = chunk.objects.callSite.map((number) => this.#ranks[number] ?? NO_CALL_SITE);
    return { ...chunk, objects: { ...chunk.objects, callSite } };
  }

  #thinOut(): void {
    this.#kept = this.#kept.filter((_, index) => index % 2 === 1 || index === 0);
    this.#step *= 2;
    this.#bytes = this.#kept.reduce((sum, { picture }) => sum + bytesOf(picture), 0);
  }
}

function fullest(chunks: readonly PictureChunk[]): PictureChunk | undefined {
  const count = (chunk: PictureChunk): number => chunk.objects?.startBytes.length ?? 0;
  return chunks.reduce<PictureChunk | undefined>(
    (best, chunk) => (best === undefined || count(chunk) > count(best) ? chunk : best),
    undefined,
  );
}

function bytesOf({ chunks }: PercpuPicture): number {
  const columns = chunks.flatMap(({ populated, fill, objects }) => [
    populated,
    fill,
    ...(objects === undefined ? [] : [objects.startBytes, objects.sizeBytes, objects.callSite]),
  ]);
  return columns.reduce((sum, column) => sum + column.byteLength, 0);
}
