/** A zram device of this host, made for one test and removed with it. No other device is touched. */
import { closeSync, constants, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';

const CONTROL = '/sys/class/zram-control';
const PAGE = 4096;
/** Column of mm_stat. */
const COMPRESSED_BYTES = 1;

/** Why no device can be made here; undefined when one can. */
export function noHostZram(): string | undefined {
  if (!existsSync(`${CONTROL}/hot_add`)) return 'this host has no zram that makes devices (no /sys/class/zram-control)';
  return process.getuid?.() === 0 ? undefined : 'making a zram device takes root';
}

export class HostZram implements Disposable {
  readonly #number: string;
  readonly #file: number;
  /** O_DIRECT wants aligned memory, which that of WebAssembly is. */
  readonly #page = Buffer.from(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer, 0, PAGE);
  #compressedBytes = 0;

  constructor(pages: number) {
    this.#number = readFileSync(`${CONTROL}/hot_add`, 'utf8').trim();
    try {
      this.#write('comp_algorithm', 'lz4');
      this.#write('disksize', String(pages * PAGE));
      this.#file = openSync(`/dev/zram${this.#number}`, constants.O_RDWR | constants.O_DIRECT);
    } catch (error) {
      this.#remove();
      throw error;
    }
  }

  /** Bytes that the device stores for a page written to a slot that was empty. */
  storedSize(slot: number, page: Buffer): number {
    page.copy(this.#page);
    writeSync(this.#file, this.#page, 0, PAGE, slot * PAGE);
    const columns = readFileSync(this.#attribute('mm_stat'), 'utf8').trim().split(/\s+/).map(Number);
    const before = this.#compressedBytes;
    this.#compressedBytes = columns[COMPRESSED_BYTES] ?? NaN;
    return this.#compressedBytes - before;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    this.#write('reset', '1');
    this.#remove();
  }

  #remove(): void {
    writeFileSync(`${CONTROL}/hot_remove`, this.#number);
  }

  #write(name: string, value: string): void {
    writeFileSync(this.#attribute(name), value);
  }

  #attribute(name: string): string {
    return `/sys/block/zram${this.#number}/${name}`;
  }
}
