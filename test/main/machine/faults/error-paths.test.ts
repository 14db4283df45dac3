/**
 * Everything that may fail is made to fail, at every site and under every schedule that seeds give, while CPUs write, allocate,
 * compact, recompress, come up and go down. Whatever happens: every page reads as it was written, or its write was reported as
 * failed; afterwards nothing is held and nothing is left.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lz4Codec } from '../../../../src/main/engine/codec/lz4.ts';
import { zstdCodec } from '../../../../src/main/engine/codec/zlib.ts';
import { Interleaver } from '../../../../src/main/engine/interleaved/interleaver.ts';
import type { Cpu, Suspending } from '../../../../src/main/machine/cpu.ts';
import { FailingCodec } from '../../../../src/main/machine/faults/failing-parts.ts';
import { FaultInjector } from '../../../../src/main/machine/faults/fault-injector.ts';
import { Machine } from '../../../../src/main/machine/machine.ts';
import { CheckedCpu } from '../../../../src/main/machine/sync/checked-cpu.ts';
import { LockRecord } from '../../../../src/main/machine/sync/lock-record.ts';
import { lockReport } from '../../../../src/main/machine/sync/lock-report.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { holderMustNotSleep, type ZramVariant } from '../../../../src/main/machine/zram/zram-variant.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { HotplugCycles } from '../../../../src/main/workload/torture/hotplug-cycles.ts';
import { leftOver, memoryInUse, stillHeld } from '../../../../src/main/workload/torture/leftovers.ts';
import { ObjectChurn } from '../../../../src/main/workload/torture/object-churn.ts';
import { PageWriter } from '../../../../src/main/workload/torture/page-writer.ts';
import { Upkeep } from '../../../../src/main/workload/torture/upkeep.ts';
import { BUFFER_LAYOUTS, type BufferLayout, PROTECTIONS_OF } from '../../../../src/shared/design.ts';
import { FAULT_SITES, type FaultPlan, type FaultSite } from '../../../../src/shared/fault-profile.ts';
import { ALLOCATION_STAGES, FREE_ORDERS } from '../../../../src/shared/zram-profile.ts';
import { auditRegion } from '../percpu/chunks/region-audit.ts';
import { makeMachine, smallPercpu } from '../fixtures/make-machine.ts';
import { MachineTasks } from '../fixtures/machine-tasks.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditMachine } from '../fixtures/pool-audit.ts';
import { sizedPage, SizedCodec } from '../fixtures/sized-pages.ts';

const WRITERS = 3;
const SLOTS_EACH = 10;
const CPUS = 8;
/** Writers on CPUs 0 … 2, upkeep on 3, objects on 4, hotplug on 5; of the CPUs that come and go two write as well. */
const COMING_AND_GOING = [1, 2, 6, 7];

interface Setting {
  readonly bufferLayout: BufferLayout;
  readonly zram: ZramVariant;
  readonly faults: FaultPlan;
  readonly seed: number;
  readonly switchChance: number;
}

function* times(count: number, step: () => Suspending<void>): Suspending<void> {
  for (let turn = 0; turn < count; turn++) yield* step();
}

