/**
 * Zspages: chains of single page frames, cut into objects of one size class and listed by how full they are.
 *
 *     zspage of class 1568 (5 pages, 13 objects)
 *     │ page 0      │ page 1      │ page 2      │ page 3      │ page 4    ▒│  ▒ tail without a whole object
 *     │0  │1  │2   │3  │4  │5 ┆   …                               12     ▒│  an object may cross one page border
 *       └ 8 bytes header, then data
 *
 *     header   live   │ lock word of the owner │ own handle │      what compaction goes by
 *              free   │ next free object + 1   │ 0          │
 *              none where an object has its page for itself: such objects never move
 *
 * All state of a zspage lies in the descriptor of its first frame (FrameW), which also names its first eight frames, so that
 * finding an object touches no other descriptor. Free objects form a stack, so the object freed last is handed out first,
 * then those never used, in order. A zspage is listed by fullness in one of twelve groups of its class and enters a group at
 * the head.
 *
 * Handle: frame number of the zspage's first frame × 2^k + object number, k wide enough for the largest class. Never 0,
 * because frame 0 belongs to boot.
 *
 * Locking: everything that changes something is under the class lock. `describe` needs none: while an object is live, its
 * zspage's class and frames are fixed. (Facts: measured on Linux 6.18.)
 */
import type { ObjectSpan } from '../codec.ts';
import type { Arena } from '../memory/arena.ts';
import * as layout from '../memory/arena-layout.ts';
import * as units from '../units.ts';
import type { FrameNumber, LockWord, PoolHandle } from '../units.ts';
import { HANDLE_BYTES, objectBitsOf, type SizeClasses } from './size-classes.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { FrameKind, FrameW, FULLNESS_GROUPS, NAMED_PAGES, POOL_CLASS_BYTES, PoolClassW } = layout;
const { frameNumber, lockWord, physicalAddress, poolHandle } = units;

const groupOf = fullnessGroup;

const FULL_GROUP = FULLNESS_GROUPS - 1;
/** Where the group of a zspage would be that is on no list. */
const UNLISTED = -1;
/** Bits of the groups that zspages with room are in. */
const WITH_ROOM = (1 << FULL_GROUP) - 1;
/** Of those that are not empty, either. */
const PARTLY_USED = WITH_ROOM - 1;
const POOL_CLASS_WORDS = POOL_CLASS_BYTES / 4;

/** Words of a class in the pool's own copy of the class table, in which all of a class lies in one cache line. */
const ShapeW = { objectBytes: 0, headerBytes: 1, pages: 2, objects: 3 } as const;
const SHAPE_WORDS = 4;

export class Zspages {
  readonly classes: SizeClasses;
  readonly #arena: Arena;
  readonly #firstClass: number;
  readonly #shapes: Int32Array;
  readonly #objectBits: number;
  readonly #pageShift: number;
  readonly #offsetMask: number;

  constructor(arena: Arena, device: number) {
    this.#arena = arena;
    this.classes = arena.sizeClasses;
    this.#firstClass = arena.poolClassWord(device);
    this.#shapes = shapesOf(arena.sizeClasses);
    this.#pageShift = Math.log2(arena.config.pageSizeBytes);
    this.#offsetMask = arena.config.pageSizeBytes - 1;
    this.#objectBits = objectBitsOf(this.classes);
    if (arena.frameCount * 2 ** this.#objectBits > 2 ** 31) {
      throw new Error(`${arena.frameCount} frames do not fit a 31-bit handle with ${this.#objectBits} object bits`);
    }
  }

