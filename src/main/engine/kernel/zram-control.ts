/**
 * The kernel's files for zram, and what they answer. Everything here is a synchronous read or write of a file in sysfs, so
 * that a process can still clean up while it exits.
 *
 *     /sys/class/zram-control/hot_add      reading it makes a device and gives its number
 *     /sys/class/zram-control/hot_remove   writing a number removes that device; EBUSY while somebody has it open
 *     /sys/block/zramN/…                   attributes: comp_algorithm, disksize, reset, mm_stat, io_stat, diskseq, queue/…
 *     /dev/zramN                           the device itself
 *
 * `diskseq` (Linux 5.15) numbers every disk that the kernel ever made since boot: two devices that had the name zram3 one
 * after the other differ in it. It is how a device is told from its successor.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../../shared/result.ts';

/** Where the files are; tests bring folders of their own. */
export interface KernelFiles {
  readonly control: string;
  readonly block: string;
  readonly dev: string;
  readonly bootId: string;
  readonly proc: string;
}

/** Where a Linux host has them. */
export const KERNEL_FILES: KernelFiles = {
  control: '/sys/class/zram-control',
  block: '/sys/block',
  dev: '/dev',
  bootId: '/proc/sys/kernel/random/boot_id',
  proc: '/proc',
};

/** Who asks: enough to say what is missing. */
export interface Asker {
  readonly platform: NodeJS.Platform;
  /** Effective user; undefined where there are none. */
  readonly userId: number | undefined;
}

function thisProcess(): Asker {
  return { platform: process.platform, userId: process.geteuid?.() };
}

/** Whether devices of the kernel can be made here; 'unavailable' with the one thing to do about it. */
export function checkKernelZram(files: KernelFiles = KERNEL_FILES, asker: Asker = thisProcess()): Result<void> {
  if (asker.platform !== 'linux') {
    return fail('unavailable', `the kernel engine needs Linux with zram; this host runs ${asker.platform}`);
  }
  if (!existsSync(join(files.control, 'hot_add'))) {
    return fail(
      'unavailable',
      `this kernel has no zram (${files.control}/hot_add is missing); load it with 'modprobe zram num_devices=0'`,
    );
  }
  if (asker.userId !== 0) {
    return fail('unavailable', 'only root may make a zram device, and this process is not root; run it as root (sudo)');
  }
  return ok(undefined);
}

/** Makes a device; its number. Throws the file system's error. */
export function hotAdd(files: KernelFiles): number {
  // One read and no more: every read from the start makes a device.
  const file = openSync(join(files.control, 'hot_add'), 'r');
  try {
    const text = Buffer.alloc(32);
    const number = Number(text.toString('ascii', 0, readSync(file, text)).trim());
    if (!Number.isInteger(number)) throw new Error(`hot_add answered '${text.toString()}'`);
    return number;
  } finally {
    closeSync(file);
  }
}

/** Throws the file system's error: EBUSY while it is open, ENODEV when there is none. */
export function hotRemove(files: KernelFiles, number: number): void {
  writeFileSync(join(files.control, 'hot_remove'), String(number));
}

/** Throws the file system's error. */
export function readAttribute(files: KernelFiles, number: number, name: string): string {
  return readFileSync(join(files.block, `zram${number}`, name), 'utf8').trim();
}

/** Throws the file system's error. */
export function writeAttribute(files: KernelFiles, number: number, name: string, value: string): void {
  writeFileSync(join(files.block, `zram${number}`, name), value);
}

/** The disk's sequence number; undefined when there is no such device, 'none' on kernels before 5.15. */
export function diskSequence(files: KernelFiles, number: number): string | undefined {
  if (!existsSync(join(files.block, `zram${number}`))) return undefined;
  try {
    return readAttribute(files, number, 'diskseq');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return 'none';
  }
}

/** Short name of an operating system's error such as EBUSY; undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
