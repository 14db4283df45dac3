/** Replays a recorded trace: read once for what it tells of its beginning, then taken event by event. */
import { setImmediate } from 'node:timers/promises';
import type { PercpuStats } from '../../../shared/percpu-stats.ts';
import type { ReplayAccessMode, ReplayReport } from '../../../shared/replay-report.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { LoggedBoot } from '../../evidence/boot-log/boot-log.ts';
import { readLogRecords } from '../../evidence/boot-log/log-records.ts';
import { parseBootLog } from '../../evidence/boot-log/parse-boot-log.ts';
import { EventSpool } from '../../evidence/percpu-trace/event-spool.ts';
import type { TraceEvent, TraceSummary } from '../../evidence/percpu-trace/trace-event.ts';
import { readTraceFile } from '../../evidence/percpu-trace/read-trace.ts';
import { parsePercpuStats } from '../../evidence/percpu-trace/stats-text.ts';
import { LOCAL_WINDOW_PAGE_BYTES } from './local-window.ts';
import type { CostedMachine } from './machine-cost.ts';
import { LARGEST_OBJECT_BYTES, type PercpuGeometry } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { roundUp } from '../../machine/units.ts';
import { readLogFile } from '../geometry/read-log-file.ts';
import { DoubledLines } from './doubled-lines.ts';
import { bootSizes, chooseGeometry } from './replay-geometry.ts';
import type { ReplayMoments } from './replay-moments.ts';
import { entriesNotInText, ReplaySession } from './replay-session.ts';
import { replayUnits } from './replay-units.ts';
import { missingEvents, statsContradiction } from './stats-evidence.ts';
import { TimeOrder } from './time-order.ts';
import { type TraceSurvey, TraceSurveyor } from './trace-survey.ts';

export interface ReplayRequest {
  /** ftrace text, plain or gzip. */
  readonly tracePath: string;
  /** Boot log of the recorded machine. */
  readonly dmesgPath?: string | undefined;
  /** percpu_stats of the recorded machine, read just before the recording. */
  readonly statsPath?: string | undefined;
  /** Another machine on which the cost of the trace is wanted; what is absent is as recorded. */
  readonly otherMachine?:
    | {
        readonly possibleCpus?: number | undefined;
        readonly unitBytes?: number | undefined;
        /** Local mapping needs pages of 4096 bytes. */
        readonly accessMode?: ReplayAccessMode | undefined;
      }
    | undefined;
}

/** How a long replay is watched, ended and looked at afterwards. */
export interface ReplayWatch {
  readonly signal: AbortSignal;
  /** 0 … 1, never less than before. */
  readonly onFraction: (fraction: number) => void;
}

export interface WatchedReplay {
  readonly report: ReplayReport;
  readonly moments: ReplayMoments;
}

/** Errors: 'not-found' for files that cannot be read, 'bad-input' for files that are not what they should be. */
export async function replayTrace(request: ReplayRequest): Promise<Result<ReplayReport>> {
  const recording = await openRecording(request);
  return recording.ok ? replayReadings(recording.value) : recording;
}

/** As `replayTrace`, in steps between which others get their turn; 'cancelled' when the watch's signal is. */
export async function watchReplay(request: ReplayRequest, watch: ReplayWatch): Promise<Result<WatchedReplay>> {
  const recording = await openRecording(request, watch);
  if (!recording.ok) return recording;
  const session = await runRecording(recording.value, watch);
  if (!session.ok) return session;
  const { report, moments } = session.value;
  if (moments === undefined) throw new Error('a watched replay keeps moments');
  return ok({ report, moments });
}

async function openRecording(request: ReplayRequest, watch?: ReplayWatch): Promise<Result<Recording>> {
  const stats = await readStats(request.statsPath);
  if (!stats.ok) return stats;
  const boot = await readBoot(request.dmesgPath);
  if (!boot.ok) return boot;
  const read: Recording['read'] = (onEvent) => {
    const onShare = (share: number): void => watch?.onFraction(share * SURVEY_SHARE);
    return readTraceFile(request.tracePath, onEvent, watch && { signal: watch.signal, onShare });
  };
  return ok({
    name: request.tracePath,
    read,
    stats: stats.value,
    boot: boot.value,
    otherMachine: request.otherMachine,
  });
}

/** What is to be replayed, wherever it comes from. */
export interface Recording {
  readonly name: string;
  /** The one reading of the whole trace. */
  readonly read: (onEvent: (event: TraceEvent) => void) => Promise<Result<TraceSummary>>;
  readonly stats: PercpuStats | undefined;
  readonly boot: LoggedBoot | undefined;
  readonly otherMachine: ReplayRequest['otherMachine'];
}

/** Part of the time that the reading takes. */
const SURVEY_SHARE = 0.5;

