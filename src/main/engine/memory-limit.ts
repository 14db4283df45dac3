/** A write that a zram device refused at its memory limit, in the same words under every engine. */
import { type Failure, fail } from '../../shared/result.ts';

/** What a device says of its pool, in one unit: bytes or pages. */
interface PoolUse {
  /** 0: none. */
  readonly limit: number;
  /** The highest pool that a limit check has seen, that of a refused write included. */
  readonly highest: number;
}

/** Whether a device has refused a write for its limit: only such a write raises the high-water mark above it. */
export function hasRefusedAtLimit({ limit, highest }: PoolUse): boolean {
  return limit > 0 && highest > limit;
}

/** The sentence about the job whose write was the one; `place` names page and device. */
export function refusedAtLimit(job: string, place: string, limitBytes: number): Failure {
  return fail(
    'out-of-memory',
    `job ${job} could not write ${place}: the device's pool would have passed its mem_limit of ${limitBytes} bytes, so the ` +
      'request failed with an I/O error; raise the limit or give the job less to write',
    'zram.memLimitBytes',
  );
}
