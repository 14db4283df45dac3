/**
 * The words of the shared buffer as the chunk allocator reads and writes them. All its writes pass through here, so that a
 * caller who must be able to go back (a replay that tries an order of events) hands in words that remember.
 */
export class RegionWords {
  /** Over the whole buffer: a lock word's index means the same here and in the arena. */
  readonly view: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.view = new Int32Array(buffer);
  }

  /** Throws outside the buffer: a broken invariant. */
  get(index: number): number {
    const value = this.view[index];
    if (value === undefined) throw new Error(`word ${index} lies outside the chunk region's buffer`);
    return value;
  }

  set(index: number, value: number): void {
    this.view[index] = value;
  }

  add(index: number, change: number): void {
    this.set(index, this.get(index) + change);
  }

  /** The words [first, end). */
  fill(value: number, first: number, end: number): void {
    this.view.fill(value, first, end);
  }
}
