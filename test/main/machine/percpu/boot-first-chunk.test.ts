import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printBootLines } from '../../../../src/main/evidence/boot-log/print-boot-lines.ts';
import { bootMachine } from '../../../../src/main/machine/boot.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { FrameKind, FrameW, ZoneW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { firstChunkFrames, firstChunkFramesAtBoot } from '../../../../src/main/machine/percpu/boot-first-chunk.ts';
import type { PercpuConfig } from '../../../../src/main/machine/percpu/percpu-config.ts';
import { planPercpu } from '../../../../src/main/machine/percpu/percpu-plan.ts';
import { sizeSumBytes } from '../../../../src/main/machine/percpu/unit-layout.ts';
import { cpuId, frameNumber } from '../../../../src/main/machine/units.ts';
import { type KernelLog, KERNEL_LOGS } from '../../evidence/boot-log/kernel-logs.ts';
import { valueOf } from '../../lab/small-lab.ts';
import { machineConfig, makeMachine, smallPercpu } from '../fixtures/make-machine.ts';
import { auditMachine } from '../fixtures/pool-audit.ts';
import { anyMachine } from './percpu-configs.ts';

const KIB = 1024;

/** A machine of 12 frames in front of what is drawn: `0` reserved, `C` first chunk, `S` slots, `B` buffer, `.` free. */
function drawFrames({ arena }: Machine, count: number): string {
  const letters = ['.', 'S', 'C', 'B', 'W', 'P', '0'];
  return Array.from({ length: count }, (_, frame) => {
    const kind = arena.word(arena.descriptorWord(frameNumber(frame)) + FrameW.kind);
    return letters[kind] ?? '?';
  }).join('');
}

/** `single-mutex`, units of 8 pages of which 2 are kept: 5000 bytes static, and 2 KiB dynamic at least. */
function machineWith(percpu: Partial<PercpuConfig>, possibleCpus = 4): Machine {
  return makeMachine({
    possibleCpus,
    onlineCpus: 1,
    bufferLayout: 'single-mutex',
    percpu: smallPercpu(4 * KIB, { otherStaticBytes: 5000, ...percpu }),
  });
}

describe('embedding', () => {
  it('takes an aligned block, and gives back what is past the size sum of each unit', () => {
    const machine = machineWith({ method: 'embed', atomBytes: 64 * KIB });
    // Units of 8 pages: an atom of 16 pages holds two, so four CPUs have two atoms, from frame 16 on.
    expect(drawFrames(machine, 57)).toBe(`0${'.'.repeat(15)}${'CC......'.repeat(4)}SBBWWWWW.`);
    auditMachine(machine.arena);
  });

  it('takes a block for each node, aligned each', () => {
    const machine = machineWith({ method: 'embed', atomBytes: 64 * KIB, nodes: 2 }, 6);
    // Three CPUs a node: two atoms of two units, one of them unused.
    expect(machine.area.plan.layout.groups).toEqual([
      [0, 1, 2, undefined],
      [3, 4, 5, undefined],
    ]);
    const node = `${'CC......'.repeat(3)}........`;
    expect(drawFrames(machine, 88)).toBe(`0${'.'.repeat(15)}${node}${node}SBBWWWWW`);
    expect(countFrames(machine.arena)[FrameKind.percpu]).toBe(6 * 2);
  });
});

describe('pages', () => {
  it('are taken as they come, and nothing is given back', () => {
    const machine = machineWith({ method: 'page' });
    expect(drawFrames(machine, 19)).toBe(`0${'CC'.repeat(4)}SBBWWWWW..`);
  });

  it('of a fixed unit are all of it', () => {
    const machine = machineWith({ method: 'fixed-unit', atomBytes: 64 * KIB }, 2);
    expect(drawFrames(machine, 43)).toBe(`0${'C'.repeat(32)}SBBWWWWW..`);
    expect(machine.area.plan.geometry).toMatchObject({ unitBytes: 64 * KIB, dynBytes: 64 * KIB - 5000 });
  });

  it('of a uniprocessor are one unit, and the static variables behind it', () => {
    const machine = machineWith({ method: 'uniprocessor', dynamicRequestBytes: 20 * KIB }, 1);
    expect(drawFrames(machine, 20)).toBe(`0${'C'.repeat(8 + 2)}SBBWWWWW.`);
  });
});

