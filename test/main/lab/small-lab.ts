/**
 * Labs as they are, only small: real threads, a real database and real files in a folder of the running test's own.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLab, type Lab } from '../../../src/main/lab/lab.ts';
import type { RunEvent } from '../../../src/shared/contract.ts';
import {
  type FioWorkload,
  PROFILE_SCHEMA_VERSION,
  type PercpuWorkload,
  type Profile,
  type ThisCpuWorkload,
} from '../../../src/shared/profile.ts';
import type { Result } from '../../../src/shared/result.ts';
import type { RunRecord } from '../../../src/shared/run-record.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const RESOURCES = join(import.meta.dirname, '../../../resources');
/** Made by the unit tests' global set-up. */
export const KERNEL_LZ4 = new URL('../../../out/codec/lz4-kernel.wasm', import.meta.url);
export const CPU_WORKER = new URL('../../../src/main/engine/live/cpu-worker.ts', import.meta.url);
const STORM_WORKER = new URL('../../../src/main/engine/live/storm/storm-worker.ts', import.meta.url);
const JOB_WORKER = new URL('../../../src/main/engine/kernel/job-worker.ts', import.meta.url);

/** 4 KiB pages; contents of eight of them that compress differently. */
export const PAGE_BYTES = 4096;

/** Opened on `dataFolder`, closed at the end of the running test. */
export async function openSmallLab(dataFolder = temporaryFolder(), stormWorkerUrl = STORM_WORKER): Promise<Lab> {
  const lab = await createLab({
    dataFolder,
    resourcesFolder: RESOURCES,
    cpuWorkerUrl: CPU_WORKER,
    kernelLz4Url: KERNEL_LZ4,
    jobWorkerUrl: JOB_WORKER,
    stormWorkerUrl,
  });
  onTestFinished(() => lab.close());
  return lab;
}

/** A file of eight pages, each more compressible than the next. */
export function smallDataFile(folder = temporaryFolder()): string {
  const path = join(folder, 'data.bin');
  const bytes = Buffer.alloc(8 * PAGE_BYTES);
  for (let at = 0; at < bytes.length; at++) {
    const page = Math.floor(at / PAGE_BYTES);
    bytes[at] = at % 8 < page ? (at * 2654435761) >>> 24 : 0x61;
  }
  writeFileSync(path, bytes);
  return path;
}

export type ProfileChanges = Partial<Omit<Profile, 'machine' | 'workload' | 'experiment'>> & {
  readonly machine?: Partial<Profile['machine']>;
  readonly workload?: Partial<FioWorkload>;
  readonly experiment?: Partial<Profile['experiment']>;
};

/** Two jobs of 1 MiB that write and then verify, on two CPUs, both designs, twice, after one block of warm-up. */
export function smallProfile(changes: ProfileChanges = {}): Profile {
  return {
    schemaVersion: PROFILE_SCHEMA_VERSION,
    name: 'small',
    description: '',
    designs: ['single-mutex', 'per-cpu-global'],
    ...changes,
    machine: {
      possibleCpus: 3,
      onlineCpus: 2,
      pageSizeBytes: PAGE_BYTES,
      memoryBytes: 16 << 20,
      devices: 1,
      diskSizeBytes: 4 << 20,
      codec: 'lz4',
      ...changes.machine,
    },
    workload: {
      kind: 'fio',
      jobFile: '[job]\nrw=write\nbs=4k\nioengine=libaio\niodepth=4\nsize=1m\nnumjobs=2\nverify=meta\n',
      data: { kind: 'files', paths: [smallDataFile()] },
      seed: 7,
      ...changes.workload,
    },
    experiment: { repetitions: 2, warmUpSeconds: 0, equivalencePercent: 5, ...changes.experiment },
  };
}

export interface PercpuProfileChanges {
  readonly designs?: Profile['designs'];
  readonly machine?: Partial<Profile['machine']>;
  readonly workload?: Partial<PercpuWorkload>;
  readonly repetitions?: number;
}

