import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild, withProjectBin } from '../../scripts/child-process.mjs';
import { PROJECT_ROOT } from '../../scripts/project.mjs';
import { closingLine, countFromReport, NO_TESTS, sumCounts } from '../../scripts/test-counts.mjs';
import { temporaryFolder } from './temporary-folder.ts';

const VITEST = join(PROJECT_ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const REPORTER = join(PROJECT_ROOT, 'scripts', 'skipped-tests-reporter.mjs');

/** Runs these test files with vitest itself. */
async function runVitest(files: Readonly<Record<string, string>>) {
  const imports = `import { beforeEach, describe, expect, test } from ${JSON.stringify(join(PROJECT_ROOT, 'node_modules/vitest/dist/index.js'))};\n`;
  const sources = Object.entries(files).map(([name, body]) => [name, imports + body]);
  const root = temporaryFolder({ 'package.json': '{"type":"module"}', ...Object.fromEntries(sources) });
  const report = join(root, 'report.json');
  const args = [
    VITEST,
    'run',
    '--root',
    root,
    `--reporter=${REPORTER}`,
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const env = withProjectBin(PROJECT_ROOT, process.env);
  const ended = await runChild(process.execPath, args, { cwd: root, env, capture: true });
  return { ...ended, counts: countFromReport(report) };
}

test('vitest’s report is counted, with a file that breaks before its first test as one failure', async () => {
  const { counts, exitCode } = await runVitest({
    'a.test.js': `test('passes', () => {}); test('fails', () => expect(1).toBe(2)); test('too', () => {});`,
    'b.test.js': `throw new Error('broken');`,
    'c.test.js': `test('cannot run here', ({ skip }) => skip('no display'));`,
  });
  expect(exitCode).toBe(1);
  expect(counts).toEqual({ passed: 2, failed: 2, skipped: 1 });
});

test('skipped tests are listed by their reasons', async () => {
  const { output } = await runVitest({
    'c.test.js': `
      test('opens a window', ({ skip }) => skip('no display'));
      test.skip('says nothing', () => {});
      describe('against fio', () => {
        beforeEach(({ skip }) => skip(true, 'no fio here'));
        test('reads what fio wrote', () => {});
        test('reads it again', () => {});
      });`,
  });
  expect(output).toContain(`
Skipped:
  no display
    c.test.js > opens a window
  NO REASON GIVEN
    c.test.js > says nothing
  no fio here
    c.test.js > against fio > reads what fio wrote and 1 more
`);
});

test('a run that left no report counts nothing', () => {
  expect(countFromReport('/nowhere/report.json')).toEqual(NO_TESTS);
});

test('the closing line sums up', () => {
  const sum = sumCounts({ passed: 1, failed: 0, skipped: 2 }, { passed: 10, failed: 3, skipped: 0 });
  expect(closingLine(sum)).toBe('11 passed, 3 failed, 2 skipped');
});
