/** Traces for tests: written by hand line by line, or recorded ones damaged on purpose. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { TraceParser } from '../../../../src/main/evidence/percpu-trace/trace-parser.ts';
import { replayReadings } from '../../../../src/main/lab/replay/replay-trace.ts';
import type { ReplayReport } from '../../../../src/shared/replay-report.ts';
import { ok } from '../../../../src/shared/result.ts';

/** Path of a recording that lies beside the project. */
export const recordingPath = (name: string): string =>
  fileURLToPath(new URL(`../../../../../shared/data/${name}`, import.meta.url));

export const hasRecordings = existsSync(recordingPath('percpu-cgroups-3000.ftrace.gz'));
export const MISSING = 'no recorded traces beside the project';

/** Lines of a recording, header included. */
export function recordedLines(name: 'percpu-cgroups-3000' | 'percpu-mixed'): string[] {
  return gunzipSync(readFileSync(recordingPath(`${name}.ftrace.gz`)))
    .toString('latin1')
    .split('\n');
}

/** Lines before the first event of the recordings. */
export const HEADER_LINES = 12;

export async function replayText(text: string): Promise<ReplayReport> {
  const replayed = await replayReadings({
    name: 'text',
    read: (onEvent) => {
      const parser = new TraceParser(onEvent);
      parser.push(Buffer.from(text, 'latin1'));
      return Promise.resolve(ok(parser.end()));
    },
    stats: undefined,
    boot: undefined,
    otherMachine: undefined,
  });
  if (!replayed.ok) throw new Error(replayed.error.message);
  return replayed.value;
}

interface LineOptions {
  readonly cpu?: number;
  /** Since the line before. */
  readonly afterUs?: number;
  readonly flags?: string;
}

/** Writes a trace line by line; chunks are named by a letter. */
export class TraceWriter {
  readonly #lines: string[] = [];
  #timeUs = 1_000_000_000;

  /** Number of the line written last. */
  get line(): number {
    return this.#lines.length;
  }

  create(chunk: string, options?: LineOptions): this {
    return this.#add(`percpu_create_chunk: base_addr=${base(chunk)}`, options);
  }

  destroy(chunk: string, options?: LineOptions): this {
    return this.#add(`percpu_destroy_chunk: base_addr=${base(chunk)}`, options);
  }

  /** `size/align` in bytes. */
  alloc(request: string, chunk: string, offset: number, options?: LineOptions): this {
    const [size, align] = request.split('/');
    return this.#add(
      `percpu_alloc_percpu: reserved=0 is_atomic=0 size=${size} align=${align} base_addr=${base(chunk)} off=${offset} ptr=1`,
      options,
    );
  }

  free(chunk: string, offset: number, options?: LineOptions): this {
    return this.#add(`percpu_free_percpu: base_addr=${base(chunk)} off=${offset} ptr=1`, options);
  }

  lost(cpu: number, count: number): this {
    this.#lines.push(`CPU:${cpu} [LOST ${count} EVENTS]`);
    return this;
  }

  /** A run of equal objects, one behind the other. */
  allocMany(request: string, chunk: string, from: number, count: number): this {
    const size = Number(request.split('/')[0]);
    for (let index = 0; index < count; index++) this.alloc(request, chunk, from + index * size);
    return this;
  }

  /** Takes an object and frees it, so many times: allocations that agree, and leave things as they were. */
  agree(chunk: string, offset: number, count: number): this {
    for (let index = 0; index < count; index++) this.alloc('16/8', chunk, offset).free(chunk, offset);
    return this;
  }

  text(): string {
    return this.#lines.join('\n');
  }

  #add(event: string, { cpu = 0, afterUs = 2, flags = '.....' }: LineOptions = {}): this {
    this.#timeUs += afterUs;
    const time = (this.#timeUs / 1e6).toFixed(6);
    this.#lines.push(`            bash-${5940 + cpu}    [00${cpu}] ${flags}   ${time}: ${event}`);
    return this;
  }
}

export function base(chunk: string): string {
  return chunk.repeat(16);
}
