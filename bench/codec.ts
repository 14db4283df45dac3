/**
 * The lab's codecs on the same pages of 4 KiB: lz4-kernel, lz4-napi and, where it is installed, the C library by its own
 * benchmark, `lz4 -b` (which cuts the file into independent blocks of 4096 bytes with -B4096).
 *
 * lz4-kernel against lz4-napi: both in this process, in turn page chunk by page chunk (shared/interleaved.ts).
 * lz4-kernel against `lz4 -b`: rounds of about a second of each, the order changing; the ratio is taken within a round. Two
 * processes do not meet a busy host in the same mood: believe this one on a quiet host, where its spread is small.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Codec, IoPage, ObjectSpan } from '../src/main/machine/codec.ts';
import { type PhysicalAddress, physicalAddress } from '../src/main/machine/units.ts';
import type { PageSet } from '../src/main/workload/data/page-set.ts';
import type { CodecName } from '../src/shared/codec.ts';
import { benchFor, bufferOf, freshMachine, ioPagesOf } from './shared/codecs.ts';
import { spread, timeInterleaved, type Way } from './shared/interleaved.ts';
import { PAGE, pageSets } from './shared/page-data.ts';

const LIBRARY_ROUNDS = 5;
const SECONDS = 1;

/** A codec with all pages of a set in its reach: in page frames of its machine. */
interface Loaded {
  readonly compress: Way;
  readonly decompress: Way;
  /** Bytes of all objects. */
  readonly compressedBytes: number;
}

/** What a codec works on: the pages, one buffer, one page to decompress to, and the objects, one after another. */
function load(name: CodecName, set: PageSet): Loaded {
  const { machine, cpu } = freshMachine(benchFor(name));
  const { codec } = cpu;
  const source = Buffer.from(set.bytes);
  const frames = ioPagesOf(machine, cpu, 2 * set.count + 2);
  const [scratch, ...rest] = frames;
  if (scratch === undefined) throw new Error('the machine of this benchmark is too small');
  const pages = rest.slice(0, set.count);
  for (const [index, page] of pages.entries()) page.bytes.set(source.subarray(index * PAGE, (index + 1) * PAGE));
  const { target, workMemory } = bufferOf(machine, cpu);
  // Fresh frames follow one another, so what is behind the pages is one stretch for the objects.
  let free: number = rest[set.count]?.address ?? 0;
  const objects = pages.map((page): ObjectSpan => {
    const length = codec.compress(page, target, workMemory);
    machine.arena.bytes.copyWithin(free, target, target + length);
    const object = { first: physicalAddress(free), firstBytes: length, rest: physicalAddress(0), restBytes: 0 };
    free += length;
    return object;
  });
  const compressedBytes = objects.reduce((sum, object) => sum + object.firstBytes, 0);
  return { ...waysOf(codec, { pages, objects, scratch, target, workMemory }), compressedBytes };
}

function waysOf(
  codec: Codec,
  on: {
    readonly pages: readonly IoPage[];
    readonly objects: readonly ObjectSpan[];
    readonly scratch: IoPage;
    readonly target: PhysicalAddress;
    readonly workMemory: PhysicalAddress;
  },
): Pick<Loaded, 'compress' | 'decompress'> {
  return {
    compress: (first, end) => {
      for (const page of on.pages.slice(first, end)) codec.compress(page, on.target, on.workMemory);
    },
    decompress: (first, end) => {
      for (const object of on.objects.slice(first, end)) {
        if (!codec.decompress(object, on.scratch)) throw new Error(`${codec.name} refuses its own object`);
      }
    },
  };
}

/** MB/s over whole passes of about a second. */
function sustained(way: Way, set: PageSet): number {
  const start = performance.now();
  let bytes = 0;
  while (performance.now() < start + SECONDS * 1000) {
    way(0, set.count);
    bytes += set.count * PAGE;
  }
  return bytes / 1000 / (performance.now() - start);
}

interface LibraryFigures {
  readonly compress: number;
  readonly decompress: number;
  readonly compressedBytes: number;
}

/** What `lz4 -b` says of a file: its last line has the size and both speeds. Undefined where there is no lz4. */
function library(file: string): LibraryFigures | undefined {
  const ran = spawnSync('lz4', ['-b1', '-B4096', `-i${SECONDS}`, file], { encoding: 'utf8' });
  const last = [
    ...`${ran.stdout}${ran.stderr}`.matchAll(/->\s*(\d+) \([^)]*\),\s*([\d.]+) MB\/s\s*,\s*([\d.]+) MB\/s/g),
  ];
  const [, size, compress, decompress] = last.at(-1) ?? [];
  if (size === undefined) return undefined;
  return { compressedBytes: Number(size), compress: Number(compress), decompress: Number(decompress) };
}

async function againstNapi(kernel: Loaded, set: PageSet): Promise<void> {
  const napi = load('lz4', set);
  for (const direction of ['compress', 'decompress'] as const) {
    const times = await timeInterleaved(set.count, () => [kernel[direction], napi[direction]]);
    console.log(
      `  ${direction}: lz4-kernel ${times.megabytesPerSecond(0)} MB/s, ` +
        `lz4-napi ${times.megabytesPerSecond(1)} MB/s, ratio ${times.ratio(0, 1)}`,
    );
  }
  console.log(`  compressed bytes: lz4-kernel ${kernel.compressedBytes}, lz4-napi ${napi.compressedBytes}`);
}

function againstLibrary(kernel: Loaded, set: PageSet, file: string): void {
  const ratios: Record<'compress' | 'decompress', number[]> = { compress: [], decompress: [] };
  let theirs: LibraryFigures | undefined;
  for (let round = 0; round < LIBRARY_ROUNDS; round++) {
    const before = round % 2 === 0 ? library(file) : undefined;
    const own = { compress: sustained(kernel.compress, set), decompress: sustained(kernel.decompress, set) };
    theirs = before ?? library(file);
    if (theirs === undefined) {
      console.log('  no lz4 program here (package lz4): the C library is not compared with');
      return;
    }
    ratios.compress.push(own.compress / theirs.compress);
    ratios.decompress.push(own.decompress / theirs.decompress);
  }
  console.log(
    `  against lz4 -b1 -B4096: compress ${spread(ratios.compress, 3)}, decompress ${spread(ratios.decompress, 3)}; ` +
      `its compressed bytes ${theirs?.compressedBytes}`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'codec-bench-'));
try {
  console.log('Throughput of codecs on one thread: median [low, high]');
  for (const [index, set] of pageSets().entries()) {
    console.log(`${set.description}, ${set.count} pages`);
    const kernel = load('lz4-kernel', set);
    await againstNapi(kernel, set);
    const file = join(folder, `pages-${index}`);
    writeFileSync(file, Buffer.from(set.bytes));
    againstLibrary(kernel, set, file);
  }
} finally {
  rmSync(folder, { recursive: true });
}
