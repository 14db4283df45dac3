/** The numbers of a zram device's statistics files, under the names that the kernel's documentation gives them. */

/** Columns of `mm_stat` in their order. Bytes, except the last four: pages. */
export const MM_STAT_COLUMNS = [
  'orig_data_size',
  'compr_data_size',
  'mem_used_total',
  'mem_limit',
  'mem_used_max',
  'same_pages',
  'pages_compacted',
  'huge_pages',
  'huge_pages_since',
] as const;
export type MmStatColumn = (typeof MM_STAT_COLUMNS)[number];
export type MmStat = Readonly<Record<MmStatColumn, number>>;

/** Columns of `io_stat` in their order: requests that failed, a number that is always 0 today, pages freed by their owner. */
export const IO_STAT_COLUMNS = ['failed_reads', 'failed_writes', 'invalid_io', 'notify_free'] as const;
export type IoStat = Readonly<Record<(typeof IO_STAT_COLUMNS)[number], number>>;
