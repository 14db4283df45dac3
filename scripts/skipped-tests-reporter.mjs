/**
 * A vitest reporter that lists the skipped tests after the run, by reason: a test that did not run must say why. Reasons
 * are given by `context.skip(condition, reason)` in the test or in its `beforeEach`.
 */
export default class SkippedTestsReporter {
  /** @param {readonly import('vitest/node').TestModule[]} testModules */
  onTestRunEnd(testModules) {
    const skipped = testModules.flatMap((testModule) => [...testModule.children.allTests('skipped')]);
    if (skipped.length === 0) return;
    const byReason = Map.groupBy(skipped, reasonOf);
    const lines = [...byReason].map(([reason, tests]) => `  ${reason}\n${namesOf(tests)}`);
    process.stdout.write(`\nSkipped:\n${lines.join('\n')}\n`);
  }
}

/** @param {import('vitest/node').TestCase} test */
function reasonOf(test) {
  const result = test.result();
  return (result.state === 'skipped' ? result.note : undefined) ?? 'NO REASON GIVEN';
}

/** @param {readonly import('vitest/node').TestCase[]} tests */
function namesOf(tests) {
  const byFile = Map.groupBy(tests, (test) => test.module.relativeModuleId);
  return [...byFile]
    .map(([file, [first, ...others]]) => {
      const more = others.length === 0 ? '' : ` and ${others.length} more`;
      return `    ${file} > ${first?.fullName ?? ''}${more}`;
    })
    .join('\n');
}
