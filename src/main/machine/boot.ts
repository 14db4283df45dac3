/**
 * Boot: what is laid out in the page frames before any CPU runs, while nobody else looks at the arena.
 *
 *     frames   [ frame 0, reserved ][ first chunk ][ device 0: slot table, stream ] … [ page tables ][ streams, … ]
 *                                                                  single-mutex                     all other layouts
 *
 * Streams come device by device, or are shared (zram/streams/). On a machine with page tables these are the linear map,
 * top-level tables, the first chunk's; they come before the streams, whose records may need chunks that are mapped.
 */
import { type Failure, fail, ok, type Result } from '../../shared/result.ts';
import { complete } from './cpu.ts';
import { Arena, type MachineConfig } from './memory/arena.ts';
import { CpuW, DeviceW, FrameKind, SLOT_BYTES } from './memory/arena-layout.ts';
import { PageFrames } from './memory/page-frames.ts';
import { bootPercpu, firstChunkFrames, firstChunkFramesAtBoot } from './percpu/boot-first-chunk.ts';
import { HotplugState } from './percpu/hotplug.ts';
import { bootTables, attachTables, tableFramesAtBoot, tablesRefusal } from './percpu/local-mapping/machine-tables.ts';
import { LoneCpu } from './lone-cpu.ts';
import { PercpuArea } from './percpu/percpu-area.ts';
import { planPercpu, type PercpuPlan } from './percpu/percpu-plan.ts';
import { cpuId, type FrameNumber } from './units.ts';
import { runsOf, streamFramesAtBoot, ZramStreams } from './zram/streams/zram-streams.ts';

/** Pages that boot takes, by what they are for; the rest of the memory is the pools'. */
interface BootPages {
  readonly percpu: number;
  readonly slotTables: number;
  readonly tables: number;
  readonly buffers: number;
}

function bootPages(config: MachineConfig, plan: PercpuPlan): BootPages {
  const slots = Math.ceil(config.diskSizeBytes / config.pageSizeBytes);
  return {
    percpu: firstChunkFrames(plan),
    tables: tableFramesAtBoot(config, plan),
    slotTables: pagesFor(slots * SLOT_BYTES, config) * config.devices,
    buffers: streamFramesAtBoot(config),
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
    percpuAtBoot > pages.percpu
      ? `${size(percpuAtBoot)} of per-CPU area while it boots`
      : `${size(pages.percpu)} of per-CPU area`,
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
  bootCpus(arena);
  if (!bootTables(arena, frames)) throw new Error('boot ran out of frames for page tables although they were counted');
  const streams = bootStreams(arena, frames);
  if (!streams.ok) return streams;
  arena.seal();
  return ok(arena);
}

/** All possible CPUs are present; the first ones are online. */
function bootCpus(arena: Arena): void {
  const { possibleCpus, onlineCpus } = arena.config;
  for (let cpu = 0; cpu < possibleCpus; cpu++) {
    const state = cpu < onlineCpus ? HotplugState.online : HotplugState.present;
    arena.words[arena.cpuWord(cpuId(cpu)) + CpuW.hotplugState] = state;
  }
}

/** What hotplug's steps would have made for the CPUs that are online, and what the devices have of their own. */
function bootStreams(arena: Arena, frames: PageFrames): Result<void> {
  const { onlineCpus, devices } = arena.config;
  const area = new PercpuArea(arena, frames, attachTables(arena, frames)?.mapping);
  const streams = new ZramStreams(arena, frames, area);
  const bootCpu = new LoneCpu(cpuId(0));
  for (let cpu = 0; cpu < onlineCpus; cpu++) {
    const prepared = complete(streams.hotplug.prepare(bootCpu, cpuId(cpu)));
    if (!prepared.ok) return beyondMemory(prepared);
  }
  const shared = complete(streams.bootShared(bootCpu));
  if (!shared.ok) return beyondMemory(shared);
  for (let device = 0; device < devices; device++) {
    const made = complete(streams.ofDevice(device).initialise(bootCpu));
    if (!made.ok) return beyondMemory(made);
  }
  return ok(undefined);
}

/** The records of per-CPU streams are not among the frames that `bootShortage` counts. */
function beyondMemory({ error }: Failure): Failure {
  return fail(
    'out-of-memory',
    `the machine's memory does not hold its compression streams: ${error.message}`,
    'machine.memoryBytes',
  );
}

function bootDevice(arena: Arena, frames: PageFrames, device: number): void {
  const { words, config } = arena;
  const block = arena.deviceWord(device);
  words[block + DeviceW.slotTableFirstFrame] = takeZeroed(arena, frames, {
    pages: pagesFor(arena.slotCount * SLOT_BYTES, config),
    kind: FrameKind.slotTable,
  });
  if (config.bufferLayout !== 'single-mutex') return;
  const [buffer, workMemory] = runsOf(config, 0).map((run) => takeZeroed(arena, frames, run));
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
