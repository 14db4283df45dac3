/**
 * A zram device of this host's kernel that the lab made, from hot_add to hot_remove. No other device is ever touched: the
 * number comes from hot_add alone, or from the record of what a dead process of the lab had made.
 *
 *     hot_add ─▶ made ──setUp──▶ sized ◀──open, close──▶ open
 *                 └────────────────┴───────dispose────────┴──▶ removed
 *
 * `dispose` closes, resets and removes it from wherever it is. All of it is synchronous, so that it also works while the process exits.
 * The kernel refuses reset and removal with EBUSY while anybody has the device open (a helper of the system that looks what
 * is on a new disk does so for a moment), hence the patience.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { IoStat, MmStat } from '../../../shared/zram-stat.ts';
import { DeviceRecord } from './device-record.ts';
import { parseIoStat, parseMmStat } from '../../../shared/zram-stat-text.ts';
import {
  errorCode,
  hotAdd,
  hotRemove,
  KERNEL_FILES,
  type KernelFiles,
  readAttribute,
  writeAttribute,
} from './zram-control.ts';

type State = 'made' | 'sized' | 'open' | 'removed';

/** What may be done, and where it leads. */
const MOVES = {
  setUp: { from: 'made', to: 'sized' },
  open: { from: 'sized', to: 'open' },
  close: { from: 'open', to: 'sized' },
} as const satisfies Readonly<Record<string, { readonly from: State; readonly to: State }>>;

/** How long a device that somebody has open is tried again. */
const BUSY_PATIENCE_MS = 2000;
const BUSY_PAUSE_MS = 5;

export interface DeviceSetUp {
  /** A name of comp_algorithm. */
  readonly algorithm: string;
  /** The kernel rounds it up to whole pages. */
  readonly diskSizeBytes: number;
  /** The page size that the caller counts in; another one of the kernel's is refused. */
  readonly pageSizeBytes: number;
  /** mem_limit; absent: none. */
  readonly memLimitBytes?: number | undefined;
}

export class KernelDevice {
  readonly number: number;
  readonly #files: KernelFiles;
  readonly #forget: () => void;
  #state: State = 'made';
  #file: number | undefined;

  private constructor(number: number, files: KernelFiles, forget: () => void) {
    this.number = number;
    this.#files = files;
    this.#forget = forget;
  }

  /** Makes a device and notes it in `record`. Errors: 'unavailable' with what the kernel answered. */
  static make(record: DeviceRecord = new DeviceRecord(), files: KernelFiles = KERNEL_FILES): Result<KernelDevice> {
    let number: number;
    try {
      number = hotAdd(files);
    } catch (error) {
      return refused('the kernel did not make a zram device', error);
    }
    try {
      return ok(new KernelDevice(number, files, record.note(number)));
    } catch (error) {
      hotRemove(files, number);
      return refused(`zram${number} could not be noted and was removed again`, error);
    }
  }

  get name(): string {
    return `zram${this.number}`;
  }

  /** Sets algorithm, disk size and memory limit. Errors: 'unavailable' naming what the kernel refused, 'bad-input' for the page size. */
  setUp({ algorithm, diskSizeBytes, pageSizeBytes, memLimitBytes = 0 }: DeviceSetUp): Result<void> {
    this.#check('setUp');
    const kernelPageBytes = Number(readAttribute(this.#files, this.number, 'queue/physical_block_size'));
    if (kernelPageBytes !== pageSizeBytes) {
      return fail(
        'bad-input',
        `this host's kernel has pages of ${kernelPageBytes} bytes, so its zram cannot run with ${pageSizeBytes}`,
        'machine.pageSizeBytes',
      );
    }
    for (const [attribute, value] of [
      ['comp_algorithm', algorithm],
      ['disksize', String(diskSizeBytes)],
      ...(memLimitBytes > 0 ? ([['mem_limit', String(memLimitBytes)]] as const) : []),
    ] as const) {
      try {
        writeAttribute(this.#files, this.number, attribute, value);
      } catch (error) {
        return refused(`the kernel refused ${attribute} ${value} for ${this.name}`, error);
      }
    }
    this.#state = MOVES.setUp.to;
    return ok(undefined);
  }

  /** A file descriptor for direct I/O, which any thread of this process may use until `close`. Errors: 'unavailable'. */
  open(): Result<number> {
    this.#check('open');
    try {
      this.#file = openSync(join(this.#files.dev, this.name), constants.O_RDWR | constants.O_DIRECT);
    } catch (error) {
      return refused(`/dev/${this.name} cannot be opened for direct I/O`, error);
    }
    this.#state = MOVES.open.to;
    return ok(this.#file);
  }

  /** No thread may be in a request. */
  close(): void {
    this.#check('close');
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#state = MOVES.close.to;
  }

  /** Throws the file system's error. */
  mmStat(): MmStat {
    return statistics(parseMmStat(readAttribute(this.#files, this.number, 'mm_stat')));
  }

  /** Throws the file system's error. */
  ioStat(): IoStat {
    return statistics(parseIoStat(readAttribute(this.#files, this.number, 'io_stat')));
  }

  /**
   * Closes, resets and removes it, from any state; again is nothing. Error: 'busy' when somebody else has it open for longer
   * than the patience; it is then still there and noted, and a later run removes it.
   */
  dispose(): Result<void> {
    if (this.#state === 'removed') return ok(undefined);
    if (this.#state === 'open') this.close();
    const removed = removeDevice(this.#files, this.number);
    if (!removed.ok) return removed;
    this.#state = 'removed';
    this.#forget();
    return ok(undefined);
  }

  #check(action: keyof typeof MOVES): void {
    const { from } = MOVES[action];
    if (this.#state !== from) throw new Error(`${action} needs ${this.name} ${from}, but it is ${this.#state}`);
  }
}

/** Removes what dead processes of the lab left; a sentence for each that could not be. */
export function removeLeftovers(
  record: DeviceRecord = new DeviceRecord(),
  files: KernelFiles = KERNEL_FILES,
): readonly string[] {
  return record.claimLeftovers().flatMap(({ device, forget }) => {
    const removed = removeDevice(files, device);
    if (removed.ok) forget();
    return removed.ok ? [] : [removed.error.message];
  });
}

/** Frees its memory first, which a removal alone would also do but not before its last holder is gone. */
function removeDevice(files: KernelFiles, number: number): Result<void> {
  const deadlineMs = performance.now() + BUSY_PATIENCE_MS;
  for (;;) {
    try {
      writeAttribute(files, number, 'reset', '1');
      hotRemove(files, number);
      return ok(undefined);
    } catch (error) {
      const code = errorCode(error);
      // Somebody removed it by hand.
      if (code === 'ENODEV' || code === 'ENOENT') return ok(undefined);
      if (code !== 'EBUSY') throw error;
      if (performance.now() > deadlineMs) {
        return fail(
          'busy',
          `another program has /dev/zram${number} open, so it could not be removed; a later run will`,
        );
      }
      pause(BUSY_PAUSE_MS);
    }
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function refused(what: string, error: unknown): Result<never> {
  const code = errorCode(error);
  if (code === undefined) throw error;
  return fail('unavailable', `${what} (${code})`);
}

/** The kernel's own statistics that are none are a kernel that the lab does not know. */
function statistics<T>(parsed: Result<T>): T {
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}
