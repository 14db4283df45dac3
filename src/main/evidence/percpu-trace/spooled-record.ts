/**
 * How events of a trace are put away: records of 32-bit words in blocks of BLOCK_BYTES, written by event-writer.ts and read in
 * the same order by event-reader.ts. A record tells only what differs from the one before it, or is its own.
 *
 *     block     position │ string │ alloc │ string │ free │ alloc │ … │ end
 *
 *     word      0                                1              2             3        4                       5
 *     alloc     kind, interrupt, lines, CPU      microseconds   task, base    offset   size, alignment, flags  call site
 *     free      kind, interrupt, lines, CPU      microseconds   task, base    offset
 *     create    kind, interrupt, lines, CPU      microseconds   task, base                (destroy is the same)
 *     fail      kind, interrupt, lines, CPU      microseconds   task, flags   size     alignment
 *     lost      kind, 1 if counted, lines, CPU   count, a double
 *     position  kind                             line, a double               time, a double
 *     string    kind, its number                 bytes          the bytes, padded to words
 *     forget    kind
 *
 * Lines and microseconds are counted from the record before; where that does not fit, a position stands in between. Names
 * are numbers of strings told before; `forget` ends all numbers. 0 as a call site: none.
 */

/** Bytes of a block. */
export const BLOCK_BYTES = 1 << 18;
/** Words of a block. */
export const BLOCK_WORDS = BLOCK_BYTES / 4;

/** Lowest four bits of a record's first word. */
export const RecordKind = {
  end: 0,
  alloc: 1,
  free: 2,
  create: 3,
  destroy: 4,
  fail: 5,
  lost: 6,
  position: 7,
  string: 8,
  forget: 9,
} as const;

/** Words of each kind of record; of a string, what stands before its bytes. */
export const RecordWords = {
  alloc: 6,
  free: 4,
  chunk: 3,
  fail: 5,
  lost: 3,
  position: 5,
  string: 2,
  forget: 1,
} as const;

/** Parts of the first word: kind, interrupt (or whether a lost count is known), lines, CPU. */
export const HeadBits = { kind: 15, flag: 16, lineShift: 5, lines: 0x7ff, cpuShift: 16 } as const;
/** Lines since the record before, −MOST_LINES_BACK … MOST_LINES_AHEAD, are told as what they are above −MOST_LINES_BACK. */
export const MOST_LINES_BACK = 1024;
/** See MOST_LINES_BACK. */
export const MOST_LINES_AHEAD = HeadBits.lines - MOST_LINES_BACK;

/** Parts of a word of two 16-bit numbers, or of the flags of a request. */
export const LOW_HALF = 0xffff;
/** Where the upper number lies. */
export const HIGH_SHIFT = 16;
/** Flags of a request: in the upper half of a fail's word 2, and above size and alignment of an alloc. */
export const RequestFlag = { reserved: 1, atomic: 2 } as const;
/** Parts of an alloc's word 4: the size, the alignment's power of two, the flags. */
export const ShapeBits = { size: 0x1ffff, alignShift: 17, align: 31, flagShift: 22 } as const;

/** Strings that have a number at a time: numbers are 16 bits, 0 is none. */
export const MOST_STRINGS = 2 ** 16 - 1;
