/** What a sample may be made to suffer, what a CPU's thread is sent of it, and what comes of it. Plain data. */
import type { FaultCount, FaultPlan } from '../../../shared/fault-profile.ts';
import type { HotplugCounts, HotplugPlan } from '../../../shared/hotplug-profile.ts';
import type { LockReport } from '../../../shared/lock-report.ts';
import type { PhaseKind } from '../../workload/job-plan.ts';

/** What of it a sample's plan asks for. */
export interface DisturbancePlan {
  readonly faults?: FaultPlan | undefined;
  readonly hotplug?: HotplugPlan | undefined;
  /** Watch locks, and audit the page tables of machines that have any after each phase. */
  readonly checks?: boolean | undefined;
}

/** What came of it; only what was asked for. */
export interface DisturbanceReport {
  readonly faults?:
    | {
        readonly sites: readonly FaultCount[];
        readonly failedWrites: number;
        readonly failedReads: number;
        /** Allocations of per-CPU objects that failed; only of percpu workloads. */
        readonly failedObjects?: number | undefined;
      }
    | undefined;
  readonly hotplug?: HotplugCounts | undefined;
  readonly locks?: LockReport | undefined;
  /** Audits of page tables; each found them as they must be, since a fault ends the run. */
  readonly tableAudits?: number | undefined;
}

/** What a CPU's thread is sent. */
export interface SharedDisturbances {
  readonly faults?: SharedArrayBuffer | undefined;
  readonly locks?: SharedArrayBuffer | undefined;
  /** Whether CPUs come and go. */
  readonly hotplug?: HotplugPlan | undefined;
}

/** Whether faults are on and CPUs come and go in such a phase. */
export function isDisturbed(phase: PhaseKind): boolean {
  return phase === 'main' || phase === 'create';
}
