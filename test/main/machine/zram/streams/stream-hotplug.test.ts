/** The streams as instances of one hotplug state: order, rollback, devices that come and go, and nothing left of any of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../../../../src/main/machine/machine.ts';
import { DeviceW, FrameKind, HeaderW } from '../../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames, PageFrames } from '../../../../../src/main/machine/memory/page-frames.ts';
import { HotplugState } from '../../../../../src/main/machine/percpu/hotplug.ts';
import { cpuId } from '../../../../../src/main/machine/units.ts';
import { IoStatus } from '../../../../../src/main/machine/zram/io-status.ts';
import { Random } from '../../../../../src/main/workload/random.ts';
import { OneCpu } from '../../fixtures/one-cpu.ts';
import { auditMachine } from '../../fixtures/pool-audit.ts';
import { PER_CPU_DESIGNS, STREAM_DESIGNS, streamMachine, streamPages } from '../../fixtures/stream-machine.ts';
import { SizedCodec, sizedPage } from '../../fixtures/sized-pages.ts';

const THREE = cpuId(3);
const OWN_STREAMS = PER_CPU_DESIGNS.filter(({ bufferLayout }) => bufferLayout !== 'per-cpu-global');

function cpuOf({ arena }: Machine): OneCpu {
  return new OneCpu(arena, new SizedCodec(arena));
}

/** Takes all free frames but `left`; answers with what was taken, to be given back. */
function takeAllBut(machine: Machine, left: number): () => void {
  const frames = new PageFrames(machine.arena);
  const cpu = cpuOf(machine);
  const count = (countFrames(machine.arena)[FrameKind.free] ?? 0) - left;
  const first = cpu.run((on) => frames.take(on, count, FrameKind.ioBuffer));
  if (first === undefined) throw new Error('free frames can be taken');
  return () => {
    cpu.run((on) => frames.give(on, first, count, FrameKind.ioBuffer));
  };
}

/** Frames of one CPU's stream for a set of this priority. */
function framesOfSet({ bufferLayout, protection }: (typeof STREAM_DESIGNS)[number], priority: number): number {
  const hasLocalCopy = protection === 'mutex' || protection === 'read-write';
  return 2 + (priority === 0 || bufferLayout !== 'per-stream' ? 5 : 0) + (hasLocalCopy ? 1 : 0);
}

describe.each(PER_CPU_DESIGNS)('a CPU that comes up under $bufferLayout with $protection', (design) => {
  it('gets a stream of every set, and loses them when it is dead', () => {
    const machine = streamMachine(design, { onlineCpus: 3, devices: 2 }, { algorithms: 2 });
    const cpu = cpuOf(machine);
    const before = streamPages(machine);
    const perCpu = before.buffer / 3;
    expect(cpu.run((on) => machine.hotplug.bringUp(on, THREE))).toMatchObject({ ok: true });
    expect(streamPages(machine).buffer).toBe(before.buffer + perCpu);
    auditMachine(machine.arena);
    expect(cpu.run((on) => machine.hotplug.takeDown(on, THREE))).toMatchObject({ ok: true });
    expect(streamPages(machine)).toEqual(before);
    auditMachine(machine.arena);
  });

  it('stays down at whichever frame memory ends, with nothing left of those before', () => {
    const machine = streamMachine(design, { onlineCpus: 3, devices: 2 }, { algorithms: 2 });
    const cpu = cpuOf(machine);
    const before = streamPages(machine);
    const needed = (before.buffer + before.workMemory + before.localCopy) / 3;
    for (let left = 0; left < needed; left++) {
      const giveBack = takeAllBut(machine, left);
      const result = cpu.run((on) => machine.hotplug.bringUp(on, THREE));
      expect(result, `${left} of ${needed} frames`).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
      if (!result.ok)
        expect(result.error.message).toMatch(
          /^CPU 3 stays down: zram compression buffer: no \d contiguous pages are free$/,
        );
      expect(machine.hotplug.state(THREE)).toBe(HotplugState.present);
      expect(streamPages(machine)).toEqual(before);
      expect(countFrames(machine.arena)[FrameKind.free]).toBe(left);
      giveBack();
    }
    expect(machine.arena.word(HeaderW.hotplugLock)).toBe(0);
    expect(cpu.run((on) => machine.hotplug.bringUp(on, THREE))).toMatchObject({ ok: true });
  });
});