/** Runs everything at once, then everything that brings the machine to rest; the counts of what failed. */
function torture({ bufferLayout, zram, faults, seed, switchChance }: Setting) {
  const { arena } = makeMachine({
    bufferLayout,
    zram,
    possibleCpus: CPUS,
    onlineCpus: CPUS,
    memoryBytes: 320 * 4096,
    diskSizeBytes: WRITERS * SLOTS_EACH * 4096,
    percpu: smallPercpu(4096, { maxChunks: 6 }),
  });
  const injector = FaultInjector.create(faults);
  const machine = new Machine(arena, injector);
  const codecs = { codec: new Lz4Codec(arena.buffer, 4096), recompressors: [zstdCodec(arena.buffer, 4096, 1)] };
  const engine = new Interleaver({
    arena,
    random: new Random(seed),
    codec: new FailingCodec(codecs.codec, injector),
    recompressors: codecs.recompressors.map((codec) => new FailingCodec(codec, injector)),
    switchChance,
  });
  const calm = new OneCpu(arena, codecs.codec, codecs.recompressors);
  const device = machine.device(0);
  const writers = Array.from({ length: WRITERS }, (_, index) => {
    const pages = calm.run((cpu) => machine.takeIoPages(cpu, 3)) ?? [];
    const random = new Random(seed * 31 + index);
    return new PageWriter({ arena, device, firstSlot: index * SLOTS_EACH, slots: SLOTS_EACH, pages, random });
  });
  const before = memoryInUse(machine);
  const record = new LockRecord();
  const upkeep = new Upkeep(new Random(seed + 1));
  const churn = new ObjectChurn(machine, new Random(seed + 2));
  const hotplug = new HotplugCycles(machine.hotplug, COMING_AND_GOING.map(cpuId), new Random(seed + 3));
  const spawn = (id: number, name: string, count: number, step: (cpu: Cpu) => Suspending<void>): void => {
    const cpu = engine.cpu(cpuId(id));
    const watched = new CheckedCpu(cpu, arena, record);
    const task = times(count, () => step(watched));
    engine.spawn(cpu, name, task);
  };
  injector.arm(true);
  for (const [id, writer] of writers.entries()) spawn(id, `writer ${id}`, 25, (cpu) => writer.step(cpu));
  spawn(3, 'upkeep', 6, (cpu) => upkeep.step(cpu, device));
  spawn(4, 'objects', 40, (cpu) => churn.step(cpu));
  spawn(5, 'hotplug', 12, (cpu) => hotplug.step(cpu));
  engine.run();
  injector.arm(false);
  auditMachine(arena);
  expect(stillHeld(machine)).toEqual([]);

  calm.run((cpu) => hotplug.bringAllUp(cpu));
  for (const writer of writers) calm.run((cpu) => writer.checkAll(cpu));
  calm.run((cpu) => churn.freeAll(cpu));
  calm.run((cpu) => machine.area.allocator.runBalanceWork(cpu));
  expect(lockReport(record).problems).toEqual([]);
  expect([writers, upkeep, churn, hotplug].flat().flatMap(({ problems }) => problems)).toEqual([]);
  calm.discard(device, 0, arena.slotCount);
  auditMachine(arena);
  // Records of streams are per-CPU objects, and go with the device.
  calm.run((cpu) => machine.streams.ofDevice(0).release(cpu));
  expect(auditRegion(machine.area.region, [])).toEqual([]);
  expect(calm.run((cpu) => device.controls.initialise(cpu))).toEqual({ ok: true, value: undefined });
  expect(leftOver(machine, before)).toEqual([]);
  expect(stillHeld(machine)).toEqual([]);
  const sum = (read: (writer: PageWriter) => number): number => writers.reduce((all, each) => all + read(each), 0);
  return {
    arena,
    sites: injector.counts(),
    failed: {
      writes: sum(({ counts }) => counts.failedWrites),
      reads: sum(({ counts }) => counts.failedReads),
      recompressions: upkeep.counts.failedRecompressions,
      allocations: churn.counts.failedAllocations,
      bringUps: hotplug.counts.failedBringUps,
    },
  };
}

/** Stages as the layout's own protection allows them. */
const variantsOf = (bufferLayout: BufferLayout): fc.Arbitrary<ZramVariant> =>
  fc.record({
    zspagePages: fc.integer({ min: 4, max: 16 }),
    freeOrder: fc.constantFrom(...FREE_ORDERS),
    allocationStages: holderMustNotSleep(PROTECTIONS_OF[bufferLayout][0])
      ? fc.constant('two')
      : fc.constantFrom(...ALLOCATION_STAGES),
  });
const rate = fc.oneof(
  fc.record({ every: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ percent: fc.constantFrom(5, 20, 60, 90) }),
);

/** Which failures a site's refusals come to, beside those that lack of memory and absent buffers bring anyway. */
const COME_OF: Readonly<Record<FaultSite, readonly (keyof ReturnType<typeof torture>['failed'])[]>> = {
  frames: ['writes', 'recompressions', 'allocations', 'bringUps'],
  atomic: ['allocations'],
  codec: ['writes', 'reads', 'recompressions'],
  bringUps: ['bringUps'],
};

