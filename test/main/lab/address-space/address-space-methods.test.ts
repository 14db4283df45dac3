import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressSpaceMethods } from '../../../../src/main/lab/address-space/address-space-methods.ts';
import { ShownMachine } from '../../../../src/main/lab/address-space/shown-machine.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import type { AddressSpaceShape, SpaceMoment, TableNode } from '../../../../src/shared/address-space-contract.ts';
import { printAddress, TRANSLATIONS, WINDOW_LAYOUTS } from '../../../../src/shared/address-space.ts';
import type { Result } from '../../../../src/shared/result.ts';
import { type PlainMemory, plainWalk } from './plain-walk.ts';

const KIB = 1024;

type Changes = Partial<AddressSpaceShape> & { readonly space?: Partial<AddressSpaceShape['addressSpace']> };

/** Eight CPUs with units of 64 KiB, two chunks and one more, unless said otherwise. */
function shapeOf({ space, ...changes }: Changes = {}): AddressSpaceShape {
  return {
    addressSpace: {
      translation: '4k-48',
      window: 'same-offset',
      firstChunk: 'page',
      tablesFor: 'possible',
      unitBytes: 64 * KIB,
      tlb: { entries: 8, ways: 2 },
      ...space,
    },
    possibleCpus: 8,
    onlineCpus: 8,
    chunksAtRest: 2,
    chunksAdded: 1,
    tlbSharing: 'own',
    ...changes,
  };
}

/** The machine of the 2026 proposal: 160 CPUs, units of 192 KiB, 5 chunks and 11 more. */
const PROPOSAL = shapeOf({
  possibleCpus: 160,
  onlineCpus: 160,
  chunksAtRest: 5,
  chunksAdded: 11,
  space: { unitBytes: 192 * KIB },
});

const lab = (isMeasuring = false) => createAddressSpaceMethods(() => isMeasuring);

