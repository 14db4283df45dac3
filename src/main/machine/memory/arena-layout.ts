/**
 * The map of a machine's arena: every region, every field, its unit, who writes it and under which lock.
 *
 *     ┌────────┬────────────┬─────────────────┬──────────┬──────────────┬──────┬──────────────┬───────────────┬─────────────┬─────────────┐
 *     │ header │ CPU blocks │ device counters │ devices  │ pool classes │ zone │ chunk region │ address space │ descriptors │ page frames │
 *     └────────┴────────────┴─────────────────┴──────────┴──────────────┴──────┴──────────────┴───────────────┴─────────────┴─────────────┘
 *      256 B     512 B each   64 B × devices,   512 B each  128 B each ×  256 B  percpu/chunks/  where there     64 B per      the machine's
 *                             per CPU, to 256 B             classes ×            chunk-layout    are tables      frame         memory, page-
 *                                                           devices                                                            aligned
 *
 * Everything before the page frames stands for what hardware, BIOS and linker give a kernel; the machine's memory is the
 * frames alone, and all figures of memory count frames. Counters that different CPUs write are 256 bytes or more apart.
 *
 * Fields are indices of 32-bit words within their block (W), of 64-bit integers (I64) or of doubles (F64), each counted
 * in its own unit from the block's start. A double that its CPU alone writes is read by the sampler without a lock; on the
 * 64-bit hosts that run the lab such a load is not torn.
 */
import { LOCK_CLASS_COUNT } from '../cpu.ts';
import { roundUp } from '../units.ts';

/** 'PCPU', little-endian. */
export const ARENA_MAGIC = 0x55504350;
/** Changes when any offset below does: a saved arena of another version is refused. */
export const ARENA_VERSION = 10;

export const HEADER_BYTES = 256;
/** Header words; written once by boot unless said otherwise. */
export const HeaderW = {
  magic: 0,
  version: 1,
  /** Bytes. */
  pageSize: 2,
  possibleCpus: 3,
  onlineCpus: 4,
  devices: 5,
  /** Page frames of the machine. */
  frames: 6,
  /** Slots (pages) per device. */
  slots: 7,
  /** Index into BUFFER_LAYOUTS. */
  bufferLayout: 8,
  /** Most pages of a zspage. */
  zspagePages: 9,
  /** Index into FREE_ORDERS and into ALLOCATION_STAGES (shared/zram-profile.ts). */
  freeOrder: 10,
  allocationStages: 11,
  /** Index into STREAM_PROTECTIONS (shared/design.ts); most streams of a list; algorithms of a device. */
  streamProtection: 12,
  maxStreams: 13,
  algorithms: 14,
  /** Run control, on a cache line of its own. Written by the engine's main thread, read by every CPU. 1: finish now. */
  stop: 16,
  /** 1: a CPU failed, or the run was cancelled; whoever waits must give up. Written by the engine, read by waiters. */
  halt: 17,
  /** Start barrier: CPUs sleep on it until it reaches the number of their phase. Written by the engine. */
  go: 18,
  /** LockClass.hotplug: CPUs come up and go down one at a time. Any CPU. */
  hotplugLock: 24,
  /** LockClass.percpuAllocMutex: the list of big per-CPU objects (percpu/big-objects.ts), and its head: frame number + 1. */
  bigObjectsLock: 25,
  bigObjects: 26,
  /** Uniprocessor machines: frame number of the static variables, which are plain memory there. Written once by boot. */
  plainStatics: 27,
  /** Streams that all devices share and that are no static variables: pointer of their records (zram/stream-set.ts). By boot. */
  sharedStreams: 28,
  /** Changes of records of per-CPU streams (zram/streams/stream-set.ts), counted with Atomics by whoever makes one. */
  streamChanges: 29,
  /** How per-CPU memory is set up: percpu/percpu-config.ts, the method's number and then the sizes. Written once by boot. */
  percpuConfig: 32,
  /** The machine's page tables: memory/address-space-config.ts, five words. Written once by boot. */
  addressSpace: 48,
  /** For compiled code (machine/write-steps.ts), of arenas below 4 GiB: words of the first descriptor and frame; bits. By `format`. */
  firstDescriptor: 56,
  firstFrame: 57,
  pageShift: 58,
  objectBits: 59,
} as const;

