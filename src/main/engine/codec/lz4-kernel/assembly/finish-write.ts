/**
 * What follows the codec in a usual write, step by step what Zspages.take, WritePath, the streams of the design, SlotContent and
 * Requests (machine/zram/) do, for threads over the arena. What is not usual is left to them, from that step on. Numbers are those of
 * machine/memory/arena-layout.ts, and a test has both ways leave the same arena; words are known by their index, addresses in bytes.
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
/** Of a zspage's descriptor. */
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
/** Of a slot, whose lock names it. */
const SLOT_LOCK: u32 = 3;
const SLOT_FLAGS: usize = 2 << 2;
/** SLOT_SAME, and any size. */
const SLOT_CONTENT: u32 = 1 | (-1 << 12);
const SIZE_SHIFT: u32 = 12;
/** Of a CPU's block, words and doubles. */
const PREEMPT_COUNT: usize = 0 << 2;
const OPERATION: usize = 1 << 2;
const IDLE: u32 = 0;
const WRITE_OPERATIONS: usize = 17 << 3;
const WRITTEN_BYTES: usize = 19 << 3;
/** Of a device's block, the first by its index. */
const LIST_LOCK: u32 = 4;
const IDLE_STREAMS: usize = 5 << 2;
const STREAM_WAITERS: usize = 7 << 2;
const NONE_IDLE: usize = 8 << 2;
const POOL_PAGES: usize = 64 << 2;
const POOL_PAGES_MAX: usize = 65 << 2;
const LIMIT_PAGES: usize = 66 << 2;
/** Of the descriptor of a listed stream's buffer. */
const NEXT_IDLE: usize = 9 << 2;
/** How a stream is given back that has no lock. */
const PREEMPTION_ON: i32 = 0;
const TO_LIST: i32 = -1;
/** Of a CPU's counters of a device, doubles. */
const PAGES_STORED: usize = 0 << 3;
const COMPRESSED_BYTES: usize = 4 << 3;
/** The answer of a write that went all the way. */
const WRITTEN: i32 = 1;
/** Bits of a lock's word: somebody holds it, somebody sleeps on it. */
const LOCKED: u32 = 1;
const WAITERS: u32 = 2;

/** See machine/write-steps.ts. */
export function finishWrite(
  cpu: u32,
  device: u32,
  counters: u32,
  block: u32,
  objectBytes: u32,
  capacity: u32,
  slot: u32,
  from: usize,
  bytes: u32,
  giveBack: i32,
  requestBytes: u32,
): i32 {
  const handle = takeAndCopy(block, objectBytes, capacity, slot, from, bytes);
  if (handle == 0) return 0;
  if (!isWithinLimit(device) || !giveStream(cpu, device, from, giveBack)) return handle;
  if (!enterObject(slot, handle, bytes, counters)) return -(<i32>handle);
  if (requestBytes != 0) endRequest(cpu, requestBytes);
  return WRITTEN;
}

/** The handle; 0 when the class has no zspage with room, or its lock is held. */
function takeAndCopy(block: u32, objectBytes: u32, capacity: u32, owner: u32, from: usize, length: u32): u32 {
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

/** False also where the high-water mark must be raised, which happens when the pool has grown. */
function isWithinLimit(device: u32): bool {
  const block = addressOf(device);
  const pages = load<u32>(block, POOL_PAGES);
  const limit = load<u32>(block, LIMIT_PAGES);
  return pages <= load<u32>(block, POOL_PAGES_MAX) && (limit == 0 || pages <= limit);
}

/** False when the stream belongs on a list that is locked. */
function giveStream(cpu: u32, device: u32, buffer: usize, giveBack: i32): bool {
  if (giveBack == TO_LIST) return pushStream(device, buffer);
  if (giveBack == PREEMPTION_ON) {
    const at = addressOf(cpu);
    store<u32>(at, load<u32>(at, PREEMPT_COUNT) - 1, PREEMPT_COUNT);
  } else {
    release(giveBack);
  }
  return true;
}

function pushStream(device: u32, buffer: usize): bool {
  const lock = device + LIST_LOCK;
  if (!tryLock(lock)) return false;
  const block = addressOf(device);
  const frame = <u32>((buffer - addressOf(load<u32>(FIRST_FRAME))) >> load<u32>(PAGE_SHIFT));
  store<u32>(descriptorOf(frame), load<u32>(block, IDLE_STREAMS), NEXT_IDLE);
  store<u32>(block, frame + 1, IDLE_STREAMS);
  const somebodyWaits = load<u32>(block, STREAM_WAITERS) != 0;
  if (somebodyWaits) atomic.store<u32>(block + NONE_IDLE, 0);
  release(lock);
  if (somebodyWaits) atomic.notify(block + NONE_IDLE, 1);
  return true;
}

/** False when the slot has content, or is locked. */
function enterObject(slot: u32, handle: u32, bytes: u32, counters: u32): bool {
  if (!tryLock(slot)) return false;
  const at = addressOf(slot - SLOT_LOCK);
  if ((load<u32>(at, SLOT_FLAGS) & SLOT_CONTENT) != 0) {
    release(slot);
    return false;
  }
  store<u32>(at, handle);
  store<u32>(at, bytes << SIZE_SHIFT, SLOT_FLAGS);
  const count = (<usize>counters) << 3;
  store<f64>(count, load<f64>(count, COMPRESSED_BYTES) + <f64>bytes, COMPRESSED_BYTES);
  store<f64>(count, load<f64>(count, PAGES_STORED) + 1, PAGES_STORED);
  release(slot);
  return true;
}

function endRequest(cpu: u32, bytes: u32): void {
  const at = addressOf(cpu);
  store<f64>(at, load<f64>(at, WRITE_OPERATIONS) + 1, WRITE_OPERATIONS);
  store<f64>(at, load<f64>(at, WRITTEN_BYTES) + <f64>bytes, WRITTEN_BYTES);
  store<u32>(at, IDLE, OPERATION);
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

/** Moves the zspage that is at the head of its list to the head of that of `group`. */
function regroup(class_: usize, descriptor: usize, zspage: u32, group: u32): void {
  const before = load<u32>(descriptor, GROUP);
  const next = load<u32>(descriptor, NEXT);
  store<u32>(class_ + ((<usize>before) << 2), next, GROUPS);
  if (next == 0) store<u32>(class_, load<u32>(class_, GROUPS_IN_USE) & ~(1 << before), GROUPS_IN_USE);
  else store<u32>(descriptorOf(next - 1), 0, PREVIOUS);
  const list = class_ + ((<usize>group) << 2);
  const head = load<u32>(list, GROUPS);
  store<u32>(descriptor, group, GROUP);
  store<u32>(descriptor, head, NEXT);
  if (head != 0) store<u32>(descriptorOf(head - 1), zspage + 1, PREVIOUS);
  store<u32>(list, zspage + 1, GROUPS);
  store<u32>(class_, load<u32>(class_, GROUPS_IN_USE) | (1 << group), GROUPS_IN_USE);
}

function leave(lock: u32): u32 {
  release(lock);
  return 0;
}

/** Wakes who sleeps on the lock, as LiveCpu.unlock does; like that it throws when the lock was not held. */
function release(lock: u32): void {
  const before = unlock(lock);
  if ((before & LOCKED) == 0) unreachable();
  if ((before & WAITERS) != 0) atomic.notify(addressOf(lock), 1);
}
