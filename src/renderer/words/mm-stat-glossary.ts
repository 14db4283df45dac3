/** What the columns of mm_stat count, for hovers (facts of zram, measured on Linux 6.18). */
import type { MmStatColumn } from '../../shared/zram-stat.ts';

export const MM_STAT_GLOSSARY: Readonly<Record<MmStatColumn, string>> = {
  orig_data_size: 'Bytes of all pages stored, before compression; same-filled ones count, too.',
  compr_data_size:
    'Bytes that their compressed forms have: of a page that does not shrink the whole page, of a same-filled one none.',
  mem_used_total:
    'Bytes of the page frames that the pool has, with what objects are rounded up to and what is free in them.',
  mem_limit: 'Most bytes that the pool may have; 0 where there is no limit.',
  mem_used_max: 'The largest pool that a write has found when it looked at the limit, in bytes.',
  same_pages: 'Pages stored now that are one word over and over: zram keeps the word.',
  pages_compacted: 'Page frames that compaction has given back since the disk size was set.',
  huge_pages: 'Pages stored now as they are, since they do not shrink enough.',
  huge_pages_since: 'Pages ever stored as they are since the disk size was set; it never falls.',
};
