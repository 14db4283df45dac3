/** How many tests passed, failed and were skipped, as vitest's JSON report says. */
import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {object} TestCounts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * The parts of vitest's JSON report that are read here.
 *
 * @typedef {object} VitestReport
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {readonly { status: string, assertionResults: readonly { status: string }[] }[]} testResults
 */

/** @type {TestCounts} */
export const NO_TESTS = { passed: 0, failed: 0, skipped: 0 };

/**
 * Reads a report. A test file that broke before its first test counts as one failure.
 *
 * @param {string} path
 * @returns {TestCounts} none when the run ended before it wrote one
 */
export function countFromReport(path) {
  if (!existsSync(path)) return NO_TESTS;
  /** @type {VitestReport} */
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * @param {TestCounts} first
 * @param {TestCounts} second
 * @returns {TestCounts}
 */
export function sumCounts(first, second) {
  return {
    passed: first.passed + second.passed,
    failed: first.failed + second.failed,
    skipped: first.skipped + second.skipped,
  };
}

/**
 * The closing line that continuous integration reads.
 *
 * @param {TestCounts} counts
 */
export function closingLine(counts) {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
