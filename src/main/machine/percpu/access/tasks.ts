/**
 * The tasks of a machine and the CPUs' run queues, as one thread sees them. Holds no state.
 *
 *     tick ─▶ current task ─▶ tail of a queue: its own CPU's, or another's (migration)
 *             head of the own queue ─▶ current task
 *
 * The balancer sends a task to the shortest queue when its own is longer by two, and every so many ticks on to the
 * next CPU whatever the lengths: the lab wants migrations.
 */
import { ACCESS_MODES, type AccessMode } from '../../../../shared/design.ts';
import { type Cpu, LockClass, type Suspending } from '../../cpu.ts';
import { SpaceCpuF64 } from '../../memory/address-space-layout.ts';
import { type CpuId, cpuId, type LockWord, lockWord, percpuPtr } from '../../units.ts';
import type { MappedMachine } from '../local-mapping/mapped-machine.ts';
import { CpuStatistics } from './cpu-statistics.ts';
import { TASK_BYTES, TASK_CPU_BYTES, TaskCpuF64, TaskCpuW, TASKS_HEADER_BYTES, TasksW, TaskW } from './task-layout.ts';

const USUAL_BALANCE_TICKS = 4;

/** What a region of tasks is made for. */
export interface TasksConfig {
  readonly mode: AccessMode;
  readonly tasks: number;
  /** With every so many ticks of a CPU its task is sent on to the next CPU; 0: never. Absent: 4. */
  readonly balanceTicks?: number;
}

export class Tasks {
  readonly machine: MappedMachine;
  readonly mode: AccessMode;
  readonly count: number;
  readonly #balanceTicks: number;
  readonly #words: Int32Array;
  readonly #base: number;

  private constructor(machine: MappedMachine, byteOffset: number, { mode, tasks, balanceTicks }: TasksConfig) {
    this.machine = machine;
    this.mode = mode;
    this.count = tasks;
    this.#balanceTicks = balanceTicks ?? USUAL_BALANCE_TICKS;
    this.#words = machine.arena.words;
    this.#base = byteOffset / 4;
    if (mode === 'local-mapping' && machine.mapping.config.window === 'none') {
      throw new Error('access mode local-mapping on a machine without a window');
    }
  }

  /** Bytes of a region for so many CPUs and tasks. */
  static bytesFor(cpus: number, tasks: number): number {
    return TASKS_HEADER_BYTES + cpus * TASK_CPU_BYTES + tasks * TASK_BYTES;
  }

