/** The gate of a CPU's thread against real hotplug from another thread: this one. */
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { CpuGate } from '../../../../src/main/engine/live/cpu-gate.ts';
import { LiveCpu } from '../../../../src/main/engine/live/live-cpu.ts';
import { complete, CpuHalted } from '../../../../src/main/machine/cpu.ts';
import { CpuW, HeaderW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { HotplugState } from '../../../../src/main/machine/percpu/hotplug.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { makeMachine } from '../../machine/fixtures/make-machine.ts';
import { SizedCodec } from '../../machine/fixtures/sized-pages.ts';

function underTest() {
  const machine = makeMachine();
  const { arena } = machine;
  const asker = new LiveCpu(arena, cpuId(0), new SizedCodec(arena));
  const block = arena.cpuWord(cpuId(1));
  return { machine, arena, asker, block, gate: new CpuGate(arena, cpuId(1)) };
}

describe('the gate of a CPU that is up', () => {
  it('lets its thread in at once and says that it is in, until it leaves', () => {
    const { arena, block, gate } = underTest();
    gate.enter();
    expect(arena.word(block + CpuW.occupied)).toBe(1);
    gate.leave();
    expect(arena.word(block + CpuW.occupied)).toBe(0);
  });
});

describe('the gate of a CPU that is down', () => {
  it('is left when the machine is halted', () => {
    const { machine, arena, asker, gate } = underTest();
    complete(machine.hotplug.takeDown(asker, cpuId(1)));
    Atomics.store(arena.words, HeaderW.halt, 1);
    expect(() => {
      gate.enter();
    }).toThrow(CpuHalted);
    expect(arena.word(arena.cpuWord(cpuId(1)) + CpuW.occupied)).toBe(0);
  });
});

describe('taking down a CPU whose thread is in', () => {
  it('gives up waiting when the machine is halted', () => {
    const { machine, arena, asker, gate } = underTest();
    gate.enter();
    Atomics.store(arena.words, HeaderW.halt, 1);
    expect(() => complete(machine.hotplug.takeDown(asker, cpuId(1)))).toThrow(CpuHalted);
  });

  it('waits until it is out: no buffer is freed while it is used, over a thousand times', async () => {
    const { machine, arena, asker } = underTest();
    // Goes in and out, and counts every time that it is in although the CPU's buffers are gone.
    const source = `
      import { workerData, parentPort } from 'node:worker_threads';
      import { CpuGate } from ${JSON.stringify(new URL('../../../../src/main/engine/live/cpu-gate.ts', import.meta.url).href)};
      import { Machine } from ${JSON.stringify(new URL('../../../../src/main/machine/machine.ts', import.meta.url).href)};
      const machine = Machine.attach(workerData.buffer);
      const { arena, area } = machine;
      const gate = new CpuGate(arena, 1);
      const pointer = area.physicalAddress(area.variable('compress_buffer'), 1) / 4;
      const halt = ${HeaderW.halt};
      let without = 0;
      parentPort.postMessage('ready');
      try {
        for (;;) {
          gate.enter();
          Atomics.add(workerData.entries, 0, 1);
          for (let look = 0; look < 50; look++) if (Atomics.load(arena.words, pointer) === 0) without += 1;
          gate.leave();
          if (Atomics.load(arena.words, halt) !== 0) break;
        }
      } catch {}
      parentPort.postMessage(without);`;
    const entries = new Int32Array(new SharedArrayBuffer(4));
    const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: { buffer: arena.buffer, entries },
    });
    const next = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        thread.once('message', resolve);
        thread.once('error', reject);
      });
    await next();
    // A busy host may give the other thread no turn for a while.
    for (let cycle = 0; cycle < 1000 || Atomics.load(entries, 0) < 100; cycle++) {
      expect(complete(machine.hotplug.takeDown(asker, cpuId(1))).ok).toBe(true);
      expect(complete(machine.hotplug.bringUp(asker, cpuId(1))).ok).toBe(true);
    }
    expect(machine.hotplug.state(cpuId(1))).toBe(HotplugState.online);
    const report = next();
    Atomics.store(arena.words, HeaderW.halt, 1);
    expect(await report).toBe(0);
    await thread.terminate();
  });
});