describe.each(BUFFER_LAYOUTS)('under %s, with refusals', (bufferLayout) => {
  it.each(FAULT_SITES)('at %s, every path of an error ends with all data right and nothing left', (site) => {
    const failed = { writes: 0, reads: 0, recompressions: 0, allocations: 0, bringUps: 0 };
    let injected = 0;
    const property = (seed: number, switchChance: number, zram: ZramVariant, at: FaultPlan[FaultSite]): void => {
      const ended = torture({ bufferLayout, zram, faults: { seed, [site]: at }, seed, switchChance });
      injected += ended.sites[0]?.injected ?? 0;
      for (const kind of ['writes', 'reads', 'recompressions', 'allocations', 'bringUps'] as const) {
        failed[kind] += ended.failed[kind];
      }
    };
    fc.assert(fc.property(fc.nat(0xffff), fc.constantFrom(0, 30, 150), variantsOf(bufferLayout), rate, property), {
      numRuns: 60,
      seed: 2026,
    });
    expect(injected).toBeGreaterThan(25);
    // Buffers of CPUs that come up are frames, where there are such buffers.
    const expected = COME_OF[site].filter(
      (kind) => !(site === 'frames' && kind === 'bringUps' && ['single-mutex', 'stream-list'].includes(bufferLayout)),
    );
    for (const kind of expected) expect(failed[kind], `failed ${kind}`).toBeGreaterThan(0);
  });

  it('everywhere at once, likewise', () => {
    const property = (seed: number, zram: ZramVariant, faults: FaultPlan): void => {
      torture({ bufferLayout, zram, faults: { ...faults, seed }, seed, switchChance: 100 });
    };
    const everywhere = fc.record({ frames: rate, atomic: rate, codec: rate, bringUps: rate });
    fc.assert(fc.property(fc.nat(0xffff), variantsOf(bufferLayout), everywhere, property), { numRuns: 25 });
  });

  it('the same seed refuses the same and leaves the same bytes', () => {
    const zram = { zspagePages: 8, freeOrder: 'last', allocationStages: 'two' } as const;
    const faults = { seed: 5, frames: { percent: 20 }, codec: { percent: 10 }, bringUps: { percent: 50 } };
    const [once, again] = [1, 2].map(() => torture({ bufferLayout, zram, faults, seed: 9, switchChance: 80 }));
    expect(once?.sites).toEqual(again?.sites);
    expect(Buffer.from(once?.arena.bytes ?? []).equals(again?.arena.bytes ?? Buffer.alloc(0))).toBe(true);
  });
});

describe('a refused bring-up', () => {
  function machineWith(faults: FaultPlan, onlineCpus = 1) {
    const { arena } = makeMachine({ onlineCpus });
    const injector = FaultInjector.create(faults);
    const machine = new Machine(arena, injector);
    injector.arm(true);
    return { arena, machine, injector, tasks: new MachineTasks(arena, { codec: new SizedCodec(arena) }) };
  }

  it('leaves the CPU down with all its steps undone, and says so', () => {
    const { machine, tasks } = machineWith({ bringUps: { every: 1 } });
    const before = memoryInUse(machine);
    expect(tasks.run(0, (cpu) => machine.hotplug.bringUp(cpu, cpuId(1)))).toEqual({
      ok: false,
      error: {
        code: 'unavailable',
        message: 'CPU 1 stays down: fault injection: the bring-up was made to fail',
        where: undefined,
      },
    });
    expect(leftOver(machine, before)).toEqual([]);
    expect(machine.hotplug.online()).toEqual([0]);
  });

  it('for want of the second of two runs of pages gives back the first', () => {
    const { machine, tasks, injector } = machineWith({ frames: { every: 2 } });
    const before = memoryInUse(machine);
    const result = tasks.run(0, (cpu) => machine.hotplug.bringUp(cpu, cpuId(1)));
    expect(result.ok ? '' : result.error.message).toContain(
      'CPU 1 stays down: zram compression buffer: no 5 contiguous',
    );
    expect(injector.counts()).toEqual([{ site: 'frames', attempts: 2, injected: 1 }]);
    expect(leftOver(machine, before)).toEqual([]);
  });

  it('makes a write that is issued on that CPU nevertheless fail for want of a buffer; what was stored stays', () => {
    const { arena, machine, tasks } = machineWith({ bringUps: { every: 1 } });
    const device = machine.device(0);
    expect(tasks.run(0, (cpu) => device.writeRequest(cpu, 3, [sizedPage(900, 1)]))).toBe(0);
    tasks.run(0, (cpu) => machine.hotplug.bringUp(cpu, cpuId(1)));
    expect(tasks.run(1, (cpu) => device.writeRequest(cpu, 3, [sizedPage(900, 2)]))).toBe(3);
    const calm = new OneCpu(arena, new SizedCodec(arena));
    expect(calm.read(device, 3).equals(sizedPage(900, 1).bytes)).toBe(true);
    expect(stillHeld(machine)).toEqual([]);
    auditMachine(arena);
  });
});

describe('a refused atomic object', () => {
  it('is told like one for which there is no room, and makes the worker keep more pages ready', () => {
    const { arena } = makeMachine();
    const injector = FaultInjector.create({ atomic: { every: 1 } });
    const machine = new Machine(arena, injector);
    injector.arm(true);
    const tasks = new MachineTasks(arena);
    tasks.run(0, (cpu) => machine.percpu.runDeferredWork(cpu));
    const request = { sizeBytes: 64, alignBytes: 8, atomic: true };
    const wasWanted = machine.area.allocator.balanceWanted();
    const refused = tasks.run(0, (cpu) => machine.percpu.allocPercpu(cpu, request));
    expect(refused.ok ? '' : refused.error.message).toBe('no room for an atomic object of 64 bytes on every CPU');
    expect([wasWanted, machine.area.allocator.balanceWanted()]).toEqual([false, true]);
  });
});
