import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { CSV_COLUMNS } from '../../../src/main/lab/export/csv-columns.ts';
import { type Profile, PROFILE_LIMITS } from '../../../src/shared/profile.ts';
import type { RunRecord } from '../../../src/shared/run-record.ts';
import { openSmallLab, PAGE_BYTES, smallDataFile, smallProfile, valueOf } from '../lab/small-lab.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';
import { cli, profileFile } from './captured-terminal.ts';

const MIB = 2 ** 20;
/** What a person must never be shown. */
const NOISE = /\n\s+at |undefined|\[object|NaN|null/;

/** A small profile by path. */
function small(changes: Parameters<typeof smallProfile>[0] = {}): string {
  return profileFile(temporaryFolder(), smallProfile(changes));
}

describe('lab profiles', () => {
  it('lists the shipped ones and the own, damaged files with what is wrong', async () => {
    const dataFolder = temporaryFolder();
    mkdirSync(join(dataFolder, 'profiles'));
    writeFileSync(join(dataFolder, 'profiles', 'broken.json'), '{');
    writeFileSync(join(dataFolder, 'profiles', 'mine.json'), JSON.stringify(smallProfile({ name: 'mine' })));
    const { code, out, err } = await cli(['profiles'], { dataFolder });
    expect(code).toBe(0);
    expect(err).toBe('');
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^id +designs +name$/);
    expect(lines.some((line) => /^shipped\/seed-2010 +single-mutex, per-cpu-global /.test(line))).toBe(true);
    expect(lines.some((line) => /^saved\/mine .* mine$/.test(line))).toBe(true);
    expect(lines.some((line) => /^saved\/broken +damaged +broken\.json is not JSON/.test(line))).toBe(true);
    expect(out).not.toMatch(NOISE);
  });

  it('--json prints one document with the whole profiles', async () => {
    const { code, out, err } = await cli(['profiles', '--json']);
    expect([code, err]).toEqual([0, '']);
    const { profiles } = JSON.parse(out) as { profiles: readonly { id: string; profile: Profile }[] };
    const seed = profiles.find(({ id }) => id === 'shipped/seed-2010');
    expect(seed?.profile.designs).toEqual(['single-mutex', 'per-cpu-global']);
  });
});

