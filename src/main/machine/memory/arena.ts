/**
 * One machine's arena: the shared buffer, the views every thread makes over it, and address arithmetic. Holds no state of
 * its own: two `Arena` objects over one buffer are the same machine.
 */
import { BUFFER_LAYOUTS, type BufferLayout, STREAM_PROTECTIONS } from '../../../shared/design.ts';
import { ALLOCATION_STAGES, FREE_ORDERS } from '../../../shared/zram-profile.ts';
import { objectBitsOf, type SizeClasses, sizeClassesFor } from '../zram/size-classes.ts';
import {
  type CompleteVariant,
  completeVariant,
  CURRENT_ZRAM,
  memberAt,
  type ZramVariant,
} from '../zram/zram-variant.ts';
import { type MappedSpaceConfig, mappedSpaceFromWords, mappedSpaceToWords } from './address-space-config.ts';
import {
  ARENA_MAGIC,
  ARENA_VERSION,
  arenaGeometry,
  type ArenaGeometry,
  DEVICE_BLOCK_BYTES,
  HEADER_BYTES,
  HeaderW,
  POOL_CLASS_BYTES,
} from './arena-layout.ts';
import * as layout from './arena-layout.ts';
import { ChunkRegion } from '../percpu/chunks/chunk-region.ts';
import { chunkMapping, mappedRegionBytes, spaceChoice } from '../percpu/local-mapping/mapping-plan.ts';
import { type PercpuConfig, percpuConfigFromWords, percpuConfigToWords } from '../percpu/percpu-config.ts';
import { type PercpuPlan, planPercpu } from '../percpu/percpu-plan.ts';
import type { CpuId, FrameNumber, PhysicalAddress } from '../units.ts';
import * as units from '../units.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const FRAME_DESCRIPTOR_WORDS = layout.FRAME_DESCRIPTOR_BYTES / 4;
const CPU_BLOCK_WORDS = layout.CPU_BLOCK_BYTES / 4;
const { physicalAddress } = units;

/** What a machine is made of; all counts are whole numbers. */
export interface MachineConfig {
  readonly possibleCpus: number;
  readonly onlineCpus: number;
  readonly pageSizeBytes: number;
  /** Page frames × page size; a rest that fills no frame is not used. */
  readonly memoryBytes: number;
  readonly devices: number;
  /** Per device; rounded up to whole pages. */
  readonly diskSizeBytes: number;
  readonly bufferLayout: BufferLayout;
  readonly percpu: PercpuConfig;
  /** Page tables, and per-CPU chunks mapped by them; absent: there are none. */
  readonly addressSpace?: MappedSpaceConfig | undefined;
  /** Absent: as in current kernels. */
  readonly zram?: ZramVariant;
}

export class Arena {
  readonly buffer: SharedArrayBuffer;
  readonly config: MachineConfig;
  readonly geometry: ArenaGeometry;
  readonly zram: CompleteVariant;
  readonly sizeClasses: SizeClasses;
  /** Units, static variables, geometry of chunks. */
  readonly percpu: PercpuPlan;
  readonly frameCount: number;
  /** Slots per device. */
  readonly slotCount: number;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly longs: BigInt64Array;
  readonly doubles: Float64Array;
  // What addresses are reckoned from, in this object and not in one behind it: a write looks these up again and again.
  readonly #pageSizeBytes: number;
  readonly #frames: number;
  readonly #firstDescriptorWord: number;
  readonly #firstCpuWord: number;

