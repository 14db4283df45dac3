/** The contract's methods about runs that have ended: the stored ones, and those that could not be stored. */
import type { LabMethods } from '../../shared/contract.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { RunRecord } from '../../shared/run-record.ts';
import type { RunControl } from './experiment/run-control.ts';
import { kernelEvidence } from './export/kernel-evidence.ts';
import { runCsv } from './export/run-csv.ts';
import type { RunStore } from './store/run-store.ts';

type PastRunMethods = Pick<
  LabMethods,
  'listRuns' | 'openRun' | 'renameRun' | 'deleteRun' | 'exportRunCsv' | 'exportKernelTexts'
>;

/** `store` may be one that could not be opened: its error is then the answer. */
export function createPastRunMethods(store: Result<RunStore>, runs: RunControl): PastRunMethods {
  const openRecord = (runId: string): Result<RunRecord> => {
    const unsaved = runs.unsaved(runId);
    return unsaved === undefined ? withStore(store, (open) => open.open(runId)) : ok(unsaved);
  };
  return {
    listRuns: () => answer(withStore(store, (open) => open.list())),
    openRun: ({ runId }) => answer(openRecord(runId)),
    renameRun: ({ runId, name }) => answer(withStore(store, (open) => open.rename(runId, name))),
    deleteRun: ({ runId }) => answer(withStore(store, (open) => asEmpty(open.remove(runId)))),
    exportRunCsv: ({ runId, table }) => {
      const record = openRecord(runId);
      return answer(record.ok ? runCsv(record.value, table ?? 'samples') : record);
    },
    exportKernelTexts: ({ runId }) => {
      const record = openRecord(runId);
      return answer(record.ok ? kernelEvidence(record.value) : record);
    },
  };
}

/** Asks the store, if there is one. */
export function withStore<T>(store: Result<RunStore>, use: (store: RunStore) => Result<T>): Result<T> {
  return store.ok ? use(store.value) : store;
}

function answer<T>(result: Result<T>): Promise<Result<T>> {
  return Promise.resolve(result);
}

function asEmpty(result: Result<void>): Result<Record<string, never>> {
  return result.ok ? ok({}) : result;
}
