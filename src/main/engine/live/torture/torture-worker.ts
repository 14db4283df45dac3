/** Entry of a torture CPU's thread: runs a sequence for each message. The only place that touches the thread's port. */
import { parentPort } from 'node:worker_threads';
import { runTortureCpu, type TortureCpuPlan, type TortureReport } from './torture-cpu.ts';

/** Instead of a report, when the machine's code threw. */
export interface TortureThrew {
  readonly threw: string;
}

parentPort?.on('message', (plan: TortureCpuPlan) => {
  let answer: TortureReport | TortureThrew;
  try {
    answer = runTortureCpu(plan);
  } catch (error) {
    answer = { threw: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});
