/**
 * How a machine sets up its per-CPU memory: what an architecture and a kernel decide, as plain numbers that fit the arena's
 * header. `firstChunkSpec` (first-chunk-preset.ts) gives the numbers of a named architecture and kernel.
 */
import type { FirstChunkMethod } from './first-chunk.ts';

/** In the order of the number by which the arena names a method. */
export const FIRST_CHUNK_METHODS = [
  'embed',
  'page',
  'fixed-unit',
  'uniprocessor',
] as const satisfies readonly FirstChunkMethod[];

/** Sizes in bytes, whole numbers below 2^31. */
export interface PercpuConfig {
  readonly method: FirstChunkMethod;
  /** Static variables other than the lab's own: a kernel has some hundred KiB of them. */
  readonly otherStaticBytes: number;
  readonly reservedBytes: number;
  /** What the dynamic part shall be at least. */
  readonly dynamicRequestBytes: number;
  /** What it must be at least for allocations before the slab allocator works. */
  readonly earlyDynamicBytes: number;
  readonly minUnitBytes: number;
  /** Of embed; the size of the unit for fixed-unit. */
  readonly atomBytes: number;
  /** What static, reserved and dynamic part together must not exceed; 0: no limit. */
  readonly limitBytes: number;
  /** NUMA nodes over which the possible CPUs are spread in equal runs; each node's units are a group. */
  readonly nodes: number;
  /** Chunks that the bookkeeping has room for at a time, the first chunk's two parts included. */
  readonly maxChunks: number;
  /** Call sites that objects can be tagged with, numbered from 0; 0: objects are not tagged. */
  readonly callSites: number;
}

/** In the order of the header's words. */
export const PERCPU_SIZE_FIELDS = [
  'otherStaticBytes',
  'reservedBytes',
  'dynamicRequestBytes',
  'earlyDynamicBytes',
  'minUnitBytes',
  'atomBytes',
  'limitBytes',
  'nodes',
  'maxChunks',
  'callSites',
] as const satisfies readonly (keyof PercpuConfig)[];

/** Reads a configuration from its header words: the method's number, then the sizes. Throws for an unknown method. */
export function percpuConfigFromWords(word: (index: number) => number): PercpuConfig {
  const method = FIRST_CHUNK_METHODS[word(0)];
  if (method === undefined) throw new Error(`unknown first chunk method ${word(0)}`);
  const size = (name: (typeof PERCPU_SIZE_FIELDS)[number]): number => word(1 + PERCPU_SIZE_FIELDS.indexOf(name));
  return {
    method,
    otherStaticBytes: size('otherStaticBytes'),
    reservedBytes: size('reservedBytes'),
    dynamicRequestBytes: size('dynamicRequestBytes'),
    earlyDynamicBytes: size('earlyDynamicBytes'),
    minUnitBytes: size('minUnitBytes'),
    atomBytes: size('atomBytes'),
    limitBytes: size('limitBytes'),
    nodes: size('nodes'),
    maxChunks: size('maxChunks'),
    callSites: size('callSites'),
  };
}

/** The header words of a configuration, in order. */
export function percpuConfigToWords(config: PercpuConfig): readonly number[] {
  return [FIRST_CHUNK_METHODS.indexOf(config.method), ...PERCPU_SIZE_FIELDS.map((name) => config[name])];
}