export const CPU_BLOCK_BYTES = 512;
/** Words of a CPU block; written by that CPU's thread only. */
export const CpuW = {
  /** Nesting depth of preempt-off sections. */
  preemptCount: 0,
  /** What the CPU is at: an `Operation` (operation.ts). */
  operation: 1,
  /** Device and slot of the request in hand, for the sentence when the CPU dies. */
  device: 2,
  slot: 3,
  /** Whether the CPU is possible only, present or online: a `HotplugState` (percpu/hotplug.ts). Under the hotplug lock. */
  hotplugState: 4,
  /** 1 while a thread executes on the CPU, which then must not stop; 0 between two looks at the state. Engines with threads alone. */
  occupied: 5,
  /** The word and the LockClass of the wait in hand, or of the last one; see CpuF64.waitingSinceMs. */
  waitsFor: 6,
  waitsForClass: 7,
  /** Contended acquisitions, one word per LockClass. */
  contentions: 8,
} as const;
/** Doubles of a CPU block, from byte 128 on; written by that CPU's thread only. */
export const CpuF64 = {
  readOperations: 16,
  writeOperations: 17,
  readBytes: 18,
  writtenBytes: 19,
  /** Waiting time in nanoseconds that has ended, one double per LockClass. */
  lockWaitNs: 20,
  /** Engine clock, in milliseconds, at which the wait in hand began; 0 when the CPU is not waiting. */
  waitingSinceMs: 20 + LOCK_CLASS_COUNT,
  /** Of the waiting time that has ended, what the CPU's thread slept, in nanoseconds; of engines with threads alone. */
  lockSleepNs: 21 + LOCK_CLASS_COUNT,
} as const;

export const DEVICE_BLOCK_BYTES = 512;
/** Words of a device block. */
export const DeviceW = {
  /** LockClass.deviceMutex: the one buffer of `single-mutex`, from compression to the end of the copy. */
  mutex: 0,
  /** Written once by boot: first frame of the slot table, of the buffer and of the work memory (single-mutex only). */
  slotTableFirstFrame: 1,
  bufferFirstFrame: 2,
  workMemoryFirstFrame: 3,
  /**
   * `stream-list` (zram/stream-list.ts). LockClass.deviceMutex: the list; under it the idle streams' head (frame number + 1),
   * the streams there are, the CPUs that wait, and a word whose lock bit is set while nothing is idle.
   */
  listLock: 4,
  idleStreams: 5,
  streams: 6,
  streamWaiters: 7,
  noneIdle: 8,
  /** By priority, 4 words: pointer of the records of the device's own streams (zram/stream-set.ts). Under the hotplug lock. */
  streamSets: 12,
  /** From here on a cache line apart, changed by any CPU with Atomics. Frames of the pool. */
  poolPages: 64,
  /** The highest poolPages seen by a limit check. */
  poolPagesMax: 65,
  /** 0: none. */
  limitPages: 66,
  /** The most pages stored at any moment before something was taken away. */
  pagesStoredPeak: 67,
  /** Pages that compaction released. */
  pagesCompacted: 68,
  /** 1 while a compaction, or a recompression, runs: a second one is refused. */
  compacting: 69,
  postProcessing: 70,
  /** Writes whose first, unsleeping allocation failed. */
  writeStalls: 71,
  /** Free notifications that met a locked slot. */
  missedFrees: 72,
} as const;
/** Doubles of a device block; changed by any CPU, as the 64-bit integer of the same bits, with Atomics. */
export const DeviceF64 = {
  /** The largest sum of stored sizes in bytes at any moment before something was taken away. */
  compressedBytesPeak: 40,
} as const;

export const DEVICE_COUNTERS_BYTES = 64;
/**
 * Doubles of a device's counters on one CPU, written by that CPU's thread alone: a device's statistic is the sum over the
 * CPUs. A single CPU's may be negative, where it freed what others had stored.
 */
export const DeviceCounterF64 = {
  /** Pages with content, same-filled ones included. */
  pagesStored: 0,
  samePages: 1,
  hugePages: 2,
  hugePagesSince: 3,
  /** Stored sizes in bytes. */
  compressedBytes: 4,
  /** Requests. */
  failedReads: 5,
  failedWrites: 6,
  /** Pages discarded, stored or not. */
  notifyFree: 7,
} as const;
export type DeviceCounter = (typeof DeviceCounterF64)[keyof typeof DeviceCounterF64];

export const POOL_CLASS_BYTES = 128;
/** Words of a size class's block; all under the class lock. All that a request touches is one cache line. */
export const PoolClassW = {
  /** LockClass.poolClass. */
  lock: 0,
  /** Objects of all zspages, free ones included. */
  allocatedObjects: 1,
  usedObjects: 2,
  /** Bit g is set while group g's list has zspages. */
  groupsInUse: 3,
  /** Heads of the fullness groups' lists, 12 words: frame number + 1 of a zspage's first frame, 0 for an empty list. */
  groups: 4,
} as const;
export const FULLNESS_GROUPS = 12;

export const ZONE_BYTES = 256;
/** Words of the zone (page-frame allocator); all under the zone lock, read by anyone. */
export const ZoneW = {
  /** LockClass.zone. */
  lock: 0,
  /** Frame number + 1 of the last freed frame, 0 for none. */
  freeHead: 1,
  /** Frames from here on were never handed out. */
  fresh: 2,
  usedFrames: 3,
  usedFramesPeak: 4,
  /** Frames in use by FrameKind, and the most there ever were: 16 words each. */
  byKind: 8,
  byKindPeak: 24,
  /** Frames that an allocation which may not sleep leaves free. Set by whoever wants such allocations to fail first. */
  reservedFrames: 40,
} as const;

