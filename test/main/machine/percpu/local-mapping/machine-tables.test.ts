/** Whole machines whose per-CPU chunks are mapped by page tables: what the allocator has, the tables show, and nothing else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootMachine, bootShortage } from '../../../../../src/main/machine/boot.ts';
import { complete, type Cpu, type Suspending } from '../../../../../src/main/machine/cpu.ts';
import { LoneCpu } from '../../../../../src/main/machine/lone-cpu.ts';
import { Machine } from '../../../../../src/main/machine/machine.ts';
import type { MappedSpaceConfig } from '../../../../../src/main/machine/memory/address-space-config.ts';
import { SpaceW } from '../../../../../src/main/machine/memory/address-space-layout.ts';
import { Arena, type MachineConfig } from '../../../../../src/main/machine/memory/arena.ts';
import { FrameKind } from '../../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames } from '../../../../../src/main/machine/memory/page-frames.ts';
import { pageGeometry } from '../../../../../src/main/machine/memory/page-geometry.ts';
import { HotplugState } from '../../../../../src/main/machine/percpu/hotplug.ts';
import { auditAllocatorTables } from '../../../../../src/main/machine/percpu/local-mapping/audit-allocator-tables.ts';
import type { MappedMachine } from '../../../../../src/main/machine/percpu/local-mapping/mapped-machine.ts';
import { tableFramesAtBoot } from '../../../../../src/main/machine/percpu/local-mapping/machine-tables.ts';
import { planPercpu } from '../../../../../src/main/machine/percpu/percpu-plan.ts';
import { cpuId, frameNumber, type PercpuPtr, type VirtualAddress } from '../../../../../src/main/machine/units.ts';
import { Random } from '../../../../../src/main/workload/random.ts';
import { printAddress, TRANSLATIONS, type Translation } from '../../../../../src/shared/address-space.ts';
import { valueOf } from '../../../lab/small-lab.ts';
import { machineConfig, makeMachine, smallPercpu } from '../../fixtures/make-machine.ts';
import { MachineTasks } from '../../fixtures/machine-tasks.ts';
import { auditMachine } from '../../fixtures/pool-audit.ts';
import { auditRegion } from '../chunks/region-audit.ts';

const CPUS = 4;

function tables(changes: Partial<MappedSpaceConfig> = {}): MappedSpaceConfig {
  return {
    translation: '4k-48',
    window: 'same-offset',
    tablesFor: 'possible',
    tlb: { entries: 16, ways: 4 },
    ...changes,
  };
}

/** Four CPUs, memory of some 1000 pages, unless said otherwise. */
function mappedMachine(changes: Partial<MappedSpaceConfig> = {}, machine: Partial<MachineConfig> = {}): Machine {
  const addressSpace = tables(changes);
  const { pageSizeBytes } = pageGeometry(addressSpace.translation);
  return makeMachine({
    pageSizeBytes,
    memoryBytes: 1000 * pageSizeBytes,
    diskSizeBytes: 4 * pageSizeBytes,
    percpu: smallPercpu(pageSizeBytes, { minUnitBytes: Math.max(32 * 1024, 4 * pageSizeBytes), maxChunks: 8 }),
    ...machine,
    addressSpace,
  });
}

function mappedOf(machine: Machine): MappedMachine {
  if (machine.mapped === undefined) throw new Error('the machine has no page tables');
  return machine.mapped;
}

/** All that must hold at rest; what is wrong, a sentence each. */
function faultsOf(machine: Machine): readonly string[] {
  return [...auditAllocatorTables(machine.area.region, mappedOf(machine)), ...mismatches(machine)];
}

/** Every page in the allocator's frame map is what the CPU's own walk finds, by its global address and through its window. */
function mismatches({ area, arena, mapped }: Machine): readonly string[] {
  if (mapped === undefined) return ['the machine has no page tables'];
  const { region } = area;
  const faults: string[] = [];
  const { pageSizeBytes, possibleCpus } = arena.config;
  const frameOf = (span: number, page: number, unit: number): number =>
    region.words.get(span === 0 ? region.firstChunkFrameWord(page, unit) : region.frameWord(span + 1, page, unit));
  for (let span = 0; span < region.capacity.maxChunks - 1; span++) {
    const exists = span === 0 || region.exists(span + 1);
    for (let page = 0; page < region.layout.pagesPerUnit; page++) {
      for (let cpu = 0; cpu < possibleCpus; cpu++) {
        const expected = exists ? frameOf(span, page, cpu) : 0;
        const pointer = mapped.mapping.pointer(span, page * pageSizeBytes);
        const root = mapped.space.rootOf(cpuId(cpu));
        const global = (mapped.tables.walk(root, mapped.mapping.perCpuPtr(pointer, cpuId(cpu)))?.frame ?? -1) + 1;
        if (global !== expected) faults.push(`chunk ${span}, page ${page}, CPU ${cpu}: ${global}, not ${expected}`);
        if (!mapped.mapping.hasWindow(cpuId(cpu))) continue;
        const own = (mapped.tables.walk(root, mapped.mapping.windowPtr(pointer))?.frame ?? -1) + 1;
        if (own !== expected) faults.push(`window of CPU ${cpu}, chunk ${span}, page ${page}: ${own}, not ${expected}`);
      }
    }
  }
  return faults;
}

