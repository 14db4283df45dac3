/**
 * One experiment at a time: starts it, lets it be cancelled, tells everybody how it goes, stores what came out.
 *
 *     idle ──start──▶ running ──end, failure or cancel──▶ storing ──▶ idle
 *
 * The record is stored before 'finished' is sent. When it cannot be stored, the event says so and the record stays open in
 * memory until the lab closes, so that it can still be looked at and exported. A run whose input was found wrong before its first
 * sample began (data that does not exist, say) measured nothing: its record is open in memory in the same way and not stored.
 */
import { randomUUID } from 'node:crypto';
import type { CurrentRun, RunEvent, RunProgress } from '../../../shared/contract.ts';
import { fail, isWrongInput, type LabError, ok, type Result } from '../../../shared/result.ts';
import type { Environment, RunRecord, Sample } from '../../../shared/run-record.ts';
import type { CodecSource } from '../../engine/codec/codec-source.ts';
import type { PlannedProfile } from '../plan/plan-profile.ts';
import { reportUnexpected } from '../report-unexpected.ts';
import { runExperiment } from './experiment.ts';
import type { Engines } from './sample-runner.ts';

export interface RunControlParts {
  readonly engines: Engines;
  readonly environment: Environment;
  readonly codecs: CodecSource;
  /** Stores a record for good. */
  readonly save: (record: RunRecord) => Result<void>;
  readonly emit: (event: RunEvent) => void;
}

interface RunInHand {
  readonly runId: string;
  readonly planned: PlannedProfile;
  readonly abort: AbortController;
  readonly samples: Sample[];
  progress: RunProgress | undefined;
  ended: Promise<void>;
}

export class RunControl {
  readonly #parts: RunControlParts;
  readonly #unsaved = new Map<string, RunRecord>();
  #run: RunInHand | undefined;

  constructor(parts: RunControlParts) {
    this.#parts = parts;
  }

  /** Answers with the run's id at once; 'busy' while another goes on. */
  start(planned: PlannedProfile): Result<{ readonly runId: string }> {
    if (this.#run !== undefined) {
      return fail('busy', `an experiment is going on already (${this.#run.planned.profile.name}); cancel it or wait`);
    }
    const run: RunInHand = {
      runId: randomUUID(),
      planned,
      abort: new AbortController(),
      samples: [],
      progress: undefined,
      ended: Promise.resolve(),
    };
    this.#run = run;
    const { profile, engine, designs, oversubscribed } = planned;
    this.#parts.emit({ kind: 'started', runId: run.runId, profile, engine, designs, oversubscribed });
    run.ended = this.#carryOut(run);
    return ok({ runId: run.runId });
  }

  /** Asks the run to end; a 'finished' event follows. */
  cancel(runId: string): Result<Record<string, never>> {
    if (this.#run?.runId !== runId) return fail('not-found', 'this run is not going on');
    this.#run.abort.abort();
    return ok({});
  }

  current(): CurrentRun | undefined {
    if (this.#run === undefined) return undefined;
    const { runId, planned, progress, samples } = this.#run;
    const { profile, engine, designs, oversubscribed } = planned;
    return { runId, profile, engine, designs, oversubscribed, progress, samples: [...samples] };
  }

  /** A record that could not be stored. */
  unsaved(runId: string): RunRecord | undefined {
    return this.#unsaved.get(runId);
  }

  /** Cancels what is going on and waits until it is stored. */
  async close(): Promise<void> {
    this.#run?.abort.abort();
    await this.#run?.ended;
  }

  async #carryOut(run: RunInHand): Promise<void> {
    try {
      const record = await this.#experiment(run);
      // Kept before it is stored: whatever storing does, the record can be looked at.
      this.#unsaved.set(record.id, record);
      const { outcome, error } = record;
      if (error !== undefined && isWrongInput(error) && !hasBegun(run)) {
        this.#finish(run, { outcome, stored: false, error });
        return;
      }
      const saved = this.#parts.save(record);
      if (saved.ok) this.#unsaved.delete(record.id);
      this.#finish(run, { outcome, stored: saved.ok, error: errorOf(saved) ?? error });
    } catch (thrown) {
      reportUnexpected(`Run ${run.runId} failed unexpectedly`, thrown);
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      this.#finish(run, { outcome: 'failed', stored: false, error: { code: 'unavailable', message } });
    }
  }

  #experiment(run: RunInHand): Promise<RunRecord> {
    const { engines, environment, codecs, emit } = this.#parts;
    const { runId, planned } = run;
    return runExperiment({
      runId,
      planned,
      engines,
      environment,
      codecs,
      signal: run.abort.signal,
      onProgress: (progress) => {
        run.progress = progress;
        emit({ kind: 'progress', progress });
      },
      onSample: (sample) => {
        run.samples.push(sample);
        emit({ kind: 'sample', runId, sample });
      },
    });
  }

  #finish(run: RunInHand, end: Omit<Extract<RunEvent, { kind: 'finished' }>, 'kind' | 'runId'>): void {
    this.#run = undefined;
    this.#parts.emit({ kind: 'finished', runId: run.runId, ...end });
  }
}

/** Whether the first sample has; until then data are loaded and tables counted. */
function hasBegun({ progress }: RunInHand): boolean {
  return progress !== undefined && progress.phase !== 'prepare';
}

function errorOf(result: Result<unknown>): LabError | undefined {
  return result.ok ? undefined : result.error;
}
