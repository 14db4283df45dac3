/**
 * Which class a lock is of, told from where its word lies, for those who were not told: an attempt at a lock names the word alone.
 *
 *     header   hotplug lock, list of big objects        device block   streams       class block   pool classes       zone
 *     chunk region   allocation mutex, pcpu_lock        frames         of slot tables: slots; of per-CPU memory: streams
 *     address space  its lock
 *
 * What lies elsewhere (run queues) says its class when it is waited for first.
 */
import { LockClass } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { SpaceW } from '../memory/address-space-layout.ts';
import { FrameKind, FrameW, HEADER_BYTES, HeaderW, ZONE_BYTES } from '../memory/arena-layout.ts';
import { RegionW } from '../percpu/chunks/chunk-layout.ts';
import { frameNumber, type LockWord } from '../units.ts';

/** In words; by number. */
export const LOCK_CLASS_WORDS: Readonly<Record<LockClass, string>> = {
  [LockClass.hotplug]: 'hotplug lock',
  [LockClass.slot]: 'slot',
  [LockClass.deviceMutex]: 'stream lock',
  [LockClass.poolClass]: 'pool class',
  [LockClass.percpuAllocMutex]: 'allocation mutex',
  [LockClass.percpuLock]: 'pcpu_lock',
  [LockClass.addressSpace]: 'address space',
  [LockClass.zone]: 'zone',
  [LockClass.runQueue]: 'run queue',
};

const SLEEPING: readonly LockClass[] = [
  LockClass.hotplug,
  LockClass.slot,
  LockClass.deviceMutex,
  LockClass.percpuAllocMutex,
  LockClass.addressSpace,
];

/** Whether who takes such a lock may have to sleep; the others are spun for, and nobody may sleep under them. */
export function maySleep(lockClass: LockClass): boolean {
  return SLEEPING.includes(lockClass);
}

export class LockClasses {
  readonly #arena: Arena;
  readonly #learned = new Map<LockWord, LockClass>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Undefined for a word that lies where no class is known from, and that nobody has waited for yet. */
  of(word: LockWord): LockClass | undefined {
    const { geometry } = this.#arena;
    const at = word * 4;
    if (at < HEADER_BYTES) return word === HeaderW.hotplugLock ? LockClass.hotplug : LockClass.percpuAllocMutex;
    if (at >= geometry.frames) return this.#ofFrame(word);
    if (at >= geometry.frameDescriptors) return this.#learned.get(word);
    if (at >= geometry.addressSpace) {
      return at === geometry.addressSpace + SpaceW.lock * 4 ? LockClass.addressSpace : this.#learned.get(word);
    }
    if (at >= geometry.chunkRegion) {
      return at === geometry.chunkRegion + RegionW.lock * 4 ? LockClass.percpuLock : LockClass.percpuAllocMutex;
    }
    if (at >= geometry.zone) return at < geometry.zone + ZONE_BYTES ? LockClass.zone : this.#learned.get(word);
    if (at >= geometry.poolClasses) return LockClass.poolClass;
    return at >= geometry.deviceBlocks ? LockClass.deviceMutex : this.#learned.get(word);
  }

  /** Said by who waits for it. */
  learn(word: LockWord, lockClass: LockClass): void {
    this.#learned.set(word, lockClass);
  }

  #ofFrame(word: LockWord): LockClass | undefined {
    const learned = this.#learned.get(word);
    if (learned !== undefined) return learned;
    const { geometry, config } = this.#arena;
    const frame = frameNumber(Math.floor((word * 4 - geometry.frames) / config.pageSizeBytes));
    const kind = this.#arena.word(this.#arena.descriptorWord(frame) + FrameW.kind);
    if (kind === FrameKind.slotTable) return LockClass.slot;
    return kind === FrameKind.percpu || kind === FrameKind.percpuBig ? LockClass.deviceMutex : undefined;
  }
}
