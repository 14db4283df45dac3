/**
 * Boot: what is laid out in the page frames before any CPU runs, while nobody else looks at the arena.
 *
 *     frames   [ frame 0, reserved ][ first chunk ][ device 0: slot table, buffer, work memory ] … [ buffers of CPU 0, 1 … ]
 *                                                                 single-mutex                       per-cpu-global
 *
 * On a machine with page tables these come last: linear map, top-level tables, the first chunk's.
 */
import { type Failure, fail, ok, type Result } from '../../shared/result.ts';
import { Arena, type MachineConfig } from './memory/arena.ts';
import { CpuW, DeviceW, FrameKind, SLOT_BYTES } from './memory/arena-layout.ts';
import { PageFrames } from './memory/page-frames.ts';
import { bootPercpu, firstChunkFrames, firstChunkFramesAtBoot } from './percpu/boot-first-chunk.ts';
import { HotplugState } from './percpu/hotplug.ts';
import { bootTables, tableFramesAtBoot, tablesRefusal } from './percpu/local-mapping/machine-tables.ts';
import { PercpuArea } from './percpu/percpu-area.ts';
import { planPercpu, type PercpuPlan } from './percpu/percpu-plan.ts';
import { cpuId, type FrameNumber } from './units.ts';
import { bufferFrames, buffersArePerCpu, BUFFER_RUNS, PerCpuBufferStep } from './zram/compress-buffers.ts';

/** Pages that boot takes, by what they are for; the rest of the memory is the pools'. */
interface BootPages {
  readonly percpu: number;
  readonly slotTables: number;
  readonly tables: number;
  readonly buffers: number;
}

function bootPages(config: MachineConfig, plan: PercpuPlan): BootPages {
  const slots = Math.ceil(config.diskSizeBytes / config.pageSizeBytes);
  const owners = buffersArePerCpu(config.bufferLayout) ? config.onlineCpus : config.devices;
  return {
    percpu: firstChunkFrames(plan),
    tables: tableFramesAtBoot(config, plan),
    slotTables: pagesFor(slots * SLOT_BYTES, config) * config.devices,
    buffers: bufferFrames(config.pageSizeBytes) * owners,
  };
}

function pagesFor(bytes: number, config: MachineConfig): number {
  return Math.ceil(bytes / config.pageSizeBytes);
}

/**
 * Why such a machine could not boot: its per-CPU memory breaks a limit, or its memory does not suffice, with the sum in the
 * sentence. Undefined when it can.
 */
export function bootShortage(config: MachineConfig): Failure | undefined {
  const planned = planPercpu(config);
  if (!planned.ok) return planned;
  const refusal = tablesRefusal(config, planned.value);
  if (refusal !== undefined) return refusal;
  const pages = bootPages(config, planned.value);
  const needed = 1 + pages.percpu + pages.tables + pages.slotTables + pages.buffers;
  // The first chunk's blocks are larger until what is past the units is given back.
  const atBoot = 1 + firstChunkFramesAtBoot(planned.value);
  const frames = Math.floor(config.memoryBytes / config.pageSizeBytes);
  if (needed < frames && atBoot <= frames - pages.slotTables - pages.buffers - pages.tables) return undefined;
  return fail(
    'out-of-memory',
    `the machine's memory of ${mebibytes(config.memoryBytes)} does not hold what boot needs: ${needs(config, pages, atBoot - 1)}`,
    'machine.memoryBytes',
  );
}

function needs(config: MachineConfig, pages: BootPages, percpuAtBoot: number): string {
  const size = (count: number): string => mebibytes(count * config.pageSizeBytes);
  const tables = pages.tables === 0 ? [] : [`${size(pages.tables)} of page tables`];
  const parts = [
    `${size(pages.slotTables)} of slot tables`,
    `${size(Math.max(percpuAtBoot, pages.percpu))} of per-CPU area`,
    `${size(pages.buffers)} of buffers`,
  ];
  return [...parts, ...tables].join(', ');
}

/**
 * Makes a machine over `buffer`. Refuses what `bootShortage` refuses. The buffer may have been another machine's.
 */
export function bootMachine(buffer: SharedArrayBuffer, config: MachineConfig): Result<Arena> {
  const shortage = bootShortage(config);
  if (shortage !== undefined) return shortage;
  const arena = Arena.format(buffer, config);
  const frames = new PageFrames(arena);
  // Frame 0 is never handed out, so that a pool handle is never 0.
  takeZeroed(arena, frames, { pages: 1, kind: FrameKind.reserved });
  bootPercpu(arena, frames);
  for (let device = 0; device < config.devices; device++) bootDevice(arena, frames, device);
  bootCpus(arena, frames);
  if (!bootTables(arena, frames)) throw new Error('boot ran out of frames for page tables although they were counted');
  arena.seal();
  return ok(arena);
}

/** All possible CPUs are present; the first ones are online, with what hotplug's steps would have made for them. */
function bootCpus(arena: Arena, frames: PageFrames): void {
  const { possibleCpus, onlineCpus, bufferLayout } = arena.config;
  const buffers = buffersArePerCpu(bufferLayout)
    ? new PerCpuBufferStep(arena, frames, new PercpuArea(arena, frames))
    : undefined;
  for (let cpu = 0; cpu < possibleCpus; cpu++) {
    const isOnline = cpu < onlineCpus;
    if (isOnline) buffers?.prepareAtBoot(cpuId(cpu));
    arena.words[arena.cpuWord(cpuId(cpu)) + CpuW.hotplugState] = isOnline ? HotplugState.online : HotplugState.present;
  }
}

function bootDevice(arena: Arena, frames: PageFrames, device: number): void {
  const { words, config } = arena;
  const block = arena.deviceWord(device);
  words[block + DeviceW.slotTableFirstFrame] = takeZeroed(arena, frames, {
    pages: pagesFor(arena.slotCount * SLOT_BYTES, config),
    kind: FrameKind.slotTable,
  });
  if (buffersArePerCpu(config.bufferLayout)) return;
  const [buffer, workMemory] = BUFFER_RUNS.map(({ pages, kind }) =>
    takeZeroed(arena, frames, { pages: pages(config.pageSizeBytes), kind }),
  );
  words[block + DeviceW.bufferFirstFrame] = buffer ?? 0;
  words[block + DeviceW.workMemoryFirstFrame] = workMemory ?? 0;
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
