/**
 * What all CPUs see alike: the linear map, vmalloc space, the global mapping of per-CPU chunks.
 *
 *     edit ─▶ CPU 0's PGD ──entry changed?──▶ store it into every other CPU's PGD, one store each, counted
 *                  └─▶ tables below: one set for all                     window entries are never copied
 *
 * Kernel mappings are edited below CPU 0's top-level table; the others lead to the same lower tables, so an edit concerns them
 * only when it changes a top-level entry. (The 2026 series does the same with swapper_pg_dir.)
 *
 * Locking: calls whose comment does not say otherwise take the address-space lock themselves.
 */
import { type Cpu, LockClass, type Suspending } from '../cpu.ts';
import { cpuId, type FrameNumber, frameNumber, type VirtualAddress, virtualAddress } from '../units.ts';
import { contains } from './address-regions.ts';
import type { AddressSpace } from './address-space.ts';
import { SpaceCpuW, SpaceW } from './address-space-layout.ts';
import { FrameKind } from './arena-layout.ts';
import type { PageFrames } from './page-frames.ts';
import { entryIndex, levelOf } from './page-geometry.ts';
import type { PageTables, TableRoot } from './page-tables.ts';
import { invalidate } from './tlb.ts';
import { VmAreas } from './vm-areas.ts';

const BOOT_CPU = cpuId(0);

export class KernelMappings {
  readonly areas: VmAreas;
  readonly #space: AddressSpace;
  readonly #tables: PageTables;
  readonly #frames: PageFrames;

  constructor(space: AddressSpace, tables: PageTables, frames: PageFrames) {
    this.areas = new VmAreas(space);
    this.#space = space;
    this.#tables = tables;
    this.#frames = frames;
  }

  /**
   * CPU 0's top-level table and the linear map, blocks where they fit. At boot, once. False when memory does not suffice; such
   * a machine is good for nothing.
   */
  *boot(cpu: Cpu): Suspending<boolean> {
    const { arena, geometry } = this.#space;
    const pgd = yield* this.#tables.newTable(cpu, 0, 'shared');
    if (pgd === undefined) return false;
    const block = this.#space.cpuWord(BOOT_CPU);
    arena.words[block + SpaceCpuW.root] = this.#space.frameWord(pgd);
    arena.words[block + SpaceCpuW.rootFrame] = pgd + 1;
    const pageLevel = geometry.levels.length - 1;
    const blockFrames = levelOf(geometry, pageLevel - 1).spanBytes / geometry.pageSizeBytes;
    for (let frame = 0; frame < arena.frameCount;) {
      const isBlock = frame % blockFrames === 0 && frame + blockFrames <= arena.frameCount;
      const leaf = { frame: frameNumber(frame), level: isBlock ? pageLevel - 1 : pageLevel };
      const mapped = yield* this.#tables.map(cpu, this.#root(), this.#space.linearAddress(leaf.frame), leaf);
      if (mapped === 'out-of-memory') return false;
      frame += isBlock ? blockFrames : 1;
    }
    return true;
  }

