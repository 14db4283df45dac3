import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { waitForGo } from '../../../../src/main/engine/live/start-barrier.ts';

const AT = { go: 2, halt: 5 } as const;

function makeWords(go: number, halt = 0): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(32));
  words[AT.go] = go;
  words[AT.halt] = halt;
  return words;
}

/** A thread that waits for phase `number` and says how it ended. */
async function waitElsewhere(words: Int32Array, number: number, whenWaiting: () => void): Promise<unknown> {
  const url = new URL('../../../../src/main/engine/live/start-barrier.ts', import.meta.url);
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.url).then(({ waitForGo }) => {
      parentPort.postMessage('waiting');
      parentPort.postMessage(waitForGo(workerData.words, workerData.at, workerData.number));
    });`;
  const worker = new Worker(source, { eval: true, workerData: { url: url.href, words, at: AT, number } });
  try {
    return await new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('message', (message) => {
        if (message === 'waiting') whenWaiting();
        else resolve(message);
      });
    });
  } finally {
    await worker.terminate();
  }
}

describe('the start barrier', () => {
  it('lets through at once who comes late, also when a later phase has begun', () => {
    expect(waitForGo(makeWords(1), AT, 1)).toBe(true);
    expect(waitForGo(makeWords(7), AT, 6)).toBe(true);
  });

  it('turns away when the sample was given up, but not from a phase that has begun', () => {
    expect(waitForGo(makeWords(0, 1), AT, 1)).toBe(false);
    expect(waitForGo(makeWords(1, 1), AT, 1)).toBe(true);
  });

  it('holds a thread until its phase may start, however many began before', async () => {
    const words = makeWords(0);
    const passed = waitElsewhere(words, 2, () => {
      for (const phase of [1, 2]) {
        Atomics.store(words, AT.go, phase);
        Atomics.notify(words, AT.go);
      }
    });
    expect(await passed).toBe(true);
  });

  it('lets a sleeping thread go when the sample is given up', async () => {
    const words = makeWords(0);
    expect(await waitElsewhere(words, 1, () => Atomics.store(words, AT.halt, 1))).toBe(false);
  });
});