describe('lab run', () => {
  it('prints a report of what was measured, and progress apart from it', async () => {
    const { code, out, err } = await cli(['run', small(), '--repetitions', '1']);
    expect(code).toBe(0);
    const lines = err.trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe('loading data');
    expect(lines.slice(1, 3).toSorted()).toEqual(['per-CPU, global, warm-up', 'single mutex, warm-up']);
    expect(err).toMatch(/^(single mutex|per-CPU, global), repetition 1: write [\d.]+ MB\/s, read [\d.]+ MB\/s$/m);
    expect(out).toMatch(/^small, .*\ncomplete, 2 samples; engine live \(measured, wall clock\), 2 CPUs/);
    const memory = /^memory, KiB \(counted\) .*\n(.*\n){4}\nof the original, at end \(counted\) +compressed % /m;
    for (const row of [/^write +median MB\/s .* no core %$/m, /^read +median MB\/s/m, memory, /^note: /m]) {
      expect(out).toMatch(row);
    }
    expect(out).toMatch(/^write: per-CPU, global against single mutex: [A-Z]+, ratio \d/m);
    expect(out).not.toMatch(NOISE);
  });

  it('--json, --csv and --out print and write what the lab has stored', async () => {
    const folder = temporaryFolder();
    const [csv, out] = [join(folder, 'samples.csv'), join(folder, '1.10')];
    const printed = await cli(['run', small(), '--json', '--csv', csv, '--out', out], { dataFolder: folder });
    expect(printed.code).toBe(0);
    expect(printed.out).not.toMatch(/undefined|null/);

    const lab = await openSmallLab(folder);
    const [listing] = valueOf(await lab.listRuns({}));
    const record = valueOf(await lab.openRun({ runId: listing?.id ?? '' }));
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(JSON.parse(JSON.stringify(record)));

    const document = JSON.parse(printed.out) as Record<string, unknown>;
    expect(Object.keys(document)).toEqual([
      'run',
      'designs',
      'comparisons',
      'environment',
      'notes',
      'pageData',
      'profile',
    ]);
    expect(document['run']).toEqual({
      id: record.id,
      name: record.name,
      startedAt: record.startedAt,
      finishedAt: record.finishedAt,
      outcome: 'complete',
      engine: 'live',
      clock: 'wall',
      oversubscribed: false,
    });
    const [first] = document['designs'] as readonly Record<string, unknown>[];
    const [summary] = record.designs;
    expect(first).toEqual({
      name: 'single-mutex',
      writeMBps: summary?.write?.megabytesPerSecond,
      readMBps: summary?.read?.megabytesPerSecond,
      latencyNs: {
        p50: summary?.write?.latencyNs.p50,
        p99: summary?.write?.latencyNs.p99,
        write: summary?.write?.latencyNs,
        read: summary?.read?.latencyNs,
      },
      lockWaitShare: summary?.write?.lockWaitShare,
      withheldShare: summary?.write?.withheldShare,
      requestShare: { write: summary?.write?.requestShare, read: summary?.read?.requestShare },
      memory: { atEnd: summary?.memoryAtEnd, atPeak: summary?.memoryAtPeak, storedShares: summary?.storedShares },
      zram: record.samples.findLast((sample) => sample.design === 'single-mutex')?.zram,
    });
    expect(document['comparisons']).toEqual(JSON.parse(JSON.stringify(record.comparisons)));

    const { data, errors } = Papa.parse<Record<string, string>>(readFileSync(csv, 'utf8').trimEnd(), { header: true });
    expect(errors).toEqual([]);
    expect(data).toHaveLength(record.samples.length);
    expect(Object.keys(data[0] ?? {})).toEqual(CSV_COLUMNS.map(({ name }) => name));
    expect(data.map((row) => [row['design'], Number(row['repetition'])])).toEqual(
      record.samples.map(({ design, repetition }) => [design, repetition]),
    );
    expect(data.map((row) => Number(row['write_throughput_MBps']))).toEqual(
      record.samples.map((sample) => sample.write?.megabytesPerSecond),
    );
  });

  it('--csv and --out may lie in the folder that --evidence makes', async () => {
    const folder = join(temporaryFolder(), 'new', 'folder');
    const files = ['--csv', join(folder, 'a.csv'), '--out', join(folder, 'a.json')];
    expect((await cli(['run', small(), '--repetitions', '1', ...files, '--evidence', folder])).code).toBe(0);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['a.csv', 'a.json']));
    expect(readdirSync(folder).length).toBeGreaterThan(2);
  });

  it('--jobs, --data, --seconds and --repetitions are in what was run', async () => {
    const folder = temporaryFolder();
    const [data, out] = [smallDataFile(folder), join(folder, 'out.json')];
    const options = ['--jobs', '3', '--data', data, '--data', data, '--seconds', '1', '--repetitions', '1'];
    const { code } = await cli(['run', small(), ...options, '--out', out, '--engine', 'live']);
    expect(code).toBe(0);
    const record = JSON.parse(readFileSync(out, 'utf8')) as RunRecord;
    expect(record.samples.map((sample) => sample.cpus)).toEqual([3, 3]);
    expect(record.profile.workload).toMatchObject({ kind: 'fio', data: { kind: 'files', paths: [data, data] } });
    expect(record.profile.experiment).toMatchObject({ seconds: 1, repetitions: 1 });
    const pageData = `2 files, all ${2 * 8 * PAGE_BYTES} bytes, taken in steps spread evenly over them instead of in order`;
    expect(record.notes).toContain(`Page data: ${pageData}.`);
    expect(record.pageData).toEqual([pageData]);
  });

  it('of a job that only reads has no write figures, and says nothing of them', async () => {
    const workload = {
      kind: 'fio' as const,
      jobFile: '[r]\nrw=read\nsize=1m\n',
      data: { kind: 'files' as const, paths: [smallDataFile()] },
    };
    const path = small({ workload, designs: ['per-cpu-global'], experiment: { repetitions: 1 } });
    const text = await cli(['run', path]);
    expect(text.code).toBe(0);
    expect(text.out).not.toMatch(/^write/m);
    expect(text.out).not.toMatch(NOISE);
    expect(text.err).toMatch(/repetition 1: read [\d.]+ MB\/s$/m);
    const [design] = (JSON.parse((await cli(['run', path, '--json'])).out) as { designs: object[] }).designs;
    expect(design).not.toHaveProperty('writeMBps');
    expect(design).toHaveProperty('latencyNs.read');
    expect(design).not.toHaveProperty('latencyNs.write');
  });

  it('on a screen shows one line that is overwritten, and clears it', async () => {
    const { err } = await cli(['run', small()], { isInteractive: true });
    expect(err).not.toContain('\n');
    const lines = err.split('\r\x1b[K');
    expect(lines[1]).toMatch(/^0 % {2}single mutex {2}warm-up {2}prepare$/);
    expect(lines.some((line) => /^\d+ % {2}.* {2}repetition 2 of 2 {2}(write|read)/.test(line))).toBe(true);
    expect(lines.at(-1)).toBe('');
  });
});

