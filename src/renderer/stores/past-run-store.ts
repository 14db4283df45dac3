import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { CsvExport, CsvTable, KernelText } from '../../shared/contract.ts';
import type { RunListing, RunRecord } from '../../shared/run-record.ts';
import { useLab } from '../lab-key.ts';
import { useNoticeStore } from './notice-store.ts';

/** The runs that the lab has kept, and the one that is open. */
export const usePastRunStore = defineStore('past runs', () => {
  const lab = useLab();
  const notices = useNoticeStore();
  const listings = ref<readonly RunListing[]>([]);
  const loaded = ref(false);
  const opened = shallowRef<RunRecord>();

  /** Reads the list anew. */
  async function refresh(): Promise<void> {
    const listed = notices.valueOf('Past runs could not be listed', await lab.listRuns({}));
    if (listed !== undefined) listings.value = listed;
    loaded.value = true;
  }

  /** As `refresh`, unasked: where it fails the list stays, and nobody is told. */
  async function lookAgain(): Promise<void> {
    const listed = await lab.listRuns({});
    if (listed.ok) listings.value = listed.value;
  }

  /** Opens a run; false when it could not be. */
  async function open(runId: string): Promise<boolean> {
    const record = notices.valueOf('The run could not be opened', await lab.openRun({ runId }));
    if (record === undefined) return false;
    opened.value = record;
    return true;
  }

  /** Renames a run, in the open result too. */
  async function rename(runId: string, name: string): Promise<void> {
    const listing = notices.valueOf('The run could not be renamed', await lab.renameRun({ runId, name }));
    const record = opened.value;
    if (listing !== undefined && record?.id === runId) opened.value = { ...record, name: listing.name };
    await refresh();
  }

  /** Deletes a run and closes it if it was open. */
  async function remove(runId: string): Promise<void> {
    const done = notices.valueOf('The run could not be deleted', await lab.deleteRun({ runId }));
    if (done !== undefined && opened.value?.id === runId) opened.value = undefined;
    await refresh();
  }

  /** The run as CSV; undefined when it failed. */
  async function exportCsv(runId: string, table: CsvTable = 'samples'): Promise<CsvExport | undefined> {
    return notices.valueOf('The run could not be exported', await lab.exportRunCsv({ runId, table }));
  }

  /** What kernels would have printed on the run's machines; undefined when it failed. */
  async function kernelTexts(runId: string): Promise<readonly KernelText[] | undefined> {
    return notices.valueOf('The kernel’s texts could not be made', await lab.exportKernelTexts({ runId }));
  }

  return { listings, loaded, opened, refresh, lookAgain, open, rename, remove, exportCsv, kernelTexts };
});
