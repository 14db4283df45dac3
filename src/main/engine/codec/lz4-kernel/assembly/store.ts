/**
 * The usual way of an object into the pool and its slot, step for step what Zspages.take (machine/zram/zspages.ts) and
 * SlotContent.enterObject do, for threads over the arena, of whose time beside the codec they were the larger part of a write.
 * What is not usual is left to them, with nothing done. Numbers are those of machine/memory/arena-layout.ts, and a test has both ways
 * leave the same arena; words are known by their index, addresses in bytes.
 */
import { copyWords } from './copy';
import { tryLock, unlock } from './lock';

/** Of the header: where descriptors and frames begin (words), and how a handle and an address are made up (bits). */
const FIRST_DESCRIPTOR: usize = 56 << 2;
const FIRST_FRAME: usize = 57 << 2;
const PAGE_SHIFT: usize = 58 << 2;
const OBJECT_BITS: usize = 59 << 2;

/** Bytes in front of an object's data: its owner, and its own handle. */
const HEADER_BYTES: u32 = 8;
const DESCRIPTOR_SHIFT: u32 = 6;
/** Of a class's block. */
const CLASS_USED: usize = 2 << 2;
const GROUPS_IN_USE: usize = 3 << 2;
const GROUPS: usize = 4 << 2;
/** Of a descriptor. */
const PREVIOUS: usize = 2 << 2;
const NEXT: usize = 3 << 2;
const USED_OBJECTS: usize = 5 << 2;
const FREE_OBJECT: usize = 6 << 2;
const FRESH_OBJECT: usize = 7 << 2;
const GROUP: usize = 8 << 2;
const PAGES: usize = 9 << 2;
const NAMED_PAGES: u32 = 7;
const FULL_GROUP: u32 = 11;
const WITH_ROOM: u32 = (1 << 11) - 1;
const UNLISTED: u32 = -1;
/** Of a slot, whose lock names it. */
const SLOT_LOCK: u32 = 3;
const SLOT_FLAGS: usize = 2 << 2;
/** SLOT_SAME, and any size. */
const SLOT_CONTENT: u32 = 1 | (-1 << 12);
const SIZE_SHIFT: u32 = 12;
/** Of a CPU's counters of a device, doubles. */
const PAGES_STORED: usize = 0 << 3;
const COMPRESSED_BYTES: usize = 4 << 3;
/** Bit of a lock's word: somebody sleeps on it. */
const WAITERS: u32 = 2;

/**
 * Takes an object of class `block`, whose zspages have `capacity` objects of `objectBytes` each, for `owner`, and copies the
 * `length` bytes at `from` into it. Its handle; 0 when the class has no zspage with room, or its lock is held.
 */
export function takeAndCopy(block: u32, objectBytes: u32, capacity: u32, owner: u32, from: usize, length: u32): u32 {
  if (!tryLock(block)) return 0;
  const class_ = addressOf(block);
  const groups = load<u32>(class_, GROUPS_IN_USE) & WITH_ROOM;
  if (groups == 0) return leave(block);
  const zspage = load<u32>(class_ + ((<usize>(31 - clz(groups))) << 2), GROUPS) - 1;
  const descriptor = descriptorOf(zspage);
  const freed = load<u32>(descriptor, FREE_OBJECT);
  const object = freed == 0 ? load<u32>(descriptor, FRESH_OBJECT) : freed - 1;
  const start = object * objectBytes;
  const shift = load<u32>(PAGE_SHIFT);
  const mask: u32 = (1 << shift) - 1;
  if ((start + HEADER_BYTES + length - 1) >> shift > NAMED_PAGES) return leave(block);

  const handle = (zspage << load<u32>(OBJECT_BITS)) | object;
  const header = frameOf(descriptor, zspage, start >> shift) + (start & mask);
  if (freed == 0) store<u32>(descriptor, object + 1, FRESH_OBJECT);
  else store<u32>(descriptor, load<u32>(header), FREE_OBJECT);
  store<u32>(header, owner);
  store<u32>(header, handle, 4);
  const used = load<u32>(descriptor, USED_OBJECTS) + 1;
  store<u32>(descriptor, used, USED_OBJECTS);
  store<u32>(class_, load<u32>(class_, CLASS_USED) + 1, CLASS_USED);
  const group = groupOf(used, capacity);
  if (group != load<u32>(descriptor, GROUP)) regroup(class_, descriptor, zspage, group);
  release(block);

  const at = start + HEADER_BYTES;
  const room = mask + 1 - (at & mask);
  const to = frameOf(descriptor, zspage, at >> shift) + (at & mask);
  if (length <= room) {
    copyWords(from, to, length);
  } else {
    copyWords(from, to, room);
    copyWords(from + room, frameOf(descriptor, zspage, (at >> shift) + 1), length - room);
  }
  return handle;
}