/** 40 groups of four objects on two CPUs, made and destroyed at random, both first chunks, twice. */
export function smallPercpuProfile(changes: PercpuProfileChanges = {}): Profile {
  return {
    schemaVersion: PROFILE_SCHEMA_VERSION,
    name: 'small cgroups',
    description: '',
    designs: changes.designs ?? ['embed', 'page'],
    machine: {
      possibleCpus: 2,
      onlineCpus: 2,
      pageSizeBytes: PAGE_BYTES,
      memoryBytes: 16 << 20,
      devices: 1,
      diskSizeBytes: 1 << 20,
      codec: 'lz4',
      ...changes.machine,
    },
    workload: {
      kind: 'percpu',
      groupName: 'cgroup',
      groups: 40,
      objects: [
        { callSite: 'counters', number: 3, sizeBytes: 1000, alignBytes: 8 },
        { callSite: 'marks', number: 1, sizeBytes: 6, alignBytes: 1 },
      ],
      destroy: 'random',
      seed: 7,
      ...changes.workload,
    },
    experiment: { repetitions: changes.repetitions ?? 2, warmUpSeconds: 0, equivalencePercent: 5 },
  };
}

export interface ThisCpuProfileChanges {
  readonly designs?: Profile['designs'];
  readonly machine?: Partial<Profile['machine']>;
  readonly workload?: Partial<ThisCpuWorkload>;
  readonly experiment?: Partial<Profile['experiment']>;
}

/** Two mixes of a few thousand operations on two CPUs with two tasks each, two access modes, once; eight CPUs' tables counted. */
export function smallThisCpuProfile(changes: ThisCpuProfileChanges = {}): Profile {
  return {
    schemaVersion: PROFILE_SCHEMA_VERSION,
    name: 'small storm',
    description: '',
    designs: changes.designs ?? ['preempt-offset', 'local-mapping'],
    machine: {
      possibleCpus: 2,
      onlineCpus: 2,
      pageSizeBytes: PAGE_BYTES,
      memoryBytes: 4 << 20,
      devices: 1,
      diskSizeBytes: 1 << 20,
      codec: 'lz4',
      ...changes.machine,
    },
    workload: {
      kind: 'this-cpu',
      tasksPerCpu: 2,
      tickOperations: 100,
      balanceTicks: 2,
      operations: 8000,
      mixes: [
        { name: 'storm', unit: 'one addition', operations: { add: 1 }, batch: 32, source: '' },
        { name: 'fault', unit: 'one fault', operations: { add: 2, read: 1, cmpxchg: 1 }, source: '' },
      ],
      seed: 7,
      counting: {
        cpus: 8,
        chunksAtRest: 5,
        chunksAdded: 11,
        occasion: '10,000 cgroups',
        translations: ['4k-39'],
        windows: ['packed'],
        scalingCpus: [],
        paper: [
          { figure: 'pgdBytes', says: '4K * (nr_cpus - 1)', bytes: 28_672 },
          { figure: 'tablesAtRestBytes', says: 'a couple' },
        ],
      },
      ...changes.workload,
    },
    experiment: { repetitions: 1, equivalencePercent: 5, ...changes.experiment },
  };
}

export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

export function errorOf(result: Result<unknown>) {
  if (result.ok) throw new Error('this should have failed');
  return result.error;
}

export type Finished = Extract<RunEvent, { kind: 'finished' }>;

/** Everything that the lab tells from now on, and the next run's end. */
export function listen(lab: Lab): { readonly events: readonly RunEvent[]; readonly finished: Promise<Finished> } {
  const events: RunEvent[] = [];
  const finished = new Promise<Finished>((resolve) => {
    const stop = lab.subscribe((event) => {
      events.push(event);
      if (event.kind !== 'finished') return;
      stop();
      resolve(event);
    });
  });
  return { events, finished };
}

/** Runs `profile` from start to end. */
export async function runToEnd(
  lab: Lab,
  profile: Profile,
): Promise<{ readonly events: readonly RunEvent[]; readonly finished: Finished; readonly record: RunRecord }> {
  const { events, finished } = listen(lab);
  const { runId } = valueOf(await lab.startRun({ profile }));
  const end = await finished;
  return { events, finished: end, record: valueOf(await lab.openRun({ runId })) };
}
