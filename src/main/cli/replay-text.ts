/** A replay's report as the command line prints it. */
import { counted } from '../../shared/counted.ts';
import {
  type CallSiteRow,
  type MachineCost,
  type MemorySample,
  type Mismatch,
  MISMATCH_CLASSES,
  type MismatchClass,
  type ReplayReport,
} from '../../shared/replay-report.ts';
import {
  cutShortWords,
  missingEventWords,
  notInTextWords,
  recordedMachineWords,
  untoldLossWords,
} from '../../shared/replay-words.ts';
import { textTable } from './text-table.ts';

/** The whole text, with a line feed at its end. */
export function replayText(found: ReplayReport): string {
  const parts = [
    heading(found),
    agreement(found),
    lostLines(found),
    malformedLines(found),
    callSiteTable(found.callSites),
    memoryTable(found.memory),
    machineTable(found.machines),
    found.notes.map((note) => `note: ${note}`).join('\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(found: ReplayReport): string {
  const cut = cutShortWords(found);
  return [
    found.trace,
    `${counted(found.events, 'event')} in ${counted(found.lines, 'line')}: ${counted(found.allocations, 'allocation')}, ${counted(found.frees, 'free')}, ${counted(found.failures, 'failure')}; ` +
      `${counted(found.freesOfOlderObjects, 'free')} of older objects; ${counted(found.chunksBorn, 'chunk')} born, ${found.chunksDestroyed} destroyed`,
    ...recordedMachineWords(found),
    ...(cut === undefined ? [] : [`CUT: ${cut}`]),
    ...(found.statsContradiction === undefined
      ? []
      : [`the percpu_stats text was left out: ${found.statsContradiction}`]),
  ].join('\n');
}

const MISMATCH_WORDS: Readonly<Record<MismatchClass, string>> = {
  'event-order': 'printed in another order than they happened',
  'lost-events': 'after events that the trace lacks',
  'starting-state': 'in chunks whose state before the trace is not known',
  unexplained: 'UNEXPLAINED',
};

function agreement(found: ReplayReport): string {
  const table = textTable([
    ['offsets equal to the kernel’s', 'matched', 'total', '%'],
    agreementRow('chunks born within the trace', found.bornWithin.matched, found.bornWithin.total),
    agreementRow('all chunks, older ones reconstructed', found.overall.matched, found.overall.total),
    agreementRow('chunk alone', found.sameChunk, found.overall.total),
  ]);
  const lines = MISMATCH_CLASSES.filter((each) => found.mismatchCounts[each] > 0).map(
    (each) => `${counted(found.mismatchCounts[each], 'differs', 'differ')}, ${MISMATCH_WORDS[each]}`,
  );
  if (found.reordered > 0) {
    lines.push(`${found.reordered} of the matched are taken to have happened a few events before they were printed`);
  }
  if (found.repaired > 0)
    lines.push(`${found.repaired} of the matched agree once events that the trace lacks are put right`);
  const first = found.mismatches
    .slice(0, 5)
    .map(
      (mismatch) =>
        `  line ${mismatch.line}: ${mismatch.sizeBytes}/${mismatch.alignBytes} at ${mismatch.kernelBase}+${mismatch.kernelOffsetBytes}, ` +
        `the model has ${mismatch.modelOffsetBytes === undefined ? 'no room' : `${mismatch.modelBase ?? 'a new chunk'}+${mismatch.modelOffsetBytes}`} (${evidenceText(mismatch)})`,
    );
  return [table, ...lines, ...first].join('\n');
}

function evidenceText({ class: mismatchClass, evidence }: Mismatch): string {
  if (evidence.length === 0) return mismatchClass;
  return `${mismatchClass}: ${evidence.length === 1 ? 'line' : 'lines'} ${evidence.join(', ')}`;
}

function agreementRow(title: string, matched: number, total: number): string[] {
  return [title, String(matched), String(total), total === 0 ? '-' : ((100 * matched) / total).toFixed(3)];
}

/** Missing events that are named; JSON has more. */
const PROOFS_SHOWN = 5;

function lostLines(found: ReplayReport): string {
  const { markers, counted: lost, overwritten, proofs, proofCount, ...repairs } = found.lostEvents;
  const { missingFrees, missingAllocations, missingChunkEvents } = repairs;
  const lines: string[] = [];
  if (markers > 0) lines.push(`the tracer lost events in ${counted(markers, 'place')}, ${lost} that it counted`);
  if (overwritten > 0)
    lines.push(`${counted(overwritten, 'event was', 'events were')} overwritten before the text begins`);
  const notInText = notInTextWords(found);
  if (notInText !== undefined) lines.push(notInText);
  if (missingFrees + missingAllocations + missingChunkEvents > 0) {
    lines.push(
      `events are missing: put right ${counted(missingFrees, 'free')}, ${counted(missingAllocations, 'allocation')}, ${counted(missingChunkEvents, 'chunk event')}`,
    );
  }
  const untold = untoldLossWords(found);
  if (untold !== undefined) lines.push(`NOT PROVEN: ${untold}`);
  lines.push(...proofs.slice(0, PROOFS_SHOWN).map((proof) => `  ${missingEventWords(proof)}`));
  if (proofCount > PROOFS_SHOWN) lines.push(`  … and ${proofCount - PROOFS_SHOWN} more`);
  return lines.join('\n');
}

function malformedLines({ malformed, malformedCount }: ReplayReport): string {
  if (malformedCount === 0) return '';
  const shown = malformed.slice(0, 10).map(({ line, reason }) => `  line ${line}: ${reason}`);
  return [`${counted(malformedCount, 'malformed line was', 'malformed lines were')} passed over`, ...shown].join('\n');
}

/** Rows of the call-site table that are printed; JSON has them all. */
const CALL_SITES_SHOWN = 20;

function callSiteTable(rows: readonly CallSiteRow[]): string {
  if (rows.length === 0) return '';
  const shown = rows
    .slice(0, CALL_SITES_SHOWN)
    .map((row) => [
      row.callSite,
      String(row.allocations),
      row.sizeBytes === undefined ? 'various' : String(row.sizeBytes),
      String(row.totalBytes),
      (row.share * 100).toFixed(1),
      String(row.live),
    ]);
  const rest = rows.length > CALL_SITES_SHOWN ? `\n… and ${rows.length - CALL_SITES_SHOWN} more` : '';
  return textTable([['call site', 'number', 'size', 'total', 'share %', 'live at end'], ...shown]) + rest;
}

/** Points of the series that are printed; JSON has them all. */
const MEMORY_POINTS_SHOWN = 12;

function memoryTable(samples: readonly MemorySample[]): string {
  const step = Math.max(1, Math.ceil(samples.length / MEMORY_POINTS_SHOWN));
  const shown = samples.filter((_, index) => index % step === 0 || index === samples.length - 1);
  const rows = shown.map(({ timeUs, populatedBytes, liveBytes, chunks }) => [
    (timeUs / 1e6).toFixed(3),
    (populatedBytes / 1024).toFixed(0),
    (liveBytes / 1024).toFixed(0),
    String(chunks),
  ]);
  return textTable([['seconds', 'populated KiB', 'live KiB', 'chunks'], ...rows]);
}

function machineTable(machines: readonly MachineCost[]): string {
  if (machines.length === 0) return '';
  const head = ['the same requests from nothing (modelled)', ...machines.map(machineName)];
  const mebibytes = (title: string, read: (machine: MachineCost) => number): string[] => [
    `${title}, MiB`,
    ...machines.map((machine) => (read(machine) / 2 ** 20).toFixed(2)),
  ];
  return textTable([
    head,
    ['chunks at peak', ...machines.map(({ chunksPeak }) => String(chunksPeak))],
    mebibytes('pages at peak', ({ populatedBytesPeak }) => populatedBytesPeak),
    mebibytes('pages at end', ({ populatedBytesAtEnd }) => populatedBytesAtEnd),
    mebibytes('address space at peak', ({ addressSpaceBytesPeak }) => addressSpaceBytesPeak),
    mebibytes('maps at peak', ({ metadataBytesPeak }) => metadataBytesPeak),
    mebibytes('side tables at peak, with cgroup accounting', ({ sideTableBytesPeak }) => sideTableBytesPeak),
    ...(machines.some(({ accessMode }) => accessMode === 'local-mapping')
      ? [
          mebibytes('private page tables at peak', ({ localTableBytesPeak }) => localTableBytesPeak),
          mebibytes('private page tables at end', ({ localTableBytesAtEnd }) => localTableBytesAtEnd),
          mebibytes('address space of local units', ({ localAddressSpaceBytesPeak }) => localAddressSpaceBytesPeak),
        ]
      : []),
  ]);
}

function machineName({ possibleCpus, unitBytes, accessMode }: MachineCost): string {
  const sizes = `${counted(possibleCpus, 'CPU')}, unit ${unitBytes}`;
  return accessMode === undefined ? sizes : `${sizes}, ${accessMode}`;
}
