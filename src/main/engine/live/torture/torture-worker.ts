/**
 * Entry of a torture CPU's thread: runs a sequence for each message. The only place that touches the thread's port. A sequence that
 * throws halts the machine, so that the others do not wait for ever.
 */
import { parentPort } from 'node:worker_threads';
import { HeaderW } from '../../../machine/memory/arena-layout.ts';
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
    const words = new Int32Array(plan.memory.buffer);
    Atomics.store(words, HeaderW.halt, 1);
    Atomics.notify(words, HeaderW.halt);
    answer = { threw: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});
