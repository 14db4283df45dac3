/**
 * What a sample is made to suffer, as a profile asks for it: faults on purpose, CPUs that come and go; and the lock checker. This
 * is the main thread's side: it makes what the threads share, turns faults on and off, and reads what came of it.
 *
 *     plan ─▶ shared records ─▶ prepare requests ─▶ threads
 *             └ report: counts of refusals and failed requests, of hotplug, problems with locks, audits of page tables
 *
 * Faults are on while jobs write or allocate: what is laid out before and what is checked afterwards goes undisturbed.
 */
import type { HotplugCounts } from '../../../shared/hotplug-profile.ts';
import { FaultInjector } from '../../machine/faults/fault-injector.ts';
import { Machine } from '../../machine/machine.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { auditAllocatorTables } from '../../machine/percpu/local-mapping/audit-allocator-tables.ts';
import { LockRecord } from '../../machine/sync/lock-record.ts';
import { lockReport } from '../../machine/sync/lock-report.ts';
import { readDeviceStatistics } from '../../machine/zram/device-statistics.ts';
import type { PhaseKind } from '../../workload/job-plan.ts';
import {
  type DisturbancePlan,
  type DisturbanceReport,
  isDisturbed,
  type SharedDisturbances,
} from './disturbance-plan.ts';
import type { PhaseReport } from './protocol.ts';

export class Disturbances {
  readonly #plan: DisturbancePlan;
  readonly #faults: FaultInjector | undefined;
  readonly #locks: LockRecord | undefined;
  #tableAudits: number | undefined;
  #failedObjects: number | undefined;
  #hotplug: HotplugCounts = { wentDown: 0, cameUp: 0, failedBringUps: 0 };

  constructor(plan: DisturbancePlan) {
    this.#plan = plan;
    this.#faults = plan.faults === undefined ? undefined : FaultInjector.create(plan.faults);
    this.#locks = plan.checks === true ? new LockRecord() : undefined;
  }

  shared(): SharedDisturbances {
    return { faults: this.#faults?.record, locks: this.#locks?.buffer, hotplug: this.#plan.hotplug };
  }

  /** To be called while all CPUs wait at the phase's barrier. */
  beginPhase(phase: PhaseKind): void {
    this.#faults?.arm(isDisturbed(phase));
  }

  endPhase(reports: readonly PhaseReport[]): void {
    for (const { objects } of reports) {
      if (objects !== undefined) this.#failedObjects = (this.#failedObjects ?? 0) + objects.failed;
    }
    const counts = reports.flatMap(({ hotplug }) => (hotplug === undefined ? [] : [hotplug]));
    for (const { wentDown, cameUp, failedBringUps } of counts) {
      this.#hotplug = {
        wentDown: this.#hotplug.wentDown + wentDown,
        cameUp: this.#hotplug.cameUp + cameUp,
        failedBringUps: this.#hotplug.failedBringUps + failedBringUps,
      };
    }
  }

  /** What is wrong with the page tables, in a sentence; to be called when all CPUs have ended a phase. Nothing unless asked for. */
  tableFault(arena: Arena): string | undefined {
    if (this.#plan.checks !== true) return undefined;
    const { area, mapped } = Machine.attach(arena.buffer);
    if (mapped === undefined) return undefined;
    this.#tableAudits = (this.#tableAudits ?? 0) + 1;
    return auditAllocatorTables(area.region, mapped)[0];
  }

  /** When the jobs have ended; undefined where nothing was asked for. */
  report(arena: Arena): DisturbanceReport | undefined {
    const { faults, hotplug, checks } = this.#plan;
    if (faults === undefined && hotplug === undefined && checks !== true) return undefined;
    const devices = Array.from({ length: arena.config.devices }, (_, device) => readDeviceStatistics(arena, device));
    return {
      faults: this.#faults && {
        sites: this.#faults.counts(),
        failedWrites: devices.reduce((sum, { failedWrites }) => sum + failedWrites, 0),
        failedReads: devices.reduce((sum, { failedReads }) => sum + failedReads, 0),
        failedObjects: this.#failedObjects,
      },
      hotplug: hotplug && this.#hotplug,
      locks: this.#locks && lockReport(this.#locks),
      tableAudits: this.#tableAudits,
    };
  }
}
