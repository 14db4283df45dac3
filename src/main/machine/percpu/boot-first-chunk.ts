/**
 * The first chunk of a machine that boots: blocks of page frames, the frame map, the bookkeeping.
 *
 *     embed     group 0 [ unit 0          ][ unit 1          ][ unused unit     ]     one aligned run of frames per group
 *                        kept    │given     kept    │given     given back
 *                                │back              │back
 *     page, fixed-unit, uniprocessor          the pages that each unit needs, nothing to give back
 *
 * While no CPU runs: no locks.
 */
import type { Arena } from '../memory/arena.ts';
import { FrameKind, HeaderW } from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import { type FrameNumber, frameNumber } from '../units.ts';
import { createFirstChunk } from './chunks/chunk-lifecycle.ts';
import { ChunkRegion } from './chunks/chunk-region.ts';
import { RegionWords } from './chunks/region-words.ts';
import { bootFirstChunk } from './first-chunk.ts';
import type { PercpuPlan } from './percpu-plan.ts';
import { pagesPerCpu } from './unit-layout.ts';

/** Page frames that stay with the first chunk: those of the possible CPUs' units, and a uniprocessor's static variables. */
export function firstChunkFrames(plan: PercpuPlan): number {
  return plan.unitOfCpu.length * pagesPerCpu(plan.layout) + plainStaticFrames(plan);
}

/** Page frames that must be free at boot for it, what is given back at once and the alignment of the blocks included. */
export function firstChunkFramesAtBoot(plan: PercpuPlan): number {
  if (plan.spec.method !== 'embed') return firstChunkFrames(plan);
  const { pageSizeBytes, unitBytes, atomBytes } = plan.layout;
  const alignment = plan.layout.groups.length * (atomBytes / pageSizeBytes - 1);
  return (plan.cpuOfUnit.length * unitBytes) / pageSizeBytes + alignment;
}

/** Makes the first chunk of a machine. The memory suffices: `firstChunkFramesAtBoot` was counted. */
export function bootPercpu(arena: Arena, frames: PageFrames): void {
  const { percpu: plan } = arena;
  const { geometry, capacity } = plan;
  const words = new RegionWords(arena.buffer);
  const region = ChunkRegion.format(words, arena.geometry.chunkRegion, geometry, capacity);
  createFirstChunk(region);
  takeBlocks(arena, frames, region);
  const statics = plainStaticFrames(plan);
  if (statics === 0) return;
  const first = required(frames.takeAtBoot(statics, FrameKind.percpu), statics);
  clearFrames(arena, first, statics);
  arena.words[HeaderW.plainStatics] = first;
}

/** A kernel for one CPU has no static part in its units. */
function plainStaticFrames({ spec, statics, geometry }: PercpuPlan): number {
  return spec.method === 'uniprocessor' ? Math.ceil(statics.staticBytes / geometry.pageSizeBytes) : 0;
}

function takeBlocks(arena: Arena, frames: PageFrames, region: ChunkRegion): void {
  const { spec, layout } = arena.percpu;
  const pageSize = layout.pageSizeBytes;
  let unit = 0;
  const booted = bootFirstChunk(spec, {
    takeBlock: ({ bytes, alignBytes }) => {
      const units = bytes / layout.unitBytes;
      const firstUnit = unit;
      unit += units;
      const make = spec.method === 'embed' ? embedUnits : gatherUnits;
      return make(arena, frames, region, { firstUnit, units, alignFrames: alignBytes / pageSize }) * pageSize;
    },
    // The machine's blocks lie next to each other.
    vmallocBytes: Number.MAX_SAFE_INTEGER,
    fallsBackToPage: false,
    linkedStart: 0,
  });
  if (!booted.ok) throw new Error(`the first chunk was planned and could not be made: ${booted.error.message}`);
}

interface UnitRun {
  readonly firstUnit: number;
  readonly units: number;
  readonly alignFrames: number;
}

/** One block for a group's units; what is past the size sum of a used unit goes back, and unused units whole. */
function embedUnits(arena: Arena, frames: PageFrames, region: ChunkRegion, run: UnitRun): FrameNumber {
  const { layout, cpuOfUnit } = arena.percpu;
  const perUnit = layout.unitBytes / layout.pageSizeBytes;
  const block = required(
    frames.takeAtBoot(run.units * perUnit, FrameKind.percpu, run.alignFrames),
    run.units * perUnit,
  );
  for (let index = 0; index < run.units; index++) {
    const unit = run.firstUnit + index;
    const first = frameNumber(block + index * perUnit);
    const kept = cpuOfUnit[unit] === undefined ? 0 : pagesPerCpu(layout);
    mapUnit(arena, region, { unit, first, pages: kept });
    frames.giveAtBoot(frameNumber(first + kept), perUnit - kept, FrameKind.percpu);
  }
  return block;
}

/** The pages that each used unit needs, wherever they come from. */
function gatherUnits(arena: Arena, frames: PageFrames, region: ChunkRegion, run: UnitRun): FrameNumber {
  const { layout, cpuOfUnit } = arena.percpu;
  const pages = pagesPerCpu(layout);
  let block: FrameNumber | undefined;
  for (let unit = run.firstUnit; unit < run.firstUnit + run.units; unit++) {
    if (cpuOfUnit[unit] === undefined) continue;
    const first = required(frames.takeAtBoot(pages, FrameKind.percpu), pages);
    mapUnit(arena, region, { unit, first, pages });
    block ??= first;
  }
  return required(block, pages);
}

/** Enters a unit's frames, zeroed, into the first chunk's map. */
function mapUnit(
  arena: Arena,
  region: ChunkRegion,
  { unit, first, pages }: { readonly unit: number; readonly first: FrameNumber; readonly pages: number },
): void {
  for (let page = 0; page < pages; page++) {
    region.words.set(region.firstChunkFrameWord(page, unit), first + page + 1);
  }
  clearFrames(arena, first, pages);
}

function clearFrames(arena: Arena, first: FrameNumber, count: number): void {
  const start = arena.frameAddress(first);
  arena.bytes.fill(0, start, start + count * arena.config.pageSizeBytes);
}

function required(first: FrameNumber | undefined, count: number): FrameNumber {
  if (first === undefined) throw new Error(`boot ran out of frames although they were counted: ${count} more`);
  return first;
}
