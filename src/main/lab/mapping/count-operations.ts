/**
 * Operations of each access mode, counted: tasks on the interleaving engine add to one per-CPU counter while seeded interrupts
 * take them off their CPUs and a balancer moves them about. Deterministic: same profile, same counts.
 */
import type { AccessMode } from '../../../shared/design.ts';
import type { MappingProfile } from '../../../shared/mapping-profile.ts';
import type { OperationRow } from '../../../shared/mapping-report.ts';
import { Interleaver } from '../../engine/interleaved/interleaver.ts';
import { complete } from '../../machine/cpu.ts';
import { accessFigures } from '../../machine/percpu/access/cpu-statistics.ts';
import { runTasks, type TaskProgram } from '../../machine/percpu/access/run-tasks.ts';
import { Tasks } from '../../machine/percpu/access/tasks.ts';
import { auditMapping } from '../../machine/percpu/local-mapping/audit-mapping.ts';
import { MappedMachine, type MappedMachineConfig } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId, type PercpuPtr, roundUp } from '../../machine/units.ts';
import { Random } from '../../workload/random.ts';
import { countingCpu } from './build-machine.ts';

/** Runs one mode to its end. Throws when the machine's invariants do not hold afterwards. */
export function countOperations(profile: MappingProfile, mode: AccessMode): OperationRow {
  const { operations } = profile.workload;
  const taskCount = operations.cpus * operations.tasksPerCpu;
  const { machine, tasks, pointer } = prepare(profile, mode, taskCount);
  const interleaver = new Interleaver({
    arena: machine.arena,
    random: new Random(profile.workload.seed),
    codec: countingCpu.codec,
    switchChance: operations.interrupts,
  });
  const begun = new Set<number>();
  const program = adding(pointer, operations.perTask);
  for (let id = 0; id < operations.cpus; id++) {
    const cpu = interleaver.cpu(cpuId(id));
    interleaver.spawn(cpu, `CPU ${id}`, runTasks(cpu, tasks, program, begun));
  }
  interleaver.run();
  const faults = auditMapping(machine);
  if (faults.length > 0) throw new Error(`page tables after the run in mode ${mode}: ${faults.join('; ')}`);
  return { mode, counted: total(machine, pointer), ...accessFigures(machine.space) };
}

function prepare(
  { machine: shape, workload }: MappingProfile,
  mode: AccessMode,
  taskCount: number,
): { readonly machine: MappedMachine; readonly tasks: Tasks; readonly pointer: PercpuPtr } {
  const { cpus } = workload.operations;
  const config: MappedMachineConfig = {
    possibleCpus: cpus,
    onlineCpus: cpus,
    translation: shape.translation,
    memoryBytes: cpus * shape.unitBytes + 128 * 65536,
    tlb: { ...shape.tlb, cpusPerTlb: 1, isTagged: false },
    pgdTakesPage: false,
    mapping: {
      window: mode === 'local-mapping' ? 'same-offset' : 'none',
      firstChunk: 'page',
      tablesFor: 'possible',
      unitBytes: shape.unitBytes,
      maxChunks: 1,
    },
  };
  const tasksStart = roundUp(MappedMachine.bytesFor(config), 256);
  const buffer = new SharedArrayBuffer(tasksStart + Tasks.bytesFor(cpus, taskCount));
  const machine = complete(MappedMachine.boot(countingCpu, buffer, config));
  const chunk = machine === undefined ? undefined : complete(machine.addChunk(countingCpu, 1));
  if (machine === undefined || chunk === undefined) throw new Error('the memory that was worked out is too small');
  machine.pages.clear(chunk, 0, 8);
  const tasks = Tasks.format(machine, tasksStart, { mode, tasks: taskCount });
  for (let task = 0; task < taskCount; task++) complete(tasks.enqueue(countingCpu, task, cpuId(task % cpus)));
  return { machine, tasks, pointer: machine.mapping.pointer(chunk, 0) };
}

/** Every task adds 1 so many times. */
function adding(pointer: PercpuPtr, times: number): TaskProgram {
  const done = new Map<number, number>();
  return {
    next: (task) => {
      const turn = done.get(task) ?? 0;
      done.set(task, turn + 1);
      return turn === times ? undefined : { operation: 'add', widthBits: 64, pointer, operand: 1n };
    },
  };
}

/** Of all CPUs' copies. */
function total({ arena, space, tables, mapping }: MappedMachine, pointer: PercpuPtr): number {
  let sum = 0n;
  for (let cpu = 0; cpu < arena.config.possibleCpus; cpu++) {
    const found = tables.walk(space.rootOf(cpuId(0)), mapping.perCpuPtr(pointer, cpuId(cpu)));
    if (found === undefined) throw new Error(`the counter of CPU ${cpu} is not mapped`);
    sum += arena.longs[arena.frameAddress(found.frame) / 8] ?? 0n;
  }
  return Number(sum);
}
