/** The names of the compressors, as profiles, command line, dashboard and CSV spell them, with the words that explain them. */

export const CODECS = ['lz4', 'lz4-kernel'] as const;
/** What a machine's zram devices compress with. */
export type CodecName = (typeof CODECS)[number];

/** What a profile means that was saved when there was no choice. */
export const CODEC_BEFORE_CHOICE: CodecName = 'lz4';

export interface CodecWords {
  /** For lists, records and the CSV. */
  readonly title: string;
  /** One sentence for a hover. */
  readonly explanation: string;
}

/** How codecs are named and explained wherever a person reads of them. */
export const CODEC_WORDS: Readonly<Record<CodecName, CodecWords>> = {
  lz4: {
    title: 'lz4 (lz4-napi)',
    explanation:
      'LZ4 of the package lz4-napi: sizes about half a percent off the kernel’s, and work memory of its own outside the machine.',
  },
  'lz4-kernel': {
    title: 'lz4-kernel (WebAssembly)',
    explanation:
      'The lab’s own LZ4, whose sizes are exactly the kernel’s; it works in the machine’s memory, without a copy, with the work memory beside the buffer. For arenas below 4 GiB.',
  },
};
