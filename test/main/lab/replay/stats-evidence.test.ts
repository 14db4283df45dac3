/** percpu_stats of the recorded moment are used; those of another machine or moment are found out and left out. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { replayTrace } from '../../../../src/main/lab/replay/replay-trace.ts';
import type { ReplayReport } from '../../../../src/shared/replay-report.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { hasRecordings, MISSING, recordingPath } from './trace-text.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/percpu-traces/${name}`, import.meta.url));

async function replay(tracePath: string, statsPath: string): Promise<ReplayReport> {
  const replayed = await replayTrace({ tracePath, statsPath });
  if (!replayed.ok) throw new Error(replayed.error.message);
  return replayed.value;
}

const CHURN = 'percpu-cgroups-3000';
const MIXED = 'percpu-mixed';

describe('a percpu_stats text', () => {
  beforeEach((context) => context.skip(!hasRecordings, MISSING));

  it.each([
    [CHURN, `${CHURN}.stats-before`],
    // Nothing that the trace shows tells the end of these two recordings from their beginning.
    [CHURN, `${CHURN}.stats-after`],
    [MIXED, `${MIXED}.stats-before`],
    [MIXED, `${MIXED}.stats-after`],
  ])('is used where it agrees: %s with %s', async (trace, stats) => {
    const found = await replay(recordingPath(`${trace}.ftrace.gz`), recordingPath(`${stats}.txt`));
    expect([found.statsContradiction, found.geometrySource]).toEqual([undefined, 'percpu_stats']);
    expect(found.overall.matched).toBe(found.overall.total);
  });

  it.each([
    [
      CHURN,
      `${CHURN}.stats-peak`,
      /^it has no chunk that can be the trace's chunk at \w+ \(line 13\), where \d+ bytes were free/,
    ],
    [CHURN, `${MIXED}.stats-before`, /^from its state 3632 of 57024 allocations lie where .* without it 57024: /],
    [MIXED, `${CHURN}.stats-before`, /^it has no chunk that can be the trace's chunk at \w+ \(line 13\): /],
    [MIXED, `${CHURN}.stats-after`, /^from its state 1164 of 22379 allocations /],
  ])('of another moment is left out, which is said: %s with %s', async (trace, stats, sentence) => {
    const found = await replay(recordingPath(`${trace}.ftrace.gz`), recordingPath(`${stats}.txt`));
    expect(found.statsContradiction).toMatch(sentence);
    expect(found.statsContradiction).toMatch(/: it is of another machine or moment$/);
    expect(found.geometrySource).toBe('trace');
    expect(found.overall.matched).toBe(found.overall.total);
  });

  it('of a machine with smaller units is left out', async () => {
    const text = readFileSync(fixture('two-cpus.stats-before.txt'), 'utf8');
    const small = join(temporaryFolder(), 'stats');
    writeFileSync(small, text.replace(/(unit_size +: +)1048576/, '$1  65536'));
    const found = await replay(fixture('two-cpus.ftrace.gz'), small);
    expect(found.statsContradiction).toMatch(
      /^its units have 65536 bytes, and the trace has an object that ends at byte/,
    );
    const good = await replay(fixture('two-cpus.ftrace.gz'), fixture('two-cpus.stats-before.txt'));
    expect(good.statsContradiction).toBeUndefined();
  });
});
