/**
 * Pages of a job's requests: frames of the machine, one each, into which the job puts what it writes and out of which it
 * takes what it has read.
 *
 *     job ──fills──▶ [ I/O page ] ──zram compresses, copies or compares──▶ pool
 *         ◀─checks──              ◀──zram decompresses, copies or fills──
 *
 * They are taken when a job is made ready and stay its own until the machine goes; their content is the job's alone between
 * requests and the device's during one, so no lock protects it.
 */
import type { IoPage } from '../codec.ts';
import type { Cpu, Suspending } from '../cpu.ts';
import { frameNumber } from '../units.ts';
import type { Arena } from './arena.ts';
import { FrameKind, FrameW } from './arena-layout.ts';
import type { PageFrames } from './page-frames.ts';

/** `count` pages (at least 1) of whatever content; undefined, with nothing taken, when memory does not suffice. */
export function* takeIoPages(
  cpu: Cpu,
  arena: Arena,
  frames: PageFrames,
  count: number,
): Suspending<readonly IoPage[] | undefined> {
  const first = yield* frames.take(cpu, count, FrameKind.ioBuffer);
  if (first === undefined) return undefined;
  const pages: IoPage[] = [];
  for (let entry = first + 1; entry !== 0;) {
    const frame = frameNumber(entry - 1);
    const address = arena.frameAddress(frame);
    const { pageSizeBytes } = arena.config;
    pages.push({
      address,
      bytes: arena.bytes.subarray(address, address + pageSizeBytes),
      words: arena.words.subarray(address / 4, (address + pageSizeBytes) / 4),
    });
    entry = arena.word(arena.descriptorWord(frame) + FrameW.next);
  }
  return pages;
}
