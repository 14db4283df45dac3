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

/** What the exit codes say, for the help. */
export const GEOMETRY_EXIT_CODES: readonly (readonly [ExitCode, string])[] = [
  [ExitCode.done, 'every file matches'],
  [ExitCode.failed, 'a figure differs'],
  [ExitCode.usage, 'wrong usage, or a file that cannot be read'],
  [ExitCode.inconclusive, 'nothing differs, but a log states too little'],
];

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
  const boots = checks.flatMap((check) => check.boots);
  const parts = [table, remarks.join('\n'), takenFromLogs(boots), sums(checks, boots)];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function sums(checks: readonly FileCheck[], boots: readonly BootCheck[]): string {
  const matching = (all: readonly { readonly verdict: GeometryVerdict }[]): number =>
    all.filter(({ verdict }) => verdict === 'match').length;
  const files = `${matching(checks)} of ${counted(checks.length, 'file matches', 'files match')}`;
  return boots.length > checks.length ? `${files}; ${matching(boots)} of ${boots.length} boots match` : files;
}

/** What the comparison says nothing about. */
function takenFromLogs(boots: readonly BootCheck[]): string {
  const stated = boots.filter(({ computed }) => computed.dynamicBytes !== undefined);
  const taken = stated.filter(({ takenFromLog }) => takenFromLog.includes('dynamicBytes'));
  if (taken.length === 0) return '';
  const where = boots.length === 1 ? '' : ` in ${taken.length} of ${counted(boots.length, 'boot')}`;
  return `the dynamic part is taken from the log, not computed,${where === '' ? '' : `${where},`} as the kernel’s constants do not explain it or no release is named`;
}

function rows(check: FileCheck): readonly (readonly string[])[] {
  if (check.boots.length === 0) return [[check.file, check.verdict]];
  return check.boots.map((boot) => [nameOf(check, boot), boot.verdict, ...figureCells(boot.printed)]);
}

/** A file with several boots names each by its first line, and by its name in a collection. */
function nameOf({ file, boots }: FileCheck, { line, record }: BootCheck): string {
  if (boots.length === 1 && record === undefined) return file;
  return record === undefined ? `${file}:${line}` : `${file}:${line} (${record})`;
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
    ...boots.flatMap((boot) => differencesOf(check, boot)),
    ...grouped(check, (boot) => [
      ...boot.missing.map((sentence) => `incomplete: ${sentence}`),
      ...boot.notes.map((note) => `note: ${note}`),
      ...(boot.dynamicPart.outcome === 'unexplained' ? [`note: ${boot.dynamicPart.reason}`] : []),
    ]),
    ...malformed.map(({ line, message }) => `${file}:${line}: unreadable: ${message}`),
  ];
}

function differencesOf(check: FileCheck, boot: BootCheck): readonly string[] {
  const name = nameOf(check, boot);
  const at = (line: number | undefined): string => (line === undefined ? name : `${check.file}:${line}`);
  return boot.differences.map(
    ({ figure, computed, printed, line }) => `${at(line)}: ${figure}: computed ${computed}, printed ${printed}`,
  );
}

/** Boots that are named where many say the same. */
const LINES_NAMED = 5;

/** Each sentence once, however many boots of the file it holds for. */
function grouped(check: FileCheck, sentencesOf: (boot: BootCheck) => readonly string[]): readonly string[] {
  const boots = new Map<string, BootCheck[]>();
  for (const boot of check.boots) {
    for (const sentence of sentencesOf(boot)) boots.set(sentence, [...(boots.get(sentence) ?? []), boot]);
  }
  return [...boots].map(([sentence, concerned]) => {
    const [first] = concerned;
    if (first === undefined || concerned.length === 1)
      return `${first ? nameOf(check, first) : check.file}: ${sentence}`;
    const lines = concerned.slice(0, LINES_NAMED).map(({ line }) => line);
    const more = concerned.length > LINES_NAMED ? ', …' : '';
    return `${check.file}: ${sentence} (${concerned.length} boots: lines ${lines.join(', ')}${more})`;
  });
}
