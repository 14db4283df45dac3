/**
 * What a profile may ask of zram beside the buffers: the variant of a kernel release or build option, the codecs for
 * recompression, and what is done to the devices after a sample's jobs, at rest and outside all times.
 */
import * as v from 'valibot';

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

const chainMessage = `Pages of a zspage must be a whole number from ${ZSPAGE_PAGES.min} to ${ZSPAGE_PAGES.max}`;

const limitMessage = 'The memory limit (bytes) must be a whole number from 0 to 1 TiB, 0 being none';

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
export type ZramStep = v.InferOutput<typeof zramStepSchema>;
