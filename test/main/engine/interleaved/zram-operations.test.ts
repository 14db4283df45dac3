/**
 * Everything that zram does at once, under every schedule that seeds give: tasks on several CPUs write, read and discard while
 * others compact, recompress and mark pages idle. Every page must read as its owner left it, and afterwards the pool must add
 * up by a recount that uses none of its code.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zstdCodec } from '../../../../src/main/engine/codec/zlib.ts';
import { Lz4Codec } from '../../../../src/main/engine/codec/lz4.ts';
import { Interleaver } from '../../../../src/main/engine/interleaved/interleaver.ts';
import type { IoPage } from '../../../../src/main/machine/codec.ts';
import type { Cpu, Suspending } from '../../../../src/main/machine/cpu.ts';
import { FrameKind } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { CheckedCpu } from '../../../../src/main/machine/sync/checked-cpu.ts';
import { LockRecord } from '../../../../src/main/machine/sync/lock-record.ts';
import { lockReport } from '../../../../src/main/machine/sync/lock-report.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { readDeviceStatistics } from '../../../../src/main/machine/zram/device-statistics.ts';
import type { ZramDevice } from '../../../../src/main/machine/zram/device.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import { ALLOCATION_STAGES, FREE_ORDERS } from '../../../../src/shared/zram-profile.ts';
import { streamFramesAtBoot } from '../../../../src/main/machine/zram/streams/zram-streams.ts';
import { holderMustNotSleep, type ZramVariant } from '../../../../src/main/machine/zram/zram-variant.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import {
  BUFFER_LAYOUTS,
  type BufferLayout,
  PROTECTIONS_OF,
  type StreamProtection,
} from '../../../../src/shared/design.ts';
import { machineConfig, makeMachine } from '../../machine/fixtures/make-machine.ts';
import { OneCpu } from '../../machine/fixtures/one-cpu.ts';
import { auditMachine } from '../../machine/fixtures/pool-audit.ts';
import { blankPage } from '../../machine/fixtures/sized-pages.ts';

const CPUS = 4;
const WRITERS = 8;
const SLOTS_EACH = 8;
const SLOTS = WRITERS * SLOTS_EACH;

/** Text-like up to `randomBytes`, random behind: LZ4 leaves what zstd still shrinks. */
function mixedPage(random: Random): IoPage {
  const page = blankPage();
  const kind = random.nextBelow(8);
  if (kind === 0) return page;
  const randomBytes = random.nextBelow(kind === 1 ? 4097 : 1500);
  for (let at = 0; at < 4096; at++) page.bytes[at] = 97 + random.nextBelow(kind === 2 ? 2 : 12);
  random.fillBytes(page.bytes.subarray(0, randomBytes));
  return page;
}

interface Run {
  readonly bufferLayout: BufferLayout;
  readonly seed: number;
  readonly switchChance: number;
  readonly zram: ZramVariant;
  readonly rounds: number;
}

/** What a writer's slots hold, as it goes; absent for empty ones, `unknown` after a failed write. */
type Model = Map<number, Buffer | 'unknown'>;

function* write(cpu: Cpu, device: ZramDevice, parts: { model: Model; random: Random; first: number; rounds: number }) {
  const { model, random, first } = parts;
  for (let round = 0; round < parts.rounds; round++) {
    const slot = first + random.nextBelow(SLOTS_EACH);
    const choice = random.nextBelow(8);
    if (choice < 5) {
      const page = mixedPage(random);
      const status: IoStatus = yield* device.writeRequest(cpu, slot, [page]);
      model.set(slot, status === IoStatus.done ? Buffer.from(page.bytes) : 'unknown');
    } else if (choice === 5) {
      yield* device.discard(cpu, slot, 1);
      model.delete(slot);
    } else {
      const page = blankPage();
      expect(yield* device.readRequest(cpu, slot, [page])).toBe(IoStatus.done);
      const expected = model.get(slot) ?? Buffer.alloc(4096);
      if (expected !== 'unknown') expect(expected.equals(page.bytes), `slot ${slot} in round ${round}`).toBe(true);
    }
  }
}

interface Done {
  recompressed: number;
}

function* maintain(
  cpu: Cpu,
  device: ZramDevice,
  { random, rounds, done }: { readonly random: Random; readonly rounds: number; readonly done: Done },
): Suspending<void> {
  for (let round = 0; round < rounds; round++) {
    const choice = random.nextBelow(4);
    if (choice < 2) yield* device.controls.compact(cpu);
    else if (choice === 2) yield* device.controls.markIdle(cpu);
    else {
      const outcome = yield* device.controls.recompress(cpu, { type: round % 2 === 0 ? 'all' : 'idle' });
      if (outcome.ok) done.recompressed += outcome.value.recompressed;
      else expect(['busy', 'out-of-memory']).toContain(outcome.error.code);
    }
    yield* cpu.pause();
  }
}