/** Allocates, writes every CPU's copy by its own walk, checks by the frame map and the window, frees. */
function* churn(machine: Machine, cpu: Cpu, random: Random, turns: number): Suspending<void> {
  const { percpu, arena, area } = machine;
  const mapped = mappedOf(machine);
  const objects: { readonly ptr: PercpuPtr; readonly value: number }[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const choice = random.nextBelow(10);
    if (choice < 5) {
      const made = yield* percpu.allocPercpu(cpu, { sizeBytes: 4 + random.nextBelow(6000), alignBytes: 8 });
      if (!made.ok) continue;
      const value = random.nextBelow(2 ** 31);
      for (let id = 0; id < CPUS; id++) {
        const found = mapped.tables.walk(mapped.space.rootOf(cpuId(0)), percpu.perCpuPtr(made.value, cpuId(id)));
        if (found === undefined) throw new Error(`CPU ${id}'s copy of ${made.value} is not mapped`);
        const offset = percpu.perCpuPtr(made.value, cpuId(id)) % arena.config.pageSizeBytes;
        arena.words[(arena.frameAddress(found.frame) + offset) / 4] = value ^ id;
      }
      objects.push({ ptr: made.value, value });
    } else if (choice < 9) {
      const [object] = objects.splice(random.nextBelow(Math.max(1, objects.length)), 1);
      if (object === undefined) continue;
      for (let id = 0; id < CPUS; id++) {
        const found = arena.word(area.physicalAddress(object.ptr, cpuId(id)) / 4);
        if (found !== (object.value ^ id)) throw new Error(`CPU ${id}'s copy of ${object.ptr} has changed`);
      }
      if ((yield* percpu.freePercpu(cpu, object.ptr)) !== 'freed') throw new Error(`${object.ptr} was not there`);
    } else {
      yield* percpu.runDeferredWork(cpu);
    }
  }
  for (const { ptr } of objects) yield* percpu.freePercpu(cpu, ptr);
}

const MAPPED_TRANSLATIONS = TRANSLATIONS.filter((translation) => !translation.startsWith('64k'));

