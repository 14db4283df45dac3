/** Sentences on a replay that the command line prints and the dashboard shows, without a full stop. */
import { counted } from './counted.ts';
import type { GeometryOrigin, MissingEvent, ReplayReport } from './replay-report.ts';
import { assertUnreachable } from './result.ts';

const SOURCES: Readonly<Record<GeometryOrigin['unit'] | GeometryOrigin['firstChunk'], string>> = {
  'boot log': 'from the boot log',
  percpu_stats: 'from percpu_stats',
  trace: 'from the trace',
  assumed: 'assumed',
};

/** The recorded machine: what is known of it and from where, and what is assumed. */
export function recordedMachineWords({ geometry, geometryOrigin }: ReplayReport): readonly string[] {
  const { possibleCpus, units, unitBytes, staticBytes, reservedBytes, dynBytes } = geometry;
  const { unit, firstChunk } = geometryOrigin;
  const cpus = counted(possibleCpus, 'possible CPU');
  const parts = `static ${staticBytes}, reserved ${reservedBytes}, dynamic ${dynBytes} bytes`;
  return [
    geometryOrigin.possibleCpus === 'trace'
      ? `${cpus} assumed: the trace's header and events show no more`
      : `${cpus} (from the boot log)`,
    unit === 'trace'
      ? `${counted(units, 'unit')} of ${unitBytes} bytes assumed: the smallest power of two that holds every object of the trace`
      : `${counted(units, 'unit')} of ${unitBytes} bytes (${SOURCES[unit]})`,
    firstChunk === 'assumed'
      ? `static, reserved and dynamic part of the first chunk not known (a boot log or percpu_stats tells them): ${dynBytes} bytes are counted for all three`
      : `${parts} (${SOURCES[firstChunk]})`,
  ];
}

/** How an event is known to be missing, and between which lines. */
export function missingEventWords({ what, after, before, base }: MissingEvent): string {
  const where = after === 0 ? 'before it' : `between line ${after} and it`;
  switch (what) {
    case 'alloc':
      return `line ${before} frees an object of chunk ${base} that no line allocates: its allocation is missing ${where}`;
    case 'free':
      return `line ${before} needs the place of an object of chunk ${base} that line ${after} allocates: its free is missing between them`;
    case 'chunk event':
      return `line ${before} does not fit the life of chunk ${base}: its create or destroy event is missing ${where}`;
    default:
      return assertUnreachable(what);
  }
}

/** Where the file could not be read on; undefined when it was read to its end. */
export function cutShortWords({ cutShort, events }: ReplayReport): string | undefined {
  if (cutShort === undefined) return undefined;
  const { reason, line, timeUs } = cutShort;
  const seconds = (timeUs / 1e6).toFixed(3);
  return `the file is damaged or cut (${reason}): read to line ${line}, ${counted(events, 'event')} in the first ${seconds} seconds of the trace; what follows was not replayed`;
}

/** What the header says of lines that are not there; undefined when all are. */
export function notInTextWords({ lostEvents: { notInText, proofCount } }: ReplayReport): string | undefined {
  if (notInText === 0) return undefined;
  const shown = proofCount === 0 ? 'no other line shows where' : `${counted(proofCount, 'place')} the other lines show`;
  return `the header counts ${counted(notInText, 'entry', 'entries')} that the text does not have (lines deleted, or filtered out): ${shown}`;
}

/**
 * Whether the replay had to put right what nobody says was lost: no marker of the tracer, nothing overwritten, no entry that the
 * header counts and the text lacks. Such a replay shows nothing: what did not fit may as well be no kernel's.
 */
export function isLossUntold({ lostEvents, mismatchCounts }: ReplayReport): boolean {
  const { markers, overwritten, notInText, proofCount, ...repairs } = lostEvents;
  const putRight = repairs.missingFrees + repairs.missingAllocations + repairs.missingChunkEvents;
  const isTold = markers > 0 || overwritten > 0 || notInText > 0;
  return !isTold && (putRight > 0 || proofCount > 0 || mismatchCounts['lost-events'] > 0);
}

/**
 * Whether missing events explain a difference of which the header's count alone tells: a text that was filtered could hide a
 * difference of the model behind what the filter took away.
 */
export function isHeaderAlone({ lostEvents, mismatchCounts }: ReplayReport): boolean {
  return lostEvents.notInText > 0 && lostEvents.proofCount === 0 && mismatchCounts['lost-events'] > 0;
}

/** Why a replay shows less than it seems to, although no difference is unexplained. */
export type ReplayDoubt = 'cut-short' | 'malformed-lines' | 'header-alone' | 'loss-untold';

/** The first reason; undefined where everything was replayed and every difference is shown to be explained. */
export function replayDoubt(report: ReplayReport): ReplayDoubt | undefined {
  if (report.cutShort !== undefined) return 'cut-short';
  if (report.malformedCount > 0) return 'malformed-lines';
  if (isHeaderAlone(report)) return 'header-alone';
  return isLossUntold(report) ? 'loss-untold' : undefined;
}

/** What speaks against missing events; undefined when none are, or somebody tells of them. */
export function untoldLossWords(report: ReplayReport): string | undefined {
  if (!isLossUntold(report)) return undefined;
  const { allOfHeader } = report.lostEvents;
  const told =
    allOfHeader === undefined
      ? 'the text does not say that events were lost'
      : `by its header the text has every event (${allOfHeader} of ${allOfHeader})`;
  return `${told}: either the kernel did what it did not trace, or offsets of this text are not a kernel's; nothing is proven by what was put right`;
}
