/** The page tables that a profile wants counted: machine after machine, to a report. */
import { setImmediate } from 'node:timers/promises';
import type { MappingReport, PaperRow, TableRow } from '../../../shared/mapping-report.ts';
import { paperFigures } from '../../../shared/paper-machine.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { TableCounting } from '../../../shared/this-cpu-profile.ts';
import type { CountingTask } from './build-machine.ts';
import { countEvents, countTables, variantsOf } from './count-tables.ts';

export interface MappingWatch {
  readonly signal: AbortSignal;
  /** A step is done. */
  readonly onProgress: () => void;
}

/** Errors: 'out-of-memory', 'cancelled'. Others wait while a machine is built, a second at most. */
export async function countMapping(
  task: CountingTask,
  { signal, onProgress }: MappingWatch,
): Promise<Result<MappingReport>> {
  const tables: TableRow[] = [];
  for (const variant of variantsOf(task)) {
    if (signal.aborted) return fail('cancelled', 'the run was cancelled');
    const rows = countTables(task, variant);
    if (!rows.ok) return rows;
    tables.push(...rows.value);
    onProgress();
    await setImmediate();
  }
  const events = countEvents(task);
  if (!events.ok) return events;
  return ok({ paper: paperRows(task.counting, tables), tables, events: events.value });
}

/** The paper's figures are those of the task's own machine, the first two rows. */
function paperRows({ paper }: TableCounting, [atRest, grown]: readonly TableRow[]): readonly PaperRow[] {
  if (atRest === undefined || grown === undefined) throw new Error("the task's own machine was not counted");
  const figures = paperFigures(atRest, grown);
  return paper.map(({ figure, says, bytes }) => ({ figure, says, paperBytes: bytes, labBytes: figures[figure] }));
}
