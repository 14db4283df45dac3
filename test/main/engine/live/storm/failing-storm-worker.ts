/**
 * Entry of a storm CPU's thread that fails on purpose. The environment variable FAILING_STORM_CPU says how when the thread
 * starts: `exit 1 interrupt 3` is CPU 1 when it begins an interrupted unit for the third time; `loops`, `switch` are the others.
 *
 *     exit      the thread ends with code 3
 *     throw     the machine's code throws
 *     hang      the operation never ends
 *     start     the thread ends with code 3 before it has armed; `wait` keeps it from ever doing so
 *     between   the thread throws after its barrier's message, while nobody has asked it anything
 */
import { parentPort, workerData } from 'node:worker_threads';
import { LiveCpu } from '../../../../../src/main/engine/live/live-cpu.ts';
import { serveStorm } from '../../../../../src/main/engine/live/storm/storm-core.ts';
import type { StormCpuPlan, StormMessage } from '../../../../../src/main/engine/live/storm/storm-plan.ts';
import type { Arena } from '../../../../../src/main/machine/memory/arena.ts';
import { Operation } from '../../../../../src/main/machine/operation.ts';
import type { CpuId } from '../../../../../src/main/machine/units.ts';
import { LoneCpu } from '../../../../../src/main/machine/lone-cpu.ts';

const WHERE: Readonly<Record<string, Operation>> = {
  loops: Operation.thisCpuLoops,
  interrupt: Operation.interruptedUnit,
  switch: Operation.taskSwitch,
};

const [failure = '', failingCpu = '', where = '', at = ''] = (process.env['FAILING_STORM_CPU'] ?? '').split(' ');
const plan = workerData as StormCpuPlan;
const isFailing = String(plan.cpu) === failingCpu;

class FailingCpu extends LiveCpu {
  #left = Number(at);

  constructor(arena: Arena, id: CpuId) {
    super(arena, id, new LoneCpu(id).codec);
  }

  override begin(operation: Operation): void {
    super.begin(operation);
    if (!isFailing || operation !== WHERE[where]) return;
    this.#left -= 1;
    if (this.#left !== 0) return;
    if (failure === 'exit') process.exit(3);
    if (failure === 'throw') throw new Error('the timer broke');
    if (failure === 'hang') for (;;);
  }
}

if (parentPort === null) throw new Error('a storm CPU runs as a worker thread');
if (isFailing && failure === 'start') process.exit(3);
if (isFailing && failure === 'wait') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
if (isFailing && failure === 'between') {
  parentPort.postMessage({ kind: 'armed' } satisfies StormMessage);
  throw new Error('broke while nobody listened');
}
serveStorm(parentPort, plan, (arena, id) => new FailingCpu(arena, id));
