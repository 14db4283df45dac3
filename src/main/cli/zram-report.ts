/** The zram devices of a run as text: the statistics line of each, and what was done to them afterwards. */
import { counted } from '../../shared/counted.ts';
import { DESIGN_WORDS } from '../../shared/design.ts';
import { recompressionRuns, recompressionSentences } from '../../shared/recompression-words.ts';
import { assertUnreachable } from '../../shared/result.ts';
import type { RunRecord, Sample } from '../../shared/run-record.ts';
import type { ZramDeviceState, ZramStepOutcome } from '../../shared/zram-report.ts';
import { textTable } from './text-table.ts';

const COLUMNS = ['orig_data', 'compr_data', 'mem_used', 'limit', 'used_max', 'same', 'compacted', 'huge', 'huge_since'];

/** mm_stat of the devices of a sample that failed, as they were then; empty where none did. */
export function zramAtFailureReport({ zramAtFailure = [] }: RunRecord): string {
  if (zramAtFailure.length === 0) return '';
  const rows = deviceRows('the sample that failed', zramAtFailure);
  return textTable([['mm_stat at the failure, bytes and pages (counted)', ...COLUMNS], ...rows]);
}

/** mm_stat of the last sample of each design, bytes and pages as a kernel prints them; empty where there is none. */
export function zramReport(record: RunRecord): string {
  const rows = record.designs.flatMap(({ design }) => {
    const sample = lastSample(record, design);
    if (sample?.zram === undefined) return [];
    const { atEnd, afterwards } = sample.zram;
    const title = DESIGN_WORDS[design].title;
    return [
      ...deviceRows(title, atEnd),
      ...afterwards.flatMap((outcome) => deviceRows(`  ${stepWords(outcome)}`, outcome.devices)),
    ];
  });
  if (rows.length === 0) return '';
  const title = 'mm_stat of the last repetition, bytes and pages (counted)';
  return [textTable([[title, ...COLUMNS], ...rows]), ...recompressionLines(record)].join('\n');
}

/** What recompression by a CPU of the machine did and cost over the samples of each design; none where there was none. */
function recompressionLines(record: RunRecord): readonly string[] {
  return record.designs.flatMap(({ design }) => {
    const sentences = recompressionSentences(
      recompressionRuns(record.samples, design),
      record.profile.machine.pageSizeBytes,
    );
    if (sentences.length === 0) return [];
    return [`${DESIGN_WORDS[design].title}: ${sentences.join(' ')}`];
  });
}

/** The last sample of a design that the record keeps. */
export function lastSample(record: RunRecord, design: Sample['design']): Sample | undefined {
  return record.samples.findLast((sample) => sample.design === design);
}

function deviceRows(title: string, devices: readonly ZramDeviceState[]): string[][] {
  return devices.map(({ mmStat }, device) => {
    const name = devices.length === 1 ? title : `${title}, zram${device}`;
    return [name, ...mmStat.trim().split(/ +/)];
  });
}

function stepWords({ step, pagesReleased, pagesTried, pagesRecompressed }: ZramStepOutcome): string {
  switch (step.do) {
    case 'idle':
      return 'marked idle';
    case 'compact':
      return `compacted: ${counted(pagesReleased, 'page')} released`;
    case 'recompress':
      return `recompressed: ${pagesRecompressed} of ${pagesTried} tried`;
    default:
      return assertUnreachable(step);
  }
}
