/** Asks the fio of this host, the program whose files are parsed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why tests against fio cannot run here, or undefined. */
export function fioMissing(): string | undefined {
  if (spawnSync('fio', ['--version']).status === 0) return undefined;
  return 'fio is not installed: nothing was compared with it';
}

/** Runs `use` in an empty folder that holds the job file, job.fio. */
function inFolder<T>(jobFile: string, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'fio-job-'));
  try {
    writeFileSync(join(folder, 'job.fio'), jobFile);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What fio prints for a job file, run in an empty folder of its own. */
export function askFio(jobFile: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return inFolder(jobFile, (folder) => {
    const env = { ...process.env, ...environment };
    const { status, stdout, stderr } = spawnSync('fio', [...args, 'job.fio'], { cwd: folder, env, encoding: 'utf8' });
    return { accepted: status === 0, stdout, stderr };
  });
}

/** The named files after a run of the job file. */
export function filesWrittenByFio(jobFile: string, names: readonly string[]): readonly Buffer[] {
  return inFolder(jobFile, (folder) => {
    spawnSync('fio', ['job.fio'], { cwd: folder });
    return names.map((name) => readFileSync(join(folder, name)));
  });
}

/** The numbers that fio reads for the options of a file that it accepts, in the order in which it reads them. */
export function numbersReadByFio(jobFile: string): readonly number[] {
  const { stdout } = askFio(jobFile, ['--debug=parse', '--parse-only']);
  return Array.from(stdout.matchAll(/ret=0, out=(-?\d+)/g), ([, out]) => Number(out));
}
