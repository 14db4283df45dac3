/**
 * Runs the same pages through this host's kernel zram and through the lab's machine, in turns, and puts both side by side.
 *
 *     load data ─▶ warm-up rounds (thrown away) ─▶ round 1 ─▶ … ─▶ round n ─▶ report
 *                                                  [ kernel │ lab, codec a │ lab, codec b ]   the order goes round
 *
 * Every run starts with an empty device. The jobs are the same code on both sides (workload/job.ts): they fill a buffer from
 * the data, hand it over, and compare what they read; only what they hand it to differs.
 */
import { totalmem } from 'node:os';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { Environment } from '../../../shared/run-record.ts';
import type { VerifyRequest } from '../../../shared/verify-contract.ts';
import {
  VERIFY_USUAL_ROUNDS,
  type VerifyCodec,
  type VerifyProgress,
  type VerifyReport,
} from '../../../shared/verify-report.ts';
import type { IoStat } from '../../../shared/zram-stat.ts';
import { allocateArena, type ArenaMemory } from '../../engine/codec/arena-memory.ts';
import type { CodecSource } from '../../engine/codec/codec-source.ts';
import type { KernelEngine, KernelSamplePlan } from '../../engine/kernel/kernel-engine.ts';
import type { LiveEngine } from '../../engine/live/live-engine.ts';
import { Arena } from '../../machine/memory/arena.ts';
import type { PageSet } from '../../workload/data/page-set.ts';
import { pageSetFromFiles } from '../../workload/data/page-set-from-files.ts';
import { systemCallNs } from './call-cost.ts';
import { machineMmStat } from './machine-mm-stat.ts';
import { verifyNotes, verifyWarnings } from './verify-notes.ts';
import { verifyPlan } from './verify-plan.ts';
import { compareSides, rate, summariseSide, type VerifyRun } from './verify-summary.ts';

/** The kernel's usual page. */
const PAGE_BYTES = 4096;
/** Data, the machine's pool and the kernel's pool lie in memory at the same time. */
const MOST_DATA_BYTES = 512 * 2 ** 20;
const DATA_SHARE_OF_MEMORY = 1 / 8;

/** Warm-ups go on until the code of both sides has been compiled. */
const WARM_UP_MS = 2000;
const MOST_WARM_UPS = 40;
/** Rounds when nobody says how many: more of short ones, up to this. */
const MOST_ROUNDS = 41;
const MEASURE_MS = 4000;

export interface VerifyParts {
  readonly kernel: KernelEngine;
  readonly live: LiveEngine;
  readonly codecs: CodecSource;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: VerifyProgress) => void;
}

/**
 * Errors: those of the data's files, 'bad-input' (more jobs than pages), those of both
 * engines, and 'cancelled' before a round was measured; after that the report of the finished rounds says so.
 */
export async function verify(request: VerifyRequest, parts: VerifyParts): Promise<Result<VerifyReport>> {
  parts.onProgress({ phase: 'prepare', round: 0, rounds: request.rounds ?? 0 });
  const set = await loadData(request, parts.signal);
  if (!set.ok) return set;
  const planned = verifyPlan(set.value, request.jobs);
  if (!planned.ok) return planned;
  const plan = planned.value;
  // A memory for the most demanding codec serves the others, too.
  const memory = allocateArena(Arena.bytesFor(plan.machine), 'lz4-kernel');
  if (!memory.ok) return memory;
  const session: Session = { plan, parts, memory: memory.value };
  const measured = await measure(session, request);
  await parts.live.forgetMemory();
  return measured.ok ? ok(makeReport(request, parts, set.value, measured.value)) : measured;
}

interface Session {
  readonly plan: KernelSamplePlan;
  readonly parts: VerifyParts;
  /** Of every machine of the session. */
  readonly memory: ArenaMemory;
}

async function loadData({ paths, jobs }: VerifyRequest, signal: AbortSignal): Promise<Result<PageSet>> {
  const maxBytes = Math.min(MOST_DATA_BYTES, totalmem() * DATA_SHARE_OF_MEMORY);
  const set = await pageSetFromFiles(paths, { pageSizeBytes: PAGE_BYTES, maxBytes, signal });
  if (!set.ok || set.value.count >= jobs) return set;
  return fail('bad-input', `${jobs} jobs cannot share ${set.value.count} pages of data; give more data or fewer jobs`);
}

/** The runs of one round: the kernel's, and the lab's by codec. */
interface Round {
  readonly kernel: VerifyRun & { readonly ioStat: IoStat };
  readonly labs: readonly VerifyRun[];
}

interface Measured {
  readonly rounds: readonly Round[];
  readonly outcome: VerifyReport['outcome'];
}

