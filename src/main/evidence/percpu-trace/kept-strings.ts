/** Strings out of bytes, made once as far as they are kept; none holds on to the bytes that it was read from. */
interface Kept {
  readonly bytes: Uint8Array;
  readonly value: string;
  readonly next: Kept | undefined;
}

/** Strings kept at most; then all are forgotten and made anew (a long trace names many tasks). Equal ones stay equal. */
const MOST_KEPT = 1 << 16;

export class KeptStrings {
  readonly #byHash = new Map<number, Kept>();
  #last: Kept = { bytes: new Uint8Array(0), value: '', next: undefined };

  /** The string of bytes[start, end), one character per byte. */
  get(bytes: Uint8Array, start: number, end: number): string {
    if (isSame(this.#last.bytes, bytes, start, end)) return this.#last.value;
    const hash = hashOf(bytes, start, end);
    const first = this.#byHash.get(hash);
    for (let kept = first; kept !== undefined; kept = kept.next) {
      if (isSame(kept.bytes, bytes, start, end)) {
        this.#last = kept;
        return kept.value;
      }
    }
    if (this.#byHash.size >= MOST_KEPT) this.#byHash.clear();
    const copy = bytes.slice(start, end);
    this.#last = { bytes: copy, value: String.fromCharCode(...copy), next: this.#byHash.get(hash) };
    this.#byHash.set(hash, this.#last);
    return this.#last.value;
  }
}

function isSame(kept: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (kept.length !== end - start) return false;
  // From the end: names of one kind tend to begin alike.
  for (let at = kept.length - 1; at >= 0; at--) if (kept[at] !== bytes[start + at]) return false;
  return true;
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash;
}