describe('wrong usage is one sentence on standard error, exit code 2, and changes nothing', () => {
  it.each([
    ['frob', "there is no command 'frob'; see lab --help"],
    ['profiles --frob', 'profiles has no --frob; see lab profiles --help'],
    ['profiles x', "'x' is one argument too many; see lab profiles --help"],
    ['run', 'run needs a profile; see lab run --help'],
    ['run PROFILE --port 3', 'run has no --port; see lab run --help'],
    ['run PROFILE --csv', '--csv needs a value (FILE); see lab run --help'],
    ['run PROFILE --warm-up 1 --warm-up 2', '--warm-up may be given only once; see lab run --help'],
    ['run PROFILE --job a --job b', '--job may be given only once; see lab run --help'],
    ['run PROFILE --seconds abc', "--seconds must be a number, not 'abc'"],
    ['run PROFILE --seconds -1', '--seconds: Time in all must be at least 0.2 seconds'],
    ['run PROFILE --seconds 0', '--seconds: Time in all must be at least 0.2 seconds'],
    ['run PROFILE --repetitions 0', '--repetitions: Repetitions must be a whole number from 1 to 50'],
    ['run PROFILE --repetitions 1.5', '--repetitions: Repetitions must be a whole number from 1 to 50'],
    ['run PROFILE --jobs 0', '--jobs must be a whole number from 1 to 64, not 0'],
    ['run PROFILE --jobs 100', '--jobs must be a whole number from 1 to 64, not 100'],
    ['run PROFILE --engine virtual', "--engine must be live or kernel, not 'virtual'"],
    ['run none.json', 'There is no profile file none.json.'],
    ['run PROFILE --csv FOLDER/a --out FOLDER/./a', '--csv and --out name the same file, FOLDER/a'],
    ['run PROFILE --csv /nowhere/a.csv', "cannot write '/nowhere/a.csv': its folder does not exist"],
    ['run PROFILE --csv=', '--csv must not be empty'],
    ['run PROFILE --evidence=', '--evidence must not be empty'],
    ['run PROFILE --out FOLDER', "cannot write 'FOLDER': it is a folder"],
    ['serve --port x', "--port must be a whole number from 0 to 65535, not 'x'"],
    ['serve --port=', "--port must be a whole number from 0 to 65535, not ''"],
    ['serve --port 65536', "--port must be a whole number from 0 to 65535, not '65536'"],
    ['serve --host=', '--host must not be empty'],
  ])('lab %s', async (line, sentence) => {
    const dataFolder = temporaryFolder();
    const folder = temporaryFolder();
    const profile = small();
    const args = line.split(' ').map((word) => word.replace('PROFILE', profile).replace('FOLDER', folder));
    const { code, out, err } = await cli(args, { dataFolder });
    expect(err).toBe(`${sentence.replaceAll('FOLDER', folder)}\n`);
    expect([code, out]).toEqual([2, '']);
    expect(readdirSync(folder)).toEqual([]);
    expect(valueOf(await (await openSmallLab(dataFolder)).listRuns({}))).toEqual([]);
  });

  it.each([
    ['a profile that is not there, even one named like a number', '2010'],
    ['an empty name of a profile', ''],
  ])('%s', async (_, name) => {
    const { code, out, err } = await cli(['run', '--json', name]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(new RegExp(`^There is no profile ${name}; there are: .*shipped/seed-2010.*\\.\\n$`));
  });

  it.for(['--csv', '--out', '--evidence'])('a path for %s in a folder that takes nothing', async (option, context) => {
    context.skip(process.platform !== 'linux', 'needs /proc');
    const { code, out, err } = await cli(['run', small(), option, '/proc/a']);
    expect([code, out, err]).toEqual([2, '', "cannot write '/proc/a': nothing can be made in '/proc'\n"]);
  });

  it('a link for a file that leads nowhere', async () => {
    const link = join(temporaryFolder(), 'link');
    symlinkSync('/nowhere/a.csv', link);
    const { code, err } = await cli(['run', small(), '--csv', link]);
    expect([code, err]).toEqual([2, `cannot write '${link}': it is a link into a folder that does not exist\n`]);
  });

  it('a damaged profile file, with line and column', async () => {
    const path = join(temporaryFolder(), 'damaged.json');
    writeFileSync(path, '{\n  "name": oops\n}');
    expect(await cli(['run', path])).toEqual({
      code: 2,
      out: '',
      err: `${path}:2:11: damaged.json is not JSON: unexpected "oops" at line 2, column 11.\n`,
    });
  });

  it('a folder for what kernels print of a workload that they print nothing of, before the folder is made', async () => {
    const folder = join(temporaryFolder(), 'evidence');
    const { code, out, err } = await cli(['run', 'local-mapping-2026', '--evidence', folder]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(
      /^--evidence is for fio and percpu workloads; the machines of '2026: .*' boot no per-CPU allocator/,
    );
    expect(existsSync(folder)).toBe(false);
  });

  it('a codec for the kernel, which has its own', async () => {
    expect(await cli(['run', 'seed-2010', '--engine', 'kernel', '--codec', 'lz4-kernel'])).toEqual({
      code: 2,
      out: '',
      err: "--codec is for machines of the lab's own; under --engine kernel the kernel compresses, with its lz4\n",
    });
  });

  it('a folder for what kernels print of a run that boots no machine, before the folder is made', async () => {
    const folder = join(temporaryFolder(), 'evidence');
    expect(await cli(['run', 'seed-2010', '--engine', 'kernel', '--evidence', folder])).toEqual({
      code: 2,
      out: '',
      err: "--evidence is what a kernel would print on machines of the lab's own, and --engine kernel boots none of them\n",
    });
    expect(existsSync(folder)).toBe(false);
  });

  it('all wrong fields of a profile file, a line each in the words of the form with the path', async () => {
    const { machine, experiment, ...rest } = smallProfile();
    const wrong = { machine: { ...machine, memoryBytes: 100, onlineCpus: 65 }, experiment: { ...experiment, pace: 1 } };
    const path = join(temporaryFolder(), 'wrong.json');
    writeFileSync(path, JSON.stringify({ ...rest, ...wrong }));
    const { code, out, err } = await cli(['run', path]);
    expect([code, out]).toEqual([2, '']);
    expect(err.trimEnd().split('\n')).toEqual([
      'wrong.json: Online CPUs must be a whole number from 1 to 64 (machine.onlineCpus).',
      'Memory must be from 4 MiB to 8 GiB, a whole number of bytes (machine.memoryBytes)',
      'Online CPUs must not exceed possible CPUs (machine.onlineCpus)',
      'A profile has no such field (experiment.pace)',
    ]);
  });

  it('all errors of a job file, a line each', async () => {
    const { code, err } = await cli([
      'run',
      small({ workload: { jobFile: '[a]\nrw=write\nsize=0\n[b]\nsize=1m\nrw=foo\n' } }),
    ]);
    expect(code).toBe(2);
    expect(err.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^Job file, line 3, column \d+: .* \(workload\.jobFile\)$/),
      expect.stringMatching(/^Job file, line 6, column \d+: 'rw' must be .* \(workload\.jobFile\)$/),
    ]);
  });

  it('a job file that is wrong, before any file is made', async () => {
    const folder = temporaryFolder();
    const workload = { jobFile: '[w]\nrw=write\nsize=some\n', data: { kind: 'job' as const } };
    const { code, out, err } = await cli(['run', small({ workload }), '--csv', join(folder, 'a.csv')]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^Job file, line 3, column 6: 'size' .* \(workload\.jobFile\)\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('nothing at all prints the help there', async () => {
    const { code, out, err } = await cli([]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Usage: lab COMMAND');
  });
});

describe('help and version', () => {
  it('are printed on standard output, without opening the lab', async () => {
    const refuse = { onLab: () => expect.unreachable('the lab was opened') };
    const help = await cli(['--help'], refuse);
    expect([help.code, help.err]).toEqual([0, '']);
    for (const word of ['profiles', 'run PROFILE', 'serve', '--version']) expect(help.out).toContain(word);
    const run = await cli(['run', '--help'], refuse);
    const { cpus, repetitions, seconds, warmUpSeconds } = PROFILE_LIMITS;
    const limits = { seconds, jobs: cpus, repetitions, 'warm-up': warmUpSeconds };
    for (const [option, { min, max }] of Object.entries(limits)) {
      expect(run.out).toMatch(new RegExp(`^  --${option} N .*\\(${min} to ${max}\\)`, 'm'));
    }
    expect(run.out.match(/^.*; may be given more than once$/gm)).toEqual([expect.stringMatching(/^ {2}--data PATH /)]);
    expect(run.out).not.toContain('--port');
    expect(await cli(['--version'], refuse)).toEqual({ code: 0, out: '9.8.7\n', err: '' });
  });
});

describe('a run that does not end well', () => {
  it('interrupted is 130, with what was finished printed, written and stored', async () => {
    const dataFolder = temporaryFolder();
    const csv = join(dataFolder, 'a.csv');
    const workload = {
      jobFile: '[w]\nrw=write\nsize=1m\nloops=20\n',
      data: { kind: 'files' as const, paths: [smallDataFile()] },
    };
    const path = small({ workload, experiment: { repetitions: 50 } });
    const { code, out, err } = await cli(['run', path, '--json', '--csv', csv], {
      dataFolder,
      onPrint: (text, interrupt) => {
        if ((text.match(/repetition/g)?.length ?? 0) > 1) interrupt();
      },
    });
    expect(code).toBe(130);
    const document = JSON.parse(out) as { run: { outcome: string }; designs: readonly object[] };
    expect(document.run.outcome).toBe('cancelled');
    const rows = Papa.parse(readFileSync(csv, 'utf8').trimEnd(), { header: true }).data;
    expect(rows.length).toBeGreaterThanOrEqual(2);
    expect(err.endsWith(`\nthe run was cancelled after ${rows.length} samples\n`)).toBe(true);
    const [listing] = valueOf(await (await openSmallLab(dataFolder)).listRuns({}));
    expect(listing).toMatchObject({ outcome: 'cancelled', sampleCount: rows.length });
  });

  it('interrupted before it began has no samples, and says so on both outputs', async () => {
    const { code, out, err } = await cli(['run', small()], { onLab: (_lab, interrupt) => interrupt() });
    expect(code).toBe(130);
    expect(out).toMatch(/\ncancelled, 0 samples;/);
    expect(err).toBe('loading data\nthe run was cancelled before its first repetition was done\n');
    expect(out).not.toMatch(NOISE);
  });

  it.each(['before', undefined])(
    'without a sample leaves the file for the CSV as it is, and says so: %s',
    async (content) => {
      const folder = temporaryFolder();
      const [csv, out] = [join(folder, 'a.csv'), join(folder, 'a.json')];
      if (content !== undefined) writeFileSync(csv, content);
      const { code, err } = await cli(['run', small(), '--csv', csv, '--out', out], {
        onPrint: (text, interrupt) => {
          if (text.includes('warm-up')) interrupt();
        },
      });
      expect(code).toBe(130);
      expect(err.trimEnd().split('\n').slice(-2)).toEqual([
        'the run was cancelled before its first repetition was done',
        `'${csv}' was not written: no sample was finished`,
      ]);
      expect(existsSync(csv) ? readFileSync(csv, 'utf8') : undefined).toBe(content);
      expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ outcome: 'cancelled', samples: [] });
    },
  );

  it('for want of memory is 1, with the sentence on standard error', async () => {
    const workload = {
      jobFile: '[w]\nrw=write\nsize=12m\n',
      data: { kind: 'generator' as const, zeroPercent: 0, samePercent: 0, randomPercent: 100, compressPercent: 0 },
    };
    const path = small({ workload, machine: { memoryBytes: 8 * MIB, diskSizeBytes: 16 * MIB } });
    const { code, out, err } = await cli(['run', path, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      run: { outcome: 'failed' },
      error: { code: 'out-of-memory' },
      designs: [],
    });
    expect(err).toMatch(
      /^loading data\n(single mutex|per-CPU, global), warm-up\ndesign [a-z-]+: job w could not write page \d+ of zram0: the machine's memory of 8\.0 MiB is full/,
    );
  });

  it('at a memory limit tells what its device said then, in the report, the document and the record', async () => {
    const folder = temporaryFolder();
    const path = profileFile(folder, {
      ...smallProfile({ designs: ['per-cpu-global'], machine: { codec: 'lz4-kernel' } }),
      zram: { memLimitBytes: 300_000 },
    });
    const record = join(folder, 'record.json');
    const text = await cli(['run', path, '--out', record]);
    expect(text.code).toBe(1);
    const [, line = ''] = /^mm_stat at the failure, .*\n(.*)$/m.exec(text.out) ?? [];
    const [, original, , used, limit, highest] = line.split(/ {2,}/);
    // The limit in whole pages; the refused write has raised the highest use above it.
    expect(limit).toBe('303104');
    expect(Number(used)).toBeLessThanOrEqual(303_104);
    expect(Number(highest)).toBeGreaterThan(303_104);
    const { zramAtFailure } = JSON.parse(readFileSync(record, 'utf8')) as RunRecord;
    expect(zramAtFailure?.[0]?.mmStat.trim().split(/ +/)[0]).toBe(original);
    const json = await cli(['run', path, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ zramAtFailure: [{ mmStat: expect.stringContaining(' 303104 ') }] });
  });

  it.each(['text', 'json'])(
    'for want of data is 2 and that one sentence, nothing printed or written: %s',
    async (form) => {
      const [dataFolder, folder] = [temporaryFolder(), temporaryFolder()];
      const outputs = { csv: 'a.csv', out: 'a.json', evidence: 'a/folder/made' };
      const files = Object.entries(outputs).flatMap(([option, name]) => [`--${option}`, join(folder, name)]);
      const args = ['run', small(), '--data', '/nowhere/at/all', ...files, ...(form === 'json' ? ['--json'] : [])];
      const { code, out, err } = await cli(args, { dataFolder });
      expect([code, out]).toEqual([2, '']);
      expect(err.replace('loading data\n', '')).toBe("'/nowhere/at/all' does not exist\n");
      expect(readdirSync(folder)).toEqual([]);
      expect(valueOf(await (await openSmallLab(dataFolder)).listRuns({}))).toEqual([]);
    },
  );

  it('whose CSV cannot be written any more is 1, with all the rest printed and written', async () => {
    const folder = temporaryFolder();
    const gone = join(folder, 'gone');
    mkdirSync(gone);
    const [csv, record] = [join(gone, 'a.csv'), join(folder, 'a.json')];
    const { code, out, err } = await cli(['run', small(), '--csv', csv, '--out', record], {
      onPrint: () => rmSync(gone, { recursive: true, force: true }),
    });
    expect(code).toBe(1);
    expect(err).toContain(`cannot write '${csv}': its folder does not exist\n`);
    expect(out).toMatch(/\ncomplete, 4 samples/);
    expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({ outcome: 'complete' });
  });

  it('that cannot be stored is still printed and written, said to be lost, and 1', async () => {
    const dataFolder = temporaryFolder();
    writeFileSync(join(dataFolder, 'runs.sqlite'), 'not a database, by any means');
    const csv = join(dataFolder, 'a.csv');
    const { code, out, err } = await cli(['run', small(), '--csv', csv, '--repetitions', '1'], { dataFolder });
    expect(code).toBe(1);
    expect(err).toContain('the run was not stored: The run database ');
    expect(out).toMatch(/\ncomplete, 2 samples/);
    expect(existsSync(csv)).toBe(true);
  });
});

it('serve says at its start that past runs cannot be kept', async () => {
  const dataFolder = temporaryFolder();
  writeFileSync(join(dataFolder, 'runs.sqlite'), 'not a database, by any means');
  const dashboardFolder = temporaryFolder();
  writeFileSync(join(dashboardFolder, 'index.html'), '<!doctype html>');
  const { code, out, err } = await cli(['serve'], {
    dataFolder,
    dashboardFolder,
    onLab: (_lab, interrupt) => interrupt(),
  });
  expect(code).toBe(0);
  expect(out).toMatch(/^percpu-lab serves its dashboard at http/);
  expect(err).toContain('Past runs cannot be kept: The run database ');
});
