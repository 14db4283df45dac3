/**
 * A process that saves runs into a shared database: `node save-runs-process.ts DATABASE PREFIX COUNT`.
 */
import { openRunStore } from '../../../../src/main/lab/store/run-store.ts';
import { recordOf, sampleOf } from '../run-record-fixtures.ts';

const [databasePath, prefix, count] = process.argv.slice(2);
const store = openRunStore(databasePath ?? '');
if (!store.ok) throw new Error(store.error.message);
for (let run = 0; run < Number(count); run++) {
  const samples = [sampleOf('single-mutex', 1, 600), sampleOf('per-cpu-global', 1, 720)];
  const saved = store.value.save(recordOf(samples, { id: `${prefix ?? ''}-${run}` }));
  if (!saved.ok) throw new Error(saved.error.message);
}
store.value.close();
