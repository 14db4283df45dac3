/**
 * What a profile may ask of zram beside the buffers: the variant of a kernel release or build option, the codecs for
 * recompression, and what is done to the devices after a sample's jobs, at rest and outside all times.
 */
import * as v from 'valibot';
import { BUFFER_LAYOUTS, type BufferLayout, PROTECTIONS_OF, type StreamProtection } from './design.ts';
import { wholeNumber } from './whole-number.ts';

/** When a write gives the old content of its slot back: after the new one is stored, or before anything else. */
export const FREE_ORDERS = ['last', 'first'] as const;
export type FreeOrder = (typeof FREE_ORDERS)[number];

/**
 * How a write finds room: one allocation that may sleep; or one that may not, and when that fails a sleeping one with the
 * compression buffer given back meanwhile, after which the page is compressed again.
 */
export const ALLOCATION_STAGES = ['one', 'two'] as const;
export type AllocationStages = (typeof ALLOCATION_STAGES)[number];

/** Least and most pages of a zspage: the range of the build option ZSMALLOC_CHAIN_SIZE. */
export const ZSPAGE_PAGES = { min: 4, max: 16 } as const;

/** Which pages recompression takes up. */
export const RECOMPRESSION_TYPES = ['all', 'idle', 'huge', 'huge_idle'] as const;
export type RecompressionType = (typeof RECOMPRESSION_TYPES)[number];

/** Codecs that recompression may use, of the priorities 1, 2, 3 in the order given. */
export const RECOMPRESSION_ALGORITHMS = ['zstd', 'deflate'] as const;
export type RecompressionAlgorithm = (typeof RECOMPRESSION_ALGORITHMS)[number];

/** Most streams of a device's list. */
const MAX_STREAMS = { min: 1, max: 64 } as const;

const atLeastOne = (what: string) => {
  const message = `${what} must be a whole number of at least 1`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(1, message));
};

const algorithm = v.picklist(
  RECOMPRESSION_ALGORITHMS,
  `A recompression algorithm must be one of ${RECOMPRESSION_ALGORITHMS.join(', ')}`,
);

/** Which pages are tried, and with what. */
const recompressionChoice = {
  type: v.optional(v.picklist(RECOMPRESSION_TYPES, `A type must be one of ${RECOMPRESSION_TYPES.join(', ')}`)),
  thresholdBytes: v.optional(atLeastOne('The threshold (bytes)')),
  algorithm: v.optional(algorithm),
} as const;

/** When a CPU of the machine recompresses. */
export const RECOMPRESSION_TIMES = ['during', 'after'] as const;

/** Something done to the devices when the jobs have ended. */
export const zramStepSchema = v.variant('do', [
  /** Marks stored pages idle. */
  v.strictObject({ do: v.literal('idle') }),
  /** Brings the objects of the pool together. */
  v.strictObject({ do: v.literal('compact') }),
  v.strictObject({
    do: v.literal('recompress'),
    ...recompressionChoice,
    maxPages: v.optional(atLeastOne('The most pages')),
  }),
]);

/** The protections that a layout can have, with the sentence for one that it cannot. */
function protectionOf(layout: BufferLayout): v.GenericSchema<StreamProtection> {
  const allowed = PROTECTIONS_OF[layout];
  const ways = allowed.length === 1 ? allowed[0] : `one of ${allowed.join(', ')}`;
  return v.picklist(allowed, `What protects the streams of ${layout} must be ${ways}`);
}

/** Machines to be booted and counted: buffers of each layout, device by device; and what a paper says of them. */
const bufferCountSchema = v.strictObject({
  cpus: wholeNumber({ min: 1, max: 64 }, 'CPUs'),
  /** Streams per device and CPU under `per-stream`: its algorithms. */
  streams: wholeNumber({ min: 1, max: 4 }, 'Streams'),
  devices: v.pipe(
    v.array(wholeNumber({ min: 1, max: 16 }, 'Devices')),
    v.minLength(1, 'Pick at least one number of devices'),
    v.maxLength(8, 'At most eight numbers of devices'),
  ),
  paper: v.array(
    v.strictObject({
      /** In its own words. */
      says: v.pipe(v.string('What the paper says must be text'), v.maxLength(400)),
      layout: v.picklist(BUFFER_LAYOUTS, `A layout must be one of ${BUFFER_LAYOUTS.join(', ')}`),
      devices: wholeNumber({ min: 1, max: 16 }, 'Devices'),
      /** Pages of buffers. */
      pages: wholeNumber({ min: 0, max: 1_000_000 }, 'Pages'),
    }),
  ),
});

const chainMessage = `Pages of a zspage must be a whole number from ${ZSPAGE_PAGES.min} to ${ZSPAGE_PAGES.max}`;

const limitMessage = 'The memory limit (bytes) must be a whole number from 0 to 1 TiB, 0 being none';

/** The section `zram` of a profile. */
export const zramSchema = v.strictObject({
  zspagePages: v.optional(
    v.pipe(
      v.number(chainMessage),
      v.integer(chainMessage),
      v.minValue(ZSPAGE_PAGES.min, chainMessage),
      v.maxValue(ZSPAGE_PAGES.max, chainMessage),
    ),
  ),
  freeOrder: v.optional(v.picklist(FREE_ORDERS, 'The old content must be freed last or first')),
  allocationStages: v.optional(v.picklist(ALLOCATION_STAGES, 'Allocation must have one stage or two')),
  /** By layout; absent: the first of `PROTECTIONS_OF` the layout. */
  protection: v.optional(
    v.strictObject({
      'single-mutex': v.optional(protectionOf('single-mutex')),
      'per-cpu-global': v.optional(protectionOf('per-cpu-global')),
      'stream-list': v.optional(protectionOf('stream-list')),
      'per-stream': v.optional(protectionOf('per-stream')),
      'per-device': v.optional(protectionOf('per-device')),
    }),
  ),
  /** Most streams of a device's list, under `stream-list`; absent: one, as in Linux 3.15. */
  maxStreams: v.optional(wholeNumber(MAX_STREAMS, 'Most streams of a list')),
  bufferCount: v.optional(bufferCountSchema),
  /** mem_limit of each device: the most bytes of its pool, rounded up to whole pages; 0 or absent: none. */
  memLimitBytes: v.optional(
    v.pipe(
      v.number(limitMessage),
      v.integer(limitMessage),
      v.minValue(0, limitMessage),
      v.maxValue(2 ** 40, limitMessage),
    ),
  ),
  recompression: v.optional(v.pipe(v.array(algorithm), v.maxLength(3, 'Recompression has at most three algorithms'))),
  /**
   * Recompression by a CPU of the machine, timed: while the jobs write once more, or between two readings. What it does is
   * done before `afterwards`.
   */
  recompress: v.optional(
    v.strictObject({
      when: v.picklist(RECOMPRESSION_TIMES, 'Recompression must be during or after the jobs'),
      ...recompressionChoice,
    }),
  ),
  /** Done to every device after the jobs of each sample. */
  afterwards: v.optional(v.array(zramStepSchema)),
});

export type ZramProfile = v.InferOutput<typeof zramSchema>;
export type BufferCountProfile = v.InferOutput<typeof bufferCountSchema>;
export type ZramStep = v.InferOutput<typeof zramStepSchema>;
