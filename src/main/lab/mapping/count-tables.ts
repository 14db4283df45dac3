/** Tables by counting the frames of machines that are really built. */
import type { EventCost, TableRow } from '../../../shared/mapping-report.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { complete } from '../../machine/cpu.ts';
import type { MappedMachine } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { tableFigures } from '../../machine/percpu/local-mapping/table-figures.ts';
import { cpuId } from '../../machine/units.ts';
import type { CountingPauses } from './counting-pauses.ts';
import { buildMachine, countingCpu, type CountingTask, growTo, type MachineVariant } from './build-machine.ts';

/** One machine, at rest and with the added chunks. Errors: 'out-of-memory', 'cancelled'. */
export async function countTables(
  task: CountingTask,
  variant: MachineVariant,
  pauses: CountingPauses,
): Promise<Result<readonly TableRow[]>> {
  const { chunksAtRest, chunksAdded } = task.counting;
  const built = buildMachine(task, variant);
  if (!built.ok) return built;
  const rows: TableRow[] = [];
  for (const chunks of [chunksAtRest, chunksAtRest + chunksAdded]) {
    if (!(await growInSteps(built.value, chunks, pauses))) return CANCELLED;
    rows.push(tableRow(built.value));
  }
  return ok(rows);
}

const CANCELLED = fail('cancelled', 'the run was cancelled');

/** False when it was cancelled meanwhile. */
async function growInSteps(machine: MappedMachine, chunks: number, pauses: CountingPauses): Promise<boolean> {
  if (!(await pauses.next())) return false;
  for (let next = machine.mapping.chunks().length + 1; next <= chunks; next++) {
    growTo(machine, next);
    if (!(await pauses.next())) return false;
  }
  return true;
}

/** The machines to count: the one that the paper speaks of first, in its own window and in the other, then the rest. */
export function variantsOf({ addressSpace, counting }: CountingTask): readonly MachineVariant[] {
  const beside = counting.windows.filter((window) => window !== addressSpace.window).map((window) => ({ window }));
  const others = counting.translations
    .filter((translation) => translation !== addressSpace.translation)
    .flatMap((translation) => counting.windows.map((window) => ({ translation, window })));
  const scaled = counting.scalingCpus
    .filter((cpus) => cpus !== counting.cpus)
    .flatMap((cpus) => counting.windows.map((window) => ({ cpus, window })));
  return [{}, ...beside, ...others, ...scaled];
}

/**
 * What one chunk more or less, and one CPU more or less, costs a machine that is at rest otherwise. Errors: 'out-of-memory',
 * 'cancelled'.
 */
export async function countEvents(task: CountingTask, pauses: CountingPauses): Promise<Result<readonly EventCost[]>> {
  const built = buildMachine(task, {}, 1);
  if (!built.ok) return built;
  const machine = built.value;
  const { mapping, pages, arena } = machine;
  if (!(await growInSteps(machine, task.counting.chunksAtRest, pauses))) return CANCELLED;
  for (let cpu = 1; cpu < arena.config.possibleCpus; cpu++) {
    complete(mapping.bringUp(countingCpu, cpuId(cpu)));
    if (!(await pauses.next())) return CANCELLED;
  }
  const unitPages = mapping.config.unitBytes / arena.config.pageSizeBytes;
  let chunk = -1;
  const events: EventCost[] = [
    costOf(machine, 'chunk-created', () => {
      chunk = complete(machine.addChunk(countingCpu, 1)) ?? -1;
    }),
    costOf(machine, 'pages-populated', () => {
      complete(pages.populate(countingCpu, chunk, { first: 1, end: unitPages }));
    }),
    costOf(machine, 'chunk-destroyed', () => {
      complete(machine.removeChunk(countingCpu, chunk, unitPages));
    }),
  ];
  const last = cpuId(arena.config.possibleCpus - 1);
  if (last === 0) return ok(events);
  events.push(
    costOf(machine, 'cpu-down', () => {
      complete(mapping.tearDown(countingCpu, last));
    }),
    costOf(machine, 'cpu-up', () => {
      complete(mapping.bringUp(countingCpu, last));
    }),
  );
  return ok(events);
}

function tableRow({ space, mapping, arena }: MappedMachine): TableRow {
  const figures = tableFigures(space, mapping);
  const { chunks, pgdBytes, windowTableBytes, localBytes, sharedBytes, windowSpaceBytes, globalSpaceBytes } = figures;
  return {
    translation: space.config.translation,
    window: mapping.config.window,
    cpus: arena.config.possibleCpus,
    chunks,
    pgdBytes,
    windowTableBytes,
    localBytes,
    sharedBytes,
    windowSpaceBytes,
    globalSpaceBytes,
  };
}

function costOf({ space, mapping }: MappedMachine, event: EventCost['event'], happen: () => void): EventCost {
  const before = tableFigures(space, mapping);
  happen();
  const after = tableFigures(space, mapping);
  return {
    event,
    tablesMade: after.tablesMade - before.tablesMade,
    tablesFreed: after.tablesFreed - before.tablesFreed,
    pgdCopies: after.pgdCopies - before.pgdCopies,
    flushes: after.flushes - before.flushes,
  };
}
