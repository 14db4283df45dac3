/** Entry of a storm CPU's thread: mix after mix, each from its barrier on. The only place that touches the thread's port. */
import { parentPort, workerData } from 'node:worker_threads';
import { HeaderW } from '../../../machine/memory/arena-layout.ts';
import { StormCpu } from './storm-cpu.ts';
import type { StormCpuPlan, StormMessage } from './storm-plan.ts';

const plan = workerData as StormCpuPlan;
const words = new Int32Array(plan.buffer);
const cpu = new StormCpu(plan);
for (const [index, mix] of plan.mixes.entries()) {
  parentPort?.postMessage({ kind: 'armed' } satisfies StormMessage);
  // Pairs with the store in `runMix`: go is the number of mixes that may run.
  while (Atomics.load(words, HeaderW.go) <= index) Atomics.wait(words, HeaderW.go, index);
  const before = process.threadCpuUsage();
  const startNs = process.hrtime.bigint();
  const slices = cpu.run(mix);
  const endNs = process.hrtime.bigint();
  const { user, system } = process.threadCpuUsage(before);
  const processorNs = (user + system) * 1000;
  parentPort?.postMessage({ kind: 'done', startNs, endNs, processorNs, slices } satisfies StormMessage);
}
