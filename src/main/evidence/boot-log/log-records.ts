/**
 * Collections of boot logs in JSON Lines: an object per line, one of whose text fields is a log.
 *
 *     {"id": "d001", "kernel": "6.18.38", "raw": "percpu: Embedded 17 pages/cpu …\npcpu-alloc: …"}
 *
 * A journal as JSON has one message per line, in MESSAGE: that is one log, which the ordinary reader reads.
 */
import type { MalformedLogLine } from '../../../shared/geometry-check.ts';
import type { BootLog } from './boot-log.ts';
import { parseBootLog } from './parse-boot-log.ts';

/** One line of the collection. */
export interface LogRecord {
  readonly line: number;
  /** The object's `id`, where it has one. */
  readonly name: string | undefined;
  /** Lines are those of the log's own text. A boot that names no kernel has the object's `kernel`. */
  readonly log: BootLog;
}

export interface LogRecords {
  readonly records: readonly LogRecord[];
  /** Lines that are no object, or hold no boot log. */
  readonly malformed: readonly MalformedLogLine[];
}

/** The logs of a collection; undefined for a text that is none: its first line is no JSON object. Never throws. */
export function readLogRecords(text: string): LogRecords | undefined {
  const lines = text.split(/\r?\n/).map((content, index) => ({ line: index + 1, content: content.trim() }));
  const filled = lines.filter(({ content }) => content !== '');
  const first = objectOf(filled[0]?.content ?? '');
  if (first === undefined || 'MESSAGE' in first) return undefined;
  const records: LogRecord[] = [];
  const malformed: MalformedLogLine[] = [];
  for (const { line, content } of filled) {
    const record = recordOf(line, objectOf(content));
    if (typeof record === 'string') malformed.push({ line, message: record });
    else records.push(record);
  }
  return { records, malformed };
}

type JsonObject = Readonly<Record<string, unknown>>;

function objectOf(line: string): JsonObject | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    // Text that begins with a brace is an object or nothing.
    return JSON.parse(line) as JsonObject;
  } catch {
    return undefined;
  }
}

/** The record, or what is wrong with the line. */
function recordOf(line: number, object: JsonObject | undefined): LogRecord | string {
  if (object === undefined) return 'the line is no JSON object';
  const texts = Object.values(object).filter((value) => typeof value === 'string');
  const log = texts.map(parseBootLog).find(({ boots }) => boots.length > 0);
  if (log === undefined) return 'no text field of the object has a line about the per-CPU area';
  const { id, kernel } = object;
  return { line, name: typeof id === 'string' ? id : undefined, log: withKernel(log, kernel) };
}

function withKernel({ boots, malformed }: BootLog, kernel: unknown): BootLog {
  if (typeof kernel !== 'string') return { boots, malformed };
  return { boots: boots.map((boot) => ({ kernelRelease: kernel, ...boot })), malformed };
}
