/** Tasks on a machine with page tables, under the interleaving engine. */
import { createHash } from 'node:crypto';
import { Interleaver } from '../../../../../src/main/engine/interleaved/interleaver.ts';
import { accessFigures, type AccessFigures } from '../../../../../src/main/machine/percpu/access/cpu-statistics.ts';
import { runTasks, type TaskProgram } from '../../../../../src/main/machine/percpu/access/run-tasks.ts';
import { Tasks } from '../../../../../src/main/machine/percpu/access/tasks.ts';
import { auditMapping } from '../../../../../src/main/machine/percpu/local-mapping/audit-mapping.ts';
import { MappedMachine } from '../../../../../src/main/machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId, type PercpuPtr, roundUp } from '../../../../../src/main/machine/units.ts';
import { Random } from '../../../../../src/main/workload/random.ts';
import type { AccessMode } from '../../../../../src/shared/design.ts';
import { complete } from '../../../../../src/main/machine/cpu.ts';
import { addChunk, bootCpu, mappedConfig } from '../local-mapping/mapped-machines.ts';

export interface TaskRun {
  readonly mode: AccessMode;
  readonly cpus: number;
  readonly tasks: number;
  readonly seed: number;
  /** Chance in 256 of an interrupt after each step. */
  readonly interrupts?: number;
  readonly program: (pointer: PercpuPtr) => TaskProgram;
  /** What every CPU's copy holds before, 64 bits. */
  readonly initial?: bigint;
}

export interface TaskOutcome {
  /** Every CPU's copy after, as it lies in memory. */
  readonly copies: readonly bigint[];
  readonly figures: AccessFigures;
  readonly steps: number;
  /** Of all page frames and what lies behind them. */
  readonly fingerprint: string;
}

/** Runs to the end and audits the machine; throws on a broken invariant. */
export function runInterleaved(run: TaskRun): TaskOutcome {
  const config = mappedConfig({ possibleCpus: run.cpus });
  const tasksStart = roundUp(MappedMachine.bytesFor(config), 256);
  const buffer = new SharedArrayBuffer(tasksStart + Tasks.bytesFor(run.cpus, run.tasks));
  const machine = complete(MappedMachine.boot(bootCpu, buffer, config));
  if (machine === undefined) throw new Error('no memory');
  const pointer = machine.mapping.pointer(addChunk(machine), 256);
  const tasks = Tasks.format(machine, tasksStart, { mode: run.mode, tasks: run.tasks });
  const { longs } = machine.arena;
  const copyOf = (cpu: number): number => {
    const found = machine.tables.walk(machine.space.rootOf(cpuId(0)), machine.mapping.perCpuPtr(pointer, cpuId(cpu)));
    if (found === undefined) throw new Error('the counter is not mapped');
    return (machine.arena.frameAddress(found.frame) + 256) / 8;
  };
  for (let cpu = 0; cpu < run.cpus; cpu++) longs[copyOf(cpu)] = run.initial ?? 0n;
  for (let task = 0; task < run.tasks; task++) complete(tasks.enqueue(bootCpu, task, cpuId(task % run.cpus)));
  const steps = interleave(machine, tasks, run, run.program(pointer));
  const faults = auditMapping(machine);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return {
    copies: Array.from({ length: run.cpus }, (_, cpu) => longs[copyOf(cpu)] ?? 0n),
    figures: accessFigures(machine.space),
    steps,
    fingerprint: createHash('sha256').update(machine.arena.bytes.subarray(machine.arena.geometry.frames)).digest('hex'),
  };
}

function interleave(machine: MappedMachine, tasks: Tasks, run: TaskRun, program: TaskProgram): number {
  const interleaver = new Interleaver({
    arena: machine.arena,
    random: new Random(run.seed),
    codec: bootCpu.codec,
    switchChance: run.interrupts ?? 40,
  });
  const begun = new Set<number>();
  for (let id = 0; id < run.cpus; id++) {
    const cpu = interleaver.cpu(cpuId(id));
    interleaver.spawn(cpu, `CPU ${id}`, runTasks(cpu, tasks, program, begun));
  }
  return interleaver.run();
}