/** What a frame is used for. `reserved` is frame 0 alone, which is never handed out. */
export const FrameKind = {
  free: 0,
  slotTable: 1,
  percpu: 2,
  buffer: 3,
  workMemory: 4,
  pool: 5,
  reserved: 6,
  /** Behind per-CPU objects too large for the per-CPU region. */
  percpuBig: 7,
  pageTable: 8,
  vmalloc: 9,
  /** The page that a recompression works on while it runs. */
  recompression: 10,
  /** Of the jobs' requests in flight. */
  ioBuffer: 11,
  /** Of a stream: where a reader joins an object that crosses pages. */
  localCopy: 12,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];
export const FRAME_KIND_COUNT = 16;

/** 64 bytes a frame, the size of Linux's struct page. */
export const FRAME_DESCRIPTOR_BYTES = 64;
/** Words of a frame's descriptor. `kind` and `next` of free frames under the zone lock, the rest under the lock of their user. */
export const FrameW = {
  kind: 0,
  /** Frame number + 1 of the next free frame, or of the next frame of the same zspage; 0 ends. */
  next: 1,
  /** Up to `group` in the first frame of a zspage only, under the class lock. Neighbours in the group list: frame number + 1. */
  listPrevious: 2,
  listNext: 3,
  classIndex: 4,
  usedObjects: 5,
  /** Object number + 1 of the last freed object, whose first word holds the next such number; 0 for none. */
  freeObject: 6,
  /** Objects from here on were never handed out. */
  freshObject: 7,
  /** Of the class's lists by fullness; -1 while the zspage is on none. */
  group: 8,
  /** 7 words: frame number + 1 of the zspage's second to eighth page, so that finding an object costs no walk. */
  pages: 9,
} as const;
/** Words of the descriptor of the first frame of a listed stream's buffer; under the list's lock. */
export const StreamFrameW = {
  /** First frame number + 1 of the next idle stream's buffer; 0 ends. */
  nextIdle: 9,
  /** First frame of the stream's work memory. */
  workMemory: 10,
} as const;
/** Words of the descriptor of a page table's frame, which is in no zspage; under the address-space lock. */
export const TableFrameW = {
  /** Level of the table, 0 for top-level ones. */
  level: 9,
  /** CPU number + 1 of the only CPU that walks through it, 0 for a table that all walk through. */
  owner: 10,
  /** Entries in use; of a frame of several top-level tables, the tables in use. */
  entries: 11,
} as const;
/** Pages of a zspage that its descriptor names beside the first; those of longer chains are found by `next`. */
export const NAMED_PAGES = 7;

/** A zram slot: 16 bytes in the slot table. */
export const SLOT_BYTES = 16;
/** Words of a slot; under its own lock (LockClass.slot). */
export const SlotW = {
  /** PoolHandle, which compaction changes; or the low half of the word of a same-filled page. */
  handle: 0,
  /** High half of the word of a same-filled page. */
  sameHigh: 1,
  /** Slot flags and the stored size in bytes (slots.ts). */
  flags: 2,
  lock: 3,
} as const;

export interface ArenaGeometry {
  readonly cpuBlocks: number;
  readonly deviceCounters: number;
  /** From one CPU's device counters to the next one's. */
  readonly deviceCountersStride: number;
  readonly deviceBlocks: number;
  readonly poolClasses: number;
  readonly zone: number;
  readonly chunkRegion: number;
  /** Address-space region, and behind it the mapping's; empty without page tables. */
  readonly addressSpace: number;
  readonly frameDescriptors: number;
  readonly frames: number;
  /** Bytes of the whole arena. */
  readonly totalBytes: number;
}

/** Byte offsets of the regions. `classCount` is that of the page size's class table. */
export function arenaGeometry(machine: {
  readonly possibleCpus: number;
  readonly devices: number;
  readonly classCount: number;
  readonly frameCount: number;
  readonly pageSizeBytes: number;
  readonly chunkRegionBytes: number;
  readonly addressSpaceBytes: number;
}): ArenaGeometry {
  const cpuBlocks = HEADER_BYTES;
  const deviceCounters = cpuBlocks + machine.possibleCpus * CPU_BLOCK_BYTES;
  const deviceCountersStride = roundUp(machine.devices * DEVICE_COUNTERS_BYTES, 256);
  const deviceBlocks = deviceCounters + machine.possibleCpus * deviceCountersStride;
  const poolClasses = deviceBlocks + machine.devices * DEVICE_BLOCK_BYTES;
  const zone = poolClasses + machine.devices * machine.classCount * POOL_CLASS_BYTES;
  const chunkRegion = roundUp(zone + ZONE_BYTES, 256);
  const addressSpace = roundUp(chunkRegion + machine.chunkRegionBytes, 256);
  const frameDescriptors = roundUp(addressSpace + machine.addressSpaceBytes, 256);
  const frames = roundUp(frameDescriptors + machine.frameCount * FRAME_DESCRIPTOR_BYTES, machine.pageSizeBytes);
  return {
    cpuBlocks,
    deviceCounters,
    deviceCountersStride,
    deviceBlocks,
    poolClasses,
    zone,
    chunkRegion,
    addressSpace,
    frameDescriptors,
    frames,
    totalBytes: frames + machine.frameCount * machine.pageSizeBytes,
  };
}
