/** The names of what can be chosen about a machine's page tables, as code, CSV and profiles spell them. */

/** Page size and bits of the kernel's half of the address space. */
export const TRANSLATIONS = ['4k-48', '4k-39', '4k-52', '16k-47', '64k-48', '64k-52'] as const;
export type Translation = (typeof TRANSLATIONS)[number];

/** How chunks lie in the window; `none` is a machine without one: all CPUs walk the same tables. */
export const WINDOW_LAYOUTS = ['none', 'same-offset', 'packed'] as const;
export type WindowLayout = (typeof WINDOW_LAYOUTS)[number];

/** Where chunk 0 is mapped globally: page by page in the chunk range, or by the linear map. */
export const FIRST_CHUNKS = ['page', 'second-window'] as const;
export type FirstChunk = (typeof FIRST_CHUNKS)[number];

/** Which CPUs get tables: all that may exist, at boot, or each as it comes up. */
export const TABLES_FOR = ['possible', 'online'] as const;
export type TablesFor = (typeof TABLES_FOR)[number];
