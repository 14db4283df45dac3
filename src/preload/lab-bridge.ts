/** The contract as seen through the window's door; everything that the page gets. */
import type { IpcRenderer } from 'electron';
import type { LabContract, RunEvent } from '../shared/contract.ts';
import { CALL_CHANNEL, EVENT_CHANNEL } from '../shared/door.ts';
import { labMethodsOver } from '../shared/lab-methods.ts';

/**
 * The lab behind `ipcRenderer`. The page gets events and answers only: neither the IPC object nor its events, with
 * which it could reach other channels.
 */
export function createLabBridge(ipcRenderer: Pick<IpcRenderer, 'invoke' | 'on' | 'off'>): LabContract {
  return {
    ...labMethodsOver((method, input) => ipcRenderer.invoke(CALL_CHANNEL, method, input)),
    subscribe(listener) {
      const onEvent = (_event: unknown, runEvent: RunEvent): void => listener(runEvent);
      ipcRenderer.on(EVENT_CHANNEL, onEvent);
      return () => {
        ipcRenderer.off(EVENT_CHANNEL, onEvent);
      };
    },
  };
}
