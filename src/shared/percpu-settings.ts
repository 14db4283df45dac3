/**
 * How a profile says what the per-CPU memory of its machine is like: an architecture and a kernel, from which the sizes
 * follow, and what a kernel's command line can change. All sizes in bytes.
 */
import * as v from 'valibot';
import { wholeNumber } from './whole-number.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Architectures by the way in which their kernels set up the first chunk. */
export const ARCHITECTURES = [
  'x86-64',
  'x86-32',
  'x86-32-pae',
  'generic-64',
  'generic-32',
  'arm64-numa',
  'powerpc64-hash',
  'powerpc64-radix',
  'sparc64',
  'loongarch64',
  'ia64',
] as const;
export type ArchitectureName = (typeof ARCHITECTURES)[number];

/** `auto` is what the architecture does by itself; `embed` and `page` are what `percpu_alloc=` forces. */
export const FIRST_CHUNK_CHOICES = ['auto', 'embed', 'page', 'uniprocessor'] as const;

/** Limits that the form shows and the schema enforces. */
export const PERCPU_LIMITS = {
  otherStaticBytes: { min: 0, max: 4 * MIB },
  reservedBytes: { min: 0, max: 4 * MIB },
  limitBytes: { min: 4 * KIB, max: 8 * MIB },
  nodes: { min: 1, max: 16 },
} as const;

/** The section `percpu` of a profile's machine. */
export const percpuSettingsSchema = v.strictObject({
  architecture: v.picklist(ARCHITECTURES, `Architecture must be one of ${ARCHITECTURES.join(', ')}`),
  /** Version whose constants hold: `6.18`. */
  kernel: v.pipe(
    v.string('Kernel must be a version such as 6.18'),
    v.regex(/^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/, 'Kernel must be a version such as 6.18'),
  ),
  firstChunk: v.picklist(FIRST_CHUNK_CHOICES, `First chunk must be one of ${FIRST_CHUNK_CHOICES.join(', ')}`),
  /** Static variables beside the lab's own: the `s` of a kernel's boot line. */
  otherStaticBytes: wholeNumber(PERCPU_LIMITS.otherStaticBytes, 'Static variables (bytes)'),
  /** The boot parameter `percpu=` of 2008; absent: what the kernel reserves for modules. */
  reservedBytes: v.optional(wholeNumber(PERCPU_LIMITS.reservedBytes, 'Reserve (bytes)')),
  /** What static, reserved and dynamic part together must not exceed, as 64 KiB on ia64; absent: no such limit. */
  limitBytes: v.optional(wholeNumber(PERCPU_LIMITS.limitBytes, 'Limit (bytes)')),
  /** NUMA nodes over which the CPUs are spread. */
  nodes: wholeNumber(PERCPU_LIMITS.nodes, 'NUMA nodes'),
});

export type PercpuSettings = v.InferOutput<typeof percpuSettingsSchema>;

/** Of a machine whose profile does not say: what a distribution's kernel of 2025 has. */
export function usualPercpuSettings(pageSizeBytes: number): PercpuSettings {
  return {
    architecture: pageSizeBytes === 4 * KIB ? 'x86-64' : 'arm64-numa',
    kernel: '6.18',
    firstChunk: 'auto',
    otherStaticBytes: 0,
    nodes: 1,
  };
}
