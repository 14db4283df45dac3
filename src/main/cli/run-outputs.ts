/** The files that `run` writes beside what it prints: checked before the run, written after it. */
import { open, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, extname, join, resolve as absolute } from 'node:path';
import type { CsvTable, LabContract } from '../../shared/contract.ts';
import { bootsPercpuMachines } from '../../shared/booted-machines.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import { recordText } from '../../shared/measured-figures.ts';
import type { RunRecord } from '../../shared/run-record.ts';
import { csvTablesOf } from '../lab/export/run-csv.ts';
import { kernelEvidence } from '../lab/export/kernel-evidence.ts';
import { makeFolder } from '../lab/make-folder.ts';
import { writeProblem } from './write-problem.ts';

/** Paths; absent: not asked for. */
export interface RunOutputs {
  /** Samples as CSV; further tables of the run go into files beside it (`csvPath`). */
  readonly csv?: string | undefined;
  /** The whole record as JSON. */
  readonly out?: string | undefined;
  /** Folder for what a kernel would have printed: boot lines and percpu_stats of each design. */
  readonly evidence?: string | undefined;
}

/** Finds out before minutes of measuring that a result of the run could not be written; leaves every file as it is. */
export async function checkOutputs(
  { csv, out, evidence }: RunOutputs,
  planned: Pick<RunRecord, 'engine' | 'profile'>,
): Promise<Result<void>> {
  const empty = Object.entries({ csv, out, evidence }).find(([, path]) => path === '');
  if (empty !== undefined) return fail('bad-input', `--${empty[0]} must not be empty`);
  if (evidence !== undefined && !bootsPercpuMachines(planned)) return fail('bad-input', noEvidence(planned));
  if (csv !== undefined && out !== undefined && absolute(csv) === absolute(out)) {
    return fail('bad-input', `--csv and --out name the same file, ${csv}`);
  }
  const made = evidence === undefined ? ok(undefined) : folderAt('bad-input', evidence);
  if (!made.ok) return made;
  // The files may be meant to lie in the folder.
  const writable = await checkAll([csv, out, ...(evidence === undefined ? [] : [join(evidence, '.percpu-lab')])]);
  if (evidence !== undefined && made.value !== undefined) await takeAway(evidence, made.value);
  return writable;
}

async function checkAll(paths: readonly (string | undefined)[]): Promise<Result<void>> {
  for (const path of paths) {
    const writable = path === undefined ? ok(undefined) : await checkWritable(path);
    if (!writable.ok) return writable;
  }
  return ok(undefined);
}

/** Removes a folder and those around it up to `outermost`, of which one that has got something in it stays. */
async function takeAway(folder: string, outermost: string): Promise<void> {
  for (let each = absolute(folder); each.startsWith(outermost); each = dirname(each)) {
    const isGone = await rmdir(each).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

function noEvidence({ engine, profile }: Pick<RunRecord, 'engine' | 'profile'>): string {
  if (engine === 'kernel') {
    return "--evidence is what a kernel would print on machines of the lab's own, and --engine kernel boots none of them";
  }
  return `--evidence is for fio and percpu workloads; the machines of '${profile.name}' boot no per-CPU allocator, of which a kernel would print something`;
}

/** Makes the folder: the outermost of those that had to be made, absolute; undefined where it was there. */
function folderAt(code: WriteCode, path: string): Result<string | undefined> {
  try {
    const made = makeFolder(path);
    return ok(made === undefined ? undefined : absolute(made));
  } catch (error) {
    return unwritable(code, path, error);
  }
}

async function checkWritable(path: string): Promise<Result<void>> {
  try {
    const file = await open(path, 'ax');
    await file.close();
    await rm(path);
    return ok(undefined);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
      return unwritable('bad-input', path, error);
  }
  try {
    const file = await open(path, 'a');
    await file.close();
    return ok(undefined);
  } catch (error) {
    return unwritable('bad-input', path, error);
  }
}

/** Writes all that can be written; the error is the first. */
export async function writeOutputs(lab: LabContract, record: RunRecord, outputs: RunOutputs): Promise<Result<void>> {
  const { csv, out, evidence } = outputs;
  const written = [
    // First, as it makes the folder in which the others may lie.
    evidence === undefined ? ok(undefined) : await writeEvidence(record, evidence),
    csv === undefined ? ok(undefined) : await writeCsv(lab, record, csv),
    out === undefined ? ok(undefined) : await writeText(out, `${recordText(record)}\n`),
  ];
  return written.find((each) => !each.ok) ?? ok(undefined);
}

async function writeCsv(lab: LabContract, record: RunRecord, path: string): Promise<Result<void>> {
  for (const table of csvTablesOf(record)) {
    const exported = await lab.exportRunCsv({ runId: record.id, table });
    if (!exported.ok) return exported;
    const written = await writeText(csvPath(path, table), exported.value.text);
    if (!written.ok) return written;
  }
  return ok(undefined);
}

/** `figures.csv` for the samples, `figures.mixes.csv` for another table. */
function csvPath(path: string, table: CsvTable): string {
  if (table === 'samples') return path;
  const ending = extname(path);
  return `${path.slice(0, path.length - ending.length)}.${table}${ending}`;
}

async function writeEvidence(record: RunRecord, folder: string): Promise<Result<void>> {
  const made = folderAt('storage', folder);
  if (!made.ok) return made;
  const files = kernelEvidence(record);
  if (!files.ok) return files;
  for (const { fileName, text } of files.value) {
    const written = await writeText(join(folder, fileName), text);
    if (!written.ok) return written;
  }
  return ok(undefined);
}

/** Error: 'storage'. */
async function writeText(path: string, text: string): Promise<Result<void>> {
  try {
    await writeFile(path, text);
    return ok(undefined);
  } catch (error) {
    return unwritable('storage', path, error);
  }
}

/** 'bad-input' before the run, when another path can still be given; 'storage' after it. */
type WriteCode = 'bad-input' | 'storage';

function unwritable(code: WriteCode, path: string, error: unknown): Result<never> {
  return fail(code, `cannot write '${path}': ${writeProblem(error)}`);
}
