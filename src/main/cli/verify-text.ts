/** A verification as text for a person at a terminal. */
import { counted } from '../../shared/counted.ts';
import type { LatencyNs } from '../../shared/run-record.ts';
import type { VerifiedDirection, VerifyComparison, VerifyReport, VerifySide } from '../../shared/verify-report.ts';
import { MM_STAT_COLUMNS } from '../../shared/zram-stat.ts';
import { textTable } from './text-table.ts';

/** The whole report, ready to print. */
export function verifyText(report: VerifyReport): string {
  const parts = [
    heading(report),
    throughputTable(report, 'write'),
    throughputTable(report, 'read'),
    memoryTable(report),
    report.codecs.map(memoryVerdict).join('\n'),
    report.notes.map((note) => `note: ${note}`).join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

function heading({ data, jobs, rounds, outcome, blockBytes, environment }: VerifyReport): string {
  return [
    `${counted(data.pages, 'page')} (${data.description}), ${counted(jobs, 'job')}, requests of ${blockBytes} bytes`,
    `${outcome}, ${counted(rounds, 'round')}; kernel and lab measured in turns, wall clock`,
    `${environment.cpuModel}, ${counted(environment.hostCores, 'core')}, ${environment.operatingSystem} ${environment.kernel}, ${environment.runtime}`,
  ].join('\n');
}

function throughputTable({ kernel, codecs }: VerifyReport, direction: VerifiedDirection): string {
  const head = [direction, 'median MB/s', 'low', 'high', 'p50 µs', 'p99 µs', 'no core %', 'lab/kernel', 'low', 'high'];
  const rows = codecs.map(({ lab, ratio }) => {
    const { median, low, high } = ratio.samples[direction];
    return [
      ...throughputRow(`lab, ${lab.codec}`, lab, direction),
      ...[median, low, high].map((each) => each.toFixed(3)),
    ];
  });
  return textTable([head, throughputRow('kernel zram', kernel, direction), ...rows]);
}

function throughputRow(title: string, side: VerifySide, direction: VerifiedDirection): string[] {
  const { megabytesPerSecond, latencyNs, withheldShare } = side[direction];
  const rates = [megabytesPerSecond.median, megabytesPerSecond.low, megabytesPerSecond.high];
  const microseconds = (figure: keyof LatencyNs): string => (latencyNs[figure] / 1000).toFixed(2);
  const withheld = withheldShare === undefined ? NOT_MEASURED : (withheldShare * 100).toFixed(1);
  return [title, ...rates.map((each) => each.toFixed(1)), microseconds('p50'), microseconds('p99'), withheld];
}

/** Of rounds that were too short to tell. */
const NOT_MEASURED = '—';

function memoryTable({ kernel, codecs }: VerifyReport): string {
  const head = ['mm_stat', 'kernel', ...codecs.flatMap(({ lab }) => [`lab, ${lab.codec}`, 'difference'])];
  const rows = MM_STAT_COLUMNS.map((column) => [
    column,
    String(kernel.mm_stat[column]),
    ...codecs.flatMap(({ memory }) => [String(memory[column].lab), signed(memory[column].difference)]),
  ]);
  return textTable([head, ...rows]);
}

function memoryVerdict({ lab, memory, memoryIsEqual }: VerifyComparison): string {
  if (memoryIsEqual) return `memory: with ${lab.codec} every column of mm_stat equals the kernel's`;
  const differing = MM_STAT_COLUMNS.filter((column) => memory[column].difference !== 0);
  return `memory: with ${lab.codec} ${differing.length} of ${MM_STAT_COLUMNS.length} columns differ: ${differing.join(', ')}`;
}

function signed(difference: number): string {
  return difference > 0 ? `+${difference}` : String(difference);
}