describe('a machine with page tables', () => {
  it.each(MAPPED_TRANSLATIONS.flatMap((name) => [[name, 'none'] as const, [name, 'same-offset'] as const]))(
    'boots with its first chunk mapped: %s, window %s',
    (translation, window) => {
      const machine = mappedMachine({ translation, window });
      expect(faultsOf(machine)).toEqual([]);
      const { mapping } = mappedOf(machine);
      expect(mapping.chunks()).toEqual([0]);
      expect(mapping.hasWindow(cpuId(3))).toBe(window !== 'none');
      // At least the static variables' page is there on every CPU.
      const first = machine.area.region.words.get(machine.area.region.firstChunkFrameWord(0, 3));
      expect(first).toBeGreaterThan(0);
      expect(frameNumber(first - 1)).toBeLessThan(machine.arena.frameCount);
    },
  );

  describe('whose tables differ from the allocator’s frame map', () => {
    /** What the audit says first of CPU 2's global address of page 0 of the first chunk, after `damage` at that address. */
    function saidAfter(damage: (mapped: MappedMachine, address: VirtualAddress) => void): string | undefined {
      const machine = mappedMachine({ window: 'none' });
      const mapped = mappedOf(machine);
      damage(mapped, mapped.mapping.perCpuPtr(mapped.mapping.pointer(0, 0), cpuId(2)));
      return auditAllocatorTables(machine.area.region, mapped)[0];
    }
    const shared = (mapped: MappedMachine) => ({ word: mapped.space.rootOf(cpuId(0)), owner: 'shared' }) as const;

    it('is told with CPU, address and the frame that should be there, when nothing is', () => {
      let printed = '';
      const said = saidAfter((mapped, address) => {
        printed = printAddress(48, address);
        mapped.tables.unmap(shared(mapped), address);
      });
      expect(said).toMatch(/^CPU 2 maps 0xf[0-9a-f]{15} .*its own unit\) to nothing and should map it to frame \d+$/);
      expect(said).toContain(`${printed} (page 0 of chunk 0, its own unit)`);
    });

    it('is told with both frames, when it is another CPU’s', () => {
      const said = saidAfter((mapped, address) => {
        mapped.tables.unmap(shared(mapped), address);
        const other = mapped.tables.walk(
          mapped.space.rootOf(cpuId(0)),
          mapped.mapping.perCpuPtr(mapped.mapping.pointer(0, 0), cpuId(3)),
        );
        const leaf = { frame: other?.frame ?? frameNumber(0), level: 3 };
        complete(mapped.tables.map(new LoneCpu(cpuId(0)), shared(mapped), address, leaf));
      });
      const [, found, expected] = /to frame (\d+) and should map it to frame (\d+)$/.exec(said ?? '') ?? [];
      expect([found === undefined, found === expected]).toEqual([false, false]);
    });

    it('is told when something is mapped that the allocator does not have', () => {
      const machine = mappedMachine();
      const mapped = mappedOf(machine);
      expect(complete(mapped.addChunk(new LoneCpu(cpuId(0)), 1))).toBe(1);
      expect(auditAllocatorTables(machine.area.region, mapped)[0]).toMatch(
        /^CPU 0 maps 0xf[0-9a-f]{15} \(page 0 of chunk 1, its own unit\) to frame \d+ and should map it to nothing$/,
      );
    });
  });

  it('is the same machine to a thread that attaches to its buffer', () => {
    const machine = mappedMachine({ translation: '16k-47', tablesFor: 'online', tlb: { entries: 32, ways: 2 } });
    const other = Machine.attach(machine.arena.buffer);
    expect(other.arena.config).toEqual(machine.arena.config);
    expect(other.arena.config.addressSpace).toEqual(
      tables({ translation: '16k-47', tablesFor: 'online', tlb: { entries: 32, ways: 2 } }),
    );
    expect(faultsOf(other)).toEqual([]);
  });

  it('takes no more table frames at boot than were counted, and hardly fewer', () => {
    const translations = fc.constantFrom<Translation>(...MAPPED_TRANSLATIONS);
    fc.assert(
      fc.property(
        translations,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (translation, possibleCpus, hasWindow) => {
          const machine = mappedMachine(
            { translation, window: hasWindow ? 'same-offset' : 'none' },
            { possibleCpus, onlineCpus: 1 },
          );
          const taken = countFrames(machine.arena)[FrameKind.pageTable] ?? 0;
          const counted = tableFramesAtBoot(machine.arena.config, machine.arena.percpu);
          expect(taken).toBeLessThanOrEqual(counted);
          // One more per level and range where a range straddles a border, which it does not here; small top-level tables share a frame.
          const { levels } = pageGeometry(translation);
          expect(counted - taken).toBeLessThanOrEqual((levels.length - 1) * (possibleCpus + 2) + possibleCpus);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives addresses of its chunk range, one unit apart', () => {
    const machine = mappedMachine();
    const { space } = mappedOf(machine);
    const tasks = new MachineTasks(machine.arena);
    const made = valueOf(tasks.run(1, (cpu) => machine.percpu.allocPercpu(cpu, { sizeBytes: 64, alignBytes: 8 })));
    const addresses = [0, 1, 2, 3].map((cpu) => machine.percpu.perCpuPtr(made, cpuId(cpu)));
    for (const [cpu, address] of addresses.entries()) {
      expect(address).toBe((addresses[0] ?? 0) + cpu * machine.area.region.geometry.unitBytes);
      expect(address).toBeGreaterThanOrEqual(space.regions.chunks.start);
      expect(address).toBeLessThan(space.regions.chunks.end);
    }
  });
});

describe('allocations on a machine with page tables', () => {
  it.each([
    ['same-offset', 'possible'],
    ['same-offset', 'online'],
    ['none', 'possible'],
  ] as const)(
    'from four CPUs in any order keep both mappings true: window %s, tables for %s CPUs',
    (window, tablesFor) => {
      fc.assert(
        fc.property(fc.nat(), (seed) => {
          const machine = mappedMachine({ window, tablesFor });
          const { arena } = machine;
          const before = countFrames(arena);
          const tasks = new MachineTasks(arena, { seed, switchChance: 80 });
          for (let id = 0; id < CPUS; id++) {
            tasks.spawn(id, (cpu) => churn(machine, cpu, new Random(seed + id), 60));
          }
          tasks.runAll();
          expect(faultsOf(machine)).toEqual([]);
          expect(auditRegion(machine.area.region, [])).toEqual([]);
          // Chunks that went took their tables along: the spare ones alone have any.
          const chunks = mappedOf(machine).mapping.chunks().length;
          const after = countFrames(arena);
          const perChunk = 1 + (window === 'none' ? 0 : CPUS);
          expect((after[FrameKind.pageTable] ?? 0) - (before[FrameKind.pageTable] ?? 0)).toBeLessThanOrEqual(
            chunks * perChunk,
          );
          auditMachine(arena);
        }),
        { numRuns: 12 },
      );
    },
  );

  it('share their chunk’s tables: a hundred more objects in mapped pages cost no table, no copy and no flush', () => {
    const machine = mappedMachine();
    const { space } = mappedOf(machine);
    const tasks = new MachineTasks(machine.arena);
    const make = (): PercpuPtr =>
      valueOf(tasks.run(0, (cpu) => machine.percpu.allocPercpu(cpu, { sizeBytes: 16, alignBytes: 8 })));
    make();
    tasks.run(0, (cpu) => machine.area.allocator.runBalanceWork(cpu));
    const counters = [SpaceW.tablesMade, SpaceW.tablesFreed, SpaceW.pgdCopies, SpaceW.flushes];
    const before = counters.map((field) => space.header(field));
    for (let count = 0; count < 100; count++) make();
    expect(counters.map((field) => space.header(field))).toEqual(before);
  });

  it('that find no memory for their tables fail whole: nothing is taken, and later ones succeed', () => {
    let failed = 0;
    for (let left = 0; left < 60; left++) {
      const machine = mappedMachine();
      const { arena, percpu } = machine;
      const tasks = new MachineTasks(arena, { seed: left });
      const free = arena.frameCount - [...countFrames(arena).values()].slice(1).reduce((sum, count) => sum + count, 0);
      const hoard = tasks.run(0, (cpu) => mappedOf(machine).frames.take(cpu, free - left, FrameKind.vmalloc));
      if (hoard === undefined) throw new Error('the frames were counted wrong');
      const before = countFrames(arena);
      const chunksBefore = mappedOf(machine).mapping.chunks().length;
      const made = tasks.run(1, (cpu) => percpu.allocPercpu(cpu, { sizeBytes: 32768, alignBytes: 8 }));
      if (!made.ok) {
        failed += 1;
        expect(made.error.code).toBe('out-of-memory');
        expect(countFrames(arena)[FrameKind.percpu]).toBe(before[FrameKind.percpu]);
        expect(countFrames(arena)[FrameKind.pageTable]).toBe(before[FrameKind.pageTable]);
        expect(mappedOf(machine).mapping.chunks().length).toBeLessThanOrEqual(chunksBefore + 1);
      }
      expect(faultsOf(machine)).toEqual([]);
      tasks.run(0, (cpu) => mappedOf(machine).frames.give(cpu, hoard, free - left, FrameKind.vmalloc));
      expect(tasks.run(2, (cpu) => percpu.allocPercpu(cpu, { sizeBytes: 32768, alignBytes: 8 })).ok).toBe(true);
      expect(faultsOf(machine)).toEqual([]);
    }
    expect(failed).toBeGreaterThan(30);
    expect(failed).toBeLessThan(60);
  });
});

describe('CPUs that come and go on a machine with page tables', () => {
  it('get tables before they run and lose them when they are dead, while others allocate', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const machine = mappedMachine({ tablesFor: 'online' }, { onlineCpus: 3 });
        const { mapping } = mappedOf(machine);
        const before = countFrames(machine.arena)[FrameKind.pageTable] ?? 0;
        expect(mapping.hasWindow(cpuId(3))).toBe(false);
        const tasks = new MachineTasks(machine.arena, { seed, switchChance: 100 });
        tasks.spawn(0, function* (cpu) {
          for (let turn = 0; turn < 20; turn++) {
            const target = cpuId(turn % 2 === 0 ? 3 : 2);
            const isUp = machine.hotplug.state(target) === HotplugState.online;
            const changed = yield* machine.hotplug[isUp ? 'takeDown' : 'bringUp'](cpu, target);
            if (!changed.ok) throw new Error(changed.error.message);
            if (mapping.hasWindow(target) === isUp) throw new Error(`CPU ${target} has the wrong tables`);
          }
        });
        for (let id = 0; id < 2; id++) tasks.spawn(id, (cpu) => churn(machine, cpu, new Random(seed + id), 40));
        tasks.runAll();
        expect(faultsOf(machine)).toEqual([]);
        const settle = new MachineTasks(machine.arena);
        for (const [id, wanted] of [
          [2, HotplugState.online],
          [3, HotplugState.present],
        ] as const) {
          const state = machine.hotplug.state(cpuId(id));
          if (state === wanted) continue;
          const change = wanted === HotplugState.online ? 'bringUp' : 'takeDown';
          expect(settle.run(0, (cpu) => machine.hotplug[change](cpu, cpuId(id))).ok).toBe(true);
        }
        settle.run(0, (cpu) => machine.area.allocator.runBalanceWork(cpu));
        expect(faultsOf(machine)).toEqual([]);
        // The balance work keeps some empty pages ready in one chunk: at most its tables are more than at boot.
        const after = countFrames(machine.arena)[FrameKind.pageTable] ?? 0;
        expect(after - before).toBeLessThanOrEqual((mapping.chunks().length - 1) * 4);
      }),
      { numRuns: 12 },
    );
  });

  it('stay down when there is no memory for their tables, with nothing left of them', () => {
    const machine = mappedMachine({ tablesFor: 'online' }, { onlineCpus: 1 });
    const { arena } = machine;
    const tasks = new MachineTasks(arena);
    const counted = countFrames(arena);
    const free = arena.frameCount - [...counted.values()].slice(1).reduce((sum, count) => sum + count, 0);
    const hoard = tasks.run(0, (cpu) => mappedOf(machine).frames.take(cpu, free - 2, FrameKind.vmalloc));
    if (hoard === undefined) throw new Error('the frames were counted wrong');
    const refused = tasks.run(0, (cpu) => machine.hotplug.bringUp(cpu, cpuId(1)));
    expect(refused).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
    if (!refused.ok) expect(refused.error.message).toContain('page tables');
    expect(machine.hotplug.state(cpuId(1))).toBe(HotplugState.present);
    expect(countFrames(arena)[FrameKind.pageTable]).toBe(counted[FrameKind.pageTable]);
    expect(faultsOf(machine)).toEqual([]);
  });
});