function runAll({ bufferLayout, seed, switchChance, zram, rounds }: Run) {
  const config = machineConfig({
    bufferLayout,
    possibleCpus: CPUS,
    onlineCpus: CPUS,
    diskSizeBytes: SLOTS * 4096,
    zram,
  });
  // Beside the streams room for most pages, not for all.
  const machine = makeMachine({ ...config, memoryBytes: (94 + streamFramesAtBoot(config)) * 4096 });
  const { arena } = machine;
  const device = machine.device(0);
  const free = countFrames(arena)[FrameKind.free];
  const codec = new Lz4Codec(arena.buffer, 4096);
  const recompressors = [zstdCodec(arena.buffer, 4096, 1)];
  const engine = new Interleaver({ arena, random: new Random(seed), codec, recompressors, switchChance });
  const record = new LockRecord();
  const models: Model[] = [];
  const done: Done = { recompressed: 0 };
  for (let writer = 0; writer < WRITERS; writer++) {
    const model: Model = new Map();
    models.push(model);
    const cpu = engine.cpu(cpuId(writer % CPUS));
    const random = new Random(seed * 31 + writer);
    const parts = { model, random, first: writer * SLOTS_EACH, rounds };
    engine.spawn(cpu, `writer ${writer}`, write(new CheckedCpu(cpu, arena, record), device, parts));
  }
  for (const id of [1, 2]) {
    const cpu = engine.cpu(cpuId(id));
    const parts = { random: new Random(seed + id), rounds: Math.ceil(rounds / 6), done };
    engine.spawn(cpu, `maintenance ${id}`, maintain(new CheckedCpu(cpu, arena, record), device, parts));
  }
  engine.run();
  expect(lockReport(record).problems).toEqual([]);
  return { machine, device, models, free, done, checker: new OneCpu(arena, codec, recompressors) };
}

/** Every layout with every protection that it can have. */
const DESIGNS = BUFFER_LAYOUTS.flatMap((bufferLayout) =>
  PROTECTIONS_OF[bufferLayout].map((protection) => ({ bufferLayout, protection })),
);

/** Stages as the protection allows them. */
const variantsOf = (protection: StreamProtection) =>
  fc.record({
    zspagePages: fc.integer({ min: 4, max: 16 }),
    freeOrder: fc.constantFrom(...FREE_ORDERS),
    allocationStages: holderMustNotSleep(protection)
      ? fc.constant('two' as const)
      : fc.constantFrom(...ALLOCATION_STAGES),
  });

describe.each(DESIGNS)('all operations of zram at once, under $bufferLayout with $protection', (design) => {
  const { bufferLayout } = design;
  const ofDesign = { protection: design.protection, maxStreams: 2, algorithms: 2 } as const;

  it('keep every page, add up, and leave nothing behind', () => {
    let compacted = 0;
    let recompressed = 0;
    const property = (seed: number, switchChance: number, zram: ZramVariant): void => {
      const { machine, device, models, free, done, checker } = runAll({
        bufferLayout,
        seed,
        switchChance,
        zram: { ...zram, ...ofDesign },
        rounds: 40,
      });
      auditMachine(machine.arena);
      for (const [slot, page] of models.flatMap((model) => [...model])) {
        if (page !== 'unknown') expect(checker.read(device, slot).equals(page), `slot ${slot}`).toBe(true);
      }
      compacted += readDeviceStatistics(machine.arena, 0).pagesCompacted;
      const outcome = checker.run((cpu) => device.controls.recompress(cpu, {}));
      recompressed += done.recompressed + (outcome.ok ? outcome.value.recompressed : 0);
      checker.run((cpu) => device.controls.compact(cpu));
      auditMachine(machine.arena);
      checker.discard(device, 0, SLOTS);
      auditMachine(machine.arena);
      // Streams that a list made on demand go with the device.
      checker.run((cpu) => device.controls.reset(cpu));
      expect(checker.run((cpu) => device.controls.initialise(cpu))).toEqual({ ok: true, value: undefined });
      expect(countFrames(machine.arena)[FrameKind.free]).toBe(free);
    };
    // Always the same runs, so that what they are about always happens.
    const runs = { numRuns: 20, seed: 2026 };
    fc.assert(
      fc.property(fc.nat(0xffff), fc.constantFrom(0, 20, 100, 200), variantsOf(design.protection), property),
      runs,
    );
    // That the runs did what they are about.
    expect(compacted).toBeGreaterThan(0);
    expect(recompressed).toBeGreaterThan(0);
  });

  it('give the same bytes for the same seed', () => {
    const zram: ZramVariant = { zspagePages: 8, freeOrder: 'last', allocationStages: 'two', ...ofDesign };
    const run: Run = { bufferLayout, seed: 11, switchChance: 100, zram, rounds: 30 };
    const [once, again] = [runAll(run), runAll(run)];
    expect(Buffer.from(once.machine.arena.bytes).equals(again.machine.arena.bytes)).toBe(true);
  });
});
