/** Bytes in words that lose nothing. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const STEP = 1024;

/** In the largest unit that divides them evenly: `64 MiB`, `65537 B`. */
export function formatBytesExact(bytes: number): string {
  let power = 0;
  let value = bytes;
  while (value !== 0 && value % STEP === 0 && power < UNITS.length - 1) {
    value /= STEP;
    power += 1;
  }
  return `${value} ${UNITS[power]}`;
}
