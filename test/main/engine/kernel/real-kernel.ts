/** What tests on the host's own kernel share: when they can run, and which devices a process of the lab has made. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { RECORD_FOLDER } from '../../../../src/main/engine/kernel/device-record.ts';
import { KernelEngine } from '../../../../src/main/engine/kernel/kernel-engine.ts';
import { checkKernelZram, diskSequence, KERNEL_FILES } from '../../../../src/main/engine/kernel/zram-control.ts';

/** Skips with the sentence that the user would get. */
export function skipWithoutKernelZram(context: TestContext): void {
  const usable = checkKernelZram();
  context.skip(!usable.ok, usable.ok ? '' : `no zram of the kernel: ${usable.error.message}`);
}

/** Closed at the end of the running test. */
export function openKernelEngine(algorithm?: string): KernelEngine {
  const worker = new URL('../../../../src/main/engine/kernel/job-worker.ts', import.meta.url);
  const engine = new KernelEngine(worker, algorithm);
  onTestFinished(() => engine.close());
  return engine;
}

export interface NotedDevice {
  readonly device: number;
  readonly diskSequence: string;
}

/** The devices that process `pid` has noted as its own. */
export function devicesOf(pid: number | undefined): readonly NotedDevice[] {
  if (!existsSync(RECORD_FOLDER)) return [];
  return readdirSync(RECORD_FOLDER).flatMap((name) => {
    const note = readNote(join(RECORD_FOLDER, name));
    return note !== undefined && note.owner.pid === pid ? [note] : [];
  });
}

/** Whether the very device is still there, and not one that got its number later. */
export function isThere({ device, diskSequence: sequence }: NotedDevice): boolean {
  return diskSequence(KERNEL_FILES, device) === sequence;
}

/** Undefined when it went away meanwhile. */
function readNote(path: string): (NotedDevice & { readonly owner: { readonly pid: number } }) | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  // Written in one go, but perhaps not yet.
  return text === '' ? undefined : (JSON.parse(text) as NotedDevice & { readonly owner: { readonly pid: number } });
}
