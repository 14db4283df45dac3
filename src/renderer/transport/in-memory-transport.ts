/**
 * The contract without a process border, for tests of the dashboard. Arguments, answers and events are copied as a wire
 * would copy them, so a test sees what a browser would see: plain JSON, nothing shared.
 */
import type { LabContract, RunEvent } from '../../shared/contract.ts';
import { labMethodsOver } from '../../shared/lab-methods.ts';
import type { Result } from '../../shared/result.ts';
import { alwaysConnected } from './always-connected.ts';
import type { LabConnection } from './connection.ts';

/** Carries one call to the lab: the guarded door's core in the main process, or a test's own. */
export type Door = (method: string, input: unknown) => Promise<Result<unknown>>;

/** Connects to `lab` in this process; calls go through `door`. */
export function connectInMemory(lab: Pick<LabContract, 'subscribe'>, door: Door): LabConnection {
  return alwaysConnected({
    ...labMethodsOver(async (method, input) => copy(await door(method, copy(input)))),
    subscribe: (listener) => lab.subscribe((event) => listener(copy<RunEvent>(event))),
  });
}

function copy<T>(value: T): T {
  // What JSON cannot carry must not reach the other side here, either.
  return JSON.parse(JSON.stringify(value)) as T;
}
