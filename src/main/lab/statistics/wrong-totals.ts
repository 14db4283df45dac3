/** Whether a design of a this-cpu workload is right at all: no speed counts where updates are lost. */
import type { Design } from '../../../shared/design.ts';
import type { MixSummary, WrongTotals } from '../../../shared/run-record.ts';

type Total = Pick<MixSummary, 'issued' | 'counted'>;

/** The mixes' totals together; undefined where each of them is exact. */
export function wrongTotals(design: Design, mixes: readonly Total[]): WrongTotals | undefined {
  const sum = (read: (mix: Total) => number): number => mixes.reduce((all, mix) => all + read(mix), 0);
  const lost = sum(({ issued, counted }) => Math.max(0, issued - counted));
  const extra = sum(({ issued, counted }) => Math.max(0, counted - issued));
  return lost + extra === 0 ? undefined : { design, issued: sum(({ issued }) => issued), lost, extra };
}
