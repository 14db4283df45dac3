/**
 * What the machine itself costs: writing pages through a zram device on one CPU, against calling the codec alone in a bare
 * loop over the same pages in the same thread. For each of the lab's codecs, over pages that lie in the machine's memory:
 *
 *     codec   the library's call and nothing else: of lz4-napi compressSync, whose output stays where it is
 *     stored  codec.compress(page, buffer, work memory), and what came of it, or the page where that is no gain, copied behind the
 *             last one: the least that a machine does that compresses into a buffer
 *     device  device.write(cpu, slot, [page]): same-filled test, per-CPU buffer, codec, pool, copy, slot, statistics
 *     job     the same by a job as in a run: pages filled from the page data, requests timed and recorded
 *
 * `npm run bench -- overhead FILE …` takes the first 16 MiB of each file instead of the benchmark's own pages.
 *
 * Each codec goes over each set of pages in a thread of its own. Every round boots a fresh machine and goes over all pages, the
 * ways in turn (shared/interleaved.ts). Read a ratio so: device/codec 0.90 means that of the time of a write 90 % is the codec's
 * and 10 % what comes to it, which the last figure gives in microseconds: a ratio alone says as much of how quick the codec is.
 * Of that, stored/codec tells what bringing the object to its place takes, and device/stored what the machine does besides. A run's
 * throughput is that of `job`, or less: its page data may be larger than the host's caches, and it pays for what lz4-napi leaves
 * behind, which the benchmark gives back between turns.
 */
import { basename } from 'node:path';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { textTable } from '../src/main/cli/text-table.ts';
import { widenInliningBudget } from '../src/main/engine/live/compiler-budget.ts';
import { compressed } from '../src/main/engine/codec/lz4.ts';
import type { LiveCpu } from '../src/main/engine/live/live-cpu.ts';
import { PhaseClock } from '../src/main/engine/live/phase-clock.ts';
import { complete } from '../src/main/machine/cpu.ts';
import type { IoPage, ObjectSpan } from '../src/main/machine/codec.ts';
import type { Machine } from '../src/main/machine/machine.ts';
import { HeaderW } from '../src/main/machine/memory/arena-layout.ts';
import { cpuId, physicalAddress, type PhysicalAddress } from '../src/main/machine/units.ts';
import { IoStatus } from '../src/main/machine/zram/io-status.ts';
import { copyPageIn, copyToObject } from '../src/main/machine/zram/page-copies.ts';
import type { Stream } from '../src/main/machine/zram/streams/stream.ts';
import type { PageSet } from '../src/main/workload/data/page-set.ts';
import { Job } from '../src/main/workload/job.ts';
import { WrittenPages, writtenPagesBytes } from '../src/main/workload/written-pages.ts';
import { CODECS, type CodecName } from '../src/shared/codec.ts';
import { type Bench, benchFor, bufferOf, freshMachine, ioPagesOf } from './shared/codecs.ts';
import { HOW_TIMED, timeInterleaved, type Way } from './shared/interleaved.ts';
import { filePages, PAGE, PAGES, pageSets } from './shared/page-data.ts';

const IO_DEPTH = 8;

/** The ways, by their places in `waysOver`. */
const CODEC = 0;
const STORED = 1;
const DEVICE = 2;
const JOB = 3;

/** The ways over one page set on a fresh machine: codec, stored, device, job. */
function waysOver(set: PageSet, codec: CodecName, bench: Bench): readonly Way[] {
  const { machine, cpu } = freshMachine(bench);
  const device = machine.device(0);
  const pages = ioPagesOf(machine, cpu, set.count);
  const source = Buffer.from(set.bytes);
  for (const [index, page] of pages.entries()) source.copy(page.bytes, 0, index * PAGE, (index + 1) * PAGE);
  const requests = pages.map((page) => [page]);
  const stream = bufferOf(machine, cpu);
  const { target, workMemory } = stream;
  const store = storeOf(machine, cpu);
  const job = jobOver(set, machine, ioPagesOf(machine, cpu, IO_DEPTH));
  return [
    bareLoop(codec, cpu, pages, stream),
    (first, end) => {
      for (let at = first; at < end; at++) {
        const page = pageAt(pages, at);
        store(page, target, cpu.codec.compress(page, target, workMemory));
      }
    },
    (first, end) => {
      for (let at = first; at < end; at++) {
        const outcome = device.write(cpu, at, pageAt(requests, at));
        if (outcome !== IoStatus.done) throw new Error('a write that has all it needs failed or waits');
      }
    },
    (first, end) => {
      for (let at = first; at < end; at += IO_DEPTH) complete(job.batch(cpu));
    },
  ];
}

