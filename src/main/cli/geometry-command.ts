/** `lab geometry --check FILE…`: says of each boot log whether its geometry is the one that follows from it. */
import { checkGeometry } from '../lab/geometry/check-geometry.ts';
import { counted } from '../../shared/counted.ts';
import type { BootCheck, FileCheck, GeometryFigures, GeometryVerdict } from '../../shared/geometry-check.ts';
import { readLogFile } from '../lab/geometry/read-log-file.ts';
import { fail } from '../../shared/result.ts';
import { ExitCode } from './exit-code.ts';
import { report } from './run-command.ts';
import type { Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';

export interface GeometryCommand {
  readonly files: readonly string[];
  readonly check: boolean;
  /** Print one JSON document instead of the table. */
  readonly json: boolean;
}

/** Files that cannot be read are named and do not keep the others from being checked. */
export async function geometryCommand(command: GeometryCommand, terminal: Terminal): Promise<ExitCode> {
  if (!command.check) return report(terminal, fail('bad-input', 'geometry needs --check').error);
  const checks: FileCheck[] = [];
  for (const file of command.files) {
    const text = await readLogFile(file);
    if (text.ok) checks.push(checkGeometry({ name: file, text: text.value }));
    else report(terminal, text.error);
  }
  if (command.json) terminal.out(`${JSON.stringify({ files: checks }, undefined, 2)}\n`);
  else if (checks.length > 0) terminal.out(geometryReport(checks));
  return checks.length < command.files.length ? ExitCode.usage : exitCodeOf(checks.map(({ verdict }) => verdict));
}

function exitCodeOf(verdicts: readonly GeometryVerdict[]): ExitCode {
  if (verdicts.includes('differs')) return ExitCode.failed;
  return verdicts.includes('incomplete') ? ExitCode.inconclusive : ExitCode.done;
}

const HEAD = ['file', 'verdict', 'CPUs', 'groups', 'pages/cpu', 'static', 'reserved', 'dynamic', 'unit', 'alloc'];

/** One row per boot, and below them what there is to say. */
function geometryReport(checks: readonly FileCheck[]): string {
  const table = textTable([HEAD, ...checks.flatMap(rows)]);
  const remarks = checks.flatMap(remarksOf);
  const match = checks.filter(({ verdict }) => verdict === 'match').length;
  const sum = `${match} of ${counted(checks.length, 'file matches', 'files match')}`;
  return `${[table, ...(remarks.length === 0 ? [] : [remarks.join('\n')]), sum].join('\n\n')}\n`;
}

function rows(check: FileCheck): readonly (readonly string[])[] {
  if (check.boots.length === 0) return [[check.file, check.verdict]];
  return check.boots.map((boot) => [nameOf(check, boot), boot.verdict, ...figureCells(boot.printed)]);
}

/** A file with several boots names each by its first line. */
function nameOf({ file, boots }: FileCheck, boot: BootCheck): string {
  return boots.length === 1 ? file : `${file}:${boot.line}`;
}

function figureCells(printed: GeometryFigures): readonly string[] {
  const { groupMap, pagesPerCpu, staticBytes, reservedBytes, dynamicBytes, unitBytes, atoms, atomBytes } = printed;
  const cpus = groupMap?.flat().filter((cpu) => cpu !== undefined).length;
  const figures = [cpus, groupMap?.length, pagesPerCpu, staticBytes, reservedBytes, dynamicBytes, unitBytes];
  const alloc = atoms === undefined || atomBytes === undefined ? '-' : `${atoms}*${atomBytes}`;
  return [...figures.map((figure) => (figure === undefined ? '-' : String(figure))), alloc];
}

function remarksOf(check: FileCheck): readonly string[] {
  const { file, boots, malformed } = check;
  const nothing = boots.length === 0 ? [`${file}: the file has no line about the per-CPU area`] : [];
  return [
    ...nothing,
    ...boots.flatMap((boot) => bootRemarks(check, boot)),
    ...malformed.map(({ line, message }) => `${file}:${line}: unreadable: ${message}`),
  ];
}

function bootRemarks(check: FileCheck, boot: BootCheck): readonly string[] {
  const name = nameOf(check, boot);
  const at = (line: number | undefined): string => (line === undefined ? name : `${check.file}:${line}`);
  const unexplained = boot.dynamicPart.outcome === 'unexplained' ? [boot.dynamicPart.reason] : [];
  return [
    ...boot.differences.map(
      ({ figure, computed, printed, line }) => `${at(line)}: ${figure}: computed ${computed}, printed ${printed}`,
    ),
    ...boot.missing.map((sentence) => `${name}: incomplete: ${sentence}`),
    ...[...boot.notes, ...unexplained].map((note) => `${name}: note: ${note}`),
  ];
}
