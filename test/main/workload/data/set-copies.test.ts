import { describe, expect, it } from 'vitest';
import { SetCopies } from '../../../../src/main/workload/data/set-copies.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { WrittenPages, writtenPagesBytes } from '../../../../src/main/workload/written-pages.ts';
import { blankPage } from '../../machine/fixtures/sized-pages.ts';

const GIB = 2 ** 30;

/** Takes address space, and memory only for what is touched. */
const bytes = new SharedArrayBuffer(5 * GIB);

describe.each([4096, 65536])('pages of %i bytes of a set of 5 GiB', (pageSizeBytes) => {
  const set = { bytes, pageSizeBytes, count: bytes.byteLength / pageSizeBytes, description: 'mostly zeros' };

  it.each([
    { where: 'the first', at: 0 },
    { where: 'the last below 2 GiB', at: 2 * GIB - pageSizeBytes },
    { where: 'the first from 4 GiB on', at: 4 * GIB },
    { where: 'one beyond 4 GiB', at: 4 * GIB + 3 * pageSizeBytes },
    { where: 'the last', at: 5 * GIB - pageSizeBytes },
  ])('are copied and told apart: $where', ({ at }) => {
    const inSet = new Uint8Array(bytes, at, pageSizeBytes);
    new Random(1 + (at % 97)).fillBytes(inSet);
    const page = blankPage(pageSizeBytes);
    new SetCopies(set).copy(at / pageSizeBytes, page.bytes);
    expect(Buffer.from(page.bytes).equals(Buffer.from(inSet))).toBe(true);

    const written = new WrittenPages(new SharedArrayBuffer(writtenPagesBytes(1)), [set]);
    written.enter(0, 0, at / pageSizeBytes);
    expect(written.matches(0, page)).toBe(true);
    page.bytes[7] = (page.bytes[7] ?? 0) ^ 1;
    expect(written.matches(0, page)).toBe(false);
  });

  it('are not to be had behind its end', () => {
    const page = blankPage(pageSizeBytes);
    expect(() => {
      new SetCopies(set).copy(6 * (GIB / pageSizeBytes), page.bytes);
    }).toThrow('the set ends before its page');
  });
});
