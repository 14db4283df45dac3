import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import {
  type AddressSpaceShape,
  type ChunkColumns,
  MAX_COLUMNS,
  type SpaceMoment,
  type SpaceOverview,
  type TableContent,
  type TableNode,
  type TlbSharing,
} from '../../shared/address-space-contract.ts';
import type { LabError, Result } from '../../shared/result.ts';
import { useLab } from '../lab-key.ts';

/** A machine that can be looked at; how its TLBs are shared is chosen while looking. */
export type ShownShape = Omit<AddressSpaceShape, 'tlbSharing'>;

/** CPUs whose columns are shown at first: the ends and what is between. */
const FIRST_COLUMNS = 4;

/** The address space that is looked at: one machine, one CPU, and what was opened of it. */
export const useAddressSpaceStore = defineStore('address-space', () => {
  const lab = useLab();
  const shape = shallowRef<AddressSpaceShape>();
  const overview = shallowRef<SpaceOverview>();
  const moment = ref<SpaceMoment>('at-rest');
  const cpu = ref(0);
  const tree = shallowRef<TableNode>();
  const table = shallowRef<TableContent>();
  const columns = shallowRef<ChunkColumns>();
  const columnCpus = ref<readonly number[]>([]);
  /** Why there is nothing to see. */
  const error = ref<LabError>();
  /** The machine, the moment and the CPU; another object whenever one of them changes. */
  const looked = computed(() => shape.value && { shape: shape.value, moment: moment.value, cpu: cpu.value });
  const chunks = computed(() => overview.value?.moments[moment.value].chunks ?? []);

  /** The value of an answer to what is still looked at; undefined where it failed, or something else is looked at by now. */
  function current<T>(asked: unknown, answer: Result<T>): T | undefined {
    if (asked !== looked.value) return undefined;
    if (answer.ok) return answer.value;
    error.value = answer.error;
    return undefined;
  }

  /** Looks at another machine; at the same one: nothing changes. */
  async function open(wanted: ShownShape, sharing: TlbSharing = shape.value?.tlbSharing ?? 'own'): Promise<void> {
    const next = { ...wanted, tlbSharing: sharing };
    if (JSON.stringify(next) === JSON.stringify(shape.value) && overview.value !== undefined) return;
    if (!differsInTlbsOnly(next, shape.value)) reset(next);
    shape.value = next;
    const answer = await lab.describeAddressSpace({ shape: next });
    if (shape.value !== next) return;
    error.value = answer.ok ? undefined : answer.error;
    overview.value = answer.ok ? answer.value : undefined;
    await look();
  }

  /** Nothing of the machine before can be seen in another one. */
  function reset(next: AddressSpaceShape): void {
    for (const part of [overview, tree, table, columns]) part.value = undefined;
    cpu.value = Math.min(cpu.value, next.possibleCpus - 1);
    columnCpus.value = firstColumns(next.possibleCpus);
    if (next.chunksAdded === 0) moment.value = 'at-rest';
  }

  /** The machine as it is now: another moment, or another CPU's view of it. */
  async function look(): Promise<void> {
    const asked = looked.value;
    if (asked === undefined || overview.value === undefined) return;
    const answer = current(asked, await lab.pageTableTree(asked));
    if (answer === undefined) return;
    error.value = undefined;
    tree.value = answer;
    const { path = pathToFrames(answer), chosen } = table.value ?? {};
    await Promise.all([openTable(path, chosen?.index), showChunk(columns.value?.chunk ?? 0)]);
  }

  /** Another moment, or another CPU's view. */
  async function lookFrom(from: { readonly moment?: SpaceMoment; readonly cpu?: number }): Promise<void> {
    moment.value = from.moment ?? moment.value;
    cpu.value = from.cpu ?? cpu.value;
    await look();
  }

  /** Opens a table of the chosen CPU's tree. */
  async function openTable(path: readonly number[], entry?: number): Promise<void> {
    const asked = looked.value;
    if (asked === undefined) return;
    const answer = await lab.pageTable({ ...asked, path: [...path], entry });
    // What was opened before may not be there at another moment.
    const fallback = !answer.ok && answer.error.code === 'not-found' ? tree.value : undefined;
    const other = fallback && (await lab.pageTable({ ...asked, path: pathToFrames(fallback) }));
    const opened = current(asked, other ?? answer);
    if (opened !== undefined) table.value = opened;
  }

  /** Shows a chunk's columns; one that is gone gives way to the first. */
  async function showChunk(wanted: number, cpus: readonly number[] = columnCpus.value): Promise<void> {
    const asked = looked.value;
    const chunk = chunks.value.includes(wanted) ? wanted : chunks.value[0];
    if (asked === undefined || chunk === undefined) return;
    columnCpus.value = cpus;
    const { cpu: viewer, ...machine } = asked;
    const answer = current(asked, await lab.chunkColumns({ ...machine, chunk, cpus: withViewer(cpus, viewer) }));
    if (answer !== undefined) columns.value = answer;
  }

  const seen = { shape, overview, moment, cpu, looked, chunks, tree, table, columns, columnCpus, error };
  return { ...seen, open, lookFrom, openTable, showChunk };
});

function differsInTlbsOnly(next: AddressSpaceShape, before: AddressSpaceShape | undefined): boolean {
  return JSON.stringify({ ...before, tlbSharing: next.tlbSharing }) === JSON.stringify(next);
}

/** To the first table of the last level below the window; where there is no window, of the last region. */
function pathToFrames(root: TableNode): number[] {
  const start = root.children.find(({ region }) => region === 'window') ?? root.children.at(-1) ?? root;
  let node: TableNode | undefined = start;
  let { path } = start;
  while (node !== undefined) {
    ({ path } = node);
    [node] = node.children;
  }
  return [...path];
}

/** The chosen CPU among those that are shown, in order, as many as one answer holds. */
function withViewer(cpus: readonly number[], viewer: number): number[] {
  const others = cpus.filter((cpu) => cpu !== viewer).slice(0, MAX_COLUMNS - 1);
  return [...others, viewer].toSorted((one, other) => one - other);
}

/** The first CPUs and the last one. */
function firstColumns(cpus: number): readonly number[] {
  const first = Array.from({ length: Math.min(cpus, FIRST_COLUMNS - 1) }, (_, cpu) => cpu);
  return [...new Set([...first, cpus - 1])];
}
