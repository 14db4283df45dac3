/**
 * Pages of compression buffers, counted: for each layout and number of devices a machine is booted, all streams that it may
 * have are made, and its page frames are read.
 *
 *     12 CPUs × 2 streams, 2 pages each     per-stream 48 × devices, per-device 24 × devices, per-cpu-global 24
 *
 * Nothing runs on these machines and nobody writes to their memory, so each takes the host a few milliseconds.
 */
import type { BufferCount, BufferCountRow, BufferPaperRow } from '../../../shared/buffer-count.ts';
import { BUFFER_LAYOUTS, type BufferLayout } from '../../../shared/design.ts';
import type { Profile } from '../../../shared/profile.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { BufferCountProfile } from '../../../shared/zram-profile.ts';
import { bootMachine, bootShortage } from '../../machine/boot.ts';
import { complete } from '../../machine/cpu.ts';
import { LoneCpu } from '../../machine/lone-cpu.ts';
import { Machine } from '../../machine/machine.ts';
import { Arena, type MachineConfig } from '../../machine/memory/arena.ts';
import { FrameKind } from '../../machine/memory/arena-layout.ts';
import { countFrames } from '../../machine/memory/page-frames.ts';
import { cpuId } from '../../machine/units.ts';
import { streamFrames } from '../../machine/zram/streams/stream.ts';
import { STREAM_RECORD_BYTES } from '../../machine/zram/streams/stream-set.ts';
import { runsOf } from '../../machine/zram/streams/zram-streams.ts';
import { completeVariant } from '../../machine/zram/zram-variant.ts';
import { machineConfigOf } from '../plan/machine-config.ts';
import { zramVariantOf } from './zram-variant-of.ts';

/** The least memory that a counted machine is tried with, and the most. */
const LEAST_MEMORY_BYTES = 32 * 2 ** 20;
const MOST_MEMORY_BYTES = 4 * 2 ** 30;

/**
 * What the profile's `zram.bufferCount` asks for; undefined where it asks for nothing. Errors: 'out-of-memory' when this host
 * or the largest machine cannot hold the streams.
 */
export function countBuffers(profile: Profile): Result<BufferCount | undefined> {
  const asked = profile.zram?.bufferCount;
  if (asked === undefined) return ok(undefined);
  const rows: BufferCountRow[] = [];
  for (const layout of BUFFER_LAYOUTS) {
    for (const devices of numbersOfDevices(asked)) {
      const row = countMachine(profile, asked, { layout, devices });
      if (!row.ok) return row;
      rows.push(row.value);
    }
  }
  const paper = asked.paper.map((figure) => paperRow(rows, figure));
  return ok({ paper, rows: rows.filter(({ devices }) => asked.devices.includes(devices)) });
}

/** In the profile's order, then those that only the paper speaks of. */
function numbersOfDevices({ devices, paper }: BufferCountProfile): readonly number[] {
  return [...new Set([...devices, ...paper.map((figure) => figure.devices)])];
}

function paperRow(rows: readonly BufferCountRow[], figure: BufferCountProfile['paper'][number]): BufferPaperRow {
  const { says, layout, devices, pages } = figure;
  const counted = rows.find((row) => row.layout === layout && row.devices === devices);
  if (counted === undefined) throw new Error(`${layout} with ${devices} devices was not counted`);
  return { says, layout, devices, paperPages: pages, labPages: counted.bufferPages };
}

function countMachine(
  profile: Profile,
  { cpus, streams }: BufferCountProfile,
  { layout, devices }: { readonly layout: BufferLayout; readonly devices: number },
): Result<BufferCountRow> {
  const variant = { ...zramVariantOf(profile.zram, layout), algorithms: streams };
  const settings = { ...profile.machine, possibleCpus: cpus, onlineCpus: cpus, devices, diskSizeBytes: 2 ** 16 };
  const config = machineConfigOf(settings, layout);
  if (!config.ok) return config;
  const booted = bootWithRoom({ ...config.value, zram: variant });
  if (!booted.ok) return booted;
  const machine = new Machine(booted.value);
  makeAllStreams(machine);
  const frames = countFrames(machine.arena);
  return ok({
    layout,
    protection: machine.arena.zram.protection,
    ...{ cpus, streams, devices },
    bufferPages: frames[FrameKind.buffer] ?? 0,
    workMemoryPages: frames[FrameKind.workMemory] ?? 0,
    localCopyPages: frames[FrameKind.localCopy] ?? 0,
    recordBytes: machine.streams.recordSets() * STREAM_RECORD_BYTES,
  });
}

/** Boots with the least memory that holds the machine, and the streams that are made only when they are wanted. */
function bootWithRoom(config: MachineConfig): Result<Arena> {
  const laterBytes = laterStreamBytes(config);
  for (let memoryBytes = LEAST_MEMORY_BYTES; ; memoryBytes *= 2) {
    const tried = { ...config, memoryBytes };
    const isLast = memoryBytes >= MOST_MEMORY_BYTES;
    if (!isLast && bootShortage({ ...tried, memoryBytes: memoryBytes - laterBytes }) !== undefined) continue;
    const buffer = allocate(Arena.bytesFor(tried));
    if (!buffer.ok) return buffer;
    const booted = bootMachine(buffer.value, tried);
    if (booted.ok || isLast) return booted;
  }
}

/** Of the streams beyond the first of each list. */
function laterStreamBytes(config: MachineConfig): number {
  if (config.bufferLayout !== 'stream-list') return 0;
  const later = (completeVariant(config).maxStreams - 1) * config.devices;
  return later * streamFrames(runsOf(config, 0)) * config.pageSizeBytes;
}

function allocate(bytes: number): Result<SharedArrayBuffer> {
  try {
    return ok(new SharedArrayBuffer(bytes));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail('out-of-memory', `this host cannot give the machine ${bytes} bytes in one piece`, 'zram.bufferCount');
  }
}

/** Takes as many streams of each list as there may be, so that all are made, and gives them back. */
function makeAllStreams({ arena, streams }: Machine): void {
  if (arena.config.bufferLayout !== 'stream-list') return;
  const cpu = new LoneCpu(cpuId(0));
  for (let device = 0; device < arena.config.devices; device++) {
    const list = streams.ofDevice(device).primary;
    const taken = Array.from({ length: arena.zram.maxStreams }, () => complete(list.take(cpu)));
    for (const stream of taken) if (stream !== undefined) list.tryGive(cpu, stream);
  }
}
