/**
 * Recompression by a CPU of the machine: which phases it adds to a workload, and what came of it.
 *
 *     during   … main (measured) ─▶ main again, without ─▶ main again, with it beside ─▶ verify …
 *     after    … main ─▶ verify ─▶ recompression alone ─▶ verify again
 *
 * The jobs of `during` write what they have written before, once without and once with it, so that the two do the same work.
 * It has an online CPU to itself, which must have no job.
 */
import type { Profile } from '../../../shared/profile.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { RecompressionRun } from '../../../shared/zram-report.ts';
import { readTally, type RecompressJobDraft } from '../../engine/live/recompress-job.ts';
import type { PhaseMBps, PhasePlan } from '../../engine/live/sample-plan.ts';
import type { WorkloadPlan } from '../plan/workload-plan.ts';

/** With the phases that the profile's recompression adds, if any. Errors: 'bad-input'. */
export function withRecompression(workload: WorkloadPlan, { zram, machine }: Profile): Result<WorkloadPlan> {
  if (zram?.recompress === undefined) return ok(workload);
  const { when, ...request } = zram.recompress;
  const job: Omit<RecompressJobDraft, 'cpu' | 'beside'> = {
    name: freeName(workload),
    algorithms: zram.recompression ?? [],
    request,
  };
  if (when === 'after') {
    return ok({ ...workload, phases: phasesAfter(workload, job.name), recompressJob: { ...job, cpu: 0, beside: [] } });
  }
  const main = workload.phases.findLastIndex(({ kind, measures }) => kind === 'main' && measures.includes('write'));
  const phase = workload.phases[main];
  if (phase === undefined) return refused('recompression during the jobs needs jobs that write');
  const taken = new Set(workload.jobs.map(({ cpu }) => cpu));
  const cpu = Array.from({ length: machine.onlineCpus }, (_, each) => each).find((each) => !taken.has(each));
  if (cpu === undefined) {
    const sentence = `recompression during the jobs needs an online CPU without a job, and the jobs take all ${machine.onlineCpus}`;
    return refused(sentence);
  }
  const beside = [...new Set(workload.jobs.filter(({ name }) => phase.jobs.includes(name)).map((each) => each.cpu))];
  const without: PhasePlan = { ...phase, measures: [], recompression: 'off' };
  const withIt: PhasePlan = { ...without, jobs: [...phase.jobs, job.name], recompression: 'beside' };
  const phases = workload.phases.toSpliced(main + 1, 0, without, withIt);
  return ok({ ...workload, phases, recompressJob: { ...job, cpu, beside } });
}

/** What it did and cost in a sample. */
export function recompressionRun(
  zram: Profile['zram'],
  tally: SharedArrayBuffer,
  sample: { readonly phases: readonly PhasePlan[]; readonly phaseMBps: readonly PhaseMBps[] },
): RecompressionRun | undefined {
  if (zram?.recompress === undefined) return undefined;
  const { when } = zram.recompress;
  const direction = when === 'during' ? 'write' : 'read';
  const rateOf = (part: PhasePlan['recompression']): number | undefined =>
    sample.phaseMBps[sample.phases.findIndex(({ recompression }) => recompression === part)]?.[direction];
  const without = rateOf('off');
  const withIt = rateOf(when === 'during' ? 'beside' : 'after');
  const { passes, pagesTried, pagesRecompressed, busyMs, ...bytes } = readTally(tally);
  return {
    when,
    passes,
    pagesTried,
    pagesRecompressed,
    busyMs,
    compressedBytes: { before: bytes.compressedBefore, after: bytes.compressedAfter },
    poolBytes: { before: bytes.poolBefore, after: bytes.poolAfter },
    jobsMBps: without === undefined || withIt === undefined ? undefined : { direction, without, withIt },
  };
}

function phasesAfter({ phases }: WorkloadPlan, name: string): readonly PhasePlan[] {
  const alone: PhasePlan = { kind: 'main', jobs: [name], measures: [], recompression: 'alone' };
  const last = phases.findLastIndex(({ kind }) => kind === 'verify');
  const verify = phases[last];
  if (verify === undefined) return [...phases, alone];
  const before: PhasePlan = { ...verify, recompression: 'off' };
  return [...phases.with(last, before), alone, { ...verify, measures: [], recompression: 'after' }];
}

/** A name that no job of the file has. */
function freeName({ jobs }: WorkloadPlan): string {
  let name = 'recompression';
  while (jobs.some((job) => job.name === name)) name += '+';
  return name;
}

function refused(sentence: string): Result<never> {
  return fail('bad-input', sentence, 'zram.recompress');
}
