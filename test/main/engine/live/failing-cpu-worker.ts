/**
 * Entry of a CPU's thread that fails on purpose. The environment variable FAILING_CPU says how when the thread starts:
 * `exit 1 300` is CPU 1 at its 300th compression.
 *
 *     exit      the thread ends with code 3 in the middle of a compression (single-mutex: with the mutex held)
 *     wait      the thread ends so while it waits for the lock that it could not have, for the `at`-th time
 *     throw     the compression throws, once
 *     hang      the compression never ends
 *     prepare   the thread ends when it is given its part, and no other CPU answers
 *     arm       the thread ends when asked for phase number `at`, while others wait at the barrier
 */
import { parentPort } from 'node:worker_threads';
import { Lz4Codec } from '../../../../src/main/engine/codec/lz4.ts';
import { CpuCore } from '../../../../src/main/engine/live/cpu-core.ts';
import { LiveCpu, type LiveCpuParts } from '../../../../src/main/engine/live/live-cpu.ts';
import type { CpuRequest } from '../../../../src/main/engine/live/protocol.ts';
import type { Codec, IoPage } from '../../../../src/main/machine/codec.ts';
import type { LockClass, Suspending } from '../../../../src/main/machine/cpu.ts';
import { LOCKED, WAITERS } from '../../../../src/main/machine/sync/lock.ts';
import type { Arena } from '../../../../src/main/machine/memory/arena.ts';
import type { CpuId, LockWord, PhysicalAddress } from '../../../../src/main/machine/units.ts';

const [failure = '', ...numbers] = (process.env['FAILING_CPU'] ?? '').split(' ');
const [failingCpu = -1, at = 0] = numbers.map(Number);
/** Compressions or waits of this thread, whichever counts. */
let count = 0;

class FailingCodec extends Lz4Codec {
  override compress(page: IoPage, target: PhysicalAddress): number {
    if (failure !== 'wait') count += 1;
    if (count === at && failure === 'exit') process.exit(3);
    if (count === at && failure === 'throw') throw new Error('the codec broke');
    if (count === at && failure === 'hang') for (;;);
    return super.compress(page, target);
  }
}

class FailingCpu extends LiveCpu {
  readonly #words: Int32Array;

  constructor(arena: Arena, id: CpuId, parts: LiveCpuParts) {
    super(arena, id, new FailingCodec(arena.buffer, arena.config.pageSizeBytes), parts);
    this.#words = arena.words;
  }

  override *lock(word: LockWord, lockClass: LockClass): Suspending<void> {
    if (failure === 'wait') {
      count += 1;
      if (count >= at && (Atomics.or(this.#words, word, WAITERS) & LOCKED) !== 0) process.exit(3);
    }
    yield* super.lock(word, lockClass);
  }
}

function makeCpu(arena: Arena, id: CpuId, codec: Codec, parts: LiveCpuParts): LiveCpu {
  if (id === failingCpu) return new FailingCpu(arena, id, parts);
  return new LiveCpu(arena, id, codec, parts);
}

if (parentPort === null) throw new Error('a CPU runs as a worker thread');
const port = parentPort;
const core = new CpuCore((response) => {
  port.postMessage(response);
}, makeCpu);
let cpu = -1;
port.on('message', (request: CpuRequest) => {
  if (request.kind === 'prepare') cpu = request.cpu;
  if (failure === 'prepare' && cpu === failingCpu) process.exit(3);
  if (failure === 'prepare' && request.kind === 'prepare') return;
  if (failure === 'arm' && cpu === failingCpu && request.kind === 'phase' && request.number === at) process.exit(3);
  void core.handle(request);
});
