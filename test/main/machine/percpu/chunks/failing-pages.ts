/** Pages that run out once: the n-th time that some are asked for. Keeps account of what is out. */
import type { Cpu, Suspending } from '../../../../../src/main/machine/cpu.ts';
import type { PageRange } from '../../../../../src/main/machine/percpu/chunks/chunk-region.ts';
import type { PageSource } from '../../../../../src/main/machine/percpu/chunks/page-source.ts';

export class FailingPages implements PageSource {
  readonly #pages: PageSource;
  readonly #failing: number;
  /** How often pages were asked for. */
  asked = 0;
  /** Pages per unit that were given and not taken back. */
  out = 0;

  /** `failing` counts from 1; the request of that number fails. */
  constructor(pages: PageSource, failing: number) {
    this.#pages = pages;
    this.#failing = failing;
  }

  /** Whether the failure has happened. */
  get hasFailed(): boolean {
    return this.asked >= this.#failing;
  }

  createChunk(cpu: Cpu, chunk: number): Suspending<boolean> {
    return this.#pages.createChunk(cpu, chunk);
  }

  destroyChunk(cpu: Cpu, chunk: number): Suspending<void> {
    return this.#pages.destroyChunk(cpu, chunk);
  }

  *populate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<boolean> {
    this.asked += 1;
    if (this.asked === this.#failing) return false;
    const populated = yield* this.#pages.populate(cpu, chunk, pages);
    if (populated) this.out += pages.end - pages.first;
    return populated;
  }

  *depopulate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<void> {
    this.out -= pages.end - pages.first;
    yield* this.#pages.depopulate(cpu, chunk, pages);
  }

  clear(chunk: number, offsetBytes: number, sizeBytes: number): void {
    this.#pages.clear(chunk, offsetBytes, sizeBytes);
  }
}
