import { describe, expect, it } from 'vitest';
import { tellFailure } from '../../../src/main/engine/tell-failure.ts';
import { fail } from '../../../src/shared/result.ts';

const FAILURE = fail('data-mismatch', 'page 7 came back wrong', 'workload.jobFile');

describe('a failure of which the remains are told', () => {
  it('stays as it is, once they have been', () => {
    const told: string[] = [];
    expect(tellFailure(FAILURE, () => told.push('mm_stat'))).toBe(FAILURE);
    expect(told).toEqual(['mm_stat']);
  });

  it('is not replaced by what goes wrong meanwhile', () => {
    const tell = (): void => {
      throw new Error('EIO: i/o error, read');
    };
    expect(tellFailure(FAILURE, tell)).toEqual(
      fail(
        'data-mismatch',
        'page 7 came back wrong (what the devices held then could not be told: EIO: i/o error, read)',
        'workload.jobFile',
      ),
    );
  });
});
