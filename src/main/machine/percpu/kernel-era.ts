/**
 * The constants of the first chunk and when they changed.
 *
 *            2.6.31   2.6.36   2.6.37      3.18        6.2        6.6            6.10 … 6.15         6.12
 *     ──────┬────────┬────────┬───────────┬───────────┬──────────┬──────────────┬───────────────────┬─────────────▶
 *   dynamic  20 / 12 KiB                   28 / 20                × 4 with randomised kmalloc caches  × 8 with lock
 *   early             12 KiB                           20         × 4 likewise                       debugging too
 *   min unit 64 KiB            32                                                 modules' reserve: 64 KiB with
 *   (64-bit / 32-bit)                                                             allocation profiling, else 8 KiB
 *
 * Sources: commits 1a4d76076cda (dynamic reserve, 3.18), e8753e416c7e (early size, 6.2), "percpu: reduce
 * PCPU_MIN_UNIT_SIZE to 32k" (2.6.37); checked against 100 boot logs of 2.6.32 … 6.19. The releases of the early size
 * (2.6.36), of the group rule (5.12) and of the end of the large module reserve (6.15) are from memory.
 */
import type { GroupRule } from './cpu-groups.ts';

const KIB = 1024;

/** `major.minor.patch`; the last is what tells the 2.6 kernels apart and is 0 where it does not matter. */
export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Options of a kernel's build that change the sizes. */
export interface KernelOptions {
  readonly wordBits: 32 | 64;
  /** CONFIG_MODULES. */
  readonly modules: boolean;
  /** CONFIG_RANDOM_KMALLOC_CACHES, from 6.6 on. */
  readonly randomKmallocCaches: boolean;
  /** CONFIG_LOCKDEP. */
  readonly lockDebugging: boolean;
  /** CONFIG_MEM_ALLOC_PROFILING, from 6.10 on. */
  readonly allocationProfiling: boolean;
}

/** Options of an ordinary distribution's kernel. */
export const USUAL_OPTIONS: KernelOptions = {
  wordBits: 64,
  modules: true,
  randomKmallocCaches: false,
  lockDebugging: false,
  allocationProfiling: false,
};

/** Sizes in bytes. */
export interface EraConstants {
  /** PERCPU_DYNAMIC_RESERVE: the dynamic part that is asked for. */
  readonly dynamicReserveBytes: number;
  /** PERCPU_DYNAMIC_EARLY_SIZE; 0 before there was one. */
  readonly earlyDynamicBytes: number;
  /** PERCPU_MODULE_RESERVE. */
  readonly moduleReserveBytes: number;
  /** PCPU_MIN_UNIT_SIZE, before it is rounded up to a page. */
  readonly minUnitBytes: number;
  readonly groupRule: GroupRule;
}

/** Reads `6.8.0-45-generic` or `2.6.32-21-generic`; undefined when the text does not begin with a version. */
export function parseKernelVersion(release: string): KernelVersion | undefined {
  const numbers = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?/.exec(release);
  if (numbers === null) return undefined;
  return { major: Number(numbers[1]), minor: Number(numbers[2]), patch: Number(numbers[3] ?? 0) };
}

/** Whether `version` is `release` (`3.18`, `2.6.37`) or later. */
export function isSince(version: KernelVersion, release: string): boolean {
  const [major = 0, minor = 0, patch = 0] = release.split('.').map(Number);
  if (version.major !== major) return version.major > major;
  if (version.minor !== minor) return version.minor > minor;
  return version.patch >= patch;
}

/** The constants of a kernel. `pageSizeBytes` matters with lock debugging only. */
export function eraConstants(version: KernelVersion, options: KernelOptions, pageSizeBytes: number): EraConstants {
  const factor = sizeFactor(version, options, pageSizeBytes);
  const [for64, for32] = isSince(version, '3.18') ? [28 * KIB, 20 * KIB] : [20 * KIB, 12 * KIB];
  return {
    dynamicReserveBytes: (options.wordBits === 64 ? for64 : for32) * factor,
    earlyDynamicBytes: earlyBytes(version) * factor,
    moduleReserveBytes: moduleReserveBytes(version, options),
    minUnitBytes: (isSince(version, '2.6.37') ? 32 : 64) * KIB,
    groupRule: isSince(version, '5.12') ? 'seed' : 'all-members',
  };
}

function earlyBytes(version: KernelVersion): number {
  if (isSince(version, '6.2')) return 20 * KIB;
  return isSince(version, '2.6.36') ? 12 * KIB : 0;
}

/** PERCPU_DYNAMIC_SIZE_SHIFT less its usual 10, as a factor: 15 copies of the kmalloc caches need their per-CPU parts. */
function sizeFactor(version: KernelVersion, options: KernelOptions, pageSizeBytes: number): number {
  if (!options.randomKmallocCaches || !isSince(version, '6.6')) return 1;
  return options.lockDebugging && pageSizeBytes !== 4096 && isSince(version, '6.12') ? 8 : 4;
}

function moduleReserveBytes(version: KernelVersion, options: KernelOptions): number {
  if (!options.modules) return 0;
  const countsModuleTags = options.allocationProfiling && isSince(version, '6.10') && !isSince(version, '6.16');
  return (countsModuleTags ? 64 : 8) * KIB;
}

/**
 * The default reserve of the 2008 patches that made it a boot parameter (`percpu=`): 2500 machine words, where 8192 bytes
 * had been fixed before ("Increase default reserve percpu area", 2008-10-03).
 */
export function defaultReserve2008Bytes(wordBits: 32 | 64): number {
  return (wordBits / 8) * 2500;
}
