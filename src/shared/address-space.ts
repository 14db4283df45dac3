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

/** An address of the kernel's half, given as its byte offset into it, as a kernel of so many bits prints it. */
export function printAddress(vaBits: number, address: number): string {
  return `0x${(2n ** 64n - 2n ** BigInt(vaBits) + BigInt(address)).toString(16)}`;
}

/** The inverse: `0xffff800080000000`, with or without 0x; undefined for what is no address of that half. */
export function parseAddress(vaBits: number, text: string): number | undefined {
  if (!/^\s*(0x)?[0-9a-f_]{1,24}\s*$/i.test(text)) return undefined;
  const digits = text.trim().replace(/^0x/i, '').replaceAll('_', '');
  if (digits === '') return undefined;
  const offset = BigInt(`0x${digits}`) - (2n ** 64n - 2n ** BigInt(vaBits));
  return offset < 0n || offset >= 2n ** BigInt(vaBits) ? undefined : Number(offset);
}