  /**
   * A new region at `byteOffset`, a multiple of 256; its tasks are unfinished and in no queue. On a machine that has its first
   * chunk: where that lies in the linear map, loops reach variables of that chunk alone by an offset.
   */
  static format(machine: MappedMachine, byteOffset: number, config: TasksConfig): Tasks {
    const tasks = new Tasks(machine, byteOffset, config);
    const { possibleCpus } = machine.arena.config;
    const { words } = machine.arena;
    words.fill(0, tasks.#base, tasks.#base + Tasks.bytesFor(possibleCpus, config.tasks) / 4);
    words[tasks.#base + TasksW.cpus] = possibleCpus;
    words[tasks.#base + TasksW.tasks] = config.tasks;
    words[tasks.#base + TasksW.mode] = ACCESS_MODES.indexOf(config.mode);
    words[tasks.#base + TasksW.balanceTicks] = tasks.#balanceTicks;
    words[tasks.#base + TasksW.unfinished] = config.tasks;
    for (let cpu = 0; cpu < possibleCpus; cpu++) {
      const offset = tasks.cpuWord(cpuId(cpu)) / 2 + TaskCpuF64.offset;
      // Where the CPU's copy of pointer 0 is: the global mapping's offset, or that of a first chunk in the linear map.
      machine.arena.doubles[offset] = machine.mapping.perCpuPtr(percpuPtr(0), cpuId(cpu));
    }
    return tasks;
  }

  /** The region that another thread has formatted at `byteOffset`. */
  static attach(machine: MappedMachine, byteOffset: number): Tasks {
    const word = (field: number): number => machine.arena.word(byteOffset / 4 + field);
    const mode = ACCESS_MODES[word(TasksW.mode)];
    if (mode === undefined) throw new Error(`unknown access mode ${word(TasksW.mode)}`);
    return new Tasks(machine, byteOffset, {
      mode,
      tasks: word(TasksW.tasks),
      balanceTicks: word(TasksW.balanceTicks),
    });
  }

  /** Word index of a task's block. */
  taskWord(task: number): number {
    const cpus = this.machine.arena.config.possibleCpus;
    return this.#base + (TASKS_HEADER_BYTES + cpus * TASK_CPU_BYTES + task * TASK_BYTES) / 4;
  }

  /** Word index of a CPU's block. */
  cpuWord(cpu: CpuId): number {
    return this.#base + (TASKS_HEADER_BYTES + cpu * TASK_CPU_BYTES) / 4;
  }

  /** Word index of the machine's shared total. */
  get sharedTotalWord(): number {
    return this.#base + TasksW.sharedTotal;
  }

  /**
   * Gives all tasks, which have ended or never run, `remaining` anew and puts them into the queues of the online CPUs in
   * turn; the shared total is 0 again. While no CPU runs.
   */
  *beginAll(cpu: Cpu, remaining: number): Suspending<void> {
    const { onlineCpus } = this.machine.arena.config;
    this.#words[this.sharedTotalWord] = 0;
    for (let task = 0; task < this.count; task++) {
      this.#words[this.taskWord(task) + TaskW.remaining] = remaining;
      yield* this.enqueue(cpu, task, cpuId(task % onlineCpus));
    }
    Atomics.store(this.#words, this.#base + TasksW.unfinished, this.count);
  }

  /** Whether any task has not ended. Pairs with `end`. */
  get areUnfinished(): boolean {
    return Atomics.load(this.#words, this.#base + TasksW.unfinished) > 0;
  }

  /** The task that runs on `cpu` has ended. By that CPU. */
  end(cpu: CpuId): void {
    this.#words[this.cpuWord(cpu) + TaskCpuW.current] = 0;
    Atomics.sub(this.#words, this.#base + TasksW.unfinished, 1);
  }

  /** The task that runs on `cpu`; undefined when it is idle. */
  current(cpu: CpuId): number | undefined {
    const stored = this.machine.arena.word(this.cpuWord(cpu) + TaskCpuW.current);
    return stored === 0 ? undefined : stored - 1;
  }

  /** Puts a task at the end of the queue of `target`. */
  *enqueue(cpu: Cpu, task: number, target: CpuId): Suspending<void> {
    const { arena } = this.machine;
    const block = this.cpuWord(target);
    const lock = this.#lockOf(target);
    if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.runQueue);
    this.#words[this.taskWord(task) + TaskW.next] = 0;
    const tail = arena.word(block + TaskCpuW.tail);
    if (tail === 0) this.#words[block + TaskCpuW.head] = task + 1;
    else this.#words[this.taskWord(tail - 1) + TaskW.next] = task + 1;
    this.#words[block + TaskCpuW.tail] = task + 1;
    this.#words[block + TaskCpuW.length] = arena.word(block + TaskCpuW.length) + 1;
    cpu.unlock(lock);
  }

  /** Lets the first task of the queue run on its CPU; undefined when there is none. The CPU is idle. */
  *schedule(cpu: Cpu): Suspending<number | undefined> {
    const { arena } = this.machine;
    const block = this.cpuWord(cpu.id);
    const lock = this.#lockOf(cpu.id);
    if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.runQueue);
    const head = arena.word(block + TaskCpuW.head);
    if (head !== 0) {
      const next = arena.word(this.taskWord(head - 1) + TaskW.next);
      this.#words[block + TaskCpuW.head] = next;
      if (next === 0) this.#words[block + TaskCpuW.tail] = 0;
      this.#words[block + TaskCpuW.length] = arena.word(block + TaskCpuW.length) - 1;
    }
    cpu.unlock(lock);
    this.#words[block + TaskCpuW.current] = head;
    return head === 0 ? undefined : head - 1;
  }

  /** The timer's interrupt: from now on a task waits for the CPU. */
  tick(cpu: CpuId): void {
    const block = this.cpuWord(cpu);
    this.#words[block + TaskCpuW.ticks] = this.machine.arena.word(block + TaskCpuW.ticks) + 1;
    this.#words[block + TaskCpuW.needResched] = 1;
  }

  /** The task that was to leave has ended. By that CPU. */
  clearTick(cpu: CpuId): void {
    this.#words[this.cpuWord(cpu) + TaskCpuW.needResched] = 0;
  }

  needsResched(cpu: CpuId): boolean {
    return this.#words[this.cpuWord(cpu) + TaskCpuW.needResched] === 1;
  }

  /** Takes the running task off its CPU and puts it into the queue of the balancer's choice. It has preemption on. */
  *preempt(cpu: Cpu): Suspending<void> {
    const block = this.cpuWord(cpu.id);
    const task = this.current(cpu.id);
    this.#words[block + TaskCpuW.needResched] = 0;
    if (task === undefined) return;
    const target = this.#balance(cpu.id);
    const statistics = new CpuStatistics(this.machine.space, cpu.id);
    statistics.add(SpaceCpuF64.switches, 1);
    if (target !== cpu.id) statistics.add(SpaceCpuF64.migrations, 1);
    this.#words[block + TaskCpuW.current] = 0;
    yield* this.enqueue(cpu, task, target);
  }

  #balance(cpu: CpuId): CpuId {
    const { onlineCpus } = this.machine.arena.config;
    const lengthOf = (each: number): number => Atomics.load(this.#words, this.cpuWord(cpuId(each)) + TaskCpuW.length);
    const ticks = this.machine.arena.word(this.cpuWord(cpu) + TaskCpuW.ticks);
    if (this.#balanceTicks > 0 && ticks % this.#balanceTicks === 0) return cpuId((cpu + 1) % onlineCpus);
    let shortest = cpu;
    for (let each = 0; each < onlineCpus; each++) if (lengthOf(each) < lengthOf(shortest)) shortest = cpuId(each);
    return lengthOf(cpu) >= lengthOf(shortest) + 2 ? shortest : cpu;
  }

  #lockOf(cpu: CpuId): LockWord {
    return lockWord(this.cpuWord(cpu) + TaskCpuW.lock);
  }
}
