/** Entry of a storm CPU's thread. The only place that touches the thread's port. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveStorm } from './storm-core.ts';
import type { StormCpuPlan } from './storm-plan.ts';

if (parentPort === null) throw new Error('a storm CPU runs as a worker thread');
serveStorm(parentPort, workerData as StormCpuPlan);
