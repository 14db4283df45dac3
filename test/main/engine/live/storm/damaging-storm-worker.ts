/** A storm CPU's thread whose CPU 1 first takes the counters' page out of its own window. */
import { workerData } from 'node:worker_threads';
import type { StormCpuPlan } from '../../../../../src/main/engine/live/storm/storm-plan.ts';
import { MappedMachine } from '../../../../../src/main/machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId } from '../../../../../src/main/machine/units.ts';

const { buffer, cpu } = workerData as StormCpuPlan;
if (cpu === 1) {
  const { tables, space, mapping } = MappedMachine.attach(buffer);
  tables.unmap({ word: space.rootOf(cpuId(1)), owner: cpuId(1) }, mapping.windowPtr(mapping.pointer(0, 0)));
}
await import('../../../../../src/main/engine/live/storm/storm-worker.ts');