  /** Maps one page for all CPUs; false, with nothing changed, when memory runs out. Under the address-space lock. */
  *map(cpu: Cpu, address: VirtualAddress, frame: FrameNumber): Suspending<boolean> {
    const leaf = { frame, level: this.#space.geometry.levels.length - 1 };
    const mapped = yield* this.#tables.map(cpu, this.#root(), address, leaf);
    if (mapped === 'pgd') this.#synchronise(address);
    return mapped !== 'out-of-memory';
  }

  /** Unmaps one page for all CPUs; answers with emptied tables, to be given back after the invalidation. Under the address-space lock. */
  unmap(address: VirtualAddress): readonly FrameNumber[] {
    const { outcome, freed } = this.#tables.unmap(this.#root(), address);
    if (outcome === 'pgd') this.#synchronise(address);
    return freed;
  }

  /** Copies CPU 0's top-level entries, but for the window's, into a table that is being made. Under the address-space lock. */
  copyTopLevel(target: number): void {
    const { arena, geometry, regions } = this.#space;
    const source = this.#root().word;
    const { entries, spanBytes } = levelOf(geometry, 0);
    for (let index = 0; index < entries; index++) {
      if (contains(regions.window, virtualAddress(index * spanBytes))) continue;
      arena.words[target + 2 * index + 1] = arena.word(source + 2 * index + 1);
      Atomics.store(arena.words, target + 2 * index, arena.word(source + 2 * index));
    }
  }

  /** Address space with frames behind it, and a guard page that has none; undefined when either runs out. */
  *vmalloc(cpu: Cpu, pages: number): Suspending<VirtualAddress | undefined> {
    if (!cpu.tryLock(this.#space.lock)) yield* cpu.lock(this.#space.lock, LockClass.addressSpace);
    const start = yield* this.#vmallocLocked(cpu, pages);
    cpu.unlock(this.#space.lock);
    return start;
  }

  /** Gives back what `vmalloc` gave. Throws for an address that it did not give. */
  *vfree(cpu: Cpu, start: VirtualAddress): Suspending<void> {
    if (!cpu.tryLock(this.#space.lock)) yield* cpu.lock(this.#space.lock, LockClass.addressSpace);
    const { pageSizeBytes } = this.#space.geometry;
    const { end } = this.areas.rangeAt(start);
    yield* this.#unmapAndGive(cpu, start, (end - start) / pageSizeBytes - 1);
    this.areas.give(start);
    cpu.unlock(this.#space.lock);
  }

  *#vmallocLocked(cpu: Cpu, pages: number): Suspending<VirtualAddress | undefined> {
    const { geometry, regions } = this.#space;
    const size = geometry.pageSizeBytes;
    const start = this.areas.take({ bytes: (pages + 1) * size, alignBytes: size, within: regions.vmalloc });
    if (start === undefined) return undefined;
    for (let page = 0; page < pages; page++) {
      const frame = yield* this.#frames.take(cpu, 1, FrameKind.vmalloc);
      const mapped = frame !== undefined && (yield* this.map(cpu, virtualAddress(start + page * size), frame));
      if (mapped) continue;
      if (frame !== undefined) yield* this.#frames.give(cpu, frame, 1, FrameKind.vmalloc);
      yield* this.#unmapAndGive(cpu, start, page);
      this.areas.give(start);
      return undefined;
    }
    return start;
  }

  *#unmapAndGive(cpu: Cpu, start: VirtualAddress, pages: number): Suspending<void> {
    if (pages === 0) return;
    const { pageSizeBytes } = this.#space.geometry;
    const contents: FrameNumber[] = [];
    const tables: FrameNumber[] = [];
    for (let page = 0; page < pages; page++) {
      const address = virtualAddress(start + page * pageSizeBytes);
      const found = this.#tables.walk(this.#root().word, address);
      if (found === undefined) throw new Error(`page ${page} of the area at ${start} is not mapped`);
      contents.push(found.frame);
      tables.push(...this.unmap(address));
    }
    const first = start / pageSizeBytes;
    invalidate(this.#space, { first, end: first + pages });
    yield* this.#tables.giveTables(cpu, tables);
    for (const frame of contents) yield* this.#frames.give(cpu, frame, 1, FrameKind.vmalloc);
  }

  /** Stores CPU 0's top-level entry for `address` into the tables of all others that have one. */
  #synchronise(address: VirtualAddress): void {
    const { arena, geometry, regions } = this.#space;
    if (contains(regions.window, address)) throw new Error(`address ${address} of the window was mapped for all CPUs`);
    const index = 2 * entryIndex(geometry, 0, address);
    const source = this.#root().word + index;
    for (let cpu = 1; cpu < arena.config.possibleCpus; cpu++) {
      if (!this.#space.hasOwnTables(cpuId(cpu))) continue;
      const target = this.#space.rootOf(cpuId(cpu)) + index;
      arena.words[target + 1] = arena.word(source + 1);
      Atomics.store(arena.words, target, arena.word(source));
      this.#space.addHeader(SpaceW.pgdCopies, 1);
    }
  }

  #root(): TableRoot {
    return { word: this.#space.rootOf(BOOT_CPU), owner: 'shared' };
  }
}
