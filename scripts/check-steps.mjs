/**
 * The steps of `npm test`, in order, and how a selection of them runs.
 *
 *   prepared:  chromium, lint, types, build, format, layers, unused     two at a time, output shown when one fails
 *   streamed:  unit, e2e                                                one after the other, output shown as it comes
 *
 * The first failure stops everything. Each check's command is its line in package.json.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runChild, withProjectBin } from './child-process.mjs';
import { ensureChromium } from './chromium.mjs';
import { Interrupted, SetUpError } from './project.mjs';
import { ensureBuilt } from './set-up.mjs';
import { countFromReport, NO_TESTS, sumCounts } from './test-counts.mjs';

const MINUTE_MS = 60_000;
/** The checks are single-threaded and CPU-bound: as many as the smallest machine has cores. */
const AT_ONCE = 2;

/**
 * @typedef {object} Step
 * @property {string} name what `npm test -- NAME` selects
 * @property {string} [script] its script in package.json
 * @property {'prepared' | 'streamed'} kind
 * @property {readonly string[]} needs steps that are selected with it
 * @property {number} limitMs it hangs if it takes longer
 */

/** @type {readonly Step[]} */
export const STEPS = [
  // Mostly waiting for the network where it has to install something, so it comes first.
  { name: 'chromium', kind: 'prepared', needs: [], limitMs: 20 * MINUTE_MS },
  // As long as all the others together, which run beside it.
  { name: 'lint', script: 'check:lint', kind: 'prepared', needs: [], limitMs: 5 * MINUTE_MS },
  { name: 'types', script: 'check:types', kind: 'prepared', needs: [], limitMs: 5 * MINUTE_MS },
  { name: 'build', kind: 'prepared', needs: [], limitMs: 5 * MINUTE_MS },
  { name: 'format', script: 'check:format', kind: 'prepared', needs: [], limitMs: 5 * MINUTE_MS },
  { name: 'layers', script: 'check:layers', kind: 'prepared', needs: [], limitMs: 5 * MINUTE_MS },
  { name: 'unused', script: 'check:unused', kind: 'prepared', needs: [], limitMs: 5 * MINUTE_MS },
  { name: 'unit', script: 'test:unit', kind: 'streamed', needs: ['build'], limitMs: 10 * MINUTE_MS },
  { name: 'e2e', script: 'test:e2e', kind: 'streamed', needs: ['chromium', 'build'], limitMs: 15 * MINUTE_MS },
];

/**
 * The steps that a command line selects, in running order, with what they need; all of them when it names none.
 *
 * @param {readonly string[]} names
 * @returns {readonly Step[]}
 * @throws {SetUpError} naming an unknown step and those that exist
 */
export function selectSteps(names) {
  if (names.length === 0) return STEPS;
  const wanted = new Set();
  for (const name of names) {
    const step = STEPS.find((each) => each.name === name || each.script === name);
    if (step === undefined) {
      throw new SetUpError(`no step "${name}"; there are: ${STEPS.map((each) => each.name).join(', ')}`);
    }
    for (const each of [step.name, ...step.needs]) wanted.add(each);
  }
  return STEPS.filter((step) => wanted.has(step.name));
}

/**
 * @typedef {object} StepResult
 * @property {boolean} ok
 * @property {string} [output] to show when it failed
 * @property {NodeJS.Signals} [interruptedBy]
 * @property {import('./test-counts.mjs').TestCounts} counts
 */

/**
 * Runs steps until the first failure, telling `report` of each one's end.
 *
 * @param {string} root project folder, installed
 * @param {readonly Step[]} steps
 * @param {(step: Step, result: StepResult, seconds: number) => void} report
 * @returns {Promise<{ readonly ok: boolean, readonly counts: import('./test-counts.mjs').TestCounts }>} a failed step
 *   without a failed test in it counts as one
 * @throws {Interrupted} when the user ended it
 */
