import { formatSignificant } from './number.ts';

/** A latency given in nanoseconds, in the unit that leaves three significant digits: 850 ns, 12.3 µs, 4.05 ms, 1.20 s. */
export function formatNanoseconds(ns: number): string {
  if (ns < 999.5) return `${formatSignificant(ns < 1 ? 0 : ns)} ns`;
  if (ns < 999.5e3) return `${formatSignificant(ns / 1e3)} µs`;
  if (ns < 999.5e6) return `${formatSignificant(ns / 1e6)} ms`;
  return `${formatSignificant(ns / 1e9)} s`;
}
