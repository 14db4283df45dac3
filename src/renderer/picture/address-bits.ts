/** An address cut into the fields that the levels use: which bits, what they say. */
import type { SpaceOverview } from '../../shared/address-space-contract.ts';

export interface AddressField {
  /** PGD … PTE, or offset. */
  readonly name: string;
  /** `47:39`, as manuals write them. */
  readonly bits: string;
  readonly width: number;
  readonly value: number;
  /** The field's bits, highest first. */
  readonly binary: string;
}

/** From the top level down to the byte in the page. */
export function addressFields(
  { levels, pageSizeBytes }: Pick<SpaceOverview, 'levels' | 'pageSizeBytes'>,
  address: number,
): readonly AddressField[] {
  const fields = levels.map(({ name, entries, spanBytes }) => ({ name, span: spanBytes, count: entries }));
  return [...fields, { name: 'offset', span: 1, count: pageSizeBytes }].map(({ name, span, count }) => {
    const low = Math.log2(span);
    const width = Math.log2(count);
    const value = Math.floor(address / span) % count;
    return { name, bits: `${low + width - 1}:${low}`, width, value, binary: value.toString(2).padStart(width, '0') };
  });
}
