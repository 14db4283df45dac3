import { formatDuration } from './duration.ts';
import { formatNanoseconds } from './nanoseconds.ts';

/** From here on a tenth of a second is as exact as anybody wants it. */
const LONG_US = 10e6;

/** A time within a trace, given in microseconds: 830 µs, 120 ms, 3.72 s, 2 min 05 s. */
export function formatTraceTime(timeUs: number): string {
  if (timeUs <= 0) return '0 s';
  return timeUs < LONG_US ? formatNanoseconds(timeUs * 1e3) : formatDuration(timeUs * 1e-6);
}
