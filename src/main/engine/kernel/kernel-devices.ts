/**
 * The devices of one sample: made together, removed together, and also when the process ends before they were.
 *
 * At the process's end the threads may be in a request. They are told to stop, and only when none is in a request any more
 * are the files closed: a file's number could else be another file's by the time a thread writes to it. Threads that do
 * not stop in time leave their devices to the record.
 */
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { IoStat, MmStat } from '../../../shared/zram-stat.ts';
import type { PhaseReport } from '../live/protocol.ts';
import { hasRefusedAtLimit, refusedAtLimit } from '../memory-limit.ts';
import type { ControlBlock } from './control-block.ts';
import { type DeviceSetUp, KernelDevice, removeLeftovers } from './kernel-device.ts';

/** What a request takes at most when the host is not stuck. */
const QUIET_MS = 1000;

export class KernelDevices {
  /** By device: its file, open for direct I/O. */
  readonly files: readonly number[];
  readonly #devices: readonly KernelDevice[];
  readonly #onExit: () => void;

  private constructor(devices: readonly KernelDevice[], files: readonly number[], control: ControlBlock) {
    this.#devices = devices;
    this.files = files;
    this.#onExit = () => {
      control.halt();
      if (control.waitUntilQuiet(QUIET_MS)) disposeAll(devices);
    };
    process.on('exit', this.#onExit);
  }

  /**
   * Removes what dead processes left, then makes, sets up and opens `count` devices for the threads of `control`. Errors:
   * those of KernelDevice; what was made until then is removed.
   */
  static make(count: number, setUp: DeviceSetUp, control: ControlBlock): Result<KernelDevices> {
    removeLeftovers();
    const devices: KernelDevice[] = [];
    const files: number[] = [];
    for (let index = 0; index < count; index++) {
      const file = makeAndOpen(setUp, devices);
      if (!file.ok) {
        disposeAll(devices);
        return file;
      }
      files.push(file.value);
    }
    return ok(new KernelDevices(devices, files, control));
  }

  mmStat(): readonly MmStat[] {
    return this.#devices.map((device) => device.mmStat());
  }

  ioStat(): readonly IoStat[] {
    return this.#devices.map((device) => device.ioStat());
  }

  /** Removes them. Error: 'busy', the first that could not be. */
  dispose(): Result<void> {
    process.off('exit', this.#onExit);
    return disposeAll(this.#devices);
  }

  /** A job's failure in words. */
  describeFailure(failure: NonNullable<PhaseReport['failure']>): Result<never> {
    const { kind } = failure;
    if (kind === 'percpu' || kind === 'hotplug' || kind === 'no-buffer' || kind === 'codec-failed') {
      throw new Error(`the kernel's zram cannot fail by ${kind}`);
    }
    const { job, device, slot } = failure;
    const place = `page ${slot} of ${this.#devices[device]?.name ?? 'a device'}`;
    const limit = this.#limitOf(device);
    switch (kind) {
      case 'no-memory':
        if (limit !== undefined && hasRefusedAtLimit(limit)) return refusedAtLimit(job, place, limit.limit);
        return fail('out-of-memory', `job ${job} could not write ${place}: the kernel had no memory for it`);
      case 'corrupt':
        return fail('data-mismatch', `job ${job} could not read ${place}: the kernel answered with an I/O error`);
      case 'mismatch':
        return fail('data-mismatch', `job ${job} read ${place} and got other data than it had written`);
    }
  }

  #limitOf(device: number): { readonly limit: number; readonly highest: number } | undefined {
    const stat = this.#devices[device]?.mmStat();
    return stat === undefined ? undefined : { limit: stat.mem_limit, highest: stat.mem_used_max };
  }
}

/** Enters the device into `devices` as soon as it is there. */
function makeAndOpen(setUp: DeviceSetUp, devices: KernelDevice[]): Result<number> {
  const made = KernelDevice.make();
  if (!made.ok) return made;
  devices.push(made.value);
  const ready = made.value.setUp(setUp);
  return ready.ok ? made.value.open() : ready;
}

function disposeAll(devices: readonly KernelDevice[]): Result<void> {
  const results = devices.map((device) => device.dispose());
  return results.find((result) => !result.ok) ?? ok(undefined);
}
