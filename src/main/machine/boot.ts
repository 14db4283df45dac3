/**
 * Boot: what is laid out in the page frames before any CPU runs, while nobody else looks at the arena.
 *
 *     frames   [ frame 0, reserved ][ per-CPU area: a unit per possible CPU ][ device 0: slot table, buffer, work memory ] …
 */
import { type Failure, fail, ok, type Result } from '../../shared/result.ts';
import { Arena, type MachineConfig } from './memory/arena.ts';
import { DeviceW, FrameKind, HeaderW, SLOT_BYTES, ZoneW } from './memory/arena-layout.ts';
import { PageFrames } from './memory/page-frames.ts';
import type { FrameNumber } from './units.ts';
import { BUFFER_PAGES, LZ4_WORK_MEMORY_BYTES, percpuVariables } from './zram/compress-buffers.ts';

/** Pages that boot takes, by what they are for; the rest of the memory is the pools'. */
interface BootPages {
  readonly percpu: number;
  readonly slotTables: number;
  readonly buffers: number;
}

function bootPages(config: MachineConfig): BootPages {
  const slots = Math.ceil(config.diskSizeBytes / config.pageSizeBytes);
  return {
    percpu: percpuVariables(config.bufferLayout, config.pageSizeBytes).unitPages * config.possibleCpus,
    slotTables: pagesFor(slots * SLOT_BYTES, config) * config.devices,
    buffers:
      config.bufferLayout === 'single-mutex'
        ? (BUFFER_PAGES + pagesFor(LZ4_WORK_MEMORY_BYTES, config)) * config.devices
        : 0,
  };
}

function pagesFor(bytes: number, config: MachineConfig): number {
  return Math.ceil(bytes / config.pageSizeBytes);
}

/** Why such a machine could not boot, with the sum in the sentence; undefined when its memory suffices. */
export function bootShortage(config: MachineConfig): Failure | undefined {
  const pages = bootPages(config);
  const needed = 1 + pages.percpu + pages.slotTables + pages.buffers;
  if (needed * config.pageSizeBytes < config.memoryBytes) return undefined;
  return fail(
    'out-of-memory',
    `the machine's memory of ${mebibytes(config.memoryBytes)} does not hold what boot needs: ` +
      `${mebibytes(pages.slotTables * config.pageSizeBytes)} of slot tables, ` +
      `${mebibytes(pages.percpu * config.pageSizeBytes)} of per-CPU area, ` +
      `${mebibytes(pages.buffers * config.pageSizeBytes)} of buffers`,
    'machine.memoryBytes',
  );
}

/**
 * Makes a machine over `buffer`. Refuses a memory that does not hold the per-CPU area, the slot tables and the buffers. The buffer may have been another machine's.
 */
export function bootMachine(buffer: SharedArrayBuffer, config: MachineConfig): Result<Arena> {
  const shortage = bootShortage(config);
  if (shortage !== undefined) return shortage;
  const arena = Arena.format(buffer, config);
  const frames = new PageFrames(arena);
  reserveFrameZero(arena, frames);
  bootPercpuArea(arena, frames);
  for (let device = 0; device < config.devices; device++) bootDevice(arena, frames, device);
  arena.seal();
  return ok(arena);
}

/** Frame 0 is never handed out, so that a pool handle is never 0. */
function reserveFrameZero(arena: Arena, frames: PageFrames): void {
  takeZeroed(arena, frames, { pages: 1, kind: FrameKind.reserved });
}

function bootPercpuArea(arena: Arena, frames: PageFrames): void {
  const { possibleCpus, pageSizeBytes, bufferLayout } = arena.config;
  const layout = percpuVariables(bufferLayout, pageSizeBytes);
  arena.words[HeaderW.percpuFirstFrame] = takeZeroed(arena, frames, {
    pages: layout.unitPages * possibleCpus,
    kind: FrameKind.percpu,
  });
  arena.words[HeaderW.unitPages] = layout.unitPages;
  arena.words[HeaderW.percpuStaticBytes] = layout.staticBytes;
  if (bufferLayout === 'per-cpu-global') addBuffers(arena, possibleCpus);
}

function bootDevice(arena: Arena, frames: PageFrames, device: number): void {
  const { words, config } = arena;
  const block = arena.deviceWord(device);
  words[block + DeviceW.slotTableFirstFrame] = takeZeroed(arena, frames, {
    pages: pagesFor(arena.slotCount * SLOT_BYTES, config),
    kind: FrameKind.slotTable,
  });
  if (config.bufferLayout !== 'single-mutex') return;
  words[block + DeviceW.bufferFirstFrame] = takeZeroed(arena, frames, { pages: BUFFER_PAGES, kind: FrameKind.buffer });
  words[block + DeviceW.workMemoryFirstFrame] = takeZeroed(arena, frames, {
    pages: pagesFor(LZ4_WORK_MEMORY_BYTES, config),
    kind: FrameKind.workMemory,
  });
  addBuffers(arena, 1);
}

function addBuffers(arena: Arena, count: number): void {
  const zone = arena.zoneWord();
  arena.words[zone + ZoneW.bufferBytes] =
    arena.word(zone + ZoneW.bufferBytes) + count * BUFFER_PAGES * arena.config.pageSizeBytes;
  arena.words[zone + ZoneW.workMemoryBytes] = arena.word(zone + ZoneW.workMemoryBytes) + count * LZ4_WORK_MEMORY_BYTES;
}

function takeZeroed(arena: Arena, frames: PageFrames, run: { pages: number; kind: FrameKind }): FrameNumber {
  const first = frames.takeAtBoot(run.pages, run.kind);
  if (first === undefined) throw new Error(`boot ran out of frames although they were counted: ${run.pages} more`);
  const start = arena.frameAddress(first);
  arena.bytes.fill(0, start, start + run.pages * arena.config.pageSizeBytes);
  return first;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes % 2 ** 20 === 0 ? 0 : 2)} MiB`;
}