export async function runSteps(root, steps, report) {
  const stop = new AbortController();
  let counts = NO_TESTS;
  let ok = true;
  const runOne = async (/** @type {Step} */ step) => {
    const startedAt = Date.now();
    const result = await runStep(root, step, stop.signal);
    if (result.interruptedBy !== undefined) throw new Interrupted(result.interruptedBy);
    if (stop.signal.aborted) return;
    const uncounted = !result.ok && result.counts.failed === 0 ? 1 : 0;
    counts = sumCounts(counts, { ...result.counts, failed: result.counts.failed + uncounted });
    report(step, result, (Date.now() - startedAt) / 1000);
    if (result.ok) return;
    ok = false;
    stop.abort();
  };
  await runQueue(
    steps.filter((step) => step.kind === 'prepared'),
    AT_ONCE,
    stop,
    runOne,
  );
  await runQueue(
    steps.filter((step) => step.kind === 'streamed'),
    1,
    stop,
    runOne,
  );
  return { ok, counts };
}

/**
 * @param {readonly Step[]} steps
 * @param {number} atOnce
 * @param {AbortController} stop aborted by the first failure, after which nothing starts
 * @param {(step: Step) => Promise<void>} runOne
 */
async function runQueue(steps, atOnce, stop, runOne) {
  const waiting = [...steps];
  const worker = async () => {
    for (let step = waiting.shift(); step !== undefined && !stop.signal.aborted; step = waiting.shift()) {
      await runOne(step);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
}

/**
 * @param {string} root
 * @param {Step} step
 * @param {AbortSignal} abort
 * @returns {Promise<StepResult>}
 */
async function runStep(root, step, abort) {
  if (step.script !== undefined) return runScript(root, step, step.script, abort);
  try {
    if (step.name === 'build') await ensureBuilt(root);
    // The tests read it from there.
    if (step.name === 'chromium') process.env['CHROMIUM_PATH'] = await ensureChromium();
    return { ok: true, counts: NO_TESTS };
  } catch (error) {
    if (error instanceof SetUpError) return { ok: false, output: error.message, counts: NO_TESTS };
    throw error;
  }
}

/**
 * Runs a line of package.json's scripts as npm would, without npm's own start-up.
 *
 * @param {string} root
 * @param {Step} step
 * @param {string} script
 * @param {AbortSignal} abort
 * @returns {Promise<StepResult>}
 */
async function runScript(root, step, script, abort) {
  const report = step.kind === 'streamed' ? join('test-results', `${step.name}.json`) : undefined;
  if (report !== undefined) rmSync(join(root, report), { force: true });
  const command = [commandLine(root, script), ...(report === undefined ? [] : reporterFlags(report))].join(' ');
  const ended = await runChild(command, [], {
    cwd: root,
    env: withProjectBin(root, process.env),
    shell: true,
    capture: step.kind === 'prepared',
    timeoutMs: step.limitMs,
    abort,
  });
  const limit = ended.timedOut ? `\n${script} was ended after ${step.limitMs / MINUTE_MS} minutes` : '';
  return {
    ok: ended.exitCode === 0,
    output: `${ended.output.trimEnd()}${limit}`.trim(),
    ...(ended.interruptedBy === undefined ? {} : { interruptedBy: ended.interruptedBy }),
    counts: report === undefined ? NO_TESTS : countFromReport(join(root, report)),
  };
}

/**
 * @param {string} root
 * @param {string} script
 */
function commandLine(root, script) {
  /** @type {{ scripts: Record<string, string> }} */
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const command = scripts[script];
  if (command === undefined) throw new Error(`package.json has no script ${script}`);
  return command;
}

/** @param {string} report path of the JSON report, relative to the project */
function reporterFlags(report) {
  const reporters = ['default', './scripts/skipped-tests-reporter.mjs', 'json'];
  return [...reporters.map((each) => `--reporter=${each}`), `--outputFile.json=${report}`, '--allowOnly=false'];
}
