/** What a storm CPU's thread does: mix after mix, each from its barrier on. */
import type { MessagePort } from 'node:worker_threads';
import { HeaderW } from '../../../machine/memory/arena-layout.ts';
import { startThreadTime } from '../thread-time.ts';
import { StormCpu } from './storm-cpu.ts';
import type { MakeStormCpu, StormCpuPlan, StormMessage } from './storm-plan.ts';

/** Returns after the last mix. Sleeps at barriers; whoever ends the storm ends the thread. Throws what the machine's code throws. */
export function serveStorm(port: MessagePort, plan: StormCpuPlan, makeCpu?: MakeStormCpu): void {
  const words = new Int32Array(plan.buffer);
  const cpu = new StormCpu(plan, makeCpu);
  for (const [index, mix] of plan.mixes.entries()) {
    cpu.arm();
    port.postMessage({ kind: 'armed' } satisfies StormMessage);
    // Pairs with the store in `runMix`: go is the number of mixes that may run.
    while (Atomics.load(words, HeaderW.go) <= index) Atomics.wait(words, HeaderW.go, index);
    const time = startThreadTime();
    const slices = cpu.run(mix);
    port.postMessage({ kind: 'done', ...time(), slices } satisfies StormMessage);
  }
}
