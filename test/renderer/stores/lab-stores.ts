import { createPinia, disposePinia, setActivePinia } from 'pinia';
import { createApp } from 'vue';
import { LAB } from '../../../src/renderer/lab-key.ts';
import { PAGE_MEMORY, type PageMemory } from '../../../src/renderer/platform/page-memory.ts';
import { alwaysConnected } from '../../../src/renderer/transport/always-connected.ts';
import type { ConnectionState, LabConnection } from '../../../src/renderer/transport/connection.ts';
import { createInMemoryLab, type InMemoryLab } from '../in-memory-lab.ts';

/** Stores over a lab in memory, without a page. */
export interface LabStores {
  readonly lab: InMemoryLab;
  /** What the page keeps for the next one. */
  readonly memory: PageMemory;
  /** Lets the connection change its state. */
  readonly setConnection: (state: ConnectionState) => void;
  /** Gives the stores up, as unmounting does. */
  readonly dispose: () => void;
}

/** Keeps the last text, as long as the test holds it. */
export function createTestMemory(text?: string): PageMemory {
  let kept = text;
  return {
    recall: () => kept,
    keep: (next) => {
      kept = next;
      return true;
    },
  };
}

/** Makes the stores of a fresh dashboard the active ones: `useRunStore()` and the others then answer them. */
export function createLabStores(
  lab: InMemoryLab = createInMemoryLab(),
  memory: PageMemory = createTestMemory(),
): LabStores {
  const listeners = new Set<(state: ConnectionState) => void>();
  let state: ConnectionState = 'connected';
  const connection: LabConnection = {
    ...alwaysConnected(lab.contract),
    connectionState: () => state,
    onConnectionState: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const pinia = createPinia();
  createApp({}).use(pinia).provide(LAB, connection).provide(PAGE_MEMORY, memory);
  setActivePinia(pinia);
  return {
    lab,
    memory,
    setConnection: (next) => {
      state = next;
      listeners.forEach((listener) => listener(next));
    },
    dispose: () => disposePinia(pinia),
  };
}

/** Lets everything that only waits for promises go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
