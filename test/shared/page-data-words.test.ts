import { describe, expect, it } from 'vitest';
import { pageDataTitle, pageDataWords } from '../../src/shared/page-data-words.ts';
import type { DataSource } from '../../src/shared/profile.ts';

function generator(zeroPercent: number, samePercent: number, randomPercent: number): DataSource {
  return { kind: 'generator', zeroPercent, samePercent, randomPercent, compressPercent: 50 };
}

describe('page data in words', () => {
  it.each([
    [generator(20, 10, 5), '20 % zero, 10 % same-filled, 5 % random pages, 65 % with 50 % compressible'],
    // Nothing is left to be compressible.
    [generator(0, 0, 100), '0 % zero, 0 % same-filled, 100 % random pages'],
  ])('%j', (data, words) => {
    expect([pageDataWords(data), pageDataTitle(data)]).toEqual([`generated: ${words}`, `generated: ${words}`]);
  });

  it.each([
    [['/data/a.bin'], 'a.bin'],
    [['/home/user/corpus/', '/data/b.bin'], 'corpus + 1 more'],
    [['C:\\data\\a.bin'], 'a.bin'],
    [['/'], '/'],
  ])('names of the files %j the last part of the first: %s', (paths, title) => {
    expect(pageDataTitle({ kind: 'files', paths })).toBe(title);
    expect(pageDataWords({ kind: 'files', paths })).toBe(`files ${paths.join(', ')}`);
  });
});
