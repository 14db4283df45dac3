import { expect, it } from 'vitest';
import { textTable } from '../../../src/main/cli/text-table.ts';

it('puts words to the left and figures to the right, and no blanks at the end of a line', () => {
  const rows = [
    ['design', 'unit', 'median'],
    ['a', 'MB/s', '7'],
    ['longer', 's'],
  ];
  expect(textTable(rows)).toBe('design  unit  median\na       MB/s       7\nlonger     s');
  expect(textTable(rows, 2)).toBe('design  unit  median\na       MB/s       7\nlonger  s');
});
