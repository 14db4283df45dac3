/** `lab run` of this-cpu workloads: report, document, files, what is stored. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { ExitCode } from '../../../src/main/cli/exit-code.ts';
import { openRunStore } from '../../../src/main/lab/store/run-store.ts';
import type { RunRecord } from '../../../src/shared/run-record.ts';
import { smallThisCpuProfile, type ThisCpuProfileChanges, valueOf } from '../lab/small-lab.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';
import { cli, profileFile } from './captured-terminal.ts';

/** What a person must never be shown. */
const NOISE = /\n\s+at |undefined|\[object|NaN|null/;

function small(changes: ThisCpuProfileChanges = {}): string {
  return profileFile(temporaryFolder(), smallThisCpuProfile(changes));
}

function rowsOf(path: string): readonly Record<string, string>[] {
  return Papa.parse<Record<string, string>>(readFileSync(path, 'utf8'), { header: true, skipEmptyLines: true }).data;
}

// Every storm starts threads of its own, for which a loaded host takes seconds.
describe('lab run of a this-cpu profile', () => {
  it('reports operations a second, time per operation of each mix, totals, counts and the paper beside the lab', async () => {
    const { code, out, err } = await cli(['run', small()]);
    expect(code).toBe(ExitCode.done);
    expect(err).toMatch(/^preempt-off \+ offset, repetition 1: access \d+ operations\/s$/m);
    expect(err).toMatch(/^local mapping, first block, thrown away$/m);
    expect(out).toMatch(/^note: The CPUs' threads begin anew .* The first block is thrown away besides\.$/m);
    expect(`${err}${out}`).not.toMatch(/warm-up/i);
    expect(out).toMatch(/^access +median operations\/s +low +high +p50 ns +p99 ns +lock wait %$/m);
    expect(out).toMatch(/^access: local mapping against preempt-off \+ offset: [A-Z]+, ratio \d/m);
    expect(out).toMatch(/^mix \(measured\) +design +ns\/op +low +high +million op\/s +ns\/op against the first$/m);
    expect(out).toMatch(/^fault +local mapping +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d +\d\.\d+ inconclusive$/m);
    // 4000 additions of the one mix, 3 of 4 operations of the other.
    expect(out).toMatch(/^preempt-off \+ offset +7000 +7000 +exact$/m);
    expect(out).toMatch(/^local mapping +7000 +7000 +exact$/m);
    expect(out).toMatch(/^preempt-off \+ offset +1\.000 +1\.000 +1\.000 +0\.000 +0\.000 /m);
    expect(out).toMatch(/^local mapping +0\.000 +0\.000 +0\.000 +0\.000 +1\.000 /m);
    expect(out).toMatch(
      /^Built with 4k-48 tables for 8 CPUs, 5 chunks of 192 KiB at rest and 11 more with 10,000 cgroups; /m,
    );
    expect(out).toMatch(
      /^the paper beside the lab, KiB +paper +lab, same-offset +lab, packed +lab's figure is +the paper says$/m,
    );
    expect(out).toMatch(/^Top-level tables beside the first +28 +28 +28 +counted +4K \* \(nr_cpus - 1\)$/m);
    expect(out).toMatch(/^Private tables below the window, at rest +- +192 +96 +counted +a couple$/m);
    expect(out).toMatch(/^4k-48 same-offset +8 +5 +28 +192 +220 /m);
    expect(out).toMatch(/^its other pages populated +0 +0 +0 +0$/m);
    expect(out).not.toMatch(NOISE);
  });

  it('--json, --out and --csv have the same figures, mix by mix and CPU by CPU', async () => {
    const folder = temporaryFolder();
    const [csv, out] = [join(folder, 'a.csv'), join(folder, 'a.json')];
    const { code, out: text } = await cli(['run', small(), '--json', '--csv', csv, '--out', out]);
    expect(code).toBe(ExitCode.done);
    const record = JSON.parse(readFileSync(out, 'utf8')) as RunRecord;
    const document = JSON.parse(text) as Record<string, unknown>;
    expect(document['mapping']).toEqual(record.mapping);
    expect(document['designs']).toMatchObject(
      record.designs.map(({ design, thisCpu, access }) => ({
        name: design,
        thisCpu,
        accessPerSecond: access?.operationsPerSecond,
      })),
    );
    for (const { thisCpu } of record.designs) {
      const [storm, fault] = thisCpu?.mixes ?? [];
      expect([storm?.operations, fault?.operations]).toEqual([4000, 4000]);
      // Each batch is moved by an xchg, and a cmpxchg may be done again.
      expect(storm?.counts.operations).toBeGreaterThan(4000);
      expect(fault?.counts.operations).toBeGreaterThanOrEqual(4000);
    }
    const [first] = record.samples;
    expect(rowsOf(csv)[0]).toMatchObject({
      design: first?.design,
      access_operations: String(first?.access?.operations),
      this_cpu_additions_issued: '7000',
      this_cpu_additions_found: '7000',
    });
    const mixes = rowsOf(join(folder, 'a.mixes.csv'));
    expect(mixes.map(({ mix, cpu }) => [mix, cpu]).slice(0, 4)).toEqual([
      ['storm', 'all'],
      ['fault', 'all'],
      ['all', '0'],
      ['all', '1'],
    ]);
    expect(mixes[1]).toMatchObject({ units: '1000', operations: '4000', additions_issued: '3000' });
    const tables = rowsOf(join(folder, 'a.page-tables.csv'));
    expect(
      tables.filter(({ section }) => section === 'paper').map(({ subject, figure, value }) => [subject, figure, value]),
    ).toEqual([
      ['paper', 'pgdBytes', '28672'],
      ['lab same-offset, counted', 'pgdBytes', '28672'],
      ['lab packed, counted', 'pgdBytes', '28672'],
      ['lab same-offset, counted', 'tablesAtRestBytes', '196608'],
      ['lab packed, counted', 'tablesAtRestBytes', '98304'],
    ]);
    expect(tables).toContainEqual({
      profile: 'small storm',
      section: 'tables',
      subject: '4k-48 same-offset',
      cpus: '8',
      chunks: '5',
      figure: 'localBytes',
      value: '225280',
      unit: 'bytes',
    });
  });

  it('counts per operation what operations do, and not what a mix without any does', async () => {
    const mixes = [
      { name: 'storm', unit: 'one addition', operations: { add: 1 }, source: '' },
      { name: 'shared', unit: 'one addition', operations: { shared_add: 1 }, source: '' },
    ];
    const path = join(temporaryFolder(), 'a.json');
    const { out } = await cli([
      'run',
      small({ designs: ['segment', 'preempt-offset'], workload: { mixes } }),
      '--out',
      path,
    ]);
    const record = JSON.parse(readFileSync(path, 'utf8')) as RunRecord;
    for (const { thisCpu } of record.designs) {
      const counts = thisCpu?.mixes.map((mix) => [mix.operations, mix.counts.operations]);
      expect(counts).toEqual([
        [4000, 4000],
        [4000, 0],
      ]);
    }
    // Pairs, checks, offset reads, notes, window accesses, atomic instructions.
    expect(out).toMatch(/^segment prefix +0\.000 +0\.000 +0\.000 +0\.000 +0\.000 +0\.000 +1\.000 /m);
    expect(out).toMatch(/^preempt-off \+ offset +1\.000 +1\.000 +1\.000 +0\.000 +0\.000 +1\.000 +1\.000 /m);
    expect(out).toMatch(/^note: After every mix all additions are compared .* page tables and TLBs are audited: /m);
  });

  it('is stored like any other run', async () => {
    const folder = temporaryFolder();
    const out = join(temporaryFolder(), 'a.json');
    await cli(['run', small(), '--out', out], { dataFolder: folder });
    const store = valueOf(openRunStore(join(folder, 'runs.sqlite')));
    const [listing] = valueOf(store.list());
    expect(listing).toMatchObject({
      outcome: 'complete',
      designs: ['preempt-offset', 'local-mapping'],
      sampleCount: 2,
    });
    const stored = valueOf(store.open(listing?.id ?? ''));
    store.close();
    expect(JSON.parse(JSON.stringify(stored))).toEqual(JSON.parse(readFileSync(out, 'utf8')));
  });

  it('loses updates in mode unprotected, and says in which mixes', async () => {
    // One CPU: the seed alone decides where ticks come, so that the loss is certain.
    const changes: ThisCpuProfileChanges = {
      designs: ['local-mapping', 'unprotected'],
      machine: { possibleCpus: 1, onlineCpus: 1 },
      workload: { tickOperations: 5 },
    };
    const { out } = await cli(['run', small(changes)]);
    expect(out).toMatch(/^unprotected +7000 +\d+ +\d+ lost +.*fault/m);
    expect(out).toMatch(/^local mapping +7000 +7000 +exact$/m);
    expect(out).toMatch(/^unprotected, WRONG RESULT +\d/m);
    expect(out).toMatch(
      /^access: unprotected against local mapping: WRONG RESULT, unprotected lost \d+ of 7000 additions\n {2}Worth nothing then: ratio \d/m,
    );
    expect(out).not.toMatch(/unprotected.*(FASTER|SLOWER|INCONCLUSIVE)/);
  });

  it('says so of unprotected alone, too', async () => {
    const changes: ThisCpuProfileChanges = {
      designs: ['unprotected'],
      machine: { possibleCpus: 1, onlineCpus: 1 },
      workload: { tickOperations: 5 },
    };
    const { out } = await cli(['run', small(changes)]);
    expect(out).toMatch(/^WRONG RESULT, unprotected lost \d+ of 7000 additions$/m);
  });

  it('--seconds ends every mix by the clock, and --jobs says how many CPUs are online', async () => {
    const out = join(temporaryFolder(), 'a.json');
    const { code } = await cli(['run', small(), '--seconds', '0.4', '--jobs', '1', '--out', out]);
    expect(code).toBe(ExitCode.done);
    const record = JSON.parse(readFileSync(out, 'utf8')) as RunRecord;
    for (const { thisCpu } of record.samples) {
      expect(thisCpu?.cpus).toHaveLength(1);
      for (const { issued, counted } of thisCpu?.mixes ?? []) expect(counted).toBe(issued);
    }
  });

  it('has no use for page data', async () => {
    const data = await cli(['run', small(), '--data', '.']);
    expect([data.code, data.err]).toEqual([
      ExitCode.usage,
      "--data is for fio workloads; 'small storm' accesses per-CPU data and writes no pages\n",
    ]);
  });

  it('is cancelled by an interrupt', async () => {
    const folder = temporaryFolder();
    const csv = join(folder, 'a.csv');
    const { code, err } = await cli(['run', small({ workload: { operations: 2_000_000_000 } }), '--csv', csv], {
      onLab: (lab, interrupt) => {
        lab.subscribe((event) => {
          if (event.kind === 'progress' && event.progress.phase === 'access') interrupt();
        });
      },
    });
    expect(code).toBe(ExitCode.cancelled);
    expect(err).toContain(`'${csv}' was not written: no sample was finished\n`);
    // Counted before anything was measured.
    expect(readdirSync(folder)).toEqual(['a.page-tables.csv']);
  });

  it('is listed among the profiles', async () => {
    const { out } = await cli(['profiles']);
    expect(out).toMatch(/shipped\/local-mapping-2026 +preempt-offset, local-mapping, fixup, segment, unprotected/);
  });
});
