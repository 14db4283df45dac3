import * as fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { SEEDS, wholeBytes, wholeNumber } from '../../src/shared/whole-number.ts';

const schema = wholeNumber({ min: 2, max: 64 }, 'CPUs');

test('a whole number of the range is taken, both ends included', () => {
  fc.assert(
    fc.property(fc.integer({ min: -10, max: 80 }), (number) => {
      expect(v.is(schema, number)).toBe(number >= 2 && number <= 64);
    }),
  );
  expect([0, 2 ** 32 - 1, 2 ** 32].map((seed) => v.is(wholeNumber(SEEDS, 'Seed'), seed))).toEqual([true, true, false]);
});

test.each([1, 65, 2.5, NaN, '8', undefined])('%s is refused in one sentence', (wrong) => {
  const { issues } = v.safeParse(schema, wrong);
  expect(issues?.map(({ message }) => message).at(0)).toBe('CPUs must be a whole number from 2 to 64');
  expect(new Set(issues?.map(({ message }) => message)).size).toBe(1);
});

test('bytes are refused with their range in units', () => {
  const { issues } = v.safeParse(wholeBytes({ min: 4096, max: 1 << 20 }, 'Memory'), 4095);
  expect(issues?.at(0)?.message).toBe('Memory must be from 4 KiB to 1 MiB, a whole number of bytes');
});
