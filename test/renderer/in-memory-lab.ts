/**
 * A lab in memory for the dashboard's tests and its development page: the whole contract with the real one's
 * behaviour, over a scripted run that goes on one event at a time when `step` is called.
 */
import type {
  CurrentRun,
  FolderListing,
  LabContract,
  ProfileEntry,
  RunEvent,
  WorkloadPreview,
} from '../../src/shared/contract.ts';
import { parseProfile, profileFieldErrors, type Profile } from '../../src/shared/profile.ts';
import type { FieldError } from '../../src/shared/result.ts';
import { fail, ok, type LabError, type Result } from '../../src/shared/result.ts';
import type { RunListing, RunRecord } from '../../src/shared/run-record.ts';
import { createAddressSpaceScript } from './address-space-script.ts';
import { createEvidenceScript } from './evidence-script.ts';
import { createRunningScript, sampleKernelText } from './running-script.ts';
import { sampleProfile } from './sample-profile.ts';
import { sampleEnvironment, scriptedEvents, scriptedRecord } from './scripted-run.ts';
import { createVerifyScript } from './verify-script.ts';

/** What the test steers. */
export interface InMemoryLab {
  readonly contract: LabContract;
  /** Sends the next event of the run; false when no run goes on. */
  readonly step: () => boolean;
  /** Ends the run that goes on as a failure. */
  readonly failRun: (error: LabError) => void;
  /** Lets the next call of `method` answer with this error. */
  readonly failNext: (method: string, error: LabError) => void;
  /** How often `method` was called. */
  readonly callCount: (method: string) => number;
  /** Subscriptions that are open. */
  readonly listenerCount: () => number;
}

interface Options {
  /** What the host lacks for the kernel engine. */
  readonly kernelObstacle?: LabError;
  readonly profiles?: readonly ProfileEntry[];
  readonly runs?: readonly RunRecord[];
}

const damaged: ProfileEntry = {
  kind: 'damaged',
  id: 'saved/half-written',
  origin: 'saved',
  error: {
    code: 'bad-input',
    message: 'half-written.json is not JSON: it ends in the middle of a value',
    where: '12:1',
  },
};

/** Two shipped profiles, one saved, one damaged file. */
export function sampleEntries(): readonly ProfileEntry[] {
  const manyCpus = { ...sampleProfile().machine, possibleCpus: 64, onlineCpus: 64 };
  return [
    { kind: 'profile', id: 'shipped/seed-2010', origin: 'shipped', profile: sampleProfile() },
    {
      kind: 'profile',
      id: 'shipped/many-cpus',
      origin: 'shipped',
      profile: sampleProfile({ name: 'zram 2010 on 64 CPUs', machine: manyCpus }),
    },
    { kind: 'profile', id: 'saved/own', origin: 'saved', profile: sampleProfile({ name: 'own corpus, 2 CPUs' }) },
    damaged,
  ];
}

