/** What went wrong with a sample, in one sentence, from what CPUs answer and what the arena says. */
import { assertUnreachable, fail, type Result } from '../../../shared/result.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { memoryFigures } from '../../machine/memory-figures.ts';
import { cpuId } from '../../machine/units.ts';
import { readDeviceStatistics } from '../../machine/zram/device-statistics.ts';
import type { IoFailure, JobFailure, PercpuFailure } from '../../workload/job-clock.ts';
import { hasRefusedAtLimit, refusedAtLimit } from '../memory-limit.ts';
import { describeOperation } from './cpu-counters.ts';
import type { CpuResponse, HotplugFailure } from './protocol.ts';
import { type Ended, endedWords } from './thread-mailbox.ts';

/** A CPU that could not answer: its thread ended or threw, and what it was at. Throws for any other answer. */
export function describeDeath(arena: Arena, cpu: number, answer: CpuResponse | Ended): Result<never> {
  const what = describeOperation(arena, cpuId(cpu));
  switch (answer.kind) {
    case 'ended':
      return fail('cpu-failed', `CPU ${cpu} died ${what}: ${endedWords(answer)}`);
    case 'threw':
      return fail('cpu-failed', `CPU ${cpu} failed ${what}: ${answer.message}`);
    case 'prepared':
    case 'armed':
    case 'phaseDone':
    case 'halted':
    case 'released':
      throw new Error(`CPU ${cpu} answered '${answer.kind}' out of turn`);
    default:
      return assertUnreachable(answer);
  }
}

/** What a job reported about itself. */
export function describeFailure(arena: Arena, failure: JobFailure | HotplugFailure): Result<never> {
  if (failure.kind === 'hotplug') return fail('cpu-failed', failure.reason);
  return failure.kind === 'percpu' ? describePercpuFailure(arena, failure) : describeIoFailure(arena, failure);
}

function describePercpuFailure(arena: Arena, { job, group, cause, reason }: PercpuFailure): Result<never> {
  if (cause !== 'out-of-memory') return fail('data-mismatch', `job ${job}, group ${group}: ${reason}`);
  const { usedBytes, totalBytes } = memoryFigures(arena);
  const used = `${(usedBytes / 2 ** 20).toFixed(1)} of ${(totalBytes / 2 ** 20).toFixed(1)} MiB of memory are in use`;
  const { maxChunks } = arena.config.percpu;
  const sentence = `job ${job}, group ${group}: ${reason} (${used}; bookkeeping for ${maxChunks} chunks)`;
  return fail('out-of-memory', sentence, 'machine.memoryBytes');
}

function describeIoFailure(arena: Arena, failure: IoFailure): Result<never> {
  const place = `page ${failure.slot} of zram${failure.device}`;
  switch (failure.kind) {
    case 'no-memory': {
      const { limitPages: limit, poolPagesMax: highest } = readDeviceStatistics(arena, failure.device);
      if (hasRefusedAtLimit({ limit, highest })) {
        return refusedAtLimit(failure.job, place, limit * arena.config.pageSizeBytes);
      }
      const { totalBytes, poolBytes, slotTableBytes } = memoryFigures(arena);
      const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
      return fail(
        'out-of-memory',
        `job ${failure.job} could not write ${place}: the machine's memory of ${mebibytes(totalBytes)} is full, ` +
          `${mebibytes(poolBytes)} of it the pool and ${mebibytes(slotTableBytes)} slot tables; give the machine more memory or the job less to write`,
        'machine.memoryBytes',
      );
    }
    case 'no-buffer':
      return fail('cpu-failed', `job ${failure.job} could not write ${place}: its CPU has no compression buffer`);
    case 'codec-failed':
      return fail('cpu-failed', `job ${failure.job} could not write ${place}: the codec failed`);
    case 'corrupt':
      return fail('data-mismatch', `job ${failure.job} could not read ${place}: its compressed data is damaged`);
    case 'mismatch':
      return fail('data-mismatch', `job ${failure.job} read ${place} and got other data than it had written`);
    default:
      return assertUnreachable(failure.kind);
  }
}
