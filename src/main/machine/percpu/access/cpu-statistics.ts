/** What a CPU's code did since boot, in the arena: plain doubles that their CPU alone writes and anybody reads. */
import { ACCESS_COUNTERS, type AccessCounter, type AccessCounts } from '../../../../shared/this-cpu-report.ts';
import type { AddressSpace } from '../../memory/address-space.ts';
import { SpaceCpuF64, type SpaceCounter } from '../../memory/address-space-layout.ts';
import { type CpuId, cpuId } from '../../units.ts';

/** Totals; each is explained in SpaceCpuF64. */
export type AccessFigures = AccessCounts;

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
    return accessFiguresOf((name) => this.#doubles[this.#block + SpaceCpuF64[name]] ?? 0);
  }
}

/** Figures put together counter by counter. */
export function accessFiguresOf(read: (name: AccessCounter) => number): AccessFigures {
  const figures: Partial<Record<AccessCounter, number>> = {};
  for (const name of ACCESS_COUNTERS) figures[name] = read(name);
  return figures as AccessFigures;
}

/** The sum over `cpus`; absent: all. */
export function accessFigures(space: AddressSpace, cpus?: readonly CpuId[]): AccessFigures {
  const chosen = cpus ?? Array.from({ length: space.arena.config.possibleCpus }, (_, cpu) => cpuId(cpu));
  const byCpu = chosen.map((cpu) => new CpuStatistics(space, cpu).read());
  return accessFiguresOf((name) => byCpu.reduce((sum, figures) => sum + figures[name], 0));
}
