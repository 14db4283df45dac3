/**
 * What the machine itself costs: writing pages through a zram device on one CPU, against calling the codec alone in a bare
 * loop over the same pages in the same thread.
 *
 *     native  compressSync(page)                      lz4-napi as it is; its output is thrown away
 *     codec   codec.compress(page, buffer)            the codec as the machine calls it: LZ4 into a given buffer
 *     device  device.writeRequest(cpu, slot, [page])  same-filled test, per-CPU buffer, codec, pool, copy, slot, statistics
 *     job     the same through a job, whose I/O buffers are filled and whose requests are timed
 *
 * Every round boots a fresh machine and goes over all pages; within it the ways take turns every 64 pages, in rotating order,
 * so that all meet the host in the same mood. A ratio is taken over nine rounds, of each chunk the median. Read it so: device/codec 0.90 means that
 * of the time of a write 90 % is the codec's and 10 % the machine's.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compressSync } from 'lz4-napi';
import { Lz4Codec } from '../src/main/engine/codec/lz4.ts';
import { complete, LiveCpu } from '../src/main/engine/live/live-cpu.ts';
import { bootMachine } from '../src/main/machine/boot.ts';
import type { IoPage } from '../src/main/machine/codec.ts';
import { percpuConfigOf } from '../src/main/lab/plan/machine-config.ts';
import { Machine } from '../src/main/machine/machine.ts';
import { Arena, type MachineConfig } from '../src/main/machine/memory/arena.ts';
import type { PercpuConfig } from '../src/main/machine/percpu/percpu-config.ts';
import { cpuId, frameNumber } from '../src/main/machine/units.ts';
import { IoStatus } from '../src/main/machine/zram/device.ts';
import type { PageSet } from '../src/main/workload/data/page-set.ts';
import { pageSetFromGenerator } from '../src/main/workload/data/page-set-from-generator.ts';
import { pageSetFromJob } from '../src/main/workload/data/page-set-from-job.ts';
import { Job } from '../src/main/workload/job.ts';
import { WrittenPages, writtenPagesBytes } from '../src/main/workload/written-pages.ts';
import { usualPercpuSettings } from '../src/shared/percpu-settings.ts';

const PAGE = 4096;
const PAGES = 4096;
const CHUNK = 64;
const ROUNDS = 9;
const GROUPS = 5;

function usualPercpu(): PercpuConfig {
  const config = percpuConfigOf(
    usualPercpuSettings(PAGE),
    { pageSizeBytes: PAGE, possibleCpus: 1 },
    { maxChunks: 8, callSites: 0 },
  );
  if (!config.ok) throw new Error(config.error.message);
  return config.value;
}

const config: MachineConfig = {
  possibleCpus: 1,
  onlineCpus: 1,
  pageSizeBytes: PAGE,
  memoryBytes: 64 * 2 ** 20,
  devices: 2,
  diskSizeBytes: PAGES * PAGE,
  bufferLayout: 'per-cpu-global',
  percpu: usualPercpu(),
};

const WAYS = ['native', 'codec', 'device', 'job'] as const;
type Way = (typeof WAYS)[number];

/** The first pages of a file; of one that is shorter, its whole pages. */
function filePages(path: string, description: string): PageSet {
  const file = readFileSync(path).subarray(0, PAGES * PAGE);
  const count = Math.floor(file.length / PAGE / CHUNK) * CHUNK;
  const bytes = new SharedArrayBuffer(count * PAGE);
  Buffer.from(bytes).set(file.subarray(0, count * PAGE));
  return { pageSizeBytes: PAGE, count, bytes, description };
}

function generatedPages(): PageSet {
  const mixture = { zeroPercent: 0, samePercent: 0, randomPercent: 0, compressPercent: 50 };
  const made = pageSetFromGenerator(mixture, { pageSizeBytes: PAGE, count: PAGES, seed: 1 });
  if (!made.ok) throw new Error(made.error.message);
  return { ...made.value, description: 'fio, 50 % compressible' };
}

function patternPages(): PageSet {
  const buffer = {
    zero: false,
    refill: false,
    scramble: false,
    compressPercent: 0,
    compressChunkBytes: 512,
    dedupePercent: 0,
  };
  const verifyPattern = [0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef];
  const made = pageSetFromJob(
    { verify: 'meta', verifyPattern, buffer },
    { pageSizeBytes: PAGE, blockBytes: PAGE, count: PAGES, seed: 1 },
  );
  if (!made.ok) throw new Error(made.error.message);
  return { ...made.value, description: 'the 2010 job (verify=meta, pattern)' };
}

