import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJobFile } from '../../../src/main/cli/job-file.ts';
import type { RunRecord } from '../../../src/shared/run-record.ts';
import { errorOf, openSmallLab, smallPercpuProfile, smallProfile, valueOf } from '../lab/small-lab.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';
import { cli, profileFile } from './captured-terminal.ts';

const READS =
  '# Windows writes\r\n[global]\r\nbs=16k\r\nsize=64k\r\n[mine]\r\nrw=randwrite\r\niodepth=2\r\nverify=meta\r\n';

/** `content` as a job file. */
function jobFile(content: string | Uint8Array, name = 'mine.fio'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

/** A small profile by path. */
function small(changes: Parameters<typeof smallProfile>[0] = {}): string {
  return profileFile(temporaryFolder(), smallProfile(changes));
}

describe('lab run PROFILE --job FILE', () => {
  it("runs the file's jobs in place of the profile's, and nothing else of the profile changes", async () => {
    const [out, job] = [join(temporaryFolder(), 'out.json'), jobFile(READS)];
    const { code } = await cli(['run', small(), '--job', job, '--out', out]);
    expect(code).toBe(0);
    const record = JSON.parse(readFileSync(out, 'utf8')) as RunRecord;
    const { workload, ...rest } = smallProfile();
    expect(record.profile).toMatchObject(rest);
    expect(record.profile.workload).toMatchObject({ kind: 'fio', jobFile: READS, seed: 7, data: { kind: 'files' } });
    expect(workload).not.toMatchObject({ jobFile: READS });
    // 64 KiB in blocks of 16 KiB, read back: 16 pages.
    expect(record.samples.map(({ write, verifiedPages }) => [write?.operations, verifiedPages])).toEqual(
      record.samples.map(() => [4, 16]),
    );
  });

  it('takes --jobs as clones of the jobs of the file', async () => {
    const out = join(temporaryFolder(), 'out.json');
    const { code } = await cli(['run', small(), '--job', jobFile(READS), '--jobs', '3', '--out', out]);
    expect(code).toBe(0);
    const record = JSON.parse(readFileSync(out, 'utf8')) as RunRecord;
    expect(record.samples.map(({ cpus, write }) => [cpus, write?.operations])).toEqual(
      record.samples.map(() => [3, 12]),
    );
  });

  it('names the file, lines and columns of all that is wrong in it', async () => {
    const job = jobFile('[a]\nrw=write\nsize=0\n[b]\nsize=1m\nrw=foo\n');
    const { code, out, err } = await cli(['run', small(), '--job', job]);
    expect([code, out]).toEqual([2, '']);
    expect(err.trimEnd().split('\n')).toEqual([
      `Job file ${job}, line 3, column 6: 'size' (0 bytes) is less than one block (4096 bytes)`,
      expect.stringMatching(new RegExp(`^Job file ${job}, line 6, column 4: 'rw' must be .* not 'foo'$`)),
    ]);
  });

  it.each([
    ['a place of its own', '[a]\nsize=64k\nrw=write\n[b]\nsize=64k\nrw=foo\n', /, line 6, column 4: 'rw' must be /],
    [
      'a job',
      '[a]\nsize=64k\nrw=read\n[b]\nfilename=/dev/zram3\nsize=4k\nrw=read\n',
      /, line 4: job b names \/dev\/zram3/,
    ],
    [
      'two jobs',
      '[a]\nrw=write\nsize=64k\n[global]\nsize=64k\n[b]\nrw=write\nfilename=x\n[c]\nrw=write\nfilename=x\n',
      /, line 6: job b writes pages of \/dev\/zram0 that b \(line 6\) uses at the same time/,
    ],
    ['the disk', '[a]\nrw=write\nsize=64k\n[b]\nrw=write\nsize=1g\n', /, which b \(line 4\) is the first to exceed /],
  ])('counts lines as they are in the file, --jobs or not, where it tells of %s', async (_, text, sentence) => {
    const { code, err } = await cli(['run', small(), '--job', jobFile(text), '--jobs', '2']);
    expect(err).toMatch(sentence);
    expect(code).toBe(2);
    // The same text as the profile's own file.
    const own = await cli(['run', small({ workload: { jobFile: text } }), '--jobs', '2']);
    expect(own.err).toMatch(
      sentence.source.startsWith(', line') ? new RegExp(`^Job file${sentence.source}`) : sentence,
    );
  });

  it('says what is wrong with the file as a whole and names it', async () => {
    const empty = jobFile('');
    expect(await cli(['run', small(), '--job', empty])).toEqual({
      code: 2,
      out: '',
      err: `Job file must not be empty (${empty})\n`,
    });
  });

  it.each([
    ['that is not there', (folder: string) => `${folder}/none`, "the job file 'FOLDER/none' does not exist"],
    ['that is a folder', (folder: string) => folder, "cannot read the job file 'FOLDER': it is a folder"],
    ['without a name', () => '', '--job must not be empty'],
  ])('refuses a file %s, in one sentence and before anything is made', async (_, file, sentence) => {
    const [folder, dataFolder] = [temporaryFolder(), temporaryFolder()];
    const options = ['--job', file(folder), '--csv', join(folder, 'a.csv')];
    const printed = await cli(['run', small(), ...options], { dataFolder });
    expect(printed).toEqual({ code: 2, out: '', err: `${sentence.replace('FOLDER', folder)}\n` });
    expect(readdirSync(folder)).toEqual([]);
    expect(valueOf(await (await openSmallLab(dataFolder)).listRuns({}))).toEqual([]);
  });

  it('refuses it for a profile without fio jobs', async () => {
    const percpu = profileFile(temporaryFolder(), smallPercpuProfile());
    expect(await cli(['run', percpu, '--job', jobFile(READS)])).toEqual({
      code: 2,
      out: '',
      err: "--job is for fio workloads; 'small cgroups' creates per-CPU objects and runs no fio jobs\n",
    });
    const { code, err } = await cli(['run', 'local-mapping-2026', '--job', jobFile(READS)]);
    expect([code, err]).toEqual([2, expect.stringMatching(/^--job is for fio workloads; .* accesses per-CPU data/)]);
  });
});

describe('the text of a job file', () => {
  it('is what the file holds, without the mark that editors on Windows put before it', async () => {
    expect(await readJobFile(jobFile(`\uFEFF${READS}`))).toEqual({ ok: true, value: READS });
    expect(await readJobFile(undefined)).toEqual({ ok: true, value: undefined });
  });

  it('may come out of a pipe', async () => {
    const pipe = join(temporaryFolder(), 'pipe');
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', pipe]);
    const read = readJobFile(pipe);
    await writeFile(pipe, READS);
    expect(await read).toEqual({ ok: true, value: READS });
  });

  it.each([
    ['is no text', Uint8Array.of(0x5b, 0xff, 0xfe), "the job file 'PATH' is not UTF-8 text"],
    ['has no end', ' '.repeat(300_000), "'PATH' is too big for a job file: more than 262144 bytes"],
  ])('is not that of a file that %s', async (_, content, sentence) => {
    const path = jobFile(content);
    expect(errorOf(await readJobFile(path)).message).toBe(sentence.replace('PATH', path));
  });
});

describe('lab run FILE, where the file is no profile', () => {
  it('says how a job file is given', async () => {
    const job = jobFile(READS);
    expect(await cli(['run', job])).toEqual({
      code: 2,
      out: '',
      err:
        `'${job}' is no profile (a profile's file ends in .json); a fio job file goes with --job: ` +
        `lab run seed-2010 --job ${job}\n`,
    });
  });

  it('says of a folder only that there is no such profile', async () => {
    const folder = join(temporaryFolder(), 'folder');
    mkdirSync(folder);
    expect((await cli(['run', folder])).err).toMatch(/^There is no profile .*folder; there are: /);
  });

  it.each(['[]', '3', 'null', '{}', '{"jobs": []}'])(
    'says of %s in a .json file once that it is none',
    async (text) => {
      const path = jobFile(text, 'mine.json');
      expect(await cli(['run', path])).toEqual({
        code: 2,
        out: '',
        err: `${path}: mine.json is no profile: it is JSON, but not an object with a profile's fields.\n`,
      });
    },
  );
});
