import { formatFixed } from './number.ts';

const pad = (value: number): string => String(value).padStart(2, '0');

/** A duration in seconds for a person: 0.4 s, 12 s, 3 min 05 s, 2 h 07 min. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${formatFixed(Math.max(0, seconds), 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}
