import { Worker } from 'node:worker_threads';
import { beforeEach, describe, expect, it } from 'vitest';
import { hostThread, ProcessorTimes } from '../../../../src/main/engine/live/host-threads.ts';

/** A thread that computes for ever, or sleeps for ever; its number on the host. */
async function threadThat(does: 'computes' | 'sleeps'): Promise<{ readonly worker: Worker; readonly number: number }> {
  const code = `
    const { parentPort } = require('node:worker_threads');
    const { readlinkSync } = require('node:fs');
    parentPort.postMessage(Number(readlinkSync('/proc/thread-self').split('/').at(-1)));
    ${does === 'computes' ? 'for (;;);' : 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);'}`;
  const worker = new Worker(code, { eval: true });
  const number = await new Promise<number>((resolve) => worker.once('message', resolve));
  return { worker, number };
}

describe('threads as the host knows them', () => {
  beforeEach((context) => {
    context.skip(process.platform !== 'linux', 'Linux alone tells of its threads while they run');
  });

  it('have a number each, another one than the process in a thread that is not its first', async () => {
    expect(hostThread()).toBeTypeOf('number');
    const { worker, number } = await threadThat('sleeps');
    expect(number).not.toBe(hostThread());
    await worker.terminate();
  });

  it('are asked for their time on a core while they compute, and while they sleep', async () => {
    const [busy, idle] = [await threadThat('computes'), await threadThat('sleeps')];
    const times = new ProcessorTimes([
      { cpu: 0, hostThread: busy.number },
      { cpu: 5, hostThread: idle.number },
    ]);
    // Until the host says so.
    while ((times.of(0) ?? 0) < 50) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(times.of(5)).toBeLessThan(50);
    await Promise.all([busy.worker.terminate(), idle.worker.terminate()]);
    expect(times.of(0)).toBeUndefined();
  });
});

it('nobody is told of whom the number is not known, or whose number is no thread of this process', () => {
  const times = new ProcessorTimes([{ cpu: 0 }, { cpu: 1, hostThread: 2 ** 30 }]);
  expect([times.of(0), times.of(1), times.of(2)]).toEqual([undefined, undefined, undefined]);
});
