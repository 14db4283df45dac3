/** Replays a recorded trace: read once for what it tells of its beginning, then taken event by event. */
import { setImmediate } from 'node:timers/promises';
import type { PercpuStats } from '../../../shared/percpu-stats.ts';
import type { ReplayReport } from '../../../shared/replay-report.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { EventSpool } from '../../evidence/percpu-trace/event-spool.ts';
import type { TraceSummary } from '../../evidence/percpu-trace/trace-event.ts';
import { DoubledLines } from './doubled-lines.ts';
import { machinesWanted } from './machines-wanted.ts';
import { openRecording, type Recording, type ReplayRequest } from './open-recording.ts';
import { bootSizes, chooseGeometry } from './replay-geometry.ts';
import type { ReplayMoments } from './replay-moments.ts';
import { replayNotes } from './replay-notes.ts';
import { entriesNotInText, ReplaySession } from './replay-session.ts';
import { replayUnits } from './replay-units.ts';
import { missingEvents, statsContradiction } from './stats-evidence.ts';
import { TimeOrder } from './time-order.ts';
import { type TraceSurvey, TraceSurveyor } from './trace-survey.ts';

/** Part of the time that the reading takes. */
const SURVEY_SHARE = 0.5;

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
  const onShare = (share: number): void => watch.onFraction(share * SURVEY_SHARE);
  const recording = await openRecording(request, { signal: watch.signal, onShare });
  if (!recording.ok) return recording;
  const session = await runRecording(recording.value, watch);
  if (!session.ok) return session;
  const { report, moments } = session.value;
  if (moments === undefined) throw new Error('a watched replay keeps moments');
  return ok({ report, moments });
}

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
    notes: replayNotes({ otherMachine, order, doubled, session }),
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
