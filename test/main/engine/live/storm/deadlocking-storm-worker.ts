/**
 * Entry of storm CPUs' threads of which the first two take their run queues' locks and then each other's, at their third tick: a
 * true deadlock. No storm takes two.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { LiveCpu } from '../../../../../src/main/engine/live/live-cpu.ts';
import { serveStorm } from '../../../../../src/main/engine/live/storm/storm-core.ts';
import type { StormCpuPlan } from '../../../../../src/main/engine/live/storm/storm-plan.ts';
import { complete, LockClass } from '../../../../../src/main/machine/cpu.ts';
import { LoneCpu } from '../../../../../src/main/machine/lone-cpu.ts';
import type { Arena } from '../../../../../src/main/machine/memory/arena.ts';
import { Operation } from '../../../../../src/main/machine/operation.ts';
import { TaskCpuW } from '../../../../../src/main/machine/percpu/access/task-layout.ts';
import { Tasks } from '../../../../../src/main/machine/percpu/access/tasks.ts';
import { MappedMachine } from '../../../../../src/main/machine/percpu/local-mapping/mapped-machine.ts';
import { LOCKED } from '../../../../../src/main/machine/sync/lock.ts';
import { type CpuId, cpuId, type LockWord, lockWord } from '../../../../../src/main/machine/units.ts';

const plan = workerData as StormCpuPlan;

class DeadlockingCpu extends LiveCpu {
  readonly #words: Int32Array;
  readonly #tasks: Tasks;
  #ticks = 0;

  constructor(arena: Arena, id: CpuId) {
    super(arena, id, new LoneCpu(id).codec);
    this.#words = arena.words;
    this.#tasks = Tasks.attach(MappedMachine.attach(plan.buffer), plan.tasksStart);
  }

  override begin(operation: Operation): void {
    super.begin(operation);
    if (operation !== Operation.interruptedUnit || this.id > 1) return;
    this.#ticks += 1;
    if (this.#ticks !== 3) return;
    const [own, other] = [this.#lockOf(this.id), this.#lockOf(cpuId(1 - this.id))];
    if (!this.tryLock(own)) complete(this.lock(own, LockClass.runQueue));
    while ((Atomics.load(this.#words, other) & LOCKED) === 0);
    complete(this.lock(other, LockClass.runQueue));
  }

  #lockOf(cpu: CpuId): LockWord {
    return lockWord(this.#tasks.cpuWord(cpu) + TaskCpuW.lock);
  }
}

if (parentPort === null) throw new Error('a storm CPU runs as a worker thread');
serveStorm(parentPort, plan, (arena, id) => new DeadlockingCpu(arena, id));
