/** `lab run` of percpu workloads: report, document, files. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../src/shared/run-record.ts';
import { type PercpuProfileChanges, smallPercpuProfile } from '../lab/small-lab.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';
import { cli, profileFile } from './captured-terminal.ts';

/** What a person must never be shown. */
const NOISE = /\n\s+at |undefined|\[object|NaN|null/;

function small(changes: PercpuProfileChanges = {}): string {
  return profileFile(temporaryFolder(), smallPercpuProfile(changes));
}

describe('lab run of a percpu profile', () => {
  it('reports objects per second, waiting, memory when full and at the end, and who allocates what', async () => {
    const { code, out, err } = await cli(['run', small(), '--repetitions', '1']);
    expect(code).toBe(0);
    expect(err).toMatch(/^(embedded|page-mapped) units, repetition 1: create \d+ objects\/s, destroy \d+ objects\/s$/m);
    expect(out).toMatch(/^create +median objects\/s +low +high +p50 µs +p99 µs +lock wait % +no core %$/m);
    expect(out).toMatch(/^destroy +median objects\/s/m);
    expect(out).toMatch(/^create: page-mapped units against embedded units: [A-Z]+, ratio \d/m);
    expect(out).toMatch(/^per-CPU memory, KiB \(counted\) +objects +of one CPU +chunks +populated/m);
    // 40 groups of 3 × 1000 and 1 × 8 bytes: 117.5 KiB.
    expect(out).toMatch(/^embedded units, full +160 +118 +\d+ +\d+/m);
    expect(out).toMatch(/^page-mapped units, at end +0 +0 +\d+ +\d+/m);
    expect(out).toMatch(/^who allocates what, bytes of one CPU \(counted\) +number +size +total +share %$/m);
    expect(out).toMatch(/^counters +120 +1000 +120000 +99\.7$/m);
    expect(out).toMatch(/^marks +40 +8 +320 +0\.3$/m);
    expect(out).toMatch(/^all +160 +120320 +100\.0$/m);
    expect(out.match(/^who allocates what/gm)).toHaveLength(1);
    expect(out).not.toMatch(/MB\/s/);
    // Nothing is stored on zram, so no column is about it: what its devices take is in the sum, and a note says so.
    expect(out).toMatch(/^memory, KiB \(counted\) +per-CPU area +frames used$/m);
    expect(out).toMatch(/^note: Nothing here uses zram: what the machine boots for its devices /m);
    expect(out).not.toMatch(NOISE);
  });

  it('says "several" where the objects of a call site differ, and nothing of destroying where nothing is', async () => {
    const at = (sizeBytes: number) => ({ callSite: 'mixed', number: 1, sizeBytes, alignBytes: 4 });
    const path = small({ designs: ['page'], workload: { objects: [at(8), at(16)], destroy: 'never' } });
    const { out } = await cli(['run', path]);
    expect(out).toMatch(/^mixed +80 +several +960 +100\.0$/m);
    expect(out).not.toMatch(/^destroy/m);
    expect(out).not.toMatch(NOISE);
  });

  it('--json has createPerSecond, destroyPerSecond and percpu; --csv and --out the same figures', async () => {
    const folder = temporaryFolder();
    const [csv, out] = [join(folder, 'a.csv'), join(folder, 'a.json')];
    const { code, out: text } = await cli(['run', small(), '--json', '--csv', csv, '--out', out]);
    expect(code).toBe(0);
    const record = JSON.parse(readFileSync(out, 'utf8')) as RunRecord;
    expect(record.environment).not.toHaveProperty('codec');
    const { designs } = JSON.parse(text) as { designs: readonly Record<string, unknown>[] };
    expect(designs.map(({ name }) => name)).toEqual(['embed', 'page']);
    for (const [index, design] of designs.entries()) {
      const summary = record.designs[index];
      expect(design['createPerSecond']).toEqual(summary?.create?.operationsPerSecond);
      expect(design['destroyPerSecond']).toEqual(summary?.destroy?.operationsPerSecond);
      expect(design['percpu']).toEqual(summary?.percpu);
      expect(design['lockWaitShare']).toBe(summary?.create?.lockWaitShare);
      expect(design).toHaveProperty('latencyNs.p50', summary?.create?.latencyNs.p50);
      expect(design).toHaveProperty('latencyNs.destroy');
      expect(design).not.toHaveProperty('writeMBps');
    }
    expect(designs[0]).toHaveProperty('memory.atEnd.bufferBytes', record.designs[0]?.memoryAtEnd.bufferBytes);
    const rows = Papa.parse<Record<string, string>>(readFileSync(csv, 'utf8').trimEnd(), { header: true }).data;
    expect(rows.map((row) => Number(row['memory_end_buffer_bytes']))).toEqual(
      record.samples.map((sample) => sample.memoryAtEnd.bufferBytes),
    );
    expect(rows.map((row) => Number(row['create_operations_per_second']))).toEqual(
      record.samples.map((sample) => sample.create?.operationsPerSecond),
    );
    expect(rows.map((row) => row['percpu_full_live_objects'])).toEqual(rows.map(() => '160'));
    expect(rows.map((row) => row['write_operations'])).toEqual(rows.map(() => ''));
  });

  it('counts page tables by chunk: none is left when the chunks have gone, and none comes with an allocation', async () => {
    const out = join(temporaryFolder(), 'record.json');
    const csv = join(temporaryFolder(), 'samples.csv');
    const path = small({ designs: ['page', 'page-tables', 'page-local-mapping'], workload: { groups: 200 } });
    const run = await cli(['run', path, '--repetitions', '1', '--out', out, '--csv', csv]);
    expect(run.code).toBe(0);
    const record = JSON.parse(readFileSync(out, 'utf8')) as RunRecord;
    const [page, shared, local] = record.designs.map(({ percpu }) => percpu?.tables);
    expect(page).toBeUndefined();
    if (shared === undefined || local === undefined) throw new Error('there are no page tables');
    // Tables of a CPU's own: a top-level one, and three levels below its window at boot; CPU 0 keeps the machine's top level.
    const cpus = record.profile.machine.possibleCpus;
    expect(shared.atBoot.ownTableBytes).toBe(0);
    expect(local.atBoot.ownTableBytes).toBe((4 * cpus - 1) * 4096);
    for (const tables of [shared, local]) {
      expect(tables.atEnd.tableBytes).toBe(tables.atBoot.tableBytes);
      expect(tables.atEnd.tablesMade - tables.atEnd.tablesFreed).toBe(
        tables.atBoot.tablesMade - tables.atBoot.tablesFreed,
      );
      expect(tables.atFull.flushes).toBe(tables.atBoot.flushes);
      expect(tables.atEnd.flushes).toBeGreaterThan(tables.atFull.flushes);
      // 800 objects came, and far fewer tables.
      expect(tables.atFull.tablesMade - tables.atBoot.tablesMade).toBeLessThan(40);
    }
    expect(run.out).toMatch(/^page tables \(counted\) +tables KiB +CPUs' own KiB +made +freed +PGD copies +flushes/m);
    expect(run.out).toMatch(/^page-mapped, local mapping, full +\d+ +\d+ +\d+ +0 +\d+ +\d+ +\d+\.\d\d × \d+$/m);
    expect(run.out).not.toMatch(NOISE);
    const rows = Papa.parse<Record<string, string>>(readFileSync(csv, 'utf8').trimEnd(), { header: true }).data;
    const ownOf = new Map(rows.map((row) => [row['design'], row['percpu_boot_own_table_bytes']]));
    expect(ownOf).toEqual(
      new Map([
        ['page', ''],
        ['page-tables', '0'],
        ['page-local-mapping', String(local.atBoot.ownTableBytes)],
      ]),
    );
  });

  it('--jobs sets the online CPUs', async () => {
    const { out } = await cli(['run', small(), '--jobs', '1', '--repetitions', '1']);
    expect(out).toMatch(/engine live \(measured, wall clock\), 1 CPU$/m);
    expect(out).toMatch(/^counters +120 /m);
  });

  it('on a screen shows objects per second in the line of progress', async () => {
    // Goes on until the line has come.
    const path = small({ workload: { groups: 8000 }, machine: { memoryBytes: 256 << 20 }, repetitions: 50 });
    let isSeen = false;
    const onPrint = (text: string, interrupt: () => void): void => {
      isSeen ||= /% {2}[a-z- ]+units {2}.*(create|destroy) {2}\d+ objects\/s/.test(text);
      if (isSeen) interrupt();
    };
    const { code, err } = await cli(['run', path], { isInteractive: true, onPrint });
    expect([code, isSeen]).toEqual([130, true]);
    expect(err.split('\r\x1b[K').at(-1)).toBe('the run was cancelled before its first repetition was done\n');
  });

  it('for want of memory is 1, with job, group and memory in the sentence', async () => {
    const path = small({ designs: ['page'], workload: { groups: 5000 }, machine: { memoryBytes: 12 << 20 } });
    const { code, err, out } = await cli(['run', path]);
    expect(code).toBe(1);
    expect(err).toMatch(/cgroups of CPU \d.*MiB/);
    expect(out).not.toMatch(NOISE);
  });
});

describe('--evidence', () => {
  it('writes boot lines and percpu_stats of each design, which the lab reads like any kernel’s', async () => {
    const folder = join(temporaryFolder(), 'new');
    const { code } = await cli(['run', small(), '--repetitions', '1', '--evidence', folder]);
    expect(code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual([
      'embed.dmesg',
      'embed.percpu_stats',
      'page.dmesg',
      'page.percpu_stats',
    ]);
    const check = await cli(['geometry', '--check', join(folder, 'embed.dmesg'), join(folder, 'page.dmesg')]);
    expect([check.code, check.out.trimEnd().split('\n').at(-1)]).toEqual([0, '2 of 2 files match']);
    expect(readFileSync(join(folder, 'page.percpu_stats'), 'utf8')).toMatch(/^ {2}nr_cur_alloc {8}: {10}160$/m);
  });

  it('is refused before the run where the folder cannot be', async () => {
    const file = join(temporaryFolder(), 'a-file');
    writeFileSync(file, 'kept');
    const { code, err, out } = await cli(['run', small(), '--evidence', join(file, 'folder')]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^cannot write '.*a-file\/folder': a part of its path is a file\n$/);
    const atFile = await cli(['run', small(), '--evidence', file]);
    expect([atFile.code, atFile.err]).toEqual([2, `cannot write '${file}': '${file}' is no folder\n`]);
    expect(readFileSync(file, 'utf8')).toBe('kept');
    expect(existsSync(join(file, 'folder'))).toBe(false);
  });
});
