/**
 * Boot logs that real kernels printed, with what a person read out of them: a few that the repository carries, and the whole
 * collection where it lies beside the repository.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Null is what is not known. */
export interface KernelLog {
  readonly id: string;
  readonly arch: string;
  readonly kernel: string | null;
  readonly page_size: number;
  readonly nr_cpu_ids: number | null;
  readonly nr_node_ids: number | null;
  readonly first_chunk: string | null;
  readonly pages_per_cpu: number | null;
  readonly static_size: number | null;
  readonly reserved_size: number | null;
  readonly dyn_size: number | null;
  readonly unit_size: number | null;
  readonly alloc_groups: readonly [number, number] | null;
  readonly group_map: readonly (readonly (number | null)[])[] | null;
  /** The lines as printed. */
  readonly raw: string;
}

const ROOT = join(import.meta.dirname, '../../../..');
const CARRIED = join(ROOT, 'test/fixtures/percpu-boot-logs.jsonl');
const COLLECTION = join(ROOT, '../shared/data/percpu-boot-logs.jsonl');

function read(path: string): readonly KernelLog[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as KernelLog);
}

/** Twenty logs of all kinds. */
export const CARRIED_LOGS: readonly KernelLog[] = read(CARRIED);

/** The whole collection; empty where it is not there. */
export const COLLECTED_LOGS: readonly KernelLog[] = existsSync(COLLECTION) ? read(COLLECTION) : [];

/** Why nothing was compared with the collection. */
export const COLLECTION_MISSING = `${COLLECTION} is not there: only the carried logs were compared`;

/** Everything there is, each once. */
export const KERNEL_LOGS: readonly KernelLog[] = COLLECTED_LOGS.length > 0 ? COLLECTED_LOGS : CARRIED_LOGS;

/** Whether a log prints geometry and group map. */
export function isWhole(log: KernelLog): boolean {
  return log.alloc_groups !== null && log.group_map !== null;
}

/** The lines, with the line that names the kernel where it is known. */
export function bootText(log: KernelLog): string {
  return log.kernel === null ? log.raw : `Linux version ${log.kernel} (somebody@somewhere)\n${log.raw}`;
}