  private constructor(buffer: SharedArrayBuffer, config: MachineConfig) {
    this.buffer = buffer;
    this.zram = completeVariant(config);
    this.config = { ...config, zram: this.zram };
    this.sizeClasses = sizeClassesFor(config.pageSizeBytes, this.zram.zspagePages);
    this.frameCount = Math.floor(config.memoryBytes / config.pageSizeBytes);
    this.slotCount = Math.ceil(config.diskSizeBytes / config.pageSizeBytes);
    this.percpu = soundPlan(config);
    this.geometry = geometryOf(config, this.percpu);
    if (buffer.byteLength < this.geometry.totalBytes) {
      throw new Error(`arena of ${buffer.byteLength} bytes is smaller than ${this.geometry.totalBytes}`);
    }
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.longs = new BigInt64Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.#pageSizeBytes = config.pageSizeBytes;
    this.#frames = this.geometry.frames;
    this.#firstDescriptorWord = this.geometry.frameDescriptors / 4;
    this.#firstCpuWord = this.geometry.cpuBlocks / 4;
  }

  /** Bytes that the arena of such a machine takes. Throws for a per-CPU memory that `planPercpu` refuses: ask it first. */
  static bytesFor(config: MachineConfig): number {
    return geometryOf(config, soundPlan(config)).totalBytes;
  }

  /**
   * Writes the header of a new machine over `buffer`, which has at least `bytesFor(config)` bytes, and clears everything in
   * front of the page frames. The frames keep what they had: whoever takes one must not expect zeros.
   */
  static format(buffer: SharedArrayBuffer, config: MachineConfig): Arena {
    const arena = new Arena(buffer, config);
    arena.bytes.fill(0, 0, arena.geometry.frames);
    const header = arena.words;
    header[HeaderW.version] = ARENA_VERSION;
    header[HeaderW.pageSize] = config.pageSizeBytes;
    header[HeaderW.possibleCpus] = config.possibleCpus;
    header[HeaderW.onlineCpus] = config.onlineCpus;
    header[HeaderW.devices] = config.devices;
    header[HeaderW.frames] = arena.frameCount;
    header[HeaderW.slots] = arena.slotCount;
    header[HeaderW.bufferLayout] = BUFFER_LAYOUTS.indexOf(config.bufferLayout);
    header.set(percpuConfigToWords(config.percpu), HeaderW.percpuConfig);
    header.set(mappedSpaceToWords(config.addressSpace), HeaderW.addressSpace);
    header[HeaderW.zspagePages] = arena.zram.zspagePages;
    header[HeaderW.freeOrder] = FREE_ORDERS.indexOf(arena.zram.freeOrder);
    header[HeaderW.allocationStages] = ALLOCATION_STAGES.indexOf(arena.zram.allocationStages);
    header[HeaderW.streamProtection] = STREAM_PROTECTIONS.indexOf(arena.zram.protection);
    header[HeaderW.maxStreams] = arena.zram.maxStreams;
    header[HeaderW.algorithms] = arena.zram.algorithms;
    header[HeaderW.firstDescriptor] = arena.geometry.frameDescriptors / 4;
    header[HeaderW.firstFrame] = arena.geometry.frames / 4;
    header[HeaderW.pageShift] = Math.log2(config.pageSizeBytes);
    header[HeaderW.objectBits] = objectBitsOf(arena.sizeClasses);
    return arena;
  }

  /** Marks the machine as complete: from now on `attach` accepts it. The last step of boot. */
  seal(): void {
    Atomics.store(this.words, HeaderW.magic, ARENA_MAGIC);
  }

