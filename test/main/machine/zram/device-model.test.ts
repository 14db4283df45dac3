/**
 * The device against a map from slots to bytes: random sequences of everything that can be asked of it, on a machine small
 * enough to run out of memory, with the scheduler switching at every second chance.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUFFER_LAYOUTS } from '../../../../src/shared/design.ts';
import { Lz4Codec } from '../../../../src/main/engine/codec/lz4.ts';
import type { Codec, IoPage } from '../../../../src/main/machine/codec.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { FrameKind } from '../../../../src/main/machine/memory/arena-layout.ts';
import { readDeviceStatistics } from '../../../../src/main/machine/zram/device-statistics.ts';
import { countFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { poolPages, setLimit } from '../fixtures/mm-stat.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditMachine } from '../fixtures/pool-audit.ts';
import { blankPage, samePage, SizedCodec, sizedPage } from '../fixtures/sized-pages.ts';

const SLOTS = 24;

/** What the device should hold. */
interface Model {
  readonly contents: Map<number, Buffer>;
  failedWrites: number;
  discarded: number;
}

interface Real {
  readonly machine: Machine;
  readonly cpu: OneCpu;
  readonly pageSizeBytes: number;
}

type PageRecipe =
  | { readonly kind: 'same'; readonly low: number; readonly high: number }
  | { readonly kind: 'mixed'; readonly randomBytes: number; readonly seed: number }
  | { readonly kind: 'sized'; readonly sizeBytes: number; readonly tag: number };

function makePage(recipe: PageRecipe, pageSizeBytes: number): IoPage {
  switch (recipe.kind) {
    case 'same':
      return samePage(recipe.low, recipe.high, pageSizeBytes);
    case 'sized':
      return sizedPage(recipe.sizeBytes, recipe.tag, pageSizeBytes);
    case 'mixed': {
      const page = blankPage(pageSizeBytes);
      new Random(recipe.seed).fillBytes(
        page.bytes.subarray(0, Math.floor((recipe.randomBytes * pageSizeBytes) / 4096)),
      );
      return page;
    }
  }
}

class Write implements fc.Command<Model, Real> {
  readonly #slot: number;
  readonly #recipes: readonly PageRecipe[];

  constructor(slot: number, recipes: readonly PageRecipe[]) {
    this.#slot = slot;
    this.#recipes = recipes;
  }

  check(): boolean {
    return this.#slot + this.#recipes.length <= SLOTS;
  }

