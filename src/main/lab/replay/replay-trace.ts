/** Replays a recorded trace: one reading for what it tells of its beginning, another event by event. */
import { setImmediate } from 'node:timers/promises';
import type { PercpuStats } from '../../../shared/percpu-stats.ts';
import type { ReplayReport } from '../../../shared/replay-report.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { LoggedBoot } from '../../evidence/boot-log/boot-log.ts';
import { parseBootLog } from '../../evidence/boot-log/parse-boot-log.ts';
import type { TraceEvent, TraceSummary } from '../../evidence/percpu-trace/trace-event.ts';
import { readTraceFile } from '../../evidence/percpu-trace/read-trace.ts';
import { parsePercpuStats } from '../../evidence/percpu-trace/stats-text.ts';
import { LARGEST_OBJECT_BYTES, type PercpuGeometry } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { roundUp } from '../../machine/units.ts';
import { readLogFile } from '../geometry/read-log-file.ts';
import { chooseGeometry } from './replay-geometry.ts';
import type { ReplayMoments } from './replay-moments.ts';
import { ReplaySession } from './replay-session.ts';
import { replayUnits } from './replay-units.ts';
import { TraceSurveyor } from './trace-survey.ts';

export interface ReplayRequest {
  /** ftrace text, plain or gzip. */
  readonly tracePath: string;
  /** Boot log of the recorded machine. */
  readonly dmesgPath?: string | undefined;
  /** percpu_stats of the recorded machine, read just before the recording. */
  readonly statsPath?: string | undefined;
  /** Another machine on which the cost of the trace is wanted; what is absent is as recorded. */
  readonly otherMachine?:
    { readonly possibleCpus?: number | undefined; readonly unitBytes?: number | undefined } | undefined;
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
  let readings = 0;
  const read: Recording['read'] = (onEvent) => {
    const done = readings === 0 ? 0 : SURVEY_SHARE;
    const part = readings === 0 ? SURVEY_SHARE : 1 - SURVEY_SHARE;
    readings += 1;
    const onShare = (share: number): void => watch?.onFraction(done + share * part);
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
  /** One reading of the whole trace; may be asked for twice. */
  readonly read: (onEvent: (event: TraceEvent) => void) => Promise<Result<TraceSummary>>;
  readonly stats: PercpuStats | undefined;
  readonly boot: LoggedBoot | undefined;
  readonly otherMachine: ReplayRequest['otherMachine'];
}

/** Events of a short trace are kept from the first reading; a longer one is read again. */
const EVENTS_KEPT = 250_000;
/** Part of the time that the first reading takes. */
const SURVEY_SHARE = 0.4;
/** Kept events between two looks at the watch: some ten milliseconds. */
const EVENTS_PER_TURN = 8192;

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
  const { name, stats, boot } = recording;
  const surveyor = new TraceSurveyor();
  const kept: TraceEvent[] = [];
  const surveyed = await recording.read((event) => {
    surveyor.take(event);
    if (kept.length <= EVENTS_KEPT) kept.push(event);
  });
  if (!surveyed.ok) return surveyed;
  const survey = surveyor.survey();
  if (survey.events === 0) {
    return fail('bad-input', `${name} has no percpu event in ${surveyed.value.lines} lines`, name);
  }
  const chosen = chooseGeometry({ stats, boot, survey, summary: surveyed.value });
  if (!chosen.ok) return chosen;
  const { geometry, source, notes } = chosen.value;
  const machines = machinesWanted(geometry, recording.otherMachine);
  if (!machines.ok) return machines;
  const pictureUnits = watch && replayUnits(geometry, boot);
  const session = new ReplaySession({ geometry, survey, stats, machines: machines.value, pictureUnits });
  const taken = await takeAll(recording, { session, kept, watch });
  if (!taken.ok) return taken;
  const found = session.finish(surveyed.value);
  const sidelined = session
    .sidelinedAtStart()
    .map((base) => `the chunk at ${base} is taken as sidelined when the trace began`);
  const report = { trace: name, geometrySource: source, notes: [...notes, ...sidelined], ...found };
  return ok({ report, moments: session.moments });
}

interface SecondReading {
  readonly session: ReplaySession;
  readonly kept: TraceEvent[];
  readonly watch: ReplayWatch | undefined;
}

/** Every event to the session: from memory where all are kept, else read again. */
async function takeAll(recording: Recording, { session, kept, watch }: SecondReading): Promise<Result<unknown>> {
  if (kept.length > EVENTS_KEPT) {
    kept.length = 0;
    return recording.read((event) => session.take(event));
  }
  for (const [index, event] of kept.entries()) {
    if (watch !== undefined && index % EVENTS_PER_TURN === 0) {
      if (watch.signal.aborted) return fail('cancelled', `the replay of ${recording.name} was cancelled`);
      watch.onFraction(SURVEY_SHARE + (1 - SURVEY_SHARE) * (index / kept.length));
      await setImmediate();
    }
    session.take(event);
  }
  return ok(undefined);
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
  const boot = parseBootLog(text.value).boots.at(-1);
  return boot === undefined ? fail('bad-input', `${path} says nothing about the per-CPU area`, path) : ok(boot);
}

/** The recorded machine and the other one; none where no other is wanted. */
function machinesWanted(
  recorded: PercpuGeometry,
  otherMachine: ReplayRequest['otherMachine'],
): Result<readonly PercpuGeometry[]> {
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
  return ok([recorded, { ...recorded, possibleCpus, unitBytes, allocBytes, units }]);
}
