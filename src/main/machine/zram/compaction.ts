/**
 * Compaction of a pool: objects of the emptiest zspages move into the fullest that have room, so that whole zspages go back.
 *
 *     class 2720, 3 objects a zspage                while (all − live) ÷ 3 ≥ 1, rounded down
 *       target  [x.x]  head of the fullest group ◀─┐
 *       source  [..x]  head of the emptiest group ─┘ its live objects in ascending order, until the one is full or the
 *                                                    other empty; then both are listed again at the head of their groups
 *
 * Classes are worked on from the largest object down; those of one object a page have nothing to gain, full zspages are
 * never touched. Moving an object changes its handle, which its owner keeps; so the owner's lock is tried, once, under the class
 * lock: a slot that is read, written or not yet entered meanwhile keeps its object where it is. A source that cannot be
 * emptied for that reason ends the work on its class.
 *
 * The class lock is a spinning one: preemption is off under it, and it is given back between two sources. One compaction of a
 * pool at a time. (Facts: measured on Linux 6.18.)
 */
import type { ObjectSpan } from '../codec.ts';
import { Cost, type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { DeviceW } from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import { Operation } from '../operation.ts';
import { LOCKED } from '../sync/lock.ts';
import type { FrameNumber, LockWord, PoolHandle } from '../units.ts';
import { emptySpan } from './object-span.ts';
import type { ObjectOwners } from './pool.ts';
import { HANDLE_BYTES } from './size-classes.ts';
import { releaseZspage } from './zsmalloc.ts';
import { Zspages } from './zspages.ts';

/** What came of one source: the zspage, if it is empty now, and whether another source may be worth it. */
interface Step {
  readonly emptied: FrameNumber | undefined;
  readonly goOn: boolean;
}

interface Move {
  readonly index: number;
  readonly source: FrameNumber;
  readonly target: FrameNumber;
}

export class Compaction {
  readonly #arena: Arena;
  readonly #frames: PageFrames;
  readonly #zspages: Zspages;
  readonly #owners: ObjectOwners;
  readonly #device: number;

  constructor(arena: Arena, frames: PageFrames, device: number, owners: ObjectOwners) {
    this.#arena = arena;
    this.#frames = frames;
    this.#zspages = new Zspages(arena, device);
    this.#owners = owners;
    this.#device = arena.deviceWord(device);
  }

  /** Compacts the pool; answers with the pages released, 0 at once when a compaction is running already. */
  *run(cpu: Cpu): Suspending<number> {
    const { words } = this.#arena;
    if (Atomics.compareExchange(words, this.#device + DeviceW.compacting, 0, 1) !== 0) return 0;
    cpu.begin(Operation.compact);
    let released = 0;
    for (let index = this.#zspages.classes.count - 1; index >= 0; index--) {
      if (this.#zspages.capacity(index) > 1) released += yield* this.#compactClass(cpu, index);
    }
    Atomics.store(words, this.#device + DeviceW.compacting, 0);
    cpu.end();
    return released;
  }

  *#compactClass(cpu: Cpu, index: number): Suspending<number> {
    const lock = this.#zspages.lock(index);
    const pages = this.#zspages.pages(index);
    let released = 0;
    for (;;) {
      // A look without the lock: most classes have nothing to gain.
      if (freeableZspages(this.#zspages, index) < 1) return released;
      cpu.preemptDisable();
      if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.poolClass);
      const { emptied, goOn } = yield* this.#emptyOne(cpu, index);
      cpu.unlock(lock);
      if (cpu.preemptEnable()) yield* cpu.reschedule();
      if (emptied !== undefined) {
        const parts = { arena: this.#arena, frames: this.#frames, device: this.#device };
        yield* releaseZspage(cpu, parts, { zspage: emptied, pages });
        Atomics.add(this.#arena.words, this.#device + DeviceW.pagesCompacted, pages);
        released += pages;
      }
      if (!goOn) return released;
    }
  }

  /** Under the class lock: one target and one source. */
  *#emptyOne(cpu: Cpu, index: number): Suspending<Step> {
    const zspages = this.#zspages;
    const target = freeableZspages(zspages, index) < 1 ? undefined : zspages.fullest(index, false);
    if (target === undefined) return { emptied: undefined, goOn: false };
    zspages.unlink(index, target);
    const source = zspages.emptiest(index);
    if (source === undefined) {
      zspages.link(index, target);
      return { emptied: undefined, goOn: false };
    }
    zspages.unlink(index, source);
    yield* this.#moveObjects(cpu, { index, source, target });
    const isEmpty = zspages.used(source) === 0;
    const targetIsFull = zspages.used(target) === zspages.capacity(index);
    if (isEmpty) zspages.forget(index);
    else zspages.link(index, source);
    zspages.link(index, target);
    return { emptied: isEmpty ? source : undefined, goOn: isEmpty || targetIsFull };
  }

  *#moveObjects(cpu: Cpu, move: Move): Suspending<void> {
    const { index, source, target } = move;
    const capacity = this.#zspages.capacity(index);
    for (let object = 0; object < capacity; object++) {
      if (this.#zspages.used(source) === 0 || this.#zspages.used(target) === capacity) return;
      const owner = this.#zspages.ownerOf(index, source, object);
      if (owner === undefined || !(yield* tryOwner(cpu, this.#arena, owner))) continue;
      const handle = this.#zspages.handleOf(source, object);
      if (this.#owners.holds(owner, handle)) this.#moveObject(cpu, move, { owner, handle });
      cpu.unlock(owner);
    }
  }

  /** Under the class lock and that of the object's owner. */
  #moveObject(cpu: Cpu, move: Move, object: { readonly owner: LockWord; readonly handle: PoolHandle }): void {
    const { index, source, target } = move;
    const bytes = (this.#zspages.classes.objectBytes[index] ?? 0) - HANDLE_BYTES;
    const [from, to] = [emptySpan(), emptySpan()];
    to.firstBytes = bytes;
    const moved = this.#zspages.take(index, target, object.owner, to);
    this.#zspages.describe(object.handle, bytes, from);
    copySpan(this.#arena.bytes, from, to);
    this.#zspages.put(index, source, object.handle);
    this.#owners.moved(object.owner, moved);
    cpu.charge(Cost.copyBytes, bytes);
  }
}

/** Zspages that a class could do without if its objects lay together. */
function freeableZspages(zspages: Zspages, index: number): number {
  const { used, allocated } = zspages.objects(index);
  return Math.floor((allocated - used) / zspages.capacity(index));
}

/** One attempt at a lock that must not be waited for; an attempt that fails for the scheduler's sake is repeated. */
function* tryOwner(cpu: Cpu, arena: Arena, owner: LockWord): Suspending<boolean> {
  while (!cpu.tryOnly(owner)) {
    if ((arena.word(owner) & LOCKED) !== 0) return false;
    yield* cpu.pause();
  }
  return true;
}

/** Copies from one object to another of the same length, each of one or two runs. */
function copySpan(memory: Uint8Array, from: Readonly<ObjectSpan>, to: Readonly<ObjectSpan>): void {
  const bytes = from.firstBytes + from.restBytes;
  for (let at = 0; at < bytes;) {
    const inFirst = at < from.firstBytes;
    const source = inFirst ? from.first + at : from.rest + at - from.firstBytes;
    const target = at < to.firstBytes ? to.first + at : to.rest + at - to.firstBytes;
    const sourceLeft = (inFirst ? from.firstBytes : bytes) - at;
    const targetLeft = (at < to.firstBytes ? to.firstBytes : bytes) - at;
    const run = Math.min(sourceLeft, targetLeft);
    memory.copyWithin(target, source, source + run);
    at += run;
  }
}