describe('a first chunk of any configuration', () => {
  it('keeps the size sum of every possible CPU, and the rest of the memory is free', () => {
    fc.assert(
      fc.property(anyMachine, (config) => {
        const machine = makeMachine(config);
        const { layout, statics, spec } = machine.area.plan;
        const sum = layout.staticBytes + layout.reservedBytes + layout.dynamicBytes;
        const plain = spec.method === 'uniprocessor' ? Math.ceil(statics.staticBytes / config.pageSizeBytes) : 0;
        const kept = config.possibleCpus * (sum / config.pageSizeBytes) + plain;
        const zone = machine.arena.zoneWord();
        expect(countFrames(machine.arena)[FrameKind.percpu]).toBe(kept);
        expect(firstChunkFrames(machine.area.plan)).toBe(kept);
        expect(machine.arena.word(zone + ZoneW.byKindPeak + FrameKind.percpu)).toBe(kept);
        expect(machine.arena.word(zone + ZoneW.usedFramesPeak)).toBe(machine.arena.word(zone + ZoneW.usedFrames));
        auditMachine(machine.arena);
      }),
      { numRuns: 40 },
    );
  });

  it('is zero, whatever the frames held before', () => {
    fc.assert(
      fc.property(anyMachine, (config) => {
        const buffer = new SharedArrayBuffer(Arena.bytesFor(config));
        new Uint8Array(buffer).fill(0xff);
        const booted = bootMachine(buffer, { ...config, bufferLayout: 'single-mutex' });
        const arena = valueOf(booted);
        for (let frame = 0; frame < arena.frameCount; frame++) {
          const descriptor = arena.descriptorWord(frameNumber(frame));
          if (arena.word(descriptor + FrameW.kind) !== FrameKind.percpu) continue;
          const start = arena.frameAddress(frameNumber(frame));
          const bytes = Buffer.from(buffer, start, config.pageSizeBytes);
          expect(bytes.equals(Buffer.alloc(config.pageSizeBytes)), `frame ${frame}`).toBe(true);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('fits where memory suffices for what was counted, and is refused where a page of it is missing', () => {
    fc.assert(
      fc.property(anyMachine, (config) => {
        const plan = valueOf(planPercpu(config));
        const boots = (frames: number): boolean => {
          const smaller = { ...config, memoryBytes: frames * config.pageSizeBytes };
          return bootMachine(new SharedArrayBuffer(Arena.bytesFor(smaller)), smaller).ok;
        };
        let least = 1 + firstChunkFrames(plan);
        while (!boots(least)) least += 1;
        // Frame 0, the blocks, one page of slots, and buffers of the one CPU or device that is online.
        const buffers = 2 + Math.ceil(16_416 / config.pageSizeBytes);
        const atBoot = 1 + firstChunkFramesAtBoot(plan) + 1 + buffers;
        const atRest = 1 + firstChunkFrames(plan) + 1 + buffers + 1;
        expect(least).toBe(Math.max(atBoot, atRest));
      }),
      { numRuns: 10 },
    );
  });
});

/** Nodes of a log whose CPUs are spread in equal runs, as a machine of the lab can be configured; else undefined. */
function equalRuns(log: KernelLog): number | undefined {
  const map = log.group_map ?? [];
  const cpus = map.flat().filter((cpu) => cpu !== null);
  const perNode = Math.ceil(cpus.length / map.length);
  const fits = map.every((group, index) => group.every((cpu) => cpu === null || Math.floor(cpu / perNode) === index));
  return fits && Math.max(...cpus) === cpus.length - 1 ? map.length : undefined;
}

/** The configuration that a log's figures state; the printed dynamic part is what was asked for, rounded up. */
function configOf(log: KernelLog, nodes: number): PercpuConfig | undefined {
  const { static_size: s, reserved_size: r, dyn_size: d, unit_size: u, alloc_groups: alloc } = log;
  if (s === null || r === null || d === null || u === null || alloc === null) return undefined;
  const isOld = /^2\.6\.3[0-6]/.test(log.kernel ?? '');
  const dynamicRequestBytes = Math.max(d - log.page_size + 1, 0);
  return {
    method: log.arch === 'ia64' ? 'fixed-unit' : 'embed',
    otherStaticBytes: s,
    reservedBytes: r,
    dynamicRequestBytes,
    earlyDynamicBytes: 0,
    minUnitBytes: isOld ? 64 * KIB : 32 * KIB,
    atomBytes: alloc[1],
    limitBytes: 0,
    nodes,
    maxChunks: 4,
    callSites: 0,
  };
}

const BOOTABLE = KERNEL_LOGS.flatMap((log) => {
  const nodes = log.first_chunk === 'embed' && log.group_map !== null ? equalRuns(log) : undefined;
  const percpu = nodes === undefined ? undefined : configOf(log, nodes);
  const possibleCpus = log.group_map?.flat().filter((cpu) => cpu !== null).length ?? 0;
  return percpu === undefined ? [] : [{ log, percpu, possibleCpus }];
});

describe('machines with the figures of real kernels', () => {
  it('are most of those whose logs print geometry and map', () => {
    expect(BOOTABLE.length).toBeGreaterThan(KERNEL_LOGS.length / 2);
  });

  it.each(BOOTABLE)(
    '$log.id ($log.arch $log.kernel) has the units that were printed',
    ({ log, percpu, possibleCpus }) => {
      const config = machineConfig({
        possibleCpus,
        onlineCpus: 1,
        pageSizeBytes: log.page_size,
        bufferLayout: 'single-mutex',
        percpu,
      });
      const plan = valueOf(planPercpu(config));
      const frames = firstChunkFramesAtBoot(plan) + 64;
      const { layout } = plan;
      const lines = printBootLines({ ...layout, form: 'embed', capitals: false });
      const wanted = log.raw.split('\n').filter((line) => line.startsWith('pcpu-alloc:'));
      expect(lines.filter((line) => line.startsWith('pcpu-alloc:')).map((line) => line.trimEnd())).toEqual(
        wanted.map((line) => line.trimEnd()),
      );
      // A machine of that size is booted where it is not too large for a test.
      if (frames * log.page_size > 256 * KIB * KIB) return;
      const { area, arena } = makeMachine({ ...config, memoryBytes: frames * log.page_size });
      const kept = (log.pages_per_cpu ?? sizeSumBytes(layout) / log.page_size) * possibleCpus;
      expect(countFrames(arena)[FrameKind.percpu]).toBe(kept);
      for (const [unit, cpu] of (log.group_map ?? []).flat().entries()) {
        if (cpu === null) continue;
        expect(area.percpuOffset(cpuId(cpu)) - area.percpuOffset(cpuId(0))).toBe(unit * (log.unit_size ?? 0));
      }
    },
  );
});
