/** A unit of work in words. */
import { counted } from '../../shared/counted.ts';
import { MIX_OPERATIONS, type ThisCpuMix } from '../../shared/this-cpu-profile.ts';

/** `8 a unit: 6 add, 1 read, 1 cmpxchg`; numbers that are none are left out. */
export function mixLine({ operations }: Pick<ThisCpuMix, 'operations'>): string {
  const parts = MIX_OPERATIONS.flatMap((operation) => {
    const number = operations[operation] ?? 0;
    return number > 0 ? [{ operation, number }] : [];
  });
  if (parts.length === 0) return 'no operations';
  const all = parts.reduce((sum, { number }) => sum + number, 0);
  const words = parts.map(({ operation, number }) => `${number} ${operation}`).join(', ');
  return parts.length === 1 ? `${words} a unit` : `${all} a unit: ${words}`;
}

/** `One page fault, 8 a unit: 6 add, … After 32 units in a row … Source: …`: all that its form says. */
export function mixWork(mix: ThisCpuMix): string {
  const batch =
    mix.batch === undefined ? '' : ` After every ${counted(mix.batch, 'unit')} the counter goes into the shared total.`;
  return `Unit of work: ${mix.unit}; ${mixLine(mix)}.${batch} Source: ${mix.source}`;
}

/** The mix with another number of one operation; 0 takes it out. */
export function withOperation(mix: ThisCpuMix, operation: keyof ThisCpuMix['operations'], number: number): ThisCpuMix {
  const { [operation]: _, ...others } = mix.operations;
  return { ...mix, operations: number === 0 ? others : { ...others, [operation]: number } };
}

/** The mix with another batch; NaN (an empty field) is none. */
export function withBatch(mix: ThisCpuMix, batch: number): ThisCpuMix {
  const { batch: _, ...others } = mix;
  return Number.isNaN(batch) ? others : { ...others, batch };
}