  /** Views over a machine that another thread has made. Throws when the buffer holds none of this version, or not all of it. */
  static attach(buffer: SharedArrayBuffer): Arena {
    const header = new Int32Array(buffer, 0, Math.min(Math.floor(buffer.byteLength / 4), HEADER_BYTES / 4));
    const field = (index: number): number => header[index] ?? 0;
    const isSealed = header.length > HeaderW.magic && Atomics.load(header, HeaderW.magic) === ARENA_MAGIC;
    if (!isSealed || field(HeaderW.version) !== ARENA_VERSION) {
      throw new Error('the buffer holds no machine of this version');
    }
    const bufferLayout = BUFFER_LAYOUTS[field(HeaderW.bufferLayout)];
    if (bufferLayout === undefined) throw new Error(`unknown buffer layout ${field(HeaderW.bufferLayout)}`);
    const pageSizeBytes = field(HeaderW.pageSize);
    return new Arena(buffer, {
      possibleCpus: field(HeaderW.possibleCpus),
      onlineCpus: field(HeaderW.onlineCpus),
      pageSizeBytes,
      memoryBytes: field(HeaderW.frames) * pageSizeBytes,
      devices: field(HeaderW.devices),
      diskSizeBytes: field(HeaderW.slots) * pageSizeBytes,
      bufferLayout,
      percpu: percpuConfigFromWords((index) => field(HeaderW.percpuConfig + index)),
      addressSpace: mappedSpaceFromWords((index) => field(HeaderW.addressSpace + index)),
      zram: {
        zspagePages: field(HeaderW.zspagePages),
        freeOrder: memberAt(FREE_ORDERS, field(HeaderW.freeOrder)),
        allocationStages: memberAt(ALLOCATION_STAGES, field(HeaderW.allocationStages)),
        protection: memberAt(STREAM_PROTECTIONS, field(HeaderW.streamProtection)),
        maxStreams: field(HeaderW.maxStreams),
        algorithms: field(HeaderW.algorithms),
      },
    });
  }

  /** First byte of a frame. */
  frameAddress(frame: FrameNumber): PhysicalAddress {
    return physicalAddress(this.#frames + frame * this.#pageSizeBytes);
  }

  /** Word index of a frame's descriptor. */
  descriptorWord(frame: FrameNumber): number {
    return this.#firstDescriptorWord + frame * FRAME_DESCRIPTOR_WORDS;
  }

  /** Word index of a CPU's block. */
  cpuWord(cpu: CpuId): number {
    return this.#firstCpuWord + cpu * CPU_BLOCK_WORDS;
  }

  /** Word index of a device's block. */
  deviceWord(device: number): number {
    return (this.geometry.deviceBlocks + device * DEVICE_BLOCK_BYTES) / 4;
  }

  /** Word index of the block of size class 0 of a device's pool; the others follow. */
  poolClassWord(device: number): number {
    return (this.geometry.poolClasses + device * this.sizeClasses.count * POOL_CLASS_BYTES) / 4;
  }

  /** Word index of the zone block. */
  zoneWord(): number {
    return this.geometry.zone / 4;
  }

  /** A word that is there by construction. Throws outside the arena. */
  word(index: number): number {
    const value = this.words[index];
    if (value === undefined) throw new Error(`word ${index} lies outside the arena`);
    return value;
  }

  /** A double that is there by construction. Throws outside the arena. */
  double(index: number): number {
    const value = this.doubles[index];
    if (value === undefined) throw new Error(`double ${index} lies outside the arena`);
    return value;
  }
}

function soundPlan(config: MachineConfig): PercpuPlan {
  const plan = planPercpu(config);
  if (!plan.ok) throw new Error(plan.error.message);
  return plan.value;
}

function geometryOf(config: MachineConfig, percpu: PercpuPlan): ArenaGeometry {
  return arenaGeometry({
    possibleCpus: config.possibleCpus,
    devices: config.devices,
    classCount: sizeClassesFor(config.pageSizeBytes, (config.zram ?? CURRENT_ZRAM).zspagePages).count,
    frameCount: Math.floor(config.memoryBytes / config.pageSizeBytes),
    pageSizeBytes: config.pageSizeBytes,
    chunkRegionBytes: ChunkRegion.bytesFor(percpu.geometry, percpu.capacity),
    addressSpaceBytes: addressSpaceBytes(config, percpu),
  });
}

function addressSpaceBytes({ addressSpace, possibleCpus }: MachineConfig, plan: PercpuPlan): number {
  if (addressSpace === undefined) return 0;
  return mappedRegionBytes(possibleCpus, spaceChoice(addressSpace), chunkMapping(addressSpace, plan));
}