describe('a machine that cannot have the tables asked for', () => {
  it.each([
    ['a translation of other pages', { addressSpace: tables({ translation: '64k-48' }) }, 'does not fit pages'],
    ['a packed window', { addressSpace: tables({ window: 'packed' }) }, 'packed'],
    [
      'an embedded first chunk',
      { addressSpace: tables(), percpu: smallPercpu(4096, { method: 'embed', atomBytes: 65536 }) },
      'page by page',
    ],
  ] as const)('is refused in one sentence: %s', (_, changes, words) => {
    const config = machineConfig({ memoryBytes: 1000 * 4096, ...changes });
    const refused = bootShortage(config);
    expect(refused?.error).toMatchObject({ code: 'bad-input', where: 'machine.addressSpace' });
    expect(refused?.error.message).toContain(words);
  });

  it('is refused where memory does not hold the tables, with the sum in the sentence, and boots with a page for each', () => {
    const config = machineConfig({ addressSpace: tables(), memoryBytes: 1000 * 4096, devices: 0, diskSizeBytes: 0 });
    const plan = valueOf(planPercpu(config));
    const without = { ...config, addressSpace: undefined };
    const least = (candidate: MachineConfig): number => {
      let pages = 8;
      while (bootShortage({ ...candidate, memoryBytes: pages * 4096 }) !== undefined) pages += 1;
      return pages;
    };
    const more = least(config) - least(without);
    expect(more).toBeGreaterThan(0);
    expect(more).toBeLessThanOrEqual(tableFramesAtBoot(config, plan));
    const tight = { ...config, memoryBytes: least(config) * 4096 };
    expect(bootMachine(new SharedArrayBuffer(Arena.bytesFor(tight)), tight).ok).toBe(true);
    const refused = bootShortage({ ...tight, memoryBytes: tight.memoryBytes - 4096 });
    expect(refused?.error.message).toContain('of page tables');
  });
});
