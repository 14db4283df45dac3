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
  DeviceI64,
  DeviceW,
} from '../memory/arena-layout.ts';
import { type CpuId, cpuId } from '../units.ts';

/** What mm_stat and io_stat show of a device. Pages unless the name says bytes. */
export type DeviceStatistics = Readonly<
  Record<keyof typeof DeviceCounterF64 | 'poolPages' | 'poolPagesMax' | 'limitPages', number>
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
      Number(Atomics.load(arena.longs, block / 2 + DeviceI64.compressedBytesPeak)),
      sumOverCpus(arena, device, compressedBytes),
    ),
  };
}

/** Notes the present figures as peaks where they are. Whoever is about to lower them calls it first, so no peak is missed. */
export function notePeaks(arena: Arena, device: number): void {
  const block = arena.deviceWord(device);
  const { pagesStored, compressedBytes } = DeviceCounterF64;
  raiseWord(arena.words, block + DeviceW.pagesStoredPeak, sumOverCpus(arena, device, pagesStored));
  const index = block / 2 + DeviceI64.compressedBytesPeak;
  const value = BigInt(sumOverCpus(arena, device, compressedBytes));
  for (let seen = Atomics.load(arena.longs, index); seen < value;) {
    const before = Atomics.compareExchange(arena.longs, index, seen, value);
    if (before === seen) return;
    seen = before;
  }
}

/** Makes a word the maximum of itself and `value`. */
export function raiseWord(words: Int32Array, index: number, value: number): void {
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
