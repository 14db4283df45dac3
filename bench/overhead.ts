/**
 * What the machine itself costs: writing pages through a zram device on one CPU, against calling the codec alone in a bare
 * loop over the same pages in the same thread.
 *
 *     bare    for each page: compressSync(page)
 *     device  for each page: device.writeRequest: same-filled test, per-CPU buffer, compress, pool, copy, slot, statistics
 *     job     the same through a job: its I/O buffers are filled, each request is timed
 *
 * Rounds are interleaved and their order alternates; a ratio is taken within a round. Read it so: device 0.95 means that 5 %
 * of the time is the machine's, 95 % the codec's.
 */
import { readFileSync } from 'node:fs';
import { compressSync } from 'lz4-napi';
import { Lz4Codec } from '../src/main/engine/codec/lz4.ts';
import { complete, LiveCpu } from '../src/main/engine/live/live-cpu.ts';
import { bootMachine } from '../src/main/machine/boot.ts';
import type { IoPage } from '../src/main/machine/codec.ts';
import { Machine } from '../src/main/machine/machine.ts';
import { Arena, type MachineConfig } from '../src/main/machine/memory/arena.ts';
import { cpuId } from '../src/main/machine/units.ts';
import { IoStatus } from '../src/main/machine/zram/device.ts';
import type { PageSet } from '../src/main/workload/data/page-set.ts';
import { pageSetFromGenerator } from '../src/main/workload/data/page-set-from-generator.ts';
import { pageSetFromJob } from '../src/main/workload/data/page-set-from-job.ts';
import { Job } from '../src/main/workload/job.ts';
import { WrittenPages, writtenPagesBytes } from '../src/main/workload/written-pages.ts';

const PAGE = 4096;
const PAGES = 4096;
const ROUNDS = 15;

const config: MachineConfig = {
  possibleCpus: 1,
  onlineCpus: 1,
  pageSizeBytes: PAGE,
  memoryBytes: 64 * 2 ** 20,
  devices: 1,
  diskSizeBytes: PAGES * PAGE,
  bufferLayout: 'per-cpu-global',
};

type Way = 'bare' | 'device' | 'job';

function filePages(path: string): PageSet {
  const bytes = new SharedArrayBuffer(PAGES * PAGE);
  const file = readFileSync(path).subarray(0, PAGES * PAGE);
  Buffer.from(bytes).set(file);
  return { pageSizeBytes: PAGE, count: Math.floor(file.length / PAGE), bytes, description: 'a program file' };
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

/** One machine and the three ways over one page set; each call does all pages and answers with milliseconds. */
function waysOver(set: PageSet): Readonly<Record<Way, () => number>> {
  const booted = bootMachine(new SharedArrayBuffer(Arena.bytesFor(config)), config);
  if (!booted.ok) throw new Error(booted.error.message);
  const machine = new Machine(booted.value);
  const cpu = new LiveCpu(booted.value, cpuId(0), new Lz4Codec(booted.value.buffer, PAGE));
  const device = machine.device(0);
  const pages: IoPage[] = Array.from({ length: set.count }, (_, page) => ({
    bytes: Buffer.from(set.bytes, page * PAGE, PAGE),
    words: new Int32Array(set.bytes, page * PAGE, PAGE / 4),
  }));
  const buffers = pages.map((page) => Buffer.from(set.bytes, page.bytes.byteOffset, PAGE));
  const requests = pages.map((page) => [page]);
  return {
    bare: () => timed(() => buffers.forEach((buffer) => compressSync(buffer))),
    device: () =>
      timed(() => {
        requests.forEach((request, slot) => {
          if (complete(device.writeRequest(cpu, slot, request)) !== IoStatus.done) throw new Error('out of memory');
        });
      }),
    job: () => {
      const job = jobOver(set, device);
      return timed(() => {
        while (complete(job.batch(cpu)) === 'more');
      });
    },
  };
}

function jobOver(set: PageSet, device: ReturnType<Machine['device']>): Job {
  const written = new WrittenPages(new SharedArrayBuffer(writtenPagesBytes(PAGES)), [set]);
  const clock = {
    now: () => performance.now(),
    recordRead: () => undefined,
    recordWrite: () => undefined,
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
      ioDepth: 8,
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

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function report(set: PageSet): void {
  const ways = waysOver(set);
  const order: Way[] = ['bare', 'device', 'job'];
  for (const way of order) ways[way]();
  const ratios: Record<'device' | 'job', number[]> = { device: [], job: [] };
  const bareMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times: Partial<Record<Way, number>> = {};
    for (const way of order) times[way] = ways[way]();
    order.reverse();
    const bare = times.bare ?? NaN;
    bareMs.push(bare);
    ratios.device.push(bare / (times.device ?? NaN));
    ratios.job.push(bare / (times.job ?? NaN));
  }
  const spread = (values: readonly number[]): string =>
    `${median(values).toFixed(3)} [${Math.min(...values).toFixed(3)}, ${Math.max(...values).toFixed(3)}]`;
  const bareMBps = (set.count * PAGE) / 1000 / median(bareMs);
  console.log(
    `${set.description.padEnd(36)}  device/bare ${spread(ratios.device)}  job/bare ${spread(ratios.job)}  (bare ${bareMBps.toFixed(0)} MB/s)`,
  );
}

console.log(
  `Write throughput over a bare codec loop, one CPU, ${ROUNDS} interleaved rounds of ${PAGES} pages: median [low, high]`,
);
for (const set of [filePages(process.execPath), generatedPages(), patternPages()]) report(set);
