import { describe, expect, it } from 'vitest';
import { counted, nounFor } from '../../src/shared/counted.ts';

describe('counted', () => {
  it('has the singular for one thing alone', () => {
    expect([0, 1, 2, 21].map((count) => counted(count, 'sample'))).toEqual([
      '0 samples',
      '1 sample',
      '2 samples',
      '21 samples',
    ]);
  });

  it('takes plurals that need more than an s', () => {
    expect(counted(2, 'file matches', 'files match')).toBe('2 files match');
    expect(nounFor(1, 'file matches', 'files match')).toBe('file matches');
  });
});