/** The ways over one page set on a fresh machine; each call does the pages of one chunk. */
function waysOver(set: PageSet, buffer: SharedArrayBuffer): Readonly<Record<Way, (firstPage: number) => void>> {
  const booted = bootMachine(buffer, config);
  if (!booted.ok) throw new Error(booted.error.message);
  const machine = new Machine(booted.value);
  const codec = new Lz4Codec(buffer, PAGE);
  const cpu = new LiveCpu(booted.value, cpuId(0), codec);
  const [direct, jobs] = [machine.device(0), machine.device(1)];
  const scratch = booted.value.frameAddress(frameNumber(booted.value.frameCount - 2));
  const pages = Array.from({ length: set.count }, (_, page): IoPage & { readonly bytes: Buffer } => ({
    bytes: Buffer.from(set.bytes, page * PAGE, PAGE),
    words: new Int32Array(set.bytes, page * PAGE, PAGE / 4),
  }));
  const requests = pages.map((page) => [page]);
  const job = jobOver(set, jobs);
  const page = (index: number): IoPage & { readonly bytes: Buffer } => pages[index] ?? fail(index);
  return {
    native: (first) => {
      for (let at = first; at < first + CHUNK; at++) compressSync(page(at).bytes);
    },
    codec: (first) => {
      for (let at = first; at < first + CHUNK; at++) codec.compress(page(at), scratch);
    },
    device: (first) => {
      for (let at = first; at < first + CHUNK; at++) {
        const status = complete(direct.writeRequest(cpu, at, requests[at] ?? fail(at)));
        if (status !== IoStatus.done) throw new Error('the machine is out of memory');
      }
    },
    job: () => {
      for (let batch = 0; batch < CHUNK / IO_DEPTH; batch++) complete(job.batch(cpu));
    },
  };
}

function fail(page: number): never {
  throw new Error(`page ${page} is not in the set`);
}

const IO_DEPTH = 8;

function jobOver(set: PageSet, device: ReturnType<Machine['device']>): Job {
  const written = new WrittenPages(new SharedArrayBuffer(writtenPagesBytes(PAGES)), [set]);
  const clock = {
    now: () => performance.now(),
    record: () => undefined,
    stopped: () => false,
  };
  const job = new Job(
    {
      name: 'bench',
      cpu: 0,
      device: 0,
      firstSlot: 0,
      blocks: set.count,
      blockPages: 1,
      pattern: 'write',
      readPercent: 0,
      ioDepth: IO_DEPTH,
      blocksToDo: set.count,
      pageSet: 0,
      firstSetPage: 0,
      seed: 1,
    },
    { device, pageSet: set, written, clock },
  );
  job.begin('main');
  return job;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

type ChunkTimes = Readonly<Record<Way, Float64Array>>;

/** Milliseconds of each way for each chunk, the ways taking turns chunk by chunk. */
function round(set: PageSet, buffer: SharedArrayBuffer): ChunkTimes {
  const ways = waysOver(set, buffer);
  const chunks = set.count / CHUNK;
  const times = Object.fromEntries(WAYS.map((way) => [way, new Float64Array(chunks)])) as Record<Way, Float64Array>;
  for (let at = 0; at < chunks; at++) {
    for (const [index] of WAYS.entries()) {
      const way = WAYS[(at + index) % WAYS.length] ?? 'native';
      const start = performance.now();
      ways[way](at * CHUNK);
      times[way][at] = performance.now() - start;
    }
  }
  return times;
}

/** Time of a way over all pages: of each chunk the median of the rounds, so that a host's hiccups do not count. */
function typicalTime(rounds: readonly ChunkTimes[], way: Way, chunks: number): number {
  let sum = 0;
  for (let at = 0; at < chunks; at++) sum += median(rounds.map((times) => times[way][at] ?? NaN));
  return sum;
}

function report(set: PageSet, buffer: SharedArrayBuffer): void {
  const chunks = set.count / CHUNK;
  for (let warmUp = 0; warmUp < 3; warmUp++) round(set, buffer);
  const groups = Array.from({ length: GROUPS }, () => Array.from({ length: ROUNDS }, () => round(set, buffer)));
  const ratio = (of: Way, to: Way): string => {
    const values = groups.map((rounds) => typicalTime(rounds, to, chunks) / typicalTime(rounds, of, chunks));
    return `${median(values).toFixed(3)} [${Math.min(...values).toFixed(3)}, ${Math.max(...values).toFixed(3)}]`;
  };
  const microseconds = (typicalTime(groups.flat(), 'native', chunks) * 1000) / set.count;
  console.log(
    `${set.description}: device/codec ${ratio('device', 'codec')}, device/native ${ratio('device', 'native')}, ` +
      `job/native ${ratio('job', 'native')}; native ${microseconds.toFixed(1)} µs a page`,
  );
}

console.log(
  `Write throughput of the machine over that of its codec, one CPU: median [low, high] of ${GROUPS} × ${ROUNDS} rounds`,
);
const buffer = new SharedArrayBuffer(Arena.bytesFor(config));
const sets = [
  filePages(fileURLToPath(import.meta.resolve('typescript')), 'source text'),
  filePages(process.execPath, 'a program file'),
  generatedPages(),
  patternPages(),
];
for (const set of sets) report(set, buffer);
