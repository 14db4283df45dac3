/**
 * The other parts that refuse on purpose, each standing where the sound one stands in a machine without faults.
 *
 *     FailingCodec       a page that does not compress, an object that does not decompress       site `codec`
 *     FailingPercpu      an atomic per-CPU object for which there is no room                     site `atomic`
 *     FailingBringUp     the last step of a CPU's way up: all steps before it are undone         site `bringUps`
 *
 * None changes anything of what it refuses to do. Locks as in the parts that they stand for.
 */
import { fail, ok, type Result } from '../../../shared/result.ts';
import { type Codec, COMPRESSION_FAILED, type IoPage, type ObjectSpan } from '../codec.ts';
import type { Cpu, Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import type { PercpuRequest } from '../percpu/chunks/allocator.ts';
import type { HotplugStep } from '../percpu/hotplug.ts';
import type { PercpuArea } from '../percpu/percpu-area.ts';
import { PercpuInterface } from '../percpu/percpu-interface.ts';
import type { PercpuPtr, PhysicalAddress } from '../units.ts';
import type { FaultInjector } from './fault-injector.ts';

export class FailingCodec implements Codec {
  readonly name: string;
  readonly #codec: Codec;
  readonly #faults: FaultInjector;

  constructor(codec: Codec, faults: FaultInjector) {
    this.name = codec.name;
    this.#codec = codec;
    this.#faults = faults;
  }

  compress(page: IoPage, target: PhysicalAddress, workMemory: PhysicalAddress): number {
    return this.#faults.refuses('codec') ? COMPRESSION_FAILED : this.#codec.compress(page, target, workMemory);
  }

  decompress(source: Readonly<ObjectSpan>, page: IoPage): boolean {
    return !this.#faults.refuses('codec') && this.#codec.decompress(source, page);
  }
}

export class FailingPercpu extends PercpuInterface {
  readonly #area: PercpuArea;
  readonly #faults: FaultInjector;

  constructor(arena: Arena, frames: PageFrames, area: PercpuArea, faults: FaultInjector) {
    super(arena, frames, area);
    this.#area = area;
    this.#faults = faults;
  }

  override *allocPercpu(cpu: Cpu, request: PercpuRequest): Suspending<Result<PercpuPtr>> {
    if (request.atomic === true && this.#faults.refuses('atomic')) {
      yield* this.#area.allocator.noteAtomicFailure(cpu);
      return fail('out-of-memory', `no room for an atomic object of ${request.sizeBytes} bytes on every CPU`);
    }
    return yield* super.allocPercpu(cpu, request);
  }
}

export class FailingBringUp implements HotplugStep {
  readonly name = 'fault injection';
  readonly #faults: FaultInjector;

  constructor(faults: FaultInjector) {
    this.#faults = faults;
  }

  *prepare(): Suspending<Result<void>> {
    return this.#faults.refuses('bringUps') ? fail('unavailable', 'the bring-up was made to fail') : ok(undefined);
  }

  *dead(): Suspending<void> {
    // Nothing was made.
  }
}
