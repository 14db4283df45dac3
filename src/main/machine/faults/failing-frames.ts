/**
 * Page frames some of whose requests are refused on purpose, as if memory had run out.
 *
 *     tryTake  ─▶ always `take`       so that a request passes its site once, whichever way it came
 *     take, takeRun, may sleep     ─▶ site `frames`
 *     take, may not                ─▶ site `atomic`
 *
 * What is given back is never refused. Locks as in page-frames.ts; a refusal takes none.
 */
import type { Cpu, Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import type { FrameKind } from '../memory/arena-layout.ts';
import { PageFrames, type TakeMode } from '../memory/page-frames.ts';
import type { FrameNumber } from '../units.ts';
import type { FaultInjector } from './fault-injector.ts';

export class FailingFrames extends PageFrames {
  readonly #faults: FaultInjector;

  constructor(arena: Arena, faults: FaultInjector) {
    super(arena);
    this.#faults = faults;
  }

  override tryTake(): FrameNumber | undefined {
    return undefined;
  }

  override *take(
    cpu: Cpu,
    count: number,
    kind: FrameKind,
    mode: TakeMode = 'sleeping',
  ): Suspending<FrameNumber | undefined> {
    if (this.#faults.refuses(mode === 'atomic' ? 'atomic' : 'frames')) return undefined;
    return yield* super.take(cpu, count, kind, mode);
  }

  override *takeRun(cpu: Cpu, count: number, kind: FrameKind): Suspending<FrameNumber | undefined> {
    if (this.#faults.refuses('frames')) return undefined;
    return yield* super.takeRun(cpu, count, kind);
  }
}