/** Errors: as `replayTrace`, and those of `read`. */
export async function replayReadings(recording: Recording): Promise<Result<ReplayReport>> {
  const replayed = await runRecording(recording);
  return replayed.ok ? ok(replayed.value.report) : replayed;
}

interface Replayed {
  readonly report: ReplayReport;
  readonly moments: ReplayMoments | undefined;
}

async function runRecording(recording: Recording, watch?: ReplayWatch): Promise<Result<Replayed>> {
  const events = new EventSpool();
  try {
    return await replayEvents({ recording, events, watch });
  } finally {
    events.close();
  }
}

async function replayEvents(reading: Reading): Promise<Result<Replayed>> {
  const { recording, watch } = reading;
  const first = await surveyEvents(reading);
  if (!first.ok) return first;
  const surveyed = first.value;
  const { survey } = surveyed;
  const { stats, boot } = recording;
  if (stats === undefined) return replaySurveyed(reading, surveyed, {});
  const statsContradicted = statsContradiction(stats, { survey, bootSizes: boot && bootSizes(boot) });
  if (statsContradicted !== undefined) return replaySurveyed(reading, surveyed, { statsContradicted });
  const replayed = await replaySurveyed(reading, surveyed, { stats });
  if (!replayed.ok || missingEvents(survey) > 0 || !isMisled(replayed.value.report)) return replayed;
  const quiet = watch && { ...watch, onFraction: () => undefined };
  const alone = await replaySurveyed({ ...reading, watch: quiet }, surveyed, {});
  if (!alone.ok) return alone;
  const told = misleads(replayed.value.report, alone.value.report);
  return told === undefined
    ? replayed
    : ok({ ...alone.value, report: { ...alone.value.report, statsContradiction: told } });
}

/** Allocations that a text which is a little older than the trace may lead astray. */
const MISLED_AT_MOST = 16;

function isMisled({ mismatchCounts }: ReplayReport): boolean {
  return mismatchCounts['starting-state'] > MISLED_AT_MOST;
}

/** What speaks against a percpu_stats text whose state is further from the kernel's than what the trace itself tells. */
function misleads({ overall: told }: ReplayReport, { overall: alone }: ReplayReport): string | undefined {
  if (alone.matched <= told.matched + MISLED_AT_MOST) return undefined;
  return (
    `from its state ${told.matched} of ${told.total} allocations lie where the kernel put them, ` +
    `without it ${alone.matched}: it is of another machine or moment`
  );
}

interface Reading {
  readonly recording: Recording;
  readonly events: EventSpool;
  readonly watch: ReplayWatch | undefined;
}

/** What the first reading of a trace tells; its events are in the spool. */
interface Surveyed {
  readonly survey: TraceSurvey;
  readonly summary: TraceSummary;
  readonly order: TimeOrder;
  readonly doubled: DoubledLines;
}

async function surveyEvents({ recording, events }: Reading): Promise<Result<Surveyed>> {
  const { name } = recording;
  const surveyor = new TraceSurveyor();
  const doubled = new DoubledLines();
  const order = new TimeOrder((event) => {
    if (doubled.isDouble(event)) return;
    surveyor.take(event);
    events.write(event);
  });
  const read = await recording.read((event) => order.take(event));
  if (!read.ok) return read;
  const summary = read.value;
  order.finish();
  const stored = events.finish();
  if (!stored.ok) return stored;
  const survey = surveyor.survey(order.displaced.count);
  if (survey.events === 0) {
    const { cutShort } = summary;
    if (cutShort !== undefined) return fail('bad-input', `${name} cannot be read to its end: ${cutShort}`, name);
    return fail('bad-input', `${name} has no percpu event in ${summary.lines} lines`, name);
  }
  // What the header counts and the text lacks is missing somewhere, wherever no line shows it.
  if (summary.header !== undefined) survey.gaps.noteMissing(entriesNotInText(summary), summary.header.line);
  return ok({ survey, summary, order, doubled });
}

/** The replay itself, from what percpu_stats says or, without it, from what the trace alone tells. */
async function replaySurveyed(
  { recording, events, watch }: Reading,
  { survey, summary, order, doubled }: Surveyed,
  { stats, statsContradicted }: { readonly stats?: PercpuStats; readonly statsContradicted?: string },
): Promise<Result<Replayed>> {
  const { name, boot, otherMachine } = recording;
  const chosen = chooseGeometry({ stats, boot, survey, summary });
  if (!chosen.ok) return chosen;
  const { geometry, source, origin } = chosen.value;
  const machines = machinesWanted(geometry, otherMachine);
  if (!machines.ok) return machines;
  const pictureUnits = watch && replayUnits(geometry, boot);
  const session = new ReplaySession({ geometry, survey, stats, machines: machines.value, pictureUnits });
  const taken = await takeAll(recording, { session, events, watch });
  if (!taken.ok) return taken;
  const found = session.finish(summary);
  const report: ReplayReport = {
    trace: name,
    geometrySource: source,
    geometryOrigin: origin,
    ...(statsContradicted === undefined ? {} : { statsContradiction: statsContradicted }),
    notes: [...accessNote(otherMachine), ...displacedNote(order), ...doubledNote(doubled), ...sidelinedNotes(session)],
    displacedLines: order.displaced.count,
    doubledLines: doubled.count,
    ...found,
  };
  return ok({ report, moments: session.moments });
}

