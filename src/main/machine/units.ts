/**
 * The quantities that must not be mixed, as branded numbers, and the only functions that make them.
 *
 * A brand costs nothing at run time. A sum of two brands still compiles to `number`: convert first, re-brand at the end.
 */
declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Number of a simulated CPU, 0 … possible − 1. */
export type CpuId = Branded<number, 'CpuId'>;
/** Number of a page frame (pfn), 0 … frames − 1. */
export type FrameNumber = Branded<number, 'FrameNumber'>;
/** Byte offset into the arena of something in a page frame. */
export type PhysicalAddress = Branded<number, 'PhysicalAddress'>;
/**
 * Address in the kernel's half of the address space, in bytes from the start of the half, so that it is exact as a number: one
 * origin for all (memory/address-regions.ts draws the half).
 */
export type VirtualAddress = Branded<number, 'VirtualAddress'>;
/** Offset within the per-CPU area, never dereferenced; only `perCpuPtr(ptr, cpu)` makes an address of it. */
export type PercpuPtr = Branded<number, 'PercpuPtr'>;
/** Name of an object of `bigPercpuAlloc`: it has no place in the per-CPU region, so no offset leads to it. */
export type BigPercpuPtr = Branded<number, 'BigPercpuPtr'>;
/** Index into the arena's Int32 view of a word whose bits 0 and 1 are a lock (sync/lock.ts). */
export type LockWord = Branded<number, 'LockWord'>;
/** Opaque name of an object in a pool; 0 is none. */
export type PoolHandle = Branded<number, 'PoolHandle'>;

// The makers of brands: nothing is checked, the caller knows what the number is.
export const cpuId = (value: number): CpuId => value as CpuId;
export const frameNumber = (value: number): FrameNumber => value as FrameNumber;
export const physicalAddress = (value: number): PhysicalAddress => value as PhysicalAddress;
export const virtualAddress = (value: number): VirtualAddress => value as VirtualAddress;
export const bigPercpuPtr = (value: number): BigPercpuPtr => value as BigPercpuPtr;
export const percpuPtr = (value: number): PercpuPtr => value as PercpuPtr;
export const lockWord = (value: number): LockWord => value as LockWord;
export const poolHandle = (value: number): PoolHandle => value as PoolHandle;

/** The handle of no object. */
export const NO_HANDLE = poolHandle(0);

/** Smallest multiple of `step` that is not below `value`. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