/** One job per section and clone; a line that is no section, setting or comment is an error with its place. */
function preview(profile: Profile): WorkloadPreview {
  const errors: FieldError[] = [];
  const settings = new Map<string, string>();
  const sections: string[] = [];
  const jobFile = profile.workload.kind === 'fio' ? profile.workload.jobFile : '';
  jobFile.split('\n').forEach((line, index) => {
    const section = /^\[(.+)\]$/.exec(line.trim());
    const setting = /^\s*(\w+)(?:=(.*))?$/.exec(line);
    if (section?.[1] !== undefined) sections.push(section[1]);
    else if (setting?.[1] !== undefined) settings.set(setting[1], setting[2] ?? '');
    else if (!/^\s*([#;].*)?$/.test(line)) {
      const message = `Line ${index + 1}, column 1: “${line.trim()}” is neither a section, an option nor a comment`;
      errors.push({ field: 'workload.jobFile', message });
    }
  });
  const clones = Number(settings.get('numjobs') ?? 1);
  const { onlineCpus, devices } = profile.machine;
  const jobs = sections
    .filter((name) => name !== 'global')
    .flatMap((name) =>
      Array.from({ length: clones }, (_, clone) => ({
        name: clones > 1 ? `${name}.${clone}` : name,
        cpu: clone % onlineCpus,
        device: clone % devices,
        rw: settings.get('rw') ?? 'read',
        blockBytes: 4096,
        sizeBytes: 2 ** 30,
        ioDepth: Number(settings.get('iodepth') ?? 1),
      })),
    );
  return {
    fieldErrors: errors,
    jobs: errors.length > 0 ? [] : jobs,
    oversubscribed: onlineCpus > sampleEnvironment.hostCores,
  };
}

function listing(record: RunRecord): RunListing {
  return {
    id: record.id,
    name: record.name,
    startedAt: record.startedAt,
    outcome: record.outcome,
    engine: record.engine,
    designs: record.profile.designs,
    finishedAt: record.finishedAt,
    sampleCount: record.samples.length,
  };
}

const folders: readonly FolderListing[] = [
  {
    path: '/home/user',
    parent: '/home',
    entries: [
      { name: 'corpus', path: '/home/user/corpus', kind: 'folder', sizeBytes: 0 },
      { name: 'silesia.tar', path: '/home/user/silesia.tar', kind: 'file', sizeBytes: 211_957_760 },
    ],
  },
  {
    path: '/home/user/corpus',
    parent: '/home/user',
    entries: [{ name: 'linux.img', path: '/home/user/corpus/linux.img', kind: 'file', sizeBytes: 734_003_200 }],
  },
];

/** A fresh lab. */
export function createInMemoryLab(options: Options = {}): InMemoryLab {
  const listeners = new Set<(event: RunEvent) => void>();
  const failures = new Map<string, LabError>();
  const calls = new Map<string, number>();
  let entries = [...(options.profiles ?? sampleEntries())];
  let runs = [...(options.runs ?? [])];
  let current: CurrentRun | undefined;
  let script: RunEvent[] = [];
  let runCount = 0;

  const emit = (event: RunEvent): void => [...listeners].forEach((listener) => listener(event));
  const answer = <T>(method: string, make: () => Result<T>): Promise<Result<T>> => {
    calls.set(method, (calls.get(method) ?? 0) + 1);
    const error = failures.get(method);
    failures.delete(method);
    return Promise.resolve(error === undefined ? make() : { ok: false, error });
  };
  const findRun = (runId: string): Result<RunRecord> => {
    const found = runs.find((run) => run.id === runId);
    return found === undefined ? fail('not-found', `There is no run ${runId}`) : ok(found);
  };

  function finish(ending: Pick<RunRecord, 'outcome' | 'error'>): void {
    if (current === undefined) return;
    const { runId, profile, samples } = current;
    current = undefined;
    script = [];
    runs = [scriptedRecord(runId, profile, samples, ending), ...runs];
    emit({ kind: 'finished', runId, outcome: ending.outcome, stored: true, error: ending.error });
  }

  function step(): boolean {
    const event = script.shift();
    if (current === undefined) return false;
    if (event === undefined) {
      finish({ outcome: 'complete' });
      return true;
    }
    if (event.kind === 'progress') current = { ...current, progress: event.progress };
    if (event.kind === 'sample') current = { ...current, samples: [...current.samples, event.sample] };
    emit(event);
    return true;
  }

  function save(profile: Profile, overwrite: boolean): Result<ProfileEntry> {
    const entry: ProfileEntry = { kind: 'profile', id: `saved/${profile.name}`, origin: 'saved', profile };
    const isSame = (other: ProfileEntry) => other.kind === 'profile' && other.profile.name === profile.name;
    const exists = entries.some((other) => other.origin === 'saved' && isSame(other));
    if (exists && !overwrite) return fail('bad-input', `A saved profile “${profile.name}” exists`, 'name');
    entries = [...entries.filter((other) => other.origin !== 'saved' || !isSame(other)), entry];
    return ok(entry);
  }

  const contract: LabContract = {
    describeHost: () =>
      answer('describeHost', () => {
        const { kernelObstacle } = options;
        return ok({ environment: sampleEnvironment, dataFolder: '/home/user/.config/percpu-lab', kernelObstacle });
      }),
    listProfiles: () => answer('listProfiles', () => ok(entries)),
    saveProfile: ({ profile, overwrite }) =>
      answer('saveProfile', () => {
        const parsed = parseProfile(profile);
        return parsed.ok ? save(parsed.value, overwrite) : parsed;
      }),
    renameProfile: ({ id, name }) =>
      answer('renameProfile', () => {
        const old = entries.find((entry) => entry.id === id);
        if (old?.kind !== 'profile') return fail('not-found', `There is no profile ${id}`);
        entries = entries.filter((entry) => entry !== old);
        return save({ ...old.profile, name }, false);
      }),
    deleteProfile: ({ id }) =>
      answer('deleteProfile', () => {
        entries = entries.filter((entry) => entry.id !== id);
        return ok({});
      }),
    previewWorkload: ({ profile }) =>
      answer('previewWorkload', () => {
        const parsed = parseProfile(profile);
        if (parsed.ok) return ok(preview(parsed.value));
        return ok({ fieldErrors: profileFieldErrors(profile), jobs: [], oversubscribed: false });
      }),
    startRun: ({ profile, engine = 'live' }) =>
      answer('startRun', () => {
        const parsed = parseProfile(profile);
        if (!parsed.ok) return parsed;
        if (current !== undefined) return fail('busy', 'A run is already going on');
        runCount += 1;
        const runId = `run-${runCount}`;
        const oversubscribed = parsed.value.machine.onlineCpus > sampleEnvironment.hostCores;
        const { designs } = parsed.value;
        current = { runId, profile: parsed.value, engine, designs, oversubscribed, samples: [] };
        script = scriptedEvents(runId, parsed.value).map((event) =>
          event.kind === 'started' ? { ...event, engine } : event,
        );
        step();
        return ok({ runId });
      }),
    cancelRun: ({ runId }) =>
      answer('cancelRun', () => {
        if (current?.runId !== runId) return fail('not-found', `There is no run ${runId}`);
        queueMicrotask(() => finish({ outcome: 'cancelled' }));
        return ok({});
      }),
    currentRun: () => answer('currentRun', () => ok({ run: current })),
    listRuns: () => answer('listRuns', () => ok(runs.map(listing))),
    openRun: ({ runId }) => answer('openRun', () => findRun(runId)),
    renameRun: ({ runId, name }) =>
      answer('renameRun', () => {
        const found = findRun(runId);
        if (!found.ok) return found;
        const renamed = { ...found.value, name };
        runs = runs.map((run) => (run.id === runId ? renamed : run));
        return ok(listing(renamed));
      }),
    deleteRun: ({ runId }) =>
      answer('deleteRun', () => {
        runs = runs.filter((run) => run.id !== runId);
        return ok({});
      }),
    exportRunCsv: ({ runId }) =>
      answer('exportRunCsv', () => {
        const found = findRun(runId);
        return found.ok ? ok({ fileName: `${runId}.csv`, text: 'design,repetition\r\n' }) : found;
      }),
    browse: ({ path }) =>
      answer('browse', () => {
        const found = folders.find((folder) => folder.path === (path ?? '/home/user'));
        return found === undefined ? fail('not-found', `${path} is not a folder that can be read`) : ok(found);
      }),
    exportKernelTexts: ({ runId }) =>
      answer('exportKernelTexts', () => {
        const found = findRun(runId);
        return found.ok ? ok(found.value.profile.designs.map(sampleKernelText)) : found;
      }),
    ...createRunningScript(answer, () => current),
    ...createEvidenceScript(answer),
    ...createVerifyScript(answer),
    ...createAddressSpaceScript(answer, () => current !== undefined),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };

  return {
    contract,
    step,
    failRun: (error) => finish({ outcome: 'failed', error }),
    failNext: (method, error) => void failures.set(method, error),
    callCount: (method) => calls.get(method) ?? 0,
    listenerCount: () => listeners.size,
  };
}
