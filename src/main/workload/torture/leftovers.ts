/** What must not be left when a machine is at rest: locks that are held, sections with preemption off, memory in use. */
import type { Arena } from '../../machine/memory/arena.ts';
import {
  CpuW,
  DeviceW,
  FRAME_KIND_COUNT,
  FrameKind,
  HeaderW,
  PoolClassW,
  POOL_CLASS_BYTES,
  ZoneW,
} from '../../machine/memory/arena-layout.ts';
import type { Machine } from '../../machine/machine.ts';
import { countFrames } from '../../machine/memory/page-frames.ts';
import { RegionW } from '../../machine/percpu/chunks/chunk-layout.ts';
import { LOCKED } from '../../machine/sync/lock.ts';
import { cpuId } from '../../machine/units.ts';
import { Slots } from '../../machine/zram/slots.ts';

/** In words, what is held although nobody runs: locks, and CPUs with preemption off. At rest only. */
export function stillHeld(machine: Machine): readonly string[] {
  const { arena } = machine;
  const held: string[] = [];
  for (const [name, word] of lockWords(machine)) if ((arena.word(word) & LOCKED) !== 0) held.push(`${name} is held`);
  for (let cpu = 0; cpu < arena.config.possibleCpus; cpu++) {
    const depth = arena.word(arena.cpuWord(cpuId(cpu)) + CpuW.preemptCount);
    if (depth !== 0) held.push(`CPU ${cpu} has preemption off ${depth} times`);
  }
  return held;
}

/** Frames in use by kind, and per-CPU pages apart from those that the allocator keeps ready. */
export type MemoryInUse = readonly number[];

/** What is in use now; to be compared with `leftOver` later. At rest only. */
export function memoryInUse(machine: Machine): MemoryInUse {
  const frames = [...countFrames(machine.arena)];
  const { region } = machine.area;
  const kept = region.header(RegionW.populatedPages) * region.geometry.units;
  frames[FrameKind.percpu] = (frames[FrameKind.percpu] ?? 0) - kept;
  // The rest follows from the kinds.
  frames[FrameKind.free] = 0;
  return frames;
}

/** In words, what is in use now beyond or below what was in use `before`, and objects and pages that still live. At rest only. */
export function leftOver(machine: Machine, before: MemoryInUse): readonly string[] {
  const now = memoryInUse(machine);
  const left: string[] = [];
  const names = Object.entries(FrameKind);
  for (let kind = 0; kind < FRAME_KIND_COUNT; kind++) {
    const more = (now[kind] ?? 0) - (before[kind] ?? 0);
    const name = names.find(([, number]) => number === kind)?.[0] ?? `kind ${kind}`;
    if (more !== 0) left.push(`${more} frames of ${name} more than before`);
  }
  const objects = machine.area.region.header(RegionW.liveObjects) - machine.streams.recordSets();
  if (objects !== 0) left.push(`${objects} per-CPU objects`);
  const big = machine.percpu.big.list().length;
  if (big !== 0) left.push(`${big} big per-CPU objects`);
  return left;
}

function* lockWords({ arena, area }: Machine): Generator<readonly [name: string, word: number]> {
  yield ['the hotplug lock', HeaderW.hotplugLock];
  yield ['the lock of the big objects', HeaderW.bigObjectsLock];
  yield ['the zone lock', arena.zoneWord() + ZoneW.lock];
  yield ['the allocation mutex', area.region.base + RegionW.allocMutex];
  yield ['pcpu_lock', area.region.base + RegionW.lock];
  for (let device = 0; device < arena.config.devices; device++) yield* deviceLocks(arena, device);
}

function* deviceLocks(arena: Arena, device: number): Generator<readonly [name: string, word: number]> {
  yield [`the mutex of zram${device}`, arena.deviceWord(device) + DeviceW.mutex];
  yield [`the list of streams of zram${device}`, arena.deviceWord(device) + DeviceW.listLock];
  for (let index = 0; index < arena.sizeClasses.count; index++) {
    const block = arena.poolClassWord(device) + (index * POOL_CLASS_BYTES) / 4;
    yield [`class ${index} of zram${device}`, block + PoolClassW.lock];
  }
  const slots = new Slots(arena, device);
  for (let slot = 0; slot < arena.slotCount; slot++) yield [`slot ${slot} of zram${device}`, slots.lock(slot)];
}
