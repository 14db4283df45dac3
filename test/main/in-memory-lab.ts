/**
 * A tiny honest lab for tests of what carries the contract: one profile, one run at a time that goes on until it is
 * cancelled, nothing stored anywhere but here.
 */
import type { LabContract, RunEvent, RunProgress } from '../../src/shared/contract.ts';
import { PROFILE_SCHEMA_VERSION, type Profile } from '../../src/shared/profile.ts';
import { fail, ok, type Result } from '../../src/shared/result.ts';
import type { Environment } from '../../src/shared/run-record.ts';

export const testProfile: Profile = {
  schemaVersion: PROFILE_SCHEMA_VERSION,
  name: 'small',
  description: 'For tests.',
  machine: {
    possibleCpus: 2,
    onlineCpus: 2,
    pageSizeBytes: 4096,
    memoryBytes: 8 << 20,
    devices: 1,
    codec: 'lz4',
    diskSizeBytes: 1 << 20,
  },
  designs: ['single-mutex', 'per-cpu-global'],
  workload: { kind: 'fio', jobFile: '[job]\nrw=write\nsize=64k\n', data: { kind: 'job' }, seed: 1 },
  experiment: { repetitions: 1, equivalencePercent: 3 },
};

const environment: Environment = {
  cpuModel: 'none',
  hostCores: 1,
  hostMemoryBytes: 1,
  operatingSystem: 'none',
  kernel: 'none',
  governor: 'not readable',
  runtime: 'test',
  codec: 'none',
  labVersion: '0',
};

/** A progress event of run `runId`, `fraction` of the way. */
export function progressEvent(runId: string, fraction: number, cpus = 2): RunEvent {
  const progress: RunProgress = {
    runId,
    sample: 1,
    design: 'single-mutex',
    repetition: 1,
    repetitions: 1,
    phase: 'write',
    fraction,
    atMs: 0,
    megabytesPerSecond: {},
    operationsPerSecond: {},
    cpus: Array.from({ length: cpus }, () => ({ working: 0.5, lockWait: 0.5 })),
  };
  return { kind: 'progress', progress };
}

export interface InMemoryLab extends LabContract {
  /** Sends an event to every subscriber. */
  emit: (event: RunEvent) => void;
  /** Subscriptions that have not been ended. */
  subscriberCount: () => number;
}

function answer<T>(result: Result<T>): Promise<Result<T>> {
  return Promise.resolve(result);
}

const notHere = (): Promise<Result<never>> => answer(fail('not-found', 'This lab keeps nothing'));

/** `openRun` of the run 'broken' throws, as a broken invariant would. */
export function createInMemoryLab(): InMemoryLab {
  const listeners = new Set<(event: RunEvent) => void>();
  let runId: string | undefined;
  let runs = 0;
  const emit = (event: RunEvent): void => listeners.forEach((listener) => listener(event));
  return {
    emit,
    subscriberCount: () => listeners.size,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    describeHost: () => answer(ok({ environment, dataFolder: 'memory' })),
    listProfiles: () => answer(ok([{ kind: 'profile', id: 'shipped/small', origin: 'shipped', profile: testProfile }])),
    saveProfile: notHere,
    renameProfile: ({ id }) => answer(fail('not-found', `There is no profile ${id}`)),
    deleteProfile: notHere,
    previewWorkload: () => answer(ok({ fieldErrors: [], jobs: [], oversubscribed: false })),
    startRun() {
      if (runId !== undefined) return answer(fail('busy', 'A run is already going on'));
      runs += 1;
      runId = `run-${runs}`;
      const { designs } = testProfile;
      emit({ kind: 'started', runId, profile: testProfile, engine: 'live', designs, oversubscribed: false });
      return answer(ok({ runId }));
    },
    cancelRun(input) {
      if (runId !== input.runId) return answer(fail('not-found', `Run ${input.runId} is not going on`));
      runId = undefined;
      queueMicrotask(() => emit({ kind: 'finished', runId: input.runId, outcome: 'cancelled', stored: true }));
      return answer(ok({}));
    },
    currentRun: () =>
      answer(
        ok(
          runId === undefined
            ? {}
            : {
                run: {
                  runId,
                  profile: testProfile,
                  engine: 'live' as const,
                  designs: testProfile.designs,
                  oversubscribed: false,
                  samples: [],
                },
              },
        ),
      ),
    listRuns: () => answer(ok([])),
    openRun(input) {
      if (input.runId === 'broken') throw new Error('page 7 is missing\n  at secret place');
      return answer(fail('not-found', `There is no run ${input.runId}`));
    },
    renameRun: notHere,
    deleteRun: notHere,
    exportRunCsv: () => answer(ok({ fileName: 'run.csv', text: 'x'.repeat(4 << 20) })),
    exportKernelTexts: notHere,
    runningPicture: notHere,
    runningZram: notHere,
    runningPercpuStats: notHere,
    browse: ({ path }) => answer(ok({ path: path ?? '/', entries: [] })),
    openUpload: notHere,
    sendUpload: notHere,
    closeUpload: notHere,
    dropEvidence: notHere,
    checkGeometry: notHere,
    startReplay: notHere,
    replayState: notHere,
    cancelReplay: notHere,
    replayPicture: notHere,
    startVerify: notHere,
    verifyState: notHere,
    cancelVerify: notHere,
    describeAddressSpace: notHere,
    pageTableTree: notHere,
    pageTable: notHere,
    chunkColumns: notHere,
    translateAddress: notHere,
    invalidateTlb: notHere,
    currentVerify: () => answer(ok({})),
  };
}