function pageAt<T>(pages: readonly T[], index: number): T {
  const page = pages[index];
  if (page === undefined) throw new Error(`there is no page ${index}`);
  return page;
}

/** The codec's library and nothing else: of lz4-napi not the copy to the place that the machine wants. */
function bareLoop(codec: CodecName, cpu: LiveCpu, pages: readonly IoPage[], { target, workMemory }: Stream): Way {
  if (codec === 'lz4') {
    return (first, end) => {
      for (let at = first; at < end; at++) compressed(pageAt(pages, at));
    };
  }
  return (first, end) => {
    for (let at = first; at < end; at++) cpu.codec.compress(pageAt(pages, at), target, workMemory);
  };
}

/** Copies objects one behind the other into pages of the machine, as many as a page set has, with what the pool copies its own. */
function storeOf(machine: Machine, cpu: LiveCpu): (page: IoPage, from: PhysicalAddress, length: number) => void {
  const pages = ioPagesOf(machine, cpu, PAGES + 1).map(({ address }) => address);
  const { bytes } = machine.arena;
  const none = physicalAddress(0);
  const span: ObjectSpan = { first: none, firstBytes: 0, rest: none, restBytes: 0 };
  let index = 0;
  let used = 0;
  return (page, from, length) => {
    if (length >= PAGE && used > 0) {
      index++;
      used = 0;
    }
    const size = Math.min(length, PAGE);
    span.first = physicalAddress((pages[index] ?? none) + used);
    span.firstBytes = Math.min(size, PAGE - used);
    span.rest = pages[index + 1] ?? none;
    span.restBytes = size - span.firstBytes;
    used += (size + 7) & ~7;
    if (used >= PAGE) {
      index++;
      used -= PAGE;
    }
    if (length < PAGE) copyToObject(bytes, from, span, cpu.codec);
    else copyPageIn(bytes, page, span, cpu.codec);
  };
}

function jobOver(set: PageSet, machine: Machine, ioPages: readonly IoPage[]): Job {
  const written = new WrittenPages(new SharedArrayBuffer(writtenPagesBytes(PAGES)), [set]);
  const clock = new PhaseClock(machine.arena.words, HeaderW.stop);
  clock.start();
  const plan = {
    name: 'bench',
    cpu: cpuId(0),
    device: 1,
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
  } as const;
  const job = new Job(plan, { device: machine.device(1), pageSet: set, written, clock, ioPages });
  job.begin('main');
  return job;
}

const HEAD: readonly string[] = [
  'codec',
  'pages',
  'device/codec',
  'stored/codec',
  'device/stored',
  'job/codec',
  'codec MB/s',
  'device + µs a page',
];

/** A thread's part. */
interface Measurement {
  readonly codec: CodecName;
  readonly set: PageSet;
}

/** The row of figures, in the order of HEAD, of a thread that knows one codec and one memory as the threads of a run do. */
async function measured({ codec, set }: Measurement): Promise<readonly string[]> {
  widenInliningBudget();
  const bench = benchFor(codec);
  const times = await timeInterleaved(set.count, () => waysOver(set, codec, bench));
  return [
    codec,
    set.description,
    times.ratio(DEVICE, CODEC),
    times.ratio(STORED, CODEC),
    times.ratio(DEVICE, STORED),
    times.ratio(JOB, CODEC),
    times.megabytesPerSecond(CODEC),
    times.addedMicroseconds(DEVICE, CODEC),
  ];
}

function measuredInThread(measurement: Measurement): Promise<readonly string[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: measurement });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** The files' pages, the benchmark's own without files; undefined, and why is said, where one cannot be read. */
function chosenSets(files: readonly string[]): readonly PageSet[] | undefined {
  if (files.length === 0) return pageSets();
  try {
    return files.map((path) => filePages(path, basename(path)));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

async function main(): Promise<void> {
  const sets = chosenSets(process.argv.slice(2));
  if (sets === undefined) {
    process.exitCode = 2;
    return;
  }
  const rows = [HEAD];
  for (const set of sets) {
    for (const codec of CODECS) {
      console.error(`${set.description}, ${codec}`);
      rows.push(await measuredInThread({ codec, set }));
    }
  }
  console.log(`Write throughput of the machine over that of its codec, one CPU: ${HOW_TIMED}`);
  console.log(textTable(rows, HEAD.length));
}

if (parentPort === null) await main();
else parentPort.postMessage(await measured(workerData as Measurement));