describe('the sets of a machine', () => {
  it('are prepared device by device and priority by priority, and undone the other way round', () => {
    const design = { bufferLayout: 'per-stream', protection: 'local-lock' } as const;
    const machine = streamMachine(design, { onlineCpus: 3, devices: 2 }, { algorithms: 2 });
    const cpu = cpuOf(machine);
    // Frames of device 0 (7 + 2), then 7 of device 1, and none for its second algorithm.
    const giveBack = takeAllBut(machine, 9 + 7 + 1);
    expect(cpu.run((on) => machine.hotplug.bringUp(on, THREE))).toMatchObject({
      ok: false,
      error: { message: 'CPU 3 stays down: zram compression buffer: no 2 contiguous pages are free' },
    });
    giveBack();
    expect(streamPages(machine).buffer).toBe(3 * 4 * 2);
  });

  it('are none under layouts whose streams do not belong to CPUs', () => {
    for (const bufferLayout of ['single-mutex', 'stream-list'] as const) {
      const machine = streamMachine(
        { bufferLayout, protection: bufferLayout === 'stream-list' ? 'wait-queue' : 'mutex' },
        { onlineCpus: 3 },
      );
      const before = countFrames(machine.arena);
      expect(cpuOf(machine).run((on) => machine.hotplug.bringUp(on, THREE))).toMatchObject({ ok: true });
      expect(countFrames(machine.arena)).toEqual(before);
    }
  });
});

describe.each(OWN_STREAMS)('a device under $bufferLayout with $protection', (design) => {
  const twoDevices = (): Machine => streamMachine(design, { onlineCpus: 3, devices: 2 }, { algorithms: 2 });

  it('loses its own streams and their records at a reset, and another keeps its own', () => {
    const machine = twoDevices();
    const cpu = cpuOf(machine);
    const before = countFrames(machine.arena);
    const [first, second] = [machine.device(0), machine.device(1)];
    expect(cpu.write(first, 0, sizedPage(900, 1))).toBe(IoStatus.done);
    expect(cpu.write(second, 0, sizedPage(900, 2))).toBe(IoStatus.done);
    const sets = machine.streams.recordSets();
    cpu.run((on) => first.controls.reset(on));
    expect(machine.streams.recordSets()).toBe(sets / 2);
    expect(streamPages(machine).buffer).toBe((before[FrameKind.buffer] ?? 0) / 2);
    expect(machine.arena.word(machine.arena.deviceWord(0) + DeviceW.streamSets)).toBe(0);
    expect(cpu.write(first, 0, sizedPage(900, 1))).toBe(IoStatus.noBuffer);
    expect(cpu.write(second, 1, sizedPage(800, 2))).toBe(IoStatus.done);
    expect(cpu.read(second, 0).equals(sizedPage(900, 2).bytes)).toBe(true);
    expect(cpu.run((on) => first.controls.initialise(on))).toEqual({ ok: true, value: undefined });
    expect(cpu.write(first, 0, sizedPage(900, 1))).toBe(IoStatus.done);
    auditMachine(machine.arena);
    cpu.discard(first, 0);
    cpu.discard(second, 0, 2);
    expect(countFrames(machine.arena)).toEqual(before);
  });

  it('gives its records back to the per-CPU allocator, so that resets without end take no memory', () => {
    const machine = twoDevices();
    const cpu = cpuOf(machine);
    const before = countFrames(machine.arena);
    for (let round = 0; round < 50; round++) {
      cpu.run((on) => machine.device(round % 2).controls.reset(on));
      expect(cpu.run((on) => machine.device(round % 2).controls.initialise(on))).toMatchObject({ ok: true });
    }
    expect(countFrames(machine.arena)).toEqual(before);
  });

  it('is refused a second set of streams', () => {
    const machine = twoDevices();
    expect(cpuOf(machine).run((on) => machine.device(0).controls.initialise(on))).toEqual({
      ok: false,
      error: { code: 'bad-input', message: 'the device has its compression streams already' },
    });
  });

  it('is left without any where memory ends at any CPU or algorithm, and says at which CPU', () => {
    const machine = twoDevices();
    const cpu = cpuOf(machine);
    const { controls } = machine.device(1);
    cpu.run((on) => controls.reset(on));
    const before = countFrames(machine.arena);
    const sets = design.bufferLayout === 'per-stream' ? [0, 1] : [0];
    const needed = sets.reduce((sum, priority) => sum + 3 * framesOfSet(design, priority), 0);
    for (let left = 0; left < needed; left += 3) {
      const giveBack = takeAllBut(machine, left);
      const result = cpu.run((on) => controls.initialise(on));
      expect(result, `${left} of ${needed} frames`).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
      if (!result.ok)
        expect(result.error.message).toMatch(/^no compression stream for CPU [0-2]: no \d contiguous pages are free$/);
      expect(countFrames(machine.arena)[FrameKind.free]).toBe(left);
      giveBack();
      expect(countFrames(machine.arena)).toEqual(before);
    }
    expect(cpu.run((on) => controls.initialise(on))).toMatchObject({ ok: true });
  });

  it('is found by another thread that looked at it before its reset', () => {
    const machine = twoDevices();
    const cpu = cpuOf(machine);
    // A second machine object has its own notes of where records lie.
    const other = Machine.attach(machine.arena.buffer);
    const otherCpu = cpuOf(other);
    expect(otherCpu.write(other.device(0), 3, sizedPage(500, 3))).toBe(IoStatus.done);
    cpu.run((on) => machine.device(0).controls.reset(on));
    expect(otherCpu.write(other.device(0), 3, sizedPage(500, 3))).toBe(IoStatus.noBuffer);
    cpu.run((on) => machine.device(0).controls.initialise(on));
    expect(otherCpu.write(other.device(0), 3, sizedPage(500, 3))).toBe(IoStatus.done);
    expect(cpu.read(machine.device(0), 3).equals(sizedPage(500, 3).bytes)).toBe(true);
  });
});

