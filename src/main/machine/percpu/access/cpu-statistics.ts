/** What a CPU's code did since boot, in the arena: plain doubles that their CPU alone writes and anybody reads. */
import type { AddressSpace } from '../../memory/address-space.ts';
import { SpaceCpuF64, type SpaceCounter } from '../../memory/address-space-layout.ts';
import { type CpuId, cpuId } from '../../units.ts';

/** Totals; the names of SpaceCpuF64, where each is explained. */
export type AccessFigures = Readonly<Record<keyof typeof SpaceCpuF64, number>>;

export class CpuStatistics {
  readonly #doubles: Float64Array;
  readonly #block: number;

  constructor(space: AddressSpace, cpu: CpuId) {
    this.#doubles = space.arena.doubles;
    this.#block = space.cpuWord(cpu) / 2;
  }

  /** By the CPU's own thread. */
  add(counter: SpaceCounter, amount: number): void {
    const index = this.#block + counter;
    this.#doubles[index] = (this.#doubles[index] ?? 0) + amount;
  }

  /** Any thread. */
  read(): AccessFigures {
    const figures: Partial<Record<keyof typeof SpaceCpuF64, number>> = {};
    for (const name of COUNTERS) figures[name] = this.#doubles[this.#block + SpaceCpuF64[name]] ?? 0;
    return figures as AccessFigures;
  }
}

const COUNTERS = Object.keys(SpaceCpuF64) as readonly (keyof typeof SpaceCpuF64)[];

/** The sum over all CPUs. */
export function accessFigures(space: AddressSpace): AccessFigures {
  const byCpu = Array.from({ length: space.arena.config.possibleCpus }, (_, cpu) =>
    new CpuStatistics(space, cpuId(cpu)).read(),
  );
  const sums: Partial<Record<keyof typeof SpaceCpuF64, number>> = {};
  for (const name of COUNTERS) sums[name] = byCpu.reduce((sum, figures) => sum + figures[name], 0);
  return sums as AccessFigures;
}
