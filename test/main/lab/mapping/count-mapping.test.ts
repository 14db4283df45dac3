import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countMapping } from '../../../../src/main/lab/mapping/count-mapping.ts';
import { mappingCsv } from '../../../../src/main/lab/mapping/mapping-csv.ts';
import { type MappingProfile, parseMappingProfile } from '../../../../src/shared/mapping-profile.ts';
import type { MappingReport } from '../../../../src/shared/mapping-report.ts';
import { ACCESS_MODES } from '../../../../src/shared/design.ts';
import { RESOURCES } from '../small-lab.ts';

const SHIPPED: unknown = JSON.parse(readFileSync(join(RESOURCES, 'profiles', 'local-mapping-2026.json'), 'utf8'));

function shipped(changes: Partial<MappingProfile['workload']> = {}): MappingProfile {
  const parsed = parseMappingProfile(SHIPPED);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const operations = { cpus: 2, tasksPerCpu: 2, perTask: 300, interrupts: 60 };
  const workload = { ...parsed.value.workload, translations: [], scalingCpus: [], operations, ...changes };
  return { ...parsed.value, workload };
}

async function count(profile: MappingProfile, signal = new AbortController().signal) {
  const progress: number[] = [];
  const result = await countMapping(profile, '1.2.3', { signal, onProgress: (fraction) => progress.push(fraction) });
  return { result, progress };
}

async function reportOf(profile: MappingProfile): Promise<MappingReport> {
  const { result } = await count(profile);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
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
    expect(tables.map(({ cpus, chunks }) => [cpus, chunks])).toEqual([
      [160, 5],
      [160, 16],
    ]);
  });

  it('counts every translation and window once, and every number of CPUs', async () => {
    const profile = shipped({ translations: ['4k-48', '16k-47'], scalingCpus: [8, 160] });
    const { tables } = await reportOf({ ...profile, machine: { ...profile.machine, possibleCpus: 8 } });
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
    const profile = shipped();
    const { events } = await reportOf({ ...profile, machine: { ...profile.machine, possibleCpus: 8 } });
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

describe('counted operations', () => {
  it('lose nothing in any mode but unprotected', async () => {
    const { operations } = await reportOf(shipped());
    expect(operations.map(({ mode }) => mode)).toEqual(ACCESS_MODES);
    for (const { mode, operations: issued, counted, strayAccesses, migrations } of operations) {
      expect(issued).toBe(1200);
      expect(migrations).toBeGreaterThan(0);
      if (mode === 'unprotected') expect(counted).toBeLessThan(issued);
      else expect([counted, strayAccesses]).toEqual([issued, 0]);
    }
  });

  it('are the same for the same profile', async () => {
    const [first, second] = [await reportOf(shipped()), await reportOf(shipped())];
    expect(second).toEqual(first);
  });
});

describe('a count', () => {
  it('goes on from 0 towards 1 and can be cancelled', async () => {
    const { progress } = await count(shipped());
    expect(progress[0]).toBe(0);
    expect(progress.toSorted((a, b) => a - b)).toEqual(progress);
    expect(progress.at(-1)).toBeLessThan(1);
    const aborted = await count(shipped(), AbortSignal.abort());
    expect(aborted.result).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('builds a machine whose first chunk lies in the linear map', async () => {
    const profile = shipped();
    const machine = { ...profile.machine, possibleCpus: 4, firstChunk: 'second-window' as const };
    const { tables } = await reportOf({ ...profile, machine });
    const plain = await reportOf({ ...profile, machine: { ...machine, firstChunk: 'page' } });
    // The first chunk's own window takes one more PTE table on each CPU.
    const [second, page] = [tables[0]?.windowTableBytes ?? 0, plain.tables[0]?.windowTableBytes ?? 0];
    expect(second - page).toBe(4 * 4 * KIB);
  });
});

describe('the CSV', () => {
  it('has a row per figure, with the unit', async () => {
    const lines = mappingCsv(await reportOf(shipped())).split('\r\n');
    expect(lines[0]).toBe('profile,section,subject,cpus,chunks,figure,value,unit');
    const name = shipped().name;
    expect(lines).toContain(`${name},paper,paper,,,pgdBytes,651264,bytes`);
    expect(lines).toContain(`${name},tables,4k-48 same-offset,160,5,localBytes,${5116 * KIB},bytes`);
    expect(lines).toContain(`${name},operations,local-mapping,,,windowAccesses,1200,number`);
    expect(lines).toContain(`${name},event,pages-populated,,,tablesMade,0,number`);
  });
});
