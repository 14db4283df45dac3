/** What CPUs did between two of an engine's ticks. */
import type { CpuShares } from '../../../shared/contract.ts';
import type { Tick } from '../../engine/live/sample-plan.ts';

/**
 * By CPU, since the tick before or else since the start of the phase. A CPU that has jobs left works when it neither waits for a
 * lock nor is without a core; while it spins on a lock it has a core, and waits.
 */
export function cpuShares(
  tick: Pick<Tick, 'phaseMs' | 'cpus'>,
  previous: Pick<Tick, 'phaseMs' | 'cpus'> | undefined,
): readonly CpuShares[] {
  const milliseconds = tick.phaseMs - (previous?.phaseMs ?? 0);
  const share = (now: number, before: number | undefined): number =>
    milliseconds <= 0 ? 0 : Math.min(1, Math.max(0, (now - (before ?? 0)) / milliseconds));
  return tick.cpus.map(({ lockWaitMs, processorMs, isBusy }, index) => {
    const before = previous?.cpus[index];
    const lockWait = share(lockWaitMs, before?.lockWaitMs);
    if (!isBusy) return { lockWait, working: 0 };
    if (processorMs === undefined || milliseconds <= 0) return { lockWait, working: 1 - lockWait };
    const withheld = Math.max(0, 1 - lockWait - share(processorMs, before?.processorMs));
    return { lockWait, withheld, working: 1 - lockWait - withheld };
  });
}
