/**
 * The lab: the one face that window, browser and command line ask. Composes the parts and keeps what outlives a call (the
 * engine's threads, the run in hand, the store, the subscribers); everything else is in the parts.
 */
import { existsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { CODEC_WORDS, CODECS } from '../../shared/codec.ts';
import type { LabContract, RunEvent } from '../../shared/contract.ts';
import type { MappingProfile } from '../../shared/mapping-profile.ts';
import type { MappingReport } from '../../shared/mapping-report.ts';
import { fail, type LabError, ok, type Result } from '../../shared/result.ts';
import type { RunRecord } from '../../shared/run-record.ts';
import { codecSource } from '../engine/codec/codec-source.ts';
import { LiveEngine } from '../engine/live/live-engine.ts';
import { listFolder } from './browse.ts';
import { createEvidenceMethods } from './evidence-methods.ts';
import { readEnvironment } from './environment.ts';
import { RunControl } from './experiment/run-control.ts';
import { kernelEvidence } from './export/kernel-evidence.ts';
import { exportFileName, samplesCsv } from './export/samples-csv.ts';
import { readLabVersion } from './lab-version.ts';
import { countMapping, type MappingWatch } from './mapping/count-mapping.ts';
import { type PlanHost, planProfile, previewWorkload } from './plan/plan-profile.ts';
import { openProfileLibrary } from './profiles/profile-library.ts';
import { type AnyProfile, readProfileFile } from './profiles/profile-file.ts';
import { createRunningMethods } from './running-methods.ts';
import { openRunStore, type RunStore } from './store/run-store.ts';

export interface LabOptions {
  /** Where profiles and runs of the user are kept. */
  readonly dataFolder: string;
  /** The project's resources: shipped profiles. */
  readonly resourcesFolder: string;
  /** Entry file of a CPU's thread: its TypeScript source, or the built file. */
  readonly cpuWorkerUrl: URL;
  /** The compiled codec lz4-kernel, as set-up leaves it. Read when an experiment first asks for it. */
  readonly kernelLz4Url: URL;
}

export interface Lab extends LabContract {
  /** A profile by id, file stem or name, or by the path of a .json file. */
  readonly loadProfile: (name: string) => Result<AnyProfile>;
  /** Carries out a mapping profile; nothing is stored. Errors as `countMapping` says. */
  readonly countMapping: (profile: MappingProfile, watch: MappingWatch) => Promise<Result<MappingReport>>;
  /** Cancels and stores what is going on, then ends all threads and closes the store. Safe to call again. */
  readonly close: () => Promise<void>;
}

/** Opens the lab. A store that cannot be used does not keep it from opening: `describeHost` says why, runs are not kept. */
export function createLab(options: LabOptions): Promise<Lab> {
  const listeners = new Set<(event: RunEvent) => void>();
  const profiles = openProfileLibrary({
    shipped: join(options.resourcesFolder, 'profiles'),
    saved: join(options.dataFolder, 'profiles'),
  });
  const store = openRunStore(join(options.dataFolder, 'runs.sqlite'));
  const environment = readEnvironment({ labVersion: readLabVersion(), codec: allCodecs() });
  const engine = new LiveEngine(options.cpuWorkerUrl);
  const runs = new RunControl({
    engine,
    environment,
    codecs: codecSource(options.kernelLz4Url),
    save: (record) => withStore(store, (open) => open.save(record)),
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
  });
  const { isReplaying, closeEvidence, ...evidence } = createEvidenceMethods(() => runs.current() !== undefined);
  const host = planHost();
  const openRecord = (runId: string): Result<RunRecord> => {
    const unsaved = runs.unsaved(runId);
    return unsaved === undefined ? withStore(store, (open) => open.open(runId)) : ok(unsaved);
  };
  const close = async (): Promise<void> => {
    await runs.close();
    await closeEvidence();
    await engine.close();
    if (store.ok) store.value.close();
  };
  let closed: Promise<void> | undefined;
  return Promise.resolve({
    describeHost: () => answer(ok({ environment, dataFolder: options.dataFolder, storeError: errorOf(store) })),
    listProfiles: () => answer(profiles.list()),
    saveProfile: (input) => answer(profiles.save(input)),
    renameProfile: (input) => answer(profiles.rename(input)),
    deleteProfile: (input) => answer(profiles.remove(input)),
    loadProfile: (name) => loadProfile(profiles.load(name), name),
    countMapping: (profile, watch) => countMapping(profile, environment.labVersion, watch),
    previewWorkload: ({ profile }) => answer(ok(previewWorkload(profile, host))),
    startRun: ({ profile }) => {
      if (isReplaying()) return answer(fail('busy', 'a trace is being replayed, which would disturb the run'));
      const planned = planProfile(profile, host);
      return answer(planned.ok ? runs.start(planned.value) : planned);
    },
    cancelRun: ({ runId }) => answer(runs.cancel(runId)),
    currentRun: () => answer(ok({ run: runs.current() })),
    listRuns: () => answer(withStore(store, (open) => open.list())),
    openRun: ({ runId }) => answer(openRecord(runId)),
    renameRun: ({ runId, name }) => answer(withStore(store, (open) => open.rename(runId, name))),
    deleteRun: ({ runId }) => answer(withStore(store, (open) => asEmpty(open.remove(runId)))),
    exportRunCsv: ({ runId }) => {
      const record = openRecord(runId);
      if (!record.ok) return answer(record);
      return answer(ok({ fileName: exportFileName(record.value), text: samplesCsv(record.value) }));
    },
    exportKernelTexts: ({ runId }) => {
      const record = openRecord(runId);
      return answer(record.ok ? kernelEvidence(record.value) : record);
    },
    browse: ({ path }) => listFolder(path),
    ...createRunningMethods(runs, engine),
    ...evidence,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => (closed ??= close()),
  });
}

function answer<T>(result: Result<T>): Promise<Result<T>> {
  return Promise.resolve(result);
}

function withStore<T>(store: Result<RunStore>, use: (store: RunStore) => Result<T>): Result<T> {
  return store.ok ? use(store.value) : store;
}

function errorOf(result: Result<unknown>): LabError | undefined {
  return result.ok ? undefined : result.error;
}

function asEmpty(result: Result<void>): Result<Record<string, never>> {
  return result.ok ? ok({}) : result;
}

/** The library's answer, unless it knows nothing of what is the path of a profile file. */
function loadProfile(found: Result<AnyProfile>, name: string): Result<AnyProfile> {
  if (found.ok || found.error.code !== 'not-found' || !name.endsWith('.json')) return found;
  return existsSync(name) ? readProfileFile(name) : fail('not-found', `There is no profile file ${name}.`);
}

function planHost(): PlanHost {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) environment[name] = value;
  return {
    cores: availableParallelism(),
    memoryBytes: Math.min(totalmem(), process.constrainedMemory() || Infinity),
    environment,
  };
}

/** For the description of the host; a run's record names the one that it used. */
function allCodecs(): string {
  return CODECS.map((name) => CODEC_WORDS[name].title).join(' or ');
}
