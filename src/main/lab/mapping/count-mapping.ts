/** The page tables that a profile wants counted: machine after machine, to a report. */
import type { MappingReport, PaperRow, TableRow } from '../../../shared/mapping-report.ts';
import { paperFigures } from '../../../shared/paper-machine.ts';
import { ok, type Result } from '../../../shared/result.ts';
import type { TableCounting } from '../../../shared/this-cpu-profile.ts';
import type { CountingTask } from './build-machine.ts';
import { CountingPauses } from './counting-pauses.ts';
import { countEvents, countTables, variantsOf } from './count-tables.ts';

export interface MappingWatch {
  readonly signal: AbortSignal;
  /** A step is done. */
  readonly onProgress: () => void;
}

/** Errors: 'out-of-memory', 'cancelled'. Others get the thread between a machine's boot and each of its chunks. */
export async function countMapping(
  task: CountingTask,
  { signal, onProgress }: MappingWatch,
): Promise<Result<MappingReport>> {
  const tables: TableRow[] = [];
  const pauses = new CountingPauses(signal);
  for (const variant of variantsOf(task)) {
    const rows = await countTables(task, variant, pauses);
    if (!rows.ok) return rows;
    tables.push(...rows.value);
    onProgress();
  }
  const events = await countEvents(task, pauses);
  if (!events.ok) return events;
  return ok({ paper: paperRows(task.counting, tables), tables, events: events.value });
}

/** The paper's figures are those of the task's own machine, the first two rows. */
function paperRows({ paper }: TableCounting, [atRest, grown]: readonly TableRow[]): readonly PaperRow[] {
  if (atRest === undefined || grown === undefined) throw new Error("the task's own machine was not counted");
  const figures = paperFigures(atRest, grown);
  return paper.map(({ figure, says, bytes }) => ({ figure, says, paperBytes: bytes, labBytes: figures[figure] }));
}
