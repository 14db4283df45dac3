/**
 * `single-mutex`: one stream per device, made at boot, and a mutex that is held from compression to the copy into the pool.
 *
 *     CPU 0 ──lock──▶ [ buffer ][ work memory ] ──unlock──▶ CPU 1 …         who comes meanwhile sleeps on the mutex
 */
import { type Cpu, LockClass, type Suspending } from '../../cpu.ts';
import type { Arena } from '../../memory/arena.ts';
import { DeviceW } from '../../memory/arena-layout.ts';
import { frameNumber, type LockWord, lockWord, type PhysicalAddress } from '../../units.ts';
import type { CompressStreams, Stream, StreamPlace } from './stream.ts';

export class SingleStream implements CompressStreams {
  readonly #lock: LockWord;
  readonly #stream: Stream;

  constructor(arena: Arena, device: number) {
    const block = arena.deviceWord(device);
    this.#lock = lockWord(block + DeviceW.mutex);
    const at = (field: number): PhysicalAddress => arena.frameAddress(frameNumber(arena.word(block + field)));
    this.#stream = {
      target: at(DeviceW.bufferFirstFrame),
      workMemory: at(DeviceW.workMemoryFirstFrame),
      lock: this.#lock,
    };
  }

  tryTake(cpu: Cpu): Stream | undefined {
    return cpu.tryLock(this.#lock) ? this.#stream : undefined;
  }

  *take(cpu: Cpu): Suspending<Stream> {
    yield* cpu.lock(this.#lock, LockClass.deviceMutex);
    return this.#stream;
  }

  tryGive(cpu: Cpu): boolean {
    cpu.unlock(this.#lock);
    return true;
  }

  *give(): Suspending<void> {
    // tryGive does it all.
  }

  placeOf(): StreamPlace {
    return { stream: this.#stream, lock: this.#lock };
  }
}
