import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { CountingTask } from '../../../../src/main/lab/mapping/build-machine.ts';
import { countMapping } from '../../../../src/main/lab/mapping/count-mapping.ts';
import { addressSpaceOf } from '../../../../src/main/lab/plan/plan-storms.ts';
import type { MappingReport } from '../../../../src/shared/mapping-report.ts';
import { paperMachine } from '../../../../src/shared/paper-machine.ts';
import { parseProfile } from '../../../../src/shared/profile.ts';
import type { TableCounting } from '../../../../src/shared/this-cpu-profile.ts';
import { RESOURCES, valueOf } from '../small-lab.ts';

const SHIPPED: unknown = JSON.parse(readFileSync(join(RESOURCES, 'profiles', 'local-mapping-2026.json'), 'utf8'));

/** What the shipped profile wants counted, without other machines. */
function shipped(changes: Partial<TableCounting> = {}): CountingTask {
  const { machine, workload } = valueOf(parseProfile(SHIPPED));
  if (workload.kind !== 'this-cpu' || workload.counting === undefined) throw new Error('nothing to count');
  const counting = { ...workload.counting, translations: [], scalingCpus: [], ...changes };
  return { addressSpace: addressSpaceOf(machine), counting };
}

async function count(task: CountingTask, signal = new AbortController().signal) {
  let steps = 0;
  const result = await countMapping(task, {
    signal,
    onProgress: () => {
      steps += 1;
    },
  });
  return { result, steps };
}

async function reportOf(task: CountingTask): Promise<MappingReport> {
  return valueOf((await count(task)).result);
}

const KIB = 1024;

describe('the 2026 profile', () => {
  it('finds the three numbers of the proposal, and counts what it has only words for', async () => {
    const { paper, tables } = await reportOf(shipped());
    expect(paper.map(({ paperBytes, labBytes }) => [paperBytes, labBytes])).toEqual([
      [636 * KIB, 636 * KIB],
      [960 * KIB, 960 * KIB],
      [2112 * KIB, 2112 * KIB],
      [undefined, 4480 * KIB],
      [undefined, 7040 * KIB],
    ]);
    expect(tables.map(({ window, cpus, chunks }) => [window, cpus, chunks])).toEqual([
      ['same-offset', 160, 5],
      ['same-offset', 160, 16],
      ['packed', 160, 5],
      ['packed', 160, 16],
    ]);
  });

  it('has both windows of the same machine beside each other', async () => {
    const machine = paperMachine(await reportOf(shipped()));
    expect(machine).toMatchObject({ translation: '4k-48', cpus: 160, unitBytes: 192 * KIB });
    expect([machine?.chunksAtRest, machine?.chunksGrown]).toEqual([5, 16]);
    const figures = machine?.windows.map(({ window, figures: { pgdBytes, tablesAtRestBytes, tablesAddedBytes } }) => [
      window,
      ...[pgdBytes, tablesAtRestBytes, tablesAddedBytes].map((bytes) => bytes / KIB),
    ]);
    // Local mapping in all: 5116 and 2556 at rest, 7040 and 640 on top, by construction page by page elsewhere.
    expect(figures).toEqual([
      ['same-offset', 636, 5116 - 636, 7040],
      ['packed', 636, 2556 - 636, 640],
    ]);
  });

  it('counts no other window where the profile wants none', async () => {
    const machine = paperMachine(await reportOf(shipped({ cpus: 4, windows: [] })));
    expect(machine?.windows.map(({ window }) => window)).toEqual(['same-offset']);
  });

  it('counts every translation and window once, and every number of CPUs', async () => {
    const { tables } = await reportOf(shipped({ cpus: 8, translations: ['4k-48', '16k-47'], scalingCpus: [8, 160] }));
    expect(tables.filter(({ chunks }) => chunks === 5).map((row) => [row.translation, row.window, row.cpus])).toEqual([
      ['4k-48', 'same-offset', 8],
      ['4k-48', 'packed', 8],
      ['16k-47', 'packed', 8],
      ['16k-47', 'same-offset', 8],
      ['4k-48', 'packed', 160],
      ['4k-48', 'same-offset', 160],
    ]);
    const [own] = tables;
    expect(own?.localBytes).toBe(220 * KIB);
  });
});

describe('costs of events', () => {
  it('are a chunk’s and not an allocation’s, and a CPU’s share of the tables', async () => {
    const { events } = await reportOf(shipped({ cpus: 8 }));
    const costs = Object.fromEntries(events.map(({ event, ...cost }) => [event, Object.values(cost)]));
    // Eight CPUs: a chunk of 1.5 MiB brings each CPU at most one PTE table, or none where its table is there.
    const [made = 0] = costs['chunk-created'] ?? [];
    expect(made).toBeLessThanOrEqual(9);
    expect(costs['pages-populated']).toEqual([0, 0, 0, 0]);
    expect(costs['chunk-destroyed']).toEqual([0, made, 0, 2]);
    expect(costs['cpu-up']?.[0]).toBe(costs['cpu-down']?.[1]);
    expect(costs['cpu-up']?.[0]).toBeGreaterThan(3);
  });
});

describe('a count', () => {
  it('says when a machine is done and can be cancelled', async () => {
    const { steps } = await count(shipped({ cpus: 8, scalingCpus: [4] }));
    expect(steps).toBe(4);
    const aborted = await count(shipped(), AbortSignal.abort());
    expect(aborted.result).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('that has lasted hears in the middle of a machine that nobody wants it any more', async () => {
    let nowMs = 0;
    // Every step seems to take long.
    vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 1000));
    const abort = new AbortController();
    setImmediate(() => abort.abort());
    const { result, steps } = await count(shipped({ cpus: 4 }), abort.signal);
    expect(result).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(steps).toBe(0);
  });

  it('builds a machine whose first chunk lies in the linear map', async () => {
    const task = shipped({ cpus: 4 });
    const addressSpace = { ...task.addressSpace, firstChunk: 'second-window' as const };
    const { tables } = await reportOf({ ...task, addressSpace });
    const plain = await reportOf(task);
    // The first chunk's own window takes one more PTE table on each CPU.
    const [second, page] = [tables[0]?.windowTableBytes ?? 0, plain.tables[0]?.windowTableBytes ?? 0];
    expect(second - page).toBe(4 * 4 * KIB);
  });
});