async function value<T>(asked: Promise<Result<T>>): Promise<T> {
  const result = await asked;
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

async function errorOf(asked: Promise<Result<unknown>>): Promise<string> {
  const result = await asked;
  return result.ok ? 'none' : `${result.error.code}: ${result.error.message}`;
}

/** The same machine, built a second time, as plain bytes. */
function memoryOf(shape: AddressSpaceShape, moment: SpaceMoment): (cpu: number) => PlainMemory {
  const built = ShownMachine.build(shape);
  if (!built.ok) throw new Error(built.error.message);
  built.value.moveTo(moment);
  const { arena, space } = built.value.machine;
  return (cpu) => ({
    bytes: arena.buffer,
    frames: arena.geometry.frames,
    top: space.rootOf(cpuId(cpu)) * 4,
    translation: shape.addressSpace.translation,
  });
}

describe('totals', () => {
  it('are those of the proposal: 636K of top-level tables, and windows of one PTE table per chunk and CPU', async () => {
    const { moments, levels } = await value(lab().describeAddressSpace({ shape: PROPOSAL }));
    expect(levels.map(({ name }) => name)).toEqual(['PGD', 'PUD', 'PMD', 'PTE']);
    const own = (moment: SpaceMoment) =>
      moments[moment].levels.map(({ privateByCpu }) => privateByCpu.reduce((sum, tables) => sum + tables, 0));
    expect(own('at-rest')).toEqual([159, 160, 160, 5 * 160]);
    expect(own('added')).toEqual([159, 160, 160, 16 * 160]);
    expect(159 * (levels[0]?.tableBytes ?? 0)).toBe(636 * KIB);
    expect(moments['at-rest'].windowSpaceBytes).toBe(960 * KIB);
    expect(moments.added.windowSpaceBytes - moments['at-rest'].windowSpaceBytes).toBe(2112 * KIB);
    expect(moments.added.levels[3]?.privateByCpu).toEqual(Array.from({ length: 160 }, () => 16));
  });

  it('tell machines apart by moment, and give the chunks back when at rest again', async () => {
    const answers = lab();
    const shape = shapeOf();
    const count = async (moment: SpaceMoment): Promise<number> => {
      const { children } = await value(answers.pageTableTree({ shape, moment, cpu: 1 }));
      return tablesOf(children.filter(({ region }) => region === 'window'));
    };
    const atRest = await count('at-rest');
    expect(await count('added')).toBeGreaterThanOrEqual(atRest);
    expect(await count('at-rest')).toBe(atRest);
    expect(await errorOf(answers.chunkColumns({ shape, moment: 'at-rest', chunk: 2, cpus: [0] }))).toContain(
      'not-found',
    );
    expect((await value(answers.chunkColumns({ shape, moment: 'added', chunk: 2, cpus: [0] }))).chunk).toBe(2);
  });
});

function tablesOf(nodes: readonly TableNode[]): number {
  return nodes.reduce((sum, { tables, children }) => sum + tables + tablesOf(children), 0);
}

function allNodes(node: TableNode): readonly TableNode[] {
  return [node, ...node.children.flatMap(allNodes)];
}

describe('the tree of a CPU', () => {
  it('leads through one’s own tables below the window and through everybody’s elsewhere', async () => {
    const tree = await value(lab().pageTableTree({ shape: PROPOSAL, moment: 'added', cpu: 7 }));
    expect([tree.kind, tree.walkers, tree.path]).toEqual(['pgd', 1, []]);
    for (const { kind, region, walkers } of allNodes(tree).slice(1)) {
      expect([kind, walkers]).toEqual(region === 'window' ? ['private', 1] : ['shared', 160]);
    }
    // 16 chunks of 30 MiB, 15 × 2 MiB each: 240 PTE tables for the units, 16 for this CPU's window.
    const counts = (region: string) => tablesOf(tree.children.filter((child) => child.region === region));
    expect([counts('chunks'), counts('window')]).toEqual([1 + 1 + 240, 1 + 1 + 16]);
  });

  it('is as small for a large machine as for a small one', async () => {
    const tree = await value(lab().pageTableTree({ shape: PROPOSAL, moment: 'added', cpu: 0 }));
    expect(allNodes(tree).length).toBeLessThan(100);
    expect(JSON.stringify(tree).length).toBeLessThan(30_000);
  });

  it('is the machine’s own where a CPU has no tables', async () => {
    const shape = shapeOf({ onlineCpus: 3, space: { tablesFor: 'online' } });
    const { cpusWithTables } = await value(lab().describeAddressSpace({ shape }));
    expect(cpusWithTables).toBe(3);
    const tree = await value(lab().pageTableTree({ shape, moment: 'at-rest', cpu: 5 }));
    expect([tree.kind, tree.walkers]).toEqual(['pgd', 6]);
  });
});

describe('a table', () => {
  it('is reached from the top level down to a frame, each step by an entry of the one before', async () => {
    const answers = lab();
    const looked = { shape: PROPOSAL, moment: 'at-rest', cpu: 3 } as const;
    const memory = memoryOf(PROPOSAL, 'at-rest')(3);
    const tree = await value(answers.pageTableTree(looked));
    const window = tree.children.find(({ region }) => region === 'window');
    let path: readonly number[] = window?.path ?? [];
    let content = await value(answers.pageTable({ ...looked, path: [...path] }));
    while (content.chosen?.kind === 'table') {
      path = [...path, content.chosen.index];
      content = await value(answers.pageTable({ ...looked, path: [...path], entry: 0 }));
    }
    expect([content.kind, content.walkers, content.entriesUsed]).toEqual(['private', 1, 48]);
    expect(content.strip).toBe(`${'f'.repeat(48)}${'.'.repeat(464)}`);
    const { chosen } = content;
    expect(chosen).toMatchObject({ index: 0, kind: 'page', place: { kind: 'window', chunk: 0, byte: 0 }, walkers: 1 });
    expect(plainWalk(memory, chosen?.start ?? 0)).toEqual({ indices: [...path, 0], frame: chosen?.frame });
    expect(plainWalk(memory, chosen?.otherAddress ?? 0).frame).toBe(chosen?.frame);
  });

  it('lists the entries around the chosen one, and takes the nearest in use', async () => {
    const looked = { shape: PROPOSAL, moment: 'added', cpu: 0 } as const;
    const { listed, chosen, entriesUsed, strip } = await value(lab().pageTable({ ...looked, path: [], entry: 300 }));
    expect([entriesUsed, listed.letter]).toEqual([3, 'ssp']);
    // Behind the linear map, the last but two and the last but one of 512 entries: the top one is the fixed maps'.
    expect(listed.index).toEqual([0, 509, 510]);
    expect(chosen?.index).toBe(509);
    expect(strip.replaceAll('.', '')).toBe('ssp');
  });

  it('is not found where an entry leads to none', async () => {
    const looked = { shape: shapeOf(), moment: 'at-rest', cpu: 0 } as const;
    expect(await errorOf(lab().pageTable({ ...looked, path: [5] }))).toBe(
      'not-found: Entry 5 of level 0 leads to no table',
    );
    expect(await errorOf(lab().pageTable({ ...looked, path: [600] }))).toContain('leads to no table');
    expect(await errorOf(lab().pageTable({ ...looked, cpu: 8, path: [] }))).toContain('no CPU 8');
  });
});

describe('the columns of a chunk', () => {
  it.each(['page', 'second-window'] as const)(
    'reach the same frame by both addresses (first chunk: %s)',
    async (firstChunk) => {
      const shape = shapeOf({ space: { firstChunk } });
      const memory = memoryOf(shape, 'at-rest');
      for (const chunk of [0, 1]) {
        const cpus = [0, 1, 5, 7];
        const columns = await value(lab().chunkColumns({ shape, moment: 'at-rest', chunk, cpus }));
        const frames = columns.columns.flatMap((column) => column.frames);
        expect(new Set(frames).size).toBe(4 * 16);
        for (const { cpu, address, frames: own, windowFrames } of columns.columns) {
          expect(windowFrames).toEqual(own);
          own.forEach((frame, page) => {
            expect(plainWalk(memory(cpu), address + page * 4096).frame).toBe(frame);
            expect(plainWalk(memory(cpu), (columns.localAddress ?? 0) + page * 4096).frame).toBe(frame);
          });
        }
      }
    },
  );

  it('have no local one without a window', async () => {
    const shape = shapeOf({ space: { window: 'none' } });
    const columns = await value(lab().chunkColumns({ shape, moment: 'at-rest', chunk: 0, cpus: [1] }));
    expect([columns.localAddress, columns.columns[0]?.windowFrames]).toEqual([undefined, []]);
  });
});

describe('a translation', () => {
  it('takes the steps and ends at the frame that a walk written down a second time does', async () => {
    const cases = fc.record({
      translation: fc.constantFrom(...TRANSLATIONS),
      window: fc.constantFrom(...WINDOW_LAYOUTS),
      firstChunk: fc.constantFrom('page' as const, 'second-window' as const),
    });
    await fc.assert(
      fc.asyncProperty(cases, fc.infiniteStream(fc.nat(2 ** 31 - 1)), async (space, numbers) => {
        const shape = shapeOf({ possibleCpus: 4, onlineCpus: 4, space });
        const answers = lab();
        const { regionEnds, vaBits } = await value(answers.describeAddressSpace({ shape }));
        const memory = memoryOf(shape, 'added');
        const next = (below: number): number => (numbers.next().value ?? 0) % below;
        for (const start of [0, regionEnds.linear, regionEnds.vmalloc, regionEnds.chunks, regionEnds.window]) {
          for (let turn = 0; turn < 6; turn++) {
            const cpu = next(4);
            const address = start + next(turn < 4 ? 6 * 64 * KIB : 2 ** 30);
            const looked = { shape, moment: 'added', cpu } as const;
            const found = await value(answers.translateAddress({ ...looked, address: printAddress(vaBits, address) }));
            const { indices, frame } = plainWalk(memory(cpu), address);
            expect(found.steps.map(({ index }) => index)).toEqual(indices);
            expect([found.address, found.tableFrame, found.reachedFrame]).toEqual([address, frame, frame]);
            expect(found.reachedCpu).toBe(frame === undefined ? undefined : found.meantCpu);
          }
        }
      }),
      { numRuns: 12 },
    );
  });

  it('misses once and then hits, until it is invalidated', async () => {
    const answers = lab();
    const looked = { shape: shapeOf(), moment: 'at-rest', cpu: 2 } as const;
    const { localAddress = 0 } = await value(answers.chunkColumns({ ...looked, chunk: 1, cpus: [2] }));
    const address = printAddress(48, localAddress + 20);
    const access = async () => (await value(answers.translateAddress({ ...looked, address }))).tlb;
    const first = await access();
    expect(first).toMatchObject({ kind: 'miss', way: 0, evicted: undefined });
    expect(await access()).toEqual({ kind: 'hit', set: first.set, way: 0 });
    const after = await value(answers.invalidateTlb({ ...looked, address }));
    expect([after.entries, after.hits, after.misses, after.walkSteps]).toEqual([[], 1, 1, 4]);
    expect((await access()).kind).toBe('miss');
  });

  it('throws out what lies in its set: with two ways the third page of a set takes the place of one', async () => {
    const answers = lab();
    const looked = { shape: shapeOf(), moment: 'at-rest', cpu: 0 } as const;
    // Four sets: every fourth page of the linear map is in the same one.
    const pages = [16, 20, 24, 16, 20].map((page) => printAddress(48, page * 4096));
    const seen: unknown[] = [];
    for (const address of pages) {
      const { tlb } = await value(answers.translateAddress({ ...looked, address }));
      seen.push([tlb.kind, tlb.set, tlb.way, tlb.evicted?.address]);
    }
    expect(seen).toEqual([
      ['miss', 0, 0, undefined],
      ['miss', 0, 1, undefined],
      ['miss', 0, 1, 20 * 4096],
      ['hit', 0, 0, undefined],
      ['miss', 0, 0, 16 * 4096],
    ]);
  });

  it('goes wrong where two CPUs share a TLB without tags, and right with them', async () => {
    const reach = async (tlbSharing: AddressSpaceShape['tlbSharing']) => {
      const answers = lab();
      const looked = { shape: shapeOf({ tlbSharing }), moment: 'at-rest' } as const;
      const { localAddress = 0 } = await value(answers.chunkColumns({ ...looked, chunk: 0, cpus: [0] }));
      const address = printAddress(48, localAddress);
      await value(answers.translateAddress({ ...looked, cpu: 0, address }));
      return value(answers.translateAddress({ ...looked, cpu: 1, address }));
    };
    const wrong = await reach('smt-untagged');
    expect([wrong.tlb.kind, wrong.meantCpu, wrong.reachedCpu, wrong.after.cpus]).toEqual(['hit', 1, 0, [0, 1]]);
    expect(wrong.reachedFrame).not.toBe(wrong.tableFrame);
    for (const sharing of ['smt-tagged', 'own'] as const) {
      const right = await reach(sharing);
      expect([right.tlb.kind, right.meantCpu, right.reachedCpu]).toEqual(['miss', 1, 1]);
    }
  });

  it('reaches CPU 0’s copy from a CPU without tables of its own', async () => {
    const answers = lab();
    const shape = shapeOf({ onlineCpus: 2, space: { tablesFor: 'online' } });
    const looked = { shape, moment: 'at-rest' } as const;
    const { localAddress = 0, columns } = await value(answers.chunkColumns({ ...looked, chunk: 0, cpus: [1, 4] }));
    expect(columns.map(({ hasWindow }) => hasWindow)).toEqual([true, false]);
    const address = printAddress(48, localAddress);
    const found = await value(answers.translateAddress({ ...looked, cpu: 4, address }));
    expect([found.meantCpu, found.reachedCpu]).toEqual([4, 0]);
  });

  it('ends in a page fault where nothing is mapped, and in a sentence for what is no address', async () => {
    const answers = lab();
    const looked = { shape: shapeOf(), moment: 'at-rest', cpu: 1 } as const;
    const fault = await value(answers.translateAddress({ ...looked, address: '0xffff800080000000' }));
    expect(fault.place).toEqual({ kind: 'nothing', region: 'vmalloc' });
    expect([fault.reachedFrame, fault.tableFrame, fault.tlb.way]).toEqual([undefined, undefined, undefined]);
    expect(fault.steps.at(-1)?.kind).toBe('empty');
    expect(await errorOf(answers.translateAddress({ ...looked, address: '0x1000' }))).toBe(
      'bad-input: “0x1000” is no address of the kernel’s half, which is 0xffff000000000000 … 0xffffffffffffffff',
    );
  });
});

describe('building', () => {
  it('waits for a measured run to end, but what is built can be looked at', async () => {
    let isMeasuring = false;
    const answers = createAddressSpaceMethods(() => isMeasuring);
    const looked = { shape: shapeOf(), moment: 'at-rest', cpu: 0 } as const;
    await value(answers.pageTableTree(looked));
    isMeasuring = true;
    await value(answers.pageTableTree(looked));
    expect(await errorOf(answers.pageTableTree({ ...looked, moment: 'added' }))).toContain('busy');
    expect(await errorOf(answers.describeAddressSpace({ shape: PROPOSAL }))).toContain('busy');
  });

  it('has room for the tables of units as large as they may be, which begin and end anywhere', async () => {
    for (const window of WINDOW_LAYOUTS) {
      const space = { unitBytes: 4032 * KIB, window, translation: '4k-39' } as const;
      const shape = shapeOf({ possibleCpus: 13, onlineCpus: 13, chunksAtRest: 1, chunksAdded: 29, space });
      const { moments } = await value(lab().describeAddressSpace({ shape }));
      expect(moments.added.chunks).toHaveLength(30);
    }
  });

  it('refuses machines that nobody could look at', async () => {
    const shape = shapeOf({ possibleCpus: 1024, onlineCpus: 1024, chunksAdded: 62, space: { unitBytes: 4096 * KIB } });
    expect(await errorOf(lab().describeAddressSpace({ shape }))).toBe(
      'bad-input: 64 chunks on 1024 CPUs are 67108864 pages; at most 2097152 are built to be looked at',
    );
  });
});
