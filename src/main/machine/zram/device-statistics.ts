/**
 * Statistics of a device. Each CPU counts in doubles of its own, so that counting costs no atomic operation and no cache line
 * goes from CPU to CPU; a figure is the sum over the CPUs. While CPUs run, sums are of slightly different moments; at rest
 * they are exact.
 */
import type { Arena } from '../memory/arena.ts';
import {
  DEVICE_COUNTERS_BYTES,
  type DeviceCounter,
  DeviceCounterF64,
  DeviceF64,
  DeviceW,
} from '../memory/arena-layout.ts';
import { type CpuId, cpuId } from '../units.ts';

/** What mm_stat, io_stat and debug_stat show of a device. Pages unless the name says bytes. */
export type DeviceStatistics = Readonly<
  Record<
    | keyof typeof DeviceCounterF64
    | 'poolPages'
    | 'poolPagesMax'
    | 'limitPages'
    | 'pagesCompacted'
    | 'writeStalls'
    | 'missedFrees',
    number
  >
>;

/**
 * Index (doubles) of a device's counters on `cpu`, to which that CPU's thread adds a DeviceCounter. Constant for the life of
 * the machine, so whoever counts often keeps it.
 */
export function deviceCounters(arena: Arena, device: number, cpu: CpuId): number {
  const { deviceCounters: first, deviceCountersStride } = arena.geometry;
  return (first + cpu * deviceCountersStride + device * DEVICE_COUNTERS_BYTES) / 8;
}

/** Any thread. */
export function readDeviceStatistics(arena: Arena, device: number): DeviceStatistics {
  const block = arena.deviceWord(device);
  const total = (counter: DeviceCounter): number => sumOverCpus(arena, device, counter);
  return {
    pagesStored: total(DeviceCounterF64.pagesStored),
    samePages: total(DeviceCounterF64.samePages),
    hugePages: total(DeviceCounterF64.hugePages),
    hugePagesSince: total(DeviceCounterF64.hugePagesSince),
    compressedBytes: total(DeviceCounterF64.compressedBytes),
    failedReads: total(DeviceCounterF64.failedReads),
    failedWrites: total(DeviceCounterF64.failedWrites),
    notifyFree: total(DeviceCounterF64.notifyFree),
    poolPages: Atomics.load(arena.words, block + DeviceW.poolPages),
    poolPagesMax: Atomics.load(arena.words, block + DeviceW.poolPagesMax),
    limitPages: Atomics.load(arena.words, block + DeviceW.limitPages),
    pagesCompacted: Atomics.load(arena.words, block + DeviceW.pagesCompacted),
    writeStalls: Atomics.load(arena.words, block + DeviceW.writeStalls),
    missedFrees: Atomics.load(arena.words, block + DeviceW.missedFrees),
  };
}

/** The most that a device ever held of these two. Any thread. */
export function readPeaks(
  arena: Arena,
  device: number,
): { readonly pagesStored: number; readonly compressedBytes: number } {
  const block = arena.deviceWord(device);
  const { pagesStored, compressedBytes } = DeviceCounterF64;
  return {
    pagesStored: Math.max(
      Atomics.load(arena.words, block + DeviceW.pagesStoredPeak),
      sumOverCpus(arena, device, pagesStored),
    ),
    compressedBytes: Math.max(
      arena.double(block / 2 + DeviceF64.compressedBytesPeak),
      sumOverCpus(arena, device, compressedBytes),
    ),
  };
}

/** The writing side of a device's peaks, for whoever takes something away. */
export class PeakKeeper {
  readonly #arena: Arena;
  readonly #block: number;
  readonly #counters: readonly number[];
  /** A double and its bits, to exchange one atomically. */
  readonly #value = new Float64Array(1);
  readonly #bits = new BigInt64Array(this.#value.buffer);

  constructor(arena: Arena, device: number) {
    this.#arena = arena;
    this.#block = arena.deviceWord(device);
    this.#counters = Array.from({ length: arena.config.possibleCpus }, (_, cpu) =>
      deviceCounters(arena, device, cpuId(cpu)),
    );
  }

  /** Notes the present figures as peaks where they are. To be called before they are lowered, so that no peak is missed. */
  note(): void {
    let pages = 0;
    let bytes = 0;
    for (const first of this.#counters) {
      pages += this.#arena.double(first + DeviceCounterF64.pagesStored);
      bytes += this.#arena.double(first + DeviceCounterF64.compressedBytes);
    }
    raiseWord(this.#arena.words, this.#block + DeviceW.pagesStoredPeak, pages);
    if (bytes > this.#arena.double(this.#block / 2 + DeviceF64.compressedBytesPeak)) this.#raiseBytes(bytes);
  }

  #raiseBytes(bytes: number): void {
    const index = this.#block / 2 + DeviceF64.compressedBytesPeak;
    for (let seen = this.#arena.double(index); seen < bytes; seen = this.#arena.double(index)) {
      const before = this.#bitsOf(seen);
      if (Atomics.compareExchange(this.#arena.longs, index, before, this.#bitsOf(bytes)) === before) return;
    }
  }

  #bitsOf(value: number): bigint {
    this.#value[0] = value;
    return this.#bits[0] ?? 0n;
  }
}

/** Makes a word the maximum of itself and `value`. */
export function raiseWord(words: Int32Array, index: number, value: number): void {
  if ((words[index] ?? 0) >= value) return;
  for (let seen = Atomics.load(words, index); seen < value;) {
    const before = Atomics.compareExchange(words, index, seen, value);
    if (before === seen) return;
    seen = before;
  }
}

function sumOverCpus(arena: Arena, device: number, counter: DeviceCounter): number {
  let sum = 0;
  for (let cpu = 0; cpu < arena.config.possibleCpus; cpu++) {
    sum += arena.double(deviceCounters(arena, device, cpuId(cpu)) + counter);
  }
  return sum;
}
