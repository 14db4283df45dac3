/** A mapping profile, carried out: machine after machine, mode after mode, to a report. */
import { setImmediate } from 'node:timers/promises';
import type { MappingProfile, PaperFigure } from '../../../shared/mapping-profile.ts';
import type { MappingReport, OperationRow, PaperRow, TableRow } from '../../../shared/mapping-report.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { countEvents, countTables, variantsOf } from './count-tables.ts';
import { countOperations } from './count-operations.ts';

export interface MappingWatch {
  readonly signal: AbortSignal;
  /** `fraction` of the steps is done, 0 … 1. */
  readonly onProgress: (fraction: number, what: string) => void;
}

/** Errors: 'out-of-memory', 'cancelled'. Others wait while a machine is built, a second at most. */
export async function countMapping(
  profile: MappingProfile,
  labVersion: string,
  { signal, onProgress }: MappingWatch,
): Promise<Result<MappingReport>> {
  const variants = variantsOf(profile);
  const steps = variants.length + profile.designs.length + 1;
  let done = 0;
  const begin = async (what: string): Promise<boolean> => {
    onProgress(done / steps, what);
    done += 1;
    await setImmediate();
    return !signal.aborted;
  };
  const cancelled = fail('cancelled', 'the count was cancelled');
  const tables: TableRow[] = [];
  for (const [index, variant] of variants.entries()) {
    if (!(await begin(`machine ${index + 1} of ${variants.length}`))) return cancelled;
    const rows = countTables(profile, variant);
    if (!rows.ok) return rows;
    tables.push(...rows.value);
  }
  if (!(await begin('one chunk and one CPU more and less'))) return cancelled;
  const events = countEvents(profile);
  if (!events.ok) return events;
  const operations: OperationRow[] = [];
  for (const mode of profile.designs) {
    if (!(await begin(`access mode ${mode}`))) return cancelled;
    operations.push(countOperations(profile, mode));
  }
  return ok({ profile, labVersion, paper: paperRows(profile, tables), tables, events: events.value, operations });
}

/** The paper's figures are those of the profile's own machine, the first two rows. */
function paperRows({ paper }: MappingProfile, [atRest, grown]: readonly TableRow[]): readonly PaperRow[] {
  if (atRest === undefined || grown === undefined) throw new Error("the profile's own machine was not counted");
  const figures: Readonly<Record<PaperFigure, number>> = {
    pgdBytes: atRest.pgdBytes,
    windowSpaceAtRestBytes: atRest.windowSpaceBytes,
    windowSpaceAddedBytes: grown.windowSpaceBytes - atRest.windowSpaceBytes,
    tablesAtRestBytes: atRest.windowTableBytes,
    tablesAddedBytes: grown.windowTableBytes - atRest.windowTableBytes,
  };
  return paper.map(({ figure, says, bytes }) => ({ figure, says, paperBytes: bytes, labBytes: figures[figure] }));
}