  run(model: Model, { machine, cpu, pageSizeBytes }: Real): void {
    const pages = this.#recipes.map((recipe) => makePage(recipe, pageSizeBytes));
    const status = cpu.write(machine.device(0), this.#slot, ...pages);
    if (status === IoStatus.done) {
      for (const [at, page] of pages.entries()) model.contents.set(this.#slot + at, Buffer.from(page.bytes));
      return;
    }
    // Out of memory: some first pages are new, all others old. Which ones, only the device knows.
    expect(status).toBe(IoStatus.noMemory);
    model.failedWrites += 1;
    expect(readDeviceStatistics(machine.arena, 0).failedWrites).toBe(model.failedWrites);
    let isNew = true;
    for (const [at, page] of pages.entries()) {
      const found = cpu.read(machine.device(0), this.#slot + at, pageSizeBytes);
      const old = model.contents.get(this.#slot + at) ?? Buffer.alloc(pageSizeBytes);
      isNew = isNew && found.equals(page.bytes);
      expect(isNew || found.equals(old), `slot ${this.#slot + at} is new or old`).toBe(true);
      if (isNew) model.contents.set(this.#slot + at, found);
    }
  }

  toString(): string {
    return `write ${this.#slot} ${JSON.stringify(this.#recipes)}`;
  }
}

class Discard implements fc.Command<Model, Real> {
  readonly #slot: number;
  readonly #count: number;

  constructor(slot: number, count: number) {
    this.#slot = slot;
    this.#count = count;
  }

  check(): boolean {
    return this.#slot + this.#count <= SLOTS;
  }

  run(model: Model, { machine, cpu }: Real): void {
    cpu.discard(machine.device(0), this.#slot, this.#count);
    for (let slot = this.#slot; slot < this.#slot + this.#count; slot++) model.contents.delete(slot);
    model.discarded += this.#count;
    expect(readDeviceStatistics(machine.arena, 0).notifyFree).toBe(model.discarded);
  }

  toString(): string {
    return `discard ${this.#slot} ${this.#count}`;
  }
}

class Read implements fc.Command<Model, Real> {
  readonly #slot: number;

  constructor(slot: number) {
    this.#slot = slot;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, { machine, cpu, pageSizeBytes }: Real): void {
    const expected = model.contents.get(this.#slot) ?? Buffer.alloc(pageSizeBytes);
    expect(cpu.read(machine.device(0), this.#slot, pageSizeBytes).equals(expected), `slot ${this.#slot}`).toBe(true);
  }

  toString(): string {
    return `read ${this.#slot}`;
  }
}

class Limit implements fc.Command<Model, Real> {
  readonly #pages: number;

  constructor(pages: number) {
    this.#pages = pages;
  }

  check(): boolean {
    return true;
  }

  run(_model: Model, { machine }: Real): void {
    setLimit(machine.arena, this.#pages);
  }

  toString(): string {
    return `limit ${this.#pages}`;
  }
}

class Audit implements fc.Command<Model, Real> {
  check(): boolean {
    return true;
  }

  run(model: Model, { machine }: Real): void {
    auditMachine(machine.arena);
    expect(readDeviceStatistics(machine.arena, 0).pagesStored).toBe(model.contents.size);
  }

  toString(): string {
    return 'audit';
  }
}

const slots = fc.nat(SLOTS - 1);
const words = fc.constantFrom(0, 1, -1, 0x5555_5555);
const sameRecipe = fc.record({ kind: fc.constant('same' as const), low: words, high: words });
const mixedRecipe = fc.record({
  kind: fc.constant('mixed' as const),
  randomBytes: fc.integer({ min: 1, max: 4096 }),
  seed: fc.nat(0xffff),
});
const sizedRecipe = fc.record({
  kind: fc.constant('sized' as const),
  sizeBytes: fc.oneof(fc.integer({ min: 27, max: 4114 }), fc.constantFrom(27, 2700, 3624, 3625)),
  tag: fc.nat(0xffff),
});

function commands(recipe: fc.Arbitrary<PageRecipe>) {
  const requests = fc.array(recipe, { minLength: 1, maxLength: 5 });
  return fc.commands(
    [
      fc.tuple(slots, requests).map(([slot, recipes]) => new Write(slot, recipes)),
      fc.tuple(slots, requests).map(([slot, recipes]) => new Write(slot, recipes)),
      fc.tuple(slots, fc.integer({ min: 1, max: 6 })).map(([slot, count]) => new Discard(slot, count)),
      slots.map((slot) => new Read(slot)),
      fc.constantFrom(0, 4, 9, 30).map((pages) => new Limit(pages)),
      fc.constant(new Audit()),
    ],
    { maxCommands: 50 },
  );
}

/** Frees everything: no pool page may be left, and every frame that boot had left must be free again. */
function emptyAndCheck({ machine, cpu, pageSizeBytes }: Real, model: Model, freeAtBoot: number): void {
  for (let slot = 0; slot < SLOTS; slot++) new Read(slot).run(model, { machine, cpu, pageSizeBytes });
  auditMachine(machine.arena);
  cpu.discard(machine.device(0), 0, SLOTS);
  auditMachine(machine.arena);
  expect(poolPages(machine.arena)).toBe(0);
  expect(countFrames(machine.arena)[FrameKind.free]).toBe(freeAtBoot);
}

interface Variant {
  readonly name: string;
  readonly recipe: fc.Arbitrary<PageRecipe>;
  readonly pageSizes: readonly number[];
  readonly codec: (machine: Machine) => Codec;
}

const VARIANTS: readonly Variant[] = [
  {
    name: 'pages of chosen compressed size',
    recipe: fc.oneof({ weight: 4, arbitrary: sizedRecipe }, sameRecipe),
    pageSizes: [4096],
    codec: ({ arena }) => new SizedCodec(arena),
  },
  {
    name: 'real LZ4',
    recipe: fc.oneof({ weight: 4, arbitrary: mixedRecipe }, sameRecipe),
    pageSizes: [4096, 16384, 65536],
    codec: ({ arena }) => new Lz4Codec(arena.buffer, arena.config.pageSizeBytes),
  },
];

describe.each(BUFFER_LAYOUTS)('a device under %s', (bufferLayout) => {
  it.each(VARIANTS)('keeps what is written, with $name', ({ recipe, pageSizes, codec }) => {
    for (const pageSizeBytes of pageSizes) {
      fc.assert(
        fc.property(commands(recipe), (sequence) => {
          const machine = makeMachine({
            bufferLayout,
            pageSizeBytes,
            possibleCpus: 1,
            onlineCpus: 1,
            // A pool of about 20 pages.
            memoryBytes: 30 * pageSizeBytes,
            diskSizeBytes: SLOTS * pageSizeBytes,
          });
          const freeAtBoot = countFrames(machine.arena)[FrameKind.free] ?? 0;
          const model: Model = { contents: new Map(), failedWrites: 0, discarded: 0 };
          const real: Real = { machine, cpu: new OneCpu(machine.arena, codec(machine)), pageSizeBytes };
          fc.modelRun(() => ({ model, real }), sequence);
          emptyAndCheck(real, model, freeAtBoot);
        }),
        { numRuns: pageSizeBytes === 4096 ? 80 : 25 },
      );
    }
  });
});
