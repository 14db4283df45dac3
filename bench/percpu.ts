/**
 * The per-CPU allocator and the replay of its traces.
 *
 *     replay      parse and replay a recorded trace, text in memory; events per second on one thread
 *     long        the same for traces of a quarter, one and three million events, written by the lab's own allocator to a file;
 *                 each in a process of its own, so that its greatest resident memory can be told
 *     pairs       allocate and free 16/8, pages and locks real, one arena; pairs per second on 1 and on 2 threads
 *
 * Rounds are interleaved, 1 and 2 threads in turn. A thread is started anew for each round and says when its loop began and
 * ended, so that its start does not count. Two threads share one pcpu_lock: expect no gain, the figure is what it costs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { complete } from '../src/main/machine/cpu.ts';
import { LiveCpu } from '../src/main/engine/live/live-cpu.ts';
import { lockWordsOf } from '../src/main/engine/live/lock-words.ts';
import { allocateArena, type ArenaMemory } from '../src/main/engine/codec/arena-memory.ts';
import { type CodecParts, makeCodec } from '../src/main/engine/codec/make-codec.ts';
import { TraceParser } from '../src/main/evidence/percpu-trace/trace-parser.ts';
import { replayReadings, replayTrace } from '../src/main/lab/replay/replay-trace.ts';
import { bootMachine } from '../src/main/machine/boot.ts';
import { Machine } from '../src/main/machine/machine.ts';
import { Arena, type MachineConfig } from '../src/main/machine/memory/arena.ts';
import { cpuId } from '../src/main/machine/units.ts';
import type { CodecName } from '../src/shared/codec.ts';
import { ok } from '../src/shared/result.ts';
import { writeLongTrace } from './long-trace.ts';
import { codecParts, valueOf } from './shared/codecs.ts';

const ROUNDS = 7;
const PAIRS = 200_000;
const LIVE = 512;
const PIECE_BYTES = 256 * 1024;
const LONG_EVENTS = [250_000, 1_000_000, 3_000_000];
const TRACES = ['percpu-cgroups-3000', 'percpu-mixed'];

const config: MachineConfig = {
  possibleCpus: 2,
  onlineCpus: 2,
  pageSizeBytes: 4096,
  memoryBytes: 32 * 2 ** 20,
  devices: 1,
  diskSizeBytes: 2 ** 20,
  bufferLayout: 'per-cpu-global',
  // The geometry of a 6.18 kernel on two CPUs.
  percpu: {
    method: 'embed',
    otherStaticBytes: 185544,
    reservedBytes: 0,
    dynamicRequestBytes: 28 * 1024,
    earlyDynamicBytes: 20 * 1024,
    minUnitBytes: 32 * 1024,
    atomBytes: 2 ** 21,
    limitBytes: 0,
    nodes: 1,
    maxChunks: 8,
    callSites: 0,
  },
};

/** What a thread is given: its CPU, and where everything lies. */
interface PairsTask {
  readonly memory: ArenaMemory;
  readonly codec: CodecParts;
  readonly cpu: number;
}

function makeArena(codec: CodecName): ArenaMemory {
  const memory = valueOf(allocateArena(Arena.bytesFor(config), codec));
  valueOf(bootMachine(memory.buffer, config));
  return memory;
}

/** Keeps LIVE objects and replaces the oldest; answers with the loop's beginning and end in epoch milliseconds. */
function runPairs({ memory, codec, cpu: id }: PairsTask): { start: number; end: number } {
  const { arena, percpu } = Machine.attach(memory.buffer);
  const parts = { locks: lockWordsOf(codec, memory) };
  const cpu = new LiveCpu(arena, cpuId(id), makeCodec(codec, memory, config.pageSizeBytes), parts);
  const take = () => {
    const given = complete(percpu.allocPercpu(cpu, { sizeBytes: 16, alignBytes: 8 }));
    if (!given.ok) throw new Error(given.error.message);
    return given.value;
  };
  const objects = Array.from({ length: LIVE }, take);
  const start = performance.timeOrigin + performance.now();
  for (let pair = 0; pair < PAIRS; pair++) {
    const index = pair % LIVE;
    const outcome = complete(percpu.freePercpu(cpu, objects[index]));
    if (outcome !== 'freed') throw new Error(`free: ${outcome}`);
    objects[index] = take();
    complete(percpu.runDeferredWork(cpu));
  }
  return { start, end: performance.timeOrigin + performance.now() };
}

