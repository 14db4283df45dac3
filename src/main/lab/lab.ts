/**
 * The lab: the one face that window, browser and command line ask. Composes the parts and keeps what outlives a call (the
 * engine's threads, the run in hand, the store, the subscribers); everything else is in the parts.
 */
import { existsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { CODEC_WORDS, CODECS } from '../../shared/codec.ts';
import type { LabContract, RunEvent } from '../../shared/contract.ts';
import type { Profile } from '../../shared/profile.ts';
import { fail, type LabError, ok, type Result } from '../../shared/result.ts';
import type { VerifyRequest } from '../../shared/verify-contract.ts';
import type { VerifyReport } from '../../shared/verify-report.ts';
import { codecSource } from '../engine/codec/codec-source.ts';
import { KernelEngine } from '../engine/kernel/kernel-engine.ts';
import { checkKernelZram } from '../engine/kernel/zram-control.ts';
import { LiveEngine } from '../engine/live/live-engine.ts';
import { createAddressSpaceMethods } from './address-space/address-space-methods.ts';
import { listFolder } from './browse.ts';
import { createEvidenceMethods } from './evidence-methods.ts';
import { readEnvironment } from './environment.ts';
import { RunControl } from './experiment/run-control.ts';
import { readLabVersion } from './lab-version.ts';
import { type PlanHost, planProfile, previewWorkload } from './plan/plan-profile.ts';
import { createPastRunMethods, withStore } from './past-run-methods.ts';
import { openProfileLibrary } from './profiles/profile-library.ts';
import { readProfileFile } from './profiles/profile-file.ts';
import { createRunningMethods } from './running-methods.ts';
import { openRunStore } from './store/run-store.ts';
import { VerifyControl, type VerifyWatcher } from './verify/verify-control.ts';

export interface LabOptions {
  /** Where profiles and runs of the user are kept. */
  readonly dataFolder: string;
  /** The project's resources: shipped profiles. */
  readonly resourcesFolder: string;
  /** Entry file of a CPU's thread: its TypeScript source, or the built file. */
  readonly cpuWorkerUrl: URL;
  /** The compiled codec lz4-kernel, as set-up leaves it. Read when an experiment first asks for it. */
  readonly kernelLz4Url: URL;
  /** The same of a thread that runs jobs on the kernel's zram. */
  readonly jobWorkerUrl: URL;
  /** The same of a thread that plays a CPU of a this-cpu workload. */
  readonly stormWorkerUrl: URL;
}

export interface Lab extends LabContract {
  /** A profile by id, file stem or name, or by the path of a .json file. */
  readonly loadProfile: (name: string) => Result<Profile>;
  /** `startVerify` for a caller that waits for the end. */
  readonly verify: (request: VerifyRequest, watcher: VerifyWatcher) => Promise<Result<VerifyReport>>;
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
  const kernel = new KernelEngine(options.jobWorkerUrl);
  const codecs = codecSource(options.kernelLz4Url);
  const runs = new RunControl({
    engines: { live: engine, kernel, stormWorkerUrl: options.stormWorkerUrl },
    environment,
    codecs,
    save: (record) => withStore(store, (open) => open.save(record)),
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
  });
  const { isReplaying, closeEvidence, ...evidence } = createEvidenceMethods(() => runs.current() !== undefined);
  const host = planHost();
  const pastRuns = createPastRunMethods(store, runs);
  const verifying = new VerifyControl(
    { kernel, live: engine, codecs, environment },
    () => runs.current() !== undefined,
  );
  const close = async (): Promise<void> => {
    await Promise.all([runs.close(), verifying.close()]);
    await closeEvidence();
    await Promise.all([engine.close(), kernel.close()]);
    if (store.ok) store.value.close();
  };
  let closed: Promise<void> | undefined;
  return Promise.resolve({
    describeHost: () => {
      const kernelObstacle = errorOf(checkKernelZram());
      return answer(ok({ environment, dataFolder: options.dataFolder, storeError: errorOf(store), kernelObstacle }));
    },
    listProfiles: () => answer(profiles.list()),
    saveProfile: (input) => answer(profiles.save(input)),
    renameProfile: (input) => answer(profiles.rename(input)),
    deleteProfile: (input) => answer(profiles.remove(input)),
    loadProfile: (name) => loadProfile(profiles.load(name), name),
    previewWorkload: ({ profile, engine: name }) => answer(ok(previewWorkload(profile, host, name))),
    startRun: ({ profile, engine: name = 'live' }) => {
      if (isReplaying()) return answer(fail('busy', 'a trace is being replayed, which would disturb the run'));
      if (verifying.isGoingOn) return answer(fail('busy', 'a verification is going on; cancel it or wait'));
      const usable = name === 'kernel' ? checkKernelZram() : ok(undefined);
      if (!usable.ok) return answer(usable);
      const planned = planProfile(profile, host, name);
      return answer(planned.ok ? runs.start(planned.value) : planned);
    },
    cancelRun: ({ runId }) => answer(runs.cancel(runId)),
    currentRun: () => answer(ok({ run: runs.current() })),
    ...pastRuns,
    browse: ({ path, from }) => listFolder(path, from),
    ...createRunningMethods(runs, engine),
    ...createAddressSpaceMethods(() => runs.current() !== undefined || verifying.isGoingOn),
    ...evidence,
    startVerify: (request) => answer(verifying.start(request)),
    verifyState: ({ verifyId }) => answer(verifying.state(verifyId)),
    cancelVerify: ({ verifyId }) => answer(verifying.cancel(verifyId)),
    currentVerify: () => answer(ok({ verify: verifying.current() })),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    verify: (request, watcher) => verifying.run(request, watcher),
    close: () => (closed ??= close()),
  });
}

function answer<T>(result: Result<T>): Promise<Result<T>> {
  return Promise.resolve(result);
}

function errorOf(result: Result<unknown>): LabError | undefined {
  return result.ok ? undefined : result.error;
}

/** The library's answer, unless it knows nothing of what is the path of a profile file. */
function loadProfile(found: Result<Profile>, name: string): Result<Profile> {
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