async function measure(session: Session, request: VerifyRequest): Promise<Result<Measured>> {
  const { signal, onProgress } = session.parts;
  const warm = await warmUp(session, request.codecs);
  if (!warm.ok) return warm;
  const wanted = request.rounds ?? roundsFor(warm.value);
  const rounds: Round[] = [];
  while (rounds.length < wanted && !signal.aborted) {
    const round = await runRound(session, request.codecs, rounds.length);
    if (!round.ok && round.error.code === 'cancelled') break;
    if (!round.ok) return round;
    rounds.push(round.value);
    onProgress({ phase: 'measure', round: rounds.length, rounds: wanted, ...ratesOf(round.value, request.codecs) });
  }
  if (rounds.length === 0) return fail('cancelled', 'it was cancelled before a round was measured');
  return ok({ rounds, outcome: rounds.length < wanted ? 'cancelled' : 'complete' });
}

/** Milliseconds of a round once warm. */
async function warmUp(session: Session, codecs: readonly VerifyCodec[]): Promise<Result<number>> {
  const { onProgress } = session.parts;
  const beginMs = performance.now();
  let roundMs = 0;
  for (let round = 0; round < MOST_WARM_UPS; round++) {
    onProgress({ phase: 'warm-up', round: 0, rounds: 0 });
    const startMs = performance.now();
    const done = await runRound(session, codecs, round);
    if (!done.ok) return done;
    roundMs = performance.now() - startMs;
    if (round > 0 && performance.now() - beginMs > WARM_UP_MS) break;
  }
  return ok(roundMs);
}

function roundsFor(roundMs: number): number {
  return Math.max(VERIFY_USUAL_ROUNDS, Math.min(MOST_ROUNDS, Math.ceil(MEASURE_MS / roundMs)));
}

/** All sides once; who begins changes from round to round. */
async function runRound(session: Session, codecs: readonly VerifyCodec[], number: number): Promise<Result<Round>> {
  const sides = 1 + codecs.length;
  const labs: VerifyRun[] = [];
  let kernel: Round['kernel'] | undefined;
  for (let turn = 0; turn < sides; turn++) {
    const side = (number + turn) % sides;
    const codec = codecs[side - 1];
    if (codec === undefined) {
      const run = await runKernel(session);
      if (!run.ok) return run;
      kernel = run.value;
    } else {
      const run = await runLab(session, codec);
      if (!run.ok) return run;
      labs[side - 1] = run.value;
    }
  }
  if (kernel === undefined) throw new Error('a round passed the kernel over');
  return ok({ kernel, labs });
}

const UNWATCHED = { onPhase: () => undefined, onTick: () => undefined };

async function runKernel({ plan, parts }: Session): Promise<Result<Round['kernel']>> {
  const figures = await parts.kernel.runSample(plan, UNWATCHED, parts.signal);
  if (!figures.ok) return figures;
  const [mmStat] = figures.value.mmStat;
  const [ioStat] = figures.value.ioStat;
  if (mmStat === undefined || ioStat === undefined) throw new Error('the kernel engine ran without a device');
  return ok({ figures: figures.value, mmStat, ioStat });
}

async function runLab({ plan, parts, memory }: Session, name: VerifyCodec): Promise<Result<VerifyRun>> {
  const codec = parts.codecs(name);
  if (!codec.ok) return codec;
  const figures = await parts.live.runSample(memory, { ...plan, codec: codec.value }, UNWATCHED, parts.signal);
  if (!figures.ok) return figures;
  return ok({ figures: figures.value, mmStat: machineMmStat(Arena.attach(memory.buffer), 0) });
}

function ratesOf({ kernel, labs }: Round, codecs: readonly VerifyCodec[]): Pick<VerifyProgress, 'kernel' | 'lab'> {
  const [codec] = codecs;
  const both = (run: VerifyRun | undefined) => ({ write: rate(run, 'write'), read: rate(run, 'read') });
  return { kernel: both(kernel), ...(codec === undefined ? {} : { lab: { codec, ...both(labs[0]) } }) };
}

function makeReport(
  request: VerifyRequest,
  parts: VerifyParts,
  set: PageSet,
  { rounds, outcome }: Measured,
): VerifyReport {
  const kernelRuns = rounds.map((round) => round.kernel);
  const codecs = request.codecs.map((codec, index) =>
    compareSides(
      kernelRuns,
      rounds.flatMap(({ labs }) => labs[index] ?? []),
      codec,
    ),
  );
  const [first] = codecs;
  const last = kernelRuns.at(-1);
  if (first === undefined || last === undefined) throw new Error('a report needs a codec and a round');
  const callNs = systemCallNs(set.pageSizeBytes);
  const kernel = { ...summariseSide(kernelRuns), io_stat: last.ioStat, callNs };
  const { hostCores } = parts.environment;
  const facts = { codecs, kernel, jobs: request.jobs, rounds: rounds.length, outcome, hostCores };
  return {
    kernel,
    ...first,
    outcome,
    codecs,
    data: { description: set.description, pages: set.count, bytes: set.count * set.pageSizeBytes },
    jobs: request.jobs,
    pageSizeBytes: set.pageSizeBytes,
    blockBytes: set.pageSizeBytes,
    rounds: rounds.length,
    environment: parts.environment,
    warnings: verifyWarnings(facts),
    notes: verifyNotes(facts),
  };
}
