/** A torture CPU's thread as it should not be; the seed says in which way. */
import { parentPort } from 'node:worker_threads';
import { LiveCpu } from '../../../../../src/main/engine/live/live-cpu.ts';
import { runTortureCpu, type TortureCpuPlan } from '../../../../../src/main/engine/live/torture/torture-cpu.ts';
import { complete } from '../../../../../src/main/machine/cpu.ts';
import { Machine } from '../../../../../src/main/machine/machine.ts';
import { CheckedCpu } from '../../../../../src/main/machine/sync/checked-cpu.ts';
import { LockRecord } from '../../../../../src/main/machine/sync/lock-record.ts';
import { Operation } from '../../../../../src/main/machine/operation.ts';
import { cpuId } from '../../../../../src/main/machine/units.ts';
import { Slots } from '../../../../../src/main/machine/zram/slots.ts';

/** Seeds, by what goes wrong. */
export const FAULTY = { leaves: 1, ends: 2, hangs: 3, throws: 4 } as const;

const NO_CODEC = { name: 'none', compress: () => 0, decompress: () => false };

parentPort?.on('message', (plan: TortureCpuPlan) => {
  if (plan.cpu === 2 && plan.seed === FAULTY.ends) process.exit(7);
  if (plan.cpu === 2 && plan.seed === FAULTY.hangs) return;
  // Codec parts without a module.
  const given = plan.seed === FAULTY.throws ? { ...plan, codec: { name: 'lz4-kernel' as const } } : plan;
  let answer: unknown;
  try {
    answer = runTortureCpu(given);
    if (plan.cpu === 2 && plan.seed === FAULTY.leaves) leaveThings(plan);
  } catch (error) {
    answer = { threw: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});

/** A page, a slot's lock, preemption that is off. */
function leaveThings(plan: TortureCpuPlan): void {
  const machine = Machine.attach(plan.memory.buffer);
  const cpu = new CheckedCpu(
    new LiveCpu(machine.arena, cpuId(plan.cpu), NO_CODEC),
    machine.arena,
    new LockRecord(plan.locks),
  );
  cpu.begin(Operation.markIdle);
  complete(machine.takeIoPages(cpu, 1));
  cpu.tryLock(new Slots(machine.arena, 0).lock(5));
  cpu.preemptDisable();
  cpu.end();
}