  lock(index: number): LockWord {
    return lockWord(this.#class(index) + PoolClassW.lock);
  }

  /** Page frames of a zspage. */
  pages(index: number): number {
    return this.#shape(index, ShapeW.pages);
  }

  /** Objects of a zspage. */
  capacity(index: number): number {
    return this.#shape(index, ShapeW.objects);
  }

  /** First frame of the zspage of a live object. Throws for a handle that names no frame of a pool. */
  ofHandle(handle: PoolHandle): FrameNumber {
    const zspage = frameNumber(handle >> this.#objectBits);
    if (this.#arena.word(this.#arena.descriptorWord(zspage) + FrameW.kind) !== FrameKind.pool) {
      throw new Error(`handle ${handle} names frame ${zspage}, which is not the pool's`);
    }
    return zspage;
  }

  classIndex(zspage: FrameNumber): number {
    return this.#arena.word(this.#arena.descriptorWord(zspage) + FrameW.classIndex);
  }

  /** Live objects of a zspage. */
  used(zspage: FrameNumber): number {
    return this.#arena.word(this.#arena.descriptorWord(zspage) + FrameW.usedObjects);
  }

  /** Fills `span` for the first `bytes` of an object's data. Throws for a handle that names no frame of a pool. */
  describe(handle: PoolHandle, bytes: number, span: ObjectSpan): void {
    const zspage = this.ofHandle(handle);
    const index = this.classIndex(zspage);
    const start = this.objectNumber(handle) * this.#shape(index, ShapeW.objectBytes);
    span.firstBytes = bytes;
    this.#locate(zspage, start + this.#shape(index, ShapeW.headerBytes), span);
  }

  /** Has `span` say where the bytes of a zspage from byte `start` on lie, `span.firstBytes` of them. */
  #locate(zspage: FrameNumber, start: number, span: ObjectSpan): void {
    const page = start >> this.#pageShift;
    const within = start & this.#offsetMask;
    const room = this.#offsetMask + 1 - within;
    const bytes = span.firstBytes;
    span.first = physicalAddress(this.#arena.frameAddress(this.#frame(zspage, page)) + within);
    span.restBytes = 0;
    if (bytes <= room) return;
    span.firstBytes = room;
    span.restBytes = bytes - room;
    span.rest = this.#arena.frameAddress(this.#frame(zspage, page + 1));
  }

  /** Makes freshly taken, chained frames an empty zspage of class `index`, and lists it. */
  add(index: number, zspage: FrameNumber): void {
    const { words } = this.#arena;
    const descriptor = this.#arena.descriptorWord(zspage);
    words[descriptor + FrameW.classIndex] = index;
    words[descriptor + FrameW.usedObjects] = 0;
    words[descriptor + FrameW.freeObject] = 0;
    words[descriptor + FrameW.freshObject] = 0;
    let frame: number = zspage;
    for (let page = 1; page <= NAMED_PAGES && page < this.pages(index); page++) {
      const next = this.#arena.word(this.#arena.descriptorWord(frameNumber(frame)) + FrameW.next);
      words[descriptor + FrameW.pages + page - 1] = next;
      frame = next - 1;
    }
    this.link(index, zspage);
    this.#addTo(this.#class(index) + PoolClassW.allocatedObjects, this.capacity(index));
  }

  /** Takes an empty zspage off the lists; its frames are the caller's to give back. */
  remove(index: number, zspage: FrameNumber): void {
    this.unlink(index, zspage);
    this.forget(index);
  }

  /** Counts a zspage less, one that is off the lists already. */
  forget(index: number): void {
    this.#addTo(this.#class(index) + PoolClassW.allocatedObjects, -this.capacity(index));
  }

  /** Objects that are handed out, and all that the zspages of the class have. */
  objects(index: number): { readonly used: number; readonly allocated: number } {
    const block = this.#class(index);
    return {
      used: this.#arena.word(block + PoolClassW.usedObjects),
      allocated: this.#arena.word(block + PoolClassW.allocatedObjects),
    };
  }

  /** The head of the fullest group that has room; an empty zspage only if `evenEmpty`. */
  fullest(index: number, evenEmpty: boolean): FrameNumber | undefined {
    const block = this.#class(index);
    const usable = this.#arena.word(block + PoolClassW.groupsInUse) & (evenEmpty ? WITH_ROOM : PARTLY_USED);
    return usable === 0 ? undefined : this.#head(block, 31 - Math.clz32(usable));
  }

  /** The head of the emptiest group that is neither empty nor full. */
  emptiest(index: number): FrameNumber | undefined {
    const block = this.#class(index);
    const usable = this.#arena.word(block + PoolClassW.groupsInUse) & PARTLY_USED;
    return usable === 0 ? undefined : this.#head(block, 31 - Math.clz32(usable & -usable));
  }

  /**
   * Hands out an object of a zspage that has room, for `owner`, and has `span` say where its first bytes lie, as many as
   * `span.firstBytes` says. One function, where others have steps of their own: V8 compiles it into a write as one, and loads
   * what the steps would each look up again once.
   */
  take(index: number, zspage: FrameNumber, owner: LockWord, span: ObjectSpan): PoolHandle {
    const { words } = this.#arena;
    const shapes = this.#shapes;
    const shape = index * SHAPE_WORDS;
    const descriptor = this.#arena.descriptorWord(zspage);
    const freed = words[descriptor + FrameW.freeObject] ?? 0;
    const object = freed === 0 ? (words[descriptor + FrameW.freshObject] ?? 0) : freed - 1;
    const handle = poolHandle((zspage << this.#objectBits) | object);
    const start = object * (shapes[shape + ShapeW.objectBytes] ?? 0);
    const headerBytes = shapes[shape + ShapeW.headerBytes] ?? 0;
    if (freed === 0) words[descriptor + FrameW.freshObject] = object + 1;
    if (headerBytes > 0) {
      const header = this.#wordAt(zspage, start);
      if (freed !== 0) words[descriptor + FrameW.freeObject] = words[header] ?? 0;
      words[header] = owner;
      words[header + 1] = handle;
    }
    this.#locate(zspage, start + headerBytes, span);
    const used = (words[descriptor + FrameW.usedObjects] ?? 0) + 1;
    words[descriptor + FrameW.usedObjects] = used;
    const counted = this.#class(index) + PoolClassW.usedObjects;
    words[counted] = (words[counted] ?? 0) + 1;
    const group = groupOf(used, shapes[shape + ShapeW.objects] ?? 0);
    if (group !== words[descriptor + FrameW.group]) this.#regroup(index, zspage);
    return handle;
  }

  /** Takes an object back; answers with how many the zspage has left in use. Throws when the object is not live. */
  put(index: number, zspage: FrameNumber, handle: PoolHandle): number {
    const { words } = this.#arena;
    const descriptor = this.#arena.descriptorWord(zspage);
    const used = this.used(zspage) - 1;
    if (used < 0) throw new Error(`zspage at frame ${zspage} has ${used} used objects`);
    if (this.#shape(index, ShapeW.headerBytes) > 0) {
      const header = this.headerWord(index, handle);
      if (words[header + 1] !== handle) {
        throw new Error(`pool object ${handle} is freed while its header says ${words[header + 1]}`);
      }
      words[header] = this.#arena.word(descriptor + FrameW.freeObject);
      words[header + 1] = 0;
      words[descriptor + FrameW.freeObject] = this.objectNumber(handle) + 1;
    }
    words[descriptor + FrameW.usedObjects] = used;
    this.#addTo(this.#class(index) + PoolClassW.usedObjects, -1);
    if (groupOf(used, this.capacity(index)) !== words[descriptor + FrameW.group]) this.#regroup(index, zspage);
    return used;
  }

  /** The owner of object `object`, undefined when it is not live. Not for classes whose objects have a page each. */
  ownerOf(index: number, zspage: FrameNumber, object: number): LockWord | undefined {
    if (object >= this.#arena.word(this.#arena.descriptorWord(zspage) + FrameW.freshObject)) return undefined;
    const handle = this.handleOf(zspage, object);
    const header = this.headerWord(index, handle);
    return this.#arena.word(header + 1) === handle ? lockWord(this.#arena.word(header)) : undefined;
  }

  handleOf(zspage: FrameNumber, object: number): PoolHandle {
    return poolHandle((zspage << this.#objectBits) | object);
  }

  objectNumber(handle: PoolHandle): number {
    return handle & ((1 << this.#objectBits) - 1);
  }

  /** Word index of an object's header; object sizes are multiples of 8, so it lies in one page. */
  headerWord(index: number, handle: PoolHandle): number {
    const start = this.objectNumber(handle) * this.#shape(index, ShapeW.objectBytes);
    return this.#wordAt(frameNumber(handle >> this.#objectBits), start);
  }

  /** Lists a zspage at the head of the group that its use puts it in. */
  link(index: number, zspage: FrameNumber): void {
    const { words } = this.#arena;
    const block = this.#class(index);
    const group = groupOf(this.used(zspage), this.capacity(index));
    const descriptor = this.#arena.descriptorWord(zspage);
    const head = this.#arena.word(block + PoolClassW.groups + group);
    words[descriptor + FrameW.group] = group;
    words[descriptor + FrameW.listPrevious] = 0;
    words[descriptor + FrameW.listNext] = head;
    if (head !== 0) words[this.#arena.descriptorWord(frameNumber(head - 1)) + FrameW.listPrevious] = zspage + 1;
    words[block + PoolClassW.groups + group] = zspage + 1;
    words[block + PoolClassW.groupsInUse] = this.#arena.word(block + PoolClassW.groupsInUse) | (1 << group);
  }

  /** Takes a zspage off the lists; objects of it may be taken and put as before. */
  unlink(index: number, zspage: FrameNumber): void {
    const { words } = this.#arena;
    const descriptor = this.#arena.descriptorWord(zspage);
    const previous = this.#arena.word(descriptor + FrameW.listPrevious);
    const next = this.#arena.word(descriptor + FrameW.listNext);
    const group = this.#arena.word(descriptor + FrameW.group);
    if (group === UNLISTED) throw new Error(`zspage at frame ${zspage} is on no list`);
    words[descriptor + FrameW.group] = UNLISTED;
    if (next !== 0) words[this.#arena.descriptorWord(frameNumber(next - 1)) + FrameW.listPrevious] = previous;
    if (previous !== 0) {
      words[this.#arena.descriptorWord(frameNumber(previous - 1)) + FrameW.listNext] = next;
      return;
    }
    const block = this.#class(index);
    words[block + PoolClassW.groups + group] = next;
    if (next === 0) {
      words[block + PoolClassW.groupsInUse] = this.#arena.word(block + PoolClassW.groupsInUse) & ~(1 << group);
    }
  }

  /** Lists a zspage in the group that its use puts it in now, if it is listed. */
  #regroup(index: number, zspage: FrameNumber): void {
    if (this.#arena.word(this.#arena.descriptorWord(zspage) + FrameW.group) === UNLISTED) return;
    this.unlink(index, zspage);
    this.link(index, zspage);
  }

  #head(block: number, group: number): FrameNumber {
    return frameNumber(this.#arena.word(block + PoolClassW.groups + group) - 1);
  }

  /** Word index of byte `at` of a zspage. */
  #wordAt(zspage: FrameNumber, at: number): number {
    const frame = this.#frame(zspage, at >> this.#pageShift);
    return (this.#arena.frameAddress(frame) + (at & this.#offsetMask)) / 4;
  }

  /** The frame of a zspage's page. */
  #frame(zspage: FrameNumber, page: number): FrameNumber {
    if (page === 0) return zspage;
    const named = Math.min(page, NAMED_PAGES);
    let entry = this.#arena.word(this.#arena.descriptorWord(zspage) + FrameW.pages + named - 1);
    for (let at = named; at < page; at++) {
      entry = this.#arena.word(this.#arena.descriptorWord(frameNumber(entry - 1)) + FrameW.next);
    }
    return frameNumber(entry - 1);
  }

  #class(index: number): number {
    return this.#firstClass + index * POOL_CLASS_WORDS;
  }

  #shape(index: number, field: number): number {
    const value = this.#shapes[index * SHAPE_WORDS + field];
    if (value === undefined) throw new Error(`size class ${index} does not exist`);
    return value;
  }

  #addTo(word: number, change: number): void {
    this.#arena.words[word] = this.#arena.word(word) + change;
  }
}

function shapesOf(classes: SizeClasses): Int32Array {
  return Int32Array.from({ length: classes.count * SHAPE_WORDS }, (_, word) => {
    const [index, field] = [Math.floor(word / SHAPE_WORDS), word % SHAPE_WORDS];
    const objects = classes.objects[index] ?? 0;
    if (field === ShapeW.objects) return objects;
    if (field === ShapeW.pages) return classes.pages[index] ?? 0;
    if (field === ShapeW.objectBytes) return classes.objectBytes[index] ?? 0;
    return objects === 1 ? 0 : HANDLE_BYTES;
  });
}

/** 0 empty, 11 full, otherwise tenths of use: 1 … 10. */
export function fullnessGroup(used: number, objects: number): number {
  if (used === 0) return 0;
  if (used === objects) return FULL_GROUP;
  return (((10 * used) / objects) | 0) + 1;
}