interface SecondReading {
  readonly session: ReplaySession;
  readonly events: EventSpool;
  readonly watch: ReplayWatch | undefined;
}

/** Every event to the session, in turns between which the watch is looked at. */
async function takeAll(recording: Recording, { session, events, watch }: SecondReading): Promise<Result<unknown>> {
  for (const share of events.read((event) => session.take(event))) {
    if (watch === undefined) continue;
    if (watch.signal.aborted) return fail('cancelled', `the replay of ${recording.name} was cancelled`);
    watch.onFraction(SURVEY_SHARE + (1 - SURVEY_SHARE) * share);
    await setImmediate();
  }
  return ok(undefined);
}

function accessNote(otherMachine: ReplayRequest['otherMachine']): readonly string[] {
  if (otherMachine?.accessMode === undefined) return [];
  return [
    'a trace tells of allocations, not of accesses: access modes differ here in page tables and address space, not in time',
  ];
}

function doubledNote({ count, firstLine }: DoubledLines): readonly string[] {
  if (count === 0) return [];
  const stand = count === 1 ? '1 line stands' : `${count} lines stand`;
  return [`${stand} twice, one below the other, first line ${firstLine}: taken once`];
}

function displacedNote({ displaced: { count, firstLine } }: TimeOrder): readonly string[] {
  if (count === 0) return [];
  return [
    `${count} lines stand behind lines of a later time, the first is line ${firstLine}; they are taken in the order of time`,
  ];
}

function sidelinedNotes(session: ReplaySession): readonly string[] {
  return session.sidelinedAtStart().map((base) => `the chunk at ${base} is taken as sidelined when the trace began`);
}

async function readStats(path: string | undefined): Promise<Result<PercpuStats | undefined>> {
  if (path === undefined) return ok(undefined);
  const text = await readLogFile(path);
  if (!text.ok) return text;
  const stats = parsePercpuStats(text.value);
  if (stats.ok) return stats;
  const { message, where } = stats.error;
  return fail('bad-input', `${path}: ${message}`, where === undefined ? path : `${path}: ${where}`);
}

/** The last boot that the log tells of. */
async function readBoot(path: string | undefined): Promise<Result<LoggedBoot | undefined>> {
  if (path === undefined) return ok(undefined);
  const text = await readLogFile(path);
  if (!text.ok) return text;
  const collection = readLogRecords(text.value)?.records.flatMap(({ log }) => log.boots);
  if (collection !== undefined && collection.length > 1) {
    return fail(
      'bad-input',
      `${path} holds ${collection.length} boot logs; give that of the recorded machine alone`,
      path,
    );
  }
  const boot = (collection ?? parseBootLog(text.value).boots).at(-1);
  return boot === undefined ? fail('bad-input', `${path} says nothing about the per-CPU area`, path) : ok(boot);
}

/** The recorded machine and the other one; none where no other is wanted. */
function machinesWanted(
  recorded: PercpuGeometry,
  otherMachine: ReplayRequest['otherMachine'],
): Result<readonly CostedMachine[]> {
  if (otherMachine === undefined) return ok([]);
  const possibleCpus = otherMachine.possibleCpus ?? recorded.possibleCpus;
  const unitBytes = otherMachine.unitBytes ?? recorded.unitBytes;
  const { pageSizeBytes, staticBytes, reservedBytes, dynBytes } = recorded;
  const needed = Math.max(LARGEST_OBJECT_BYTES, staticBytes + reservedBytes + dynBytes);
  if (unitBytes % pageSizeBytes !== 0 || unitBytes < needed) {
    return fail(
      'bad-input',
      `a unit of ${unitBytes} bytes is no number of pages that holds the ${needed} bytes of the first chunk`,
    );
  }
  const allocBytes = Math.max(recorded.allocBytes, unitBytes);
  const units = roundUp(possibleCpus, Math.max(1, Math.floor(allocBytes / unitBytes)));
  const { accessMode } = otherMachine;
  if (accessMode === 'local-mapping' && pageSizeBytes !== LOCAL_WINDOW_PAGE_BYTES) {
    return fail(
      'bad-input',
      `the tables of a local mapping are counted for pages of ${LOCAL_WINDOW_PAGE_BYTES} bytes, not ${pageSizeBytes}`,
    );
  }
  const other = { ...recorded, possibleCpus, unitBytes, allocBytes, units };
  return ok([
    { geometry: recorded, accessMode: undefined },
    { geometry: other, accessMode },
  ]);
}
