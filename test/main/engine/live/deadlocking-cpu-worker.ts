/**
 * Entry of CPUs' threads that take two locks in opposite orders at their third write, each once the other has its first: a true
 * deadlock. No write needs these locks. CPUs from 2 on go on.
 */
import { parentPort } from 'node:worker_threads';
import { CpuCore } from '../../../../src/main/engine/live/cpu-core.ts';
import { LiveCpu, type LiveCpuParts } from '../../../../src/main/engine/live/live-cpu.ts';
import type { CpuRequest } from '../../../../src/main/engine/live/protocol.ts';
import type { Codec } from '../../../../src/main/machine/codec.ts';
import { complete, LockClass } from '../../../../src/main/machine/cpu.ts';
import type { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { HeaderW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { Operation } from '../../../../src/main/machine/operation.ts';
import { RegionW } from '../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { LOCKED } from '../../../../src/main/machine/sync/lock.ts';
import { type CpuId, lockWord } from '../../../../src/main/machine/units.ts';

class DeadlockingCpu extends LiveCpu {
  readonly #arena: Arena;
  #writes = 0;

  constructor(arena: Arena, id: CpuId, codec: Codec, parts: LiveCpuParts) {
    super(arena, id, codec, parts);
    this.#arena = arena;
  }

  override begin(operation: Operation): void {
    super.begin(operation);
    if (operation !== Operation.write || this.id > 1) return;
    this.#writes += 1;
    if (this.#writes !== 3) return;
    const locks = [
      { word: lockWord(HeaderW.hotplugLock), lockClass: LockClass.hotplug },
      {
        word: lockWord(this.#arena.geometry.chunkRegion / 4 + RegionW.allocMutex),
        lockClass: LockClass.percpuAllocMutex,
      },
    ] as const;
    const [first, second] = this.id === 0 ? locks : [locks[1], locks[0]];
    if (!this.tryLock(first.word)) throw new Error('the first lock was taken');
    while ((Atomics.load(this.#arena.words, second.word) & LOCKED) === 0);
    complete(this.lock(second.word, second.lockClass));
  }
}

if (parentPort === null) throw new Error('a CPU runs as a worker thread');
const port = parentPort;
const core = new CpuCore(
  (response) => {
    port.postMessage(response);
  },
  (arena, id, codec, parts) => new DeadlockingCpu(arena, id, codec, parts),
);
port.on('message', (request: CpuRequest) => {
  void core.handle(request);
});