async function pairsPerSecond(threads: number): Promise<number> {
  const codec = codecParts('lz4-kernel');
  const memory = makeArena(codec.name);
  const spans = await Promise.all(
    Array.from({ length: threads }, (_, cpu) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { memory, codec, cpu } satisfies PairsTask });
      return new Promise<{ start: number; end: number }>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    }),
  );
  const elapsedMs = Math.max(...spans.map(({ end }) => end)) - Math.min(...spans.map(({ start }) => start));
  return (threads * PAIRS * 1000) / elapsedMs;
}

/** Parse and replay once, the whole way of `lab replay` but for the reading of the file. */
async function replayOnce(name: string, text: Buffer): Promise<{ events: number; ms: number; sentence: string }> {
  const start = performance.now();
  const found = await replayReadings({
    name,
    read: (onEvent) => Promise.resolve(ok(parse(text, new TraceParser(onEvent)))),
    stats: undefined,
    boot: undefined,
    otherMachine: undefined,
  });
  const ms = performance.now() - start;
  if (!found.ok) throw new Error(found.error.message);
  const { events, overall } = found.value;
  return { events, ms, sentence: `${overall.matched} of ${overall.total} offsets` };
}

function parse(text: Buffer, parser: TraceParser): ReturnType<TraceParser['end']> {
  for (let at = 0; at < text.length; at += PIECE_BYTES) parser.push(text.subarray(at, at + PIECE_BYTES));
  return parser.end();
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const show = (value: number | undefined): string => Math.round(value ?? NaN).toLocaleString('en-US');
  return `${show(sorted[Math.floor(sorted.length / 2)])} [${show(sorted[0])}, ${show(sorted.at(-1))}]`;
}

async function benchReplay(): Promise<void> {
  for (const name of TRACES) {
    const path = new URL(`../../shared/data/${name}.ftrace.gz`, import.meta.url);
    if (!existsSync(path)) {
      console.log(`${name}: no recording beside the project, not replayed`);
      continue;
    }
    const text = gunzipSync(readFileSync(path));
    const rounds: Awaited<ReturnType<typeof replayOnce>>[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await replayOnce(name, text));
    const rates = rounds.map(({ events, ms }) => (events * 1000) / ms);
    console.log(
      `${name.padEnd(20)}  events/s ${spread(rates)}  (first, cold: ${Math.round(rates[0] ?? NaN)}; ${rounds[0]?.sentence})`,
    );
  }
}

async function benchPairs(): Promise<void> {
  const rates: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const threads of round % 2 === 0 ? [1, 2] : [2, 1])
      rates[threads === 1 ? 0 : 1].push(await pairsPerSecond(threads));
  }
  console.log(`alloc+free pairs/s, 16/8, 1 CPU   ${spread(rates[0])}`);
  console.log(`alloc+free pairs/s, 16/8, 2 CPUs  ${spread(rates[1])}  (together, one pcpu_lock)`);
}

/** One replay of a file, alone in its process. */
async function replayFile(tracePath: string): Promise<void> {
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const found = await replayTrace({ tracePath });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (!found.ok) throw new Error(found.error.message);
  const { events, overall } = found.value;
  const residentMiB = process.resourceUsage().maxRSS / 1024;
  const [rate, cpuRate] = [events / seconds, (events * 1e6) / (user + system)].map((value) =>
    Math.round(value).toLocaleString('en-US'),
  );
  console.log(
    `${events.toLocaleString('en-US').padStart(20)}  events/s ${rate}  (per second of CPU time ${cpuRate}; cold; ${overall.matched} of ${overall.total} offsets; at most ${residentMiB.toFixed(0)} MiB resident)`,
  );
}

function benchLongTraces(): void {
  const folder = mkdtempSync(join(tmpdir(), 'percpu-lab-bench-'));
  try {
    for (const events of LONG_EVENTS) {
      const path = join(folder, 'trace.txt');
      writeLongTrace(path, events);
      execFileSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), path], { stdio: 'inherit' });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [tracePath] = process.argv.slice(2);
if (!isMainThread) {
  parentPort?.postMessage(runPairs(workerData as PairsTask));
} else if (tracePath !== undefined) {
  await replayFile(tracePath);
} else {
  console.log(`Parse and replay, one thread, text in memory: median [low, high] of ${ROUNDS} rounds`);
  await benchReplay();
  console.log('Parse and replay of a text file, one thread, by number of events');
  benchLongTraces();
  await benchPairs();
}