describe('random sequences of hotplug, resets and I/O', () => {
  it.each(STREAM_DESIGNS)(
    'leave exactly what the CPUs and devices need under $bufferLayout with $protection',
    (design) => {
      fc.assert(
        fc.property(fc.nat(0xffff), (seed) => {
          const random = new Random(seed);
          const machine = streamMachine(design, { possibleCpus: 5, onlineCpus: 3, devices: 2 }, { algorithms: 2 });
          const cpu = cpuOf(machine);
          const hasStreams = [true, true];
          for (let step = 0; step < 30; step++) {
            const choice = random.nextBelow(5);
            const device = random.nextBelow(2);
            const target = cpuId(1 + random.nextBelow(4));
            if (choice === 0) cpu.run((on) => machine.hotplug.bringUp(on, target));
            else if (choice === 1) cpu.run((on) => machine.hotplug.takeDown(on, target));
            else if (choice === 2) {
              const { controls } = machine.device(device);
              if (hasStreams[device] === true) cpu.run((on) => controls.reset(on));
              else expect(cpu.run((on) => controls.initialise(on))).toMatchObject({ ok: true });
              hasStreams[device] = hasStreams[device] !== true;
            } else {
              const slot = random.nextBelow(20);
              const status = cpu.write(machine.device(device), slot, sizedPage(700 + 100 * slot, slot));
              const isOwned = design.bufferLayout !== 'single-mutex' && design.bufferLayout !== 'per-cpu-global';
              expect(status).toBe(isOwned && hasStreams[device] !== true ? IoStatus.noBuffer : IoStatus.done);
            }
          }
          const devices = hasStreams.filter(Boolean).length;
          const cpus = machine.hotplug.online().length;
          const streams = {
            'single-mutex': 2,
            'stream-list': devices,
            'per-stream': cpus * 2 * devices,
            'per-device': cpus * devices,
            'per-cpu-global': cpus,
          }[design.bufferLayout];
          expect(streamPages(machine).buffer).toBe(2 * streams);
          auditMachine(machine.arena);
        }),
        { numRuns: 15 },
      );
    },
  );
});
