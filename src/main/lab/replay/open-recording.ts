/** Everything that a replay is given: the trace, and what the recorded machine said of itself beside it. */
import type { PercpuStats } from '../../../shared/percpu-stats.ts';
import type { ReplayAccessMode } from '../../../shared/replay-report.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { LoggedBoot } from '../../evidence/boot-log/boot-log.ts';
import { readLogRecords } from '../../evidence/boot-log/log-records.ts';
import { parseBootLog } from '../../evidence/boot-log/parse-boot-log.ts';
import { readTraceFile, type ReadingWatch } from '../../evidence/percpu-trace/read-trace.ts';
import { parsePercpuStats } from '../../evidence/percpu-trace/stats-text.ts';
import type { TraceEvent, TraceSummary } from '../../evidence/percpu-trace/trace-event.ts';
import { readLogFile } from '../geometry/read-log-file.ts';

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

/** What is to be replayed, wherever it comes from. */
export interface Recording {
  readonly name: string;
  /** The one reading of the whole trace. */
  readonly read: (onEvent: (event: TraceEvent) => void) => Promise<Result<TraceSummary>>;
  readonly stats: PercpuStats | undefined;
  readonly boot: LoggedBoot | undefined;
  readonly otherMachine: ReplayRequest['otherMachine'];
}

/** Reads the small texts; the trace itself is read by `read`. Errors: 'not-found', 'bad-input', each naming the file. */
export async function openRecording(request: ReplayRequest, watch?: ReadingWatch): Promise<Result<Recording>> {
  const stats = await readStats(request.statsPath);
  if (!stats.ok) return stats;
  const boot = await readBoot(request.dmesgPath);
  if (!boot.ok) return boot;
  return ok({
    name: request.tracePath,
    read: (onEvent) => readTraceFile(request.tracePath, onEvent, watch),
    stats: stats.value,
    boot: boot.value,
    otherMachine: request.otherMachine,
  });
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