/** Enters an object into a slot without content, and counts it at `counters` (in doubles); 0 when it has some, or is locked. */
export function enterObject(slot: u32, handle: u32, length: u32, counters: u32): u32 {
  if (!tryLock(slot)) return 0;
  const at = addressOf(slot - SLOT_LOCK);
  if ((load<u32>(at, SLOT_FLAGS) & SLOT_CONTENT) != 0) return leave(slot);
  store<u32>(at, handle);
  store<u32>(at, length << SIZE_SHIFT, SLOT_FLAGS);
  const count = (<usize>counters) << 3;
  store<f64>(count, load<f64>(count, COMPRESSED_BYTES) + <f64>length, COMPRESSED_BYTES);
  store<f64>(count, load<f64>(count, PAGES_STORED) + 1, PAGES_STORED);
  release(slot);
  return 1;
}

function addressOf(word: u32): usize {
  return (<usize>word) << 2;
}

function descriptorOf(frame: u32): usize {
  return addressOf(load<u32>(FIRST_DESCRIPTOR)) + ((<usize>frame) << DESCRIPTOR_SHIFT);
}

/** Where a page of a zspage begins. */
function frameOf(descriptor: usize, zspage: u32, page: u32): usize {
  const frame = page == 0 ? zspage : load<u32>(descriptor + ((<usize>(page - 1)) << 2), PAGES) - 1;
  return addressOf(load<u32>(FIRST_FRAME)) + ((<usize>frame) << load<u32>(PAGE_SHIFT));
}

function groupOf(used: u32, objects: u32): u32 {
  return used == objects ? FULL_GROUP : (10 * used) / objects + 1;
}

/** Moves a zspage from its list to the head of that of `group`; one that is on none stays so. */
function regroup(class_: usize, descriptor: usize, zspage: u32, group: u32): void {
  const before = load<u32>(descriptor, GROUP);
  if (before == UNLISTED) return;
  const previous = load<u32>(descriptor, PREVIOUS);
  const next = load<u32>(descriptor, NEXT);
  if (next != 0) store<u32>(descriptorOf(next - 1), previous, PREVIOUS);
  if (previous != 0) {
    store<u32>(descriptorOf(previous - 1), next, NEXT);
  } else {
    store<u32>(class_ + ((<usize>before) << 2), next, GROUPS);
    if (next == 0) store<u32>(class_, load<u32>(class_, GROUPS_IN_USE) & ~(1 << before), GROUPS_IN_USE);
  }
  const list = class_ + ((<usize>group) << 2);
  const head = load<u32>(list, GROUPS);
  store<u32>(descriptor, group, GROUP);
  store<u32>(descriptor, 0, PREVIOUS);
  store<u32>(descriptor, head, NEXT);
  if (head != 0) store<u32>(descriptorOf(head - 1), zspage + 1, PREVIOUS);
  store<u32>(list, zspage + 1, GROUPS);
  store<u32>(class_, load<u32>(class_, GROUPS_IN_USE) | (1 << group), GROUPS_IN_USE);
}

function leave(lock: u32): u32 {
  release(lock);
  return 0;
}

/** Wakes who sleeps on the lock, as LiveCpu.unlock does. */
function release(lock: u32): void {
  if ((unlock(lock) & WAITERS) != 0) atomic.notify(addressOf(lock), 1);
}
