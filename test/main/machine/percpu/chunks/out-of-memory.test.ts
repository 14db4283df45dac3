/** Memory runs out at every point in turn: the first time that pages, or a chunk, are asked for, the second, and so on. */
import { describe, expect, it } from 'vitest';
import type { PercpuRequest } from '../../../../../src/main/machine/percpu/chunks/allocator.ts';
import { bitIsSet, countSet } from '../../../../../src/main/machine/percpu/chunks/bitmap.ts';
import { ChunkW, RegionW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { markPopulated } from '../../../../../src/main/machine/percpu/chunks/chunk-lifecycle.ts';
import { percpuStats } from '../../../../../src/main/machine/percpu/chunks/chunk-figures.ts';
import type { PercpuPtr } from '../../../../../src/main/machine/units.ts';
import { FailingPages } from './failing-pages.ts';
import { PercpuMachine } from './percpu-machine.ts';
import { auditRegion } from './region-audit.ts';

interface Live {
  readonly ptr: PercpuPtr;
  readonly chunk: number;
  readonly start: number;
  readonly cells: number;
}

type Step =
  | (PercpuRequest & { readonly kind: 'take' })
  | { readonly kind: 'free'; readonly index: number }
  | { readonly kind: 'balance' };

const take = (sizeBytes: number, alignBytes = 8, atomic = false): Step => ({
  kind: 'take',
  sizeBytes,
  alignBytes,
  atomic,
});
const free = (index: number): Step => ({ kind: 'free', index });
const BALANCE: Step = { kind: 'balance' };

/** Fills the first chunk, makes others, leaves holes so that one object needs several runs of pages, empties a chunk. */
const STEPS: readonly Step[] = [
  take(4096),
  take(12000),
  take(32768),
  take(32768),
  take(16, 8, true),
  BALANCE,
  take(20000),
  free(2),
  free(1),
  BALANCE,
  take(4),
  take(28000, 4096),
  take(8000, 8, true),
  BALANCE,
  take(32768),
  take(30000),
  free(0),
  free(0),
  free(0),
  BALANCE,
  take(32768),
  take(64, 64),
];

interface Outcome {
  readonly errors: readonly { readonly code: string; readonly message: string; readonly step: number }[];
  readonly live: readonly Live[];
}

/** Runs all steps; after each, everything is recounted. */
function runSteps(machine: PercpuMachine, steps = STEPS): Outcome {
  const errors: { code: string; message: string; step: number }[] = [];
  const live: Live[] = [];
  for (const [step, each] of steps.entries()) {
    if (each.kind === 'take') {
      const before = liveFigures(machine);
      const given = machine.run((cpu) => machine.allocator.allocate(cpu, each));
      if (given.ok) {
        const at = machine.allocator.locate(given.value);
        if (at === undefined) throw new Error(`${given.value} lies nowhere`);
        const cells = Math.ceil(each.sizeBytes / 4);
        live.push({ ptr: given.value, chunk: at.chunk, start: at.offsetBytes / 4, cells });
      } else {
        errors.push({ ...given.error, step });
        expect(liveFigures(machine)).toEqual(before);
      }
    } else if (each.kind === 'free') {
      const [object] = live.splice(each.index, 1);
      if (object !== undefined) expect(machine.run((cpu) => machine.allocator.free(cpu, object.ptr))).toBe('freed');
    } else {
      machine.run((cpu) => machine.allocator.runBalanceWork(cpu));
    }
    expect(auditRegion(machine.region, live)).toEqual([]);
  }
  return { errors, live };
}

/** What a failed request must leave as it was. */
function liveFigures(machine: PercpuMachine): unknown {
  return percpuStats(machine.region)
    .chunks.map(({ liveObjects, smallestLiveBytes, largestLiveBytes }) => ({
      liveObjects,
      smallestLiveBytes,
      largestLiveBytes,
    }))
    .filter(({ liveObjects }) => liveObjects > 0);
}

function machineFailingAt(failing: number, maxChunks = 12): { machine: PercpuMachine; pages: FailingPages } {
  const between: FailingPages[] = [];
  const machine = new PercpuMachine({
    maxChunks,
    between: (pages) => {
      const wrapped = new FailingPages(pages, failing);
      between.push(wrapped);
      return wrapped;
    },
  });
  const [pages] = between;
  if (pages === undefined) throw new Error('no pages between allocator and frames');
  return { machine, pages };
}

/** Frees everything; pages and frames that are out are those that the counters name. */
function expectNothingLeaked(machine: PercpuMachine, live: readonly Live[], framesAtBoot: number): void {
  for (const { ptr } of live) expect(machine.run((cpu) => machine.allocator.free(cpu, ptr))).toBe('freed');
  machine.run((cpu) => machine.allocator.runBalanceWork(cpu));
  expect(auditRegion(machine.region, [])).toEqual([]);
  const pages = machine.region.header(RegionW.populatedPages);
  expect(machine.percpuFrames()).toBe(framesAtBoot + pages * machine.region.geometry.units);
}

describe('pages that run out', () => {
  it('the n-th time, for every n, fail at most one request, which says so, and leave nothing behind', () => {
    const unhindered = machineFailingAt(Infinity);
    expect(runSteps(unhindered.machine).errors.filter(({ message }) => !message.includes('atomic'))).toEqual([]);
    const asked = unhindered.pages.asked;
    expect(asked).toBeGreaterThan(6);
    const failedSteps = new Set<number>();
    for (let failing = 1; failing <= asked; failing++) {
      const { machine, pages } = machineFailingAt(failing);
      const framesAtBoot = machine.percpuFrames();
      const { errors, live } = runSteps(machine);
      const waiting = errors.filter(({ message }) => !message.includes('atomic'));
      expect(waiting.length).toBeLessThanOrEqual(1);
      for (const { code, message } of waiting) {
        expect([code, message]).toEqual([
          'out-of-memory',
          expect.stringMatching(/^no room for an object of \d+ bytes on every CPU$/),
        ]);
      }
      for (const { step } of waiting) failedSteps.add(step);
      expect(pages.hasFailed).toBe(true);
      expect(pages.out).toBe(machine.region.header(RegionW.populatedPages));
      expectNothingLeaked(machine, live, framesAtBoot);
    }
    expect(failedSteps.size).toBeGreaterThan(3);
  });

  it('are no matter to the same request made again', () => {
    for (let failing = 1; failing <= 4; failing++) {
      const { machine, pages } = machineFailingAt(failing);
      const request = { sizeBytes: 30_000, alignBytes: 8 };
      const codes = Array.from({ length: 5 }, () => {
        const given = machine.run((cpu) => machine.allocator.allocate(cpu, request));
        return given.ok ? 'ok' : given.error.code;
      });
      expect(pages.hasFailed).toBe(true);
      expect(codes).toEqual(Array.from({ length: 5 }, (_, index) => (index === failing - 1 ? 'out-of-memory' : 'ok')));
    }
  });

  it('in the middle of an object leave those that were got as empty pages of its chunk', () => {
    const { machine, pages } = machineFailingAt(4);
    const { region } = machine;
    const request = { sizeBytes: 32768, alignBytes: 4096 };
    const [first, end] = [10, 11];
    // Pages 0 to 7, and one of those that the second object will need.
    expect(machine.run((cpu) => machine.allocator.allocate(cpu, request)).ok).toBe(true);
    machine.run((cpu) => pages.populate(cpu, 2, { first, end }));
    markPopulated(region, 2, { first, end });
    expect(machine.run((cpu) => machine.allocator.allocate(cpu, request)).ok).toBe(false);
    expect(pages.asked).toBe(4);
    // Pages 8 and 9 were got before the run from 11 on failed.
    expect(drawPages(machine, 2)).toBe('UUUUUUUUEEE.....');
    expect(region.header(RegionW.populatedPages)).toBe(pages.out);
    expect(machine.run((cpu) => machine.allocator.allocate(cpu, request)).ok).toBe(true);
    expect(drawPages(machine, 2)).toBe('UUUUUUUUUUUUUUUU');
  });
});

/** A chunk's pages: U in use, E populated and empty, . not populated, ! in use without being populated. */
function drawPages({ region }: PercpuMachine, chunk: number): string {
  const perPage = region.layout.cellsPerPage;
  return Array.from({ length: region.chunkField(chunk, ChunkW.pages) }, (_, page) => {
    const isPopulated = bitIsSet(region.words, region.populatedMap(chunk), page);
    const isUsed = countSet(region.words, region.allocMap(chunk), page * perPage, (page + 1) * perPage) > 0;
    if (isUsed) return isPopulated ? 'U' : '!';
    return isPopulated ? 'E' : '.';
  }).join('');
}

describe('chunks that run out', () => {
  it('at every number that the region can have room for fail the requests that need one more, and nothing else', () => {
    const counts: number[] = [];
    for (let maxChunks = 2; maxChunks <= 8; maxChunks++) {
      const { machine } = machineFailingAt(Infinity, maxChunks);
      const framesAtBoot = machine.percpuFrames();
      const { errors, live } = runSteps(machine);
      expect(errors.every(({ code }) => code === 'out-of-memory')).toBe(true);
      counts.push(errors.filter(({ message }) => !message.includes('atomic')).length);
      expectNothingLeaked(machine, live, framesAtBoot);
    }
    // The fewer chunks, the more requests fail; at last none does.
    expect(counts.toSorted((a, b) => b - a)).toEqual(counts);
    expect(counts.at(0)).toBeGreaterThan(0);
    expect(counts.at(-1)).toBe(0);
  });
});

describe('page frames that run out', () => {
  it('at every number of frames leave nothing behind', () => {
    let failures = 0;
    for (let frames = 0; frames <= 160; frames += 4) {
      const machine = new PercpuMachine({ maxChunks: 12 });
      machine.holdAllFramesBut(frames);
      const framesAtBoot = machine.percpuFrames();
      const { errors, live } = runSteps(machine);
      failures += errors.length;
      expect(errors.every(({ code }) => code === 'out-of-memory')).toBe(true);
      expectNothingLeaked(machine, live, framesAtBoot);
    }
    expect(failures).toBeGreaterThan(20);
  });
});
