/** What happens when the process of the window's page dies: the lab is in another one and goes on. */
import { dialog, type BrowserWindow, type RenderProcessGoneDetails } from 'electron';
import { reportUnexpected } from '../lab/report-unexpected.ts';
import { showDashboard } from './window.ts';

const LOAD_AGAIN = 0;
const CLOSE = 1;

/**
 * Asks whether to load the page again when its process is gone, and does so or closes the window. Never by itself: a page
 * that cannot live would be loaded for ever.
 */
export function reviveAfterCrash(window: BrowserWindow): void {
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    revive(window, reason).catch((thrown: unknown) =>
      reportUnexpected('The dashboard could not be loaded again', thrown),
    );
  });
}

async function revive(window: BrowserWindow, reason: RenderProcessGoneDetails['reason']): Promise<void> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'error',
    message: 'The dashboard has ended unexpectedly',
    detail: `Its process is gone (${reason}). The lab goes on: a running experiment is not touched.`,
    buttons: ['Load again', 'Close the lab'],
    defaultId: LOAD_AGAIN,
    cancelId: CLOSE,
    noLink: true,
  });
  if (window.isDestroyed()) return;
  if (response === LOAD_AGAIN) await showDashboard(window);
  else window.close();
}
