/**
 * The one guarded door between the window's page and the lab: one channel for calls, one for events. It checks who
 * knocks; what they ask is checked by `dispatch`.
 */
import type { IpcMain, IpcMainInvokeEvent, WebContents, WebFrameMain } from 'electron';
import type { LabContract } from '../../shared/contract.ts';
import { CALL_CHANNEL, EVENT_CHANNEL } from '../../shared/door.ts';
import { fail, type Result } from '../../shared/result.ts';
import { dispatch } from '../lab/dispatch.ts';
import { APP_ORIGIN } from './origin.ts';

/** Opens the door between `contents` and `lab`. Returns the function that closes it. */
export function openDoor(ipcMain: IpcMain, lab: LabContract, contents: WebContents): () => void {
  ipcMain.handle(CALL_CHANNEL, (event, method: unknown, input: unknown): Promise<Result<unknown>> | Result<never> => {
    if (!isOurPage(event, contents)) return fail('bad-input', 'Only the lab’s own page may ask the lab', 'sender');
    if (typeof method !== 'string') return fail('bad-input', 'A call needs the name of a method', 'method');
    return dispatch(lab, method, input);
  });
  const unsubscribe = lab.subscribe((event) => {
    if (!contents.isDestroyed() && !contents.isCrashed() && isOurFrame(contents.mainFrame))
      contents.send(EVENT_CHANNEL, event);
  });
  return () => {
    ipcMain.removeHandler(CALL_CHANNEL);
    unsubscribe();
  };
}

/** The page of our own window, in its main frame: not a frame in it, not another window, not a frame that is gone. */
function isOurPage(event: IpcMainInvokeEvent, contents: WebContents): boolean {
  const frame = event.senderFrame;
  return event.sender === contents && frame?.parent === null && isOurFrame(frame);
}

function isOurFrame(frame: WebFrameMain): boolean {
  return !frame.isDestroyed() && frame.origin === APP_ORIGIN;
}
