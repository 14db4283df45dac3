/** Entry of a storm CPU's thread: waits at the barrier, runs, says how long. The only place that touches the thread's port. */
import { parentPort, workerData } from 'node:worker_threads';
import { HeaderW } from '../../../machine/memory/arena-layout.ts';
import { runStormCpu, type StormCpuPlan } from './storm-cpu.ts';
import type { StormSpan } from './storm.ts';

const plan = workerData as StormCpuPlan;
const words = new Int32Array(plan.buffer);
parentPort?.postMessage('armed');
Atomics.wait(words, HeaderW.go, 0);
const before = process.threadCpuUsage();
const startNs = process.hrtime.bigint();
runStormCpu(plan);
const endNs = process.hrtime.bigint();
const { user, system } = process.threadCpuUsage(before);
parentPort?.postMessage({ startNs, endNs, cpuNs: (user + system) * 1000 } satisfies StormSpan);
