/**
 * The Electron app from start to end.
 *
 *   loading   scheme and sandbox are declared, a second instance ends itself         before 'ready', so synchronous
 *   ready     the session is confined, the lab opened, the window made, the door opened
 *   closing   the running experiment is stopped and stored, the lab closed, then the app ends
 */
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, dialog, ipcMain, protocol, session, type BrowserWindow } from 'electron';
import { userDataFolder } from '../lab/data-folder.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { makeFolder } from '../lab/make-folder.ts';
import { reportUnexpected } from '../lab/report-unexpected.ts';
import { createAppProtocol } from './app-protocol.ts';
import { confineContents, confineSession } from './confine.ts';
import { reviveAfterCrash } from './crash.ts';
import { openDoor } from './ipc-door.ts';
import { setMenu } from './menu.ts';
import { APP_SCHEME } from './origin.ts';
import { createWindow, showDashboard } from './window.ts';

/**
 * Starts the app whose built entry file is at `entryUrl`; the other built files lie beside it. Must be called while
 * the entry file loads: some of it is too late once Electron is ready.
 */
export function startApp(entryUrl: string): void {
  app.enableSandbox();
  keepBrowserFilesIn(join(userDataFolder(), 'window'));
  protocol.registerSchemesAsPrivileged([
    { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  app.on('web-contents-created', (_event, contents) => confineContents(contents));
  app.on('window-all-closed', () => app.quit());
  app
    .whenReady()
    .then(() => openLab(entryUrl))
    .catch((thrown: unknown) => {
      reportUnexpected('The lab could not be started', thrown);
      dialog.showErrorBox('The lab could not be started', thrown instanceof Error ? thrown.message : String(thrown));
      app.exit(1);
    });
}

/** Electron's own folder must exist; where it cannot be made, Chromium's files stay where Electron puts them. */
function keepBrowserFilesIn(folder: string): void {
  try {
    makeFolder(folder);
    app.setPath('userData', folder);
  } catch (thrown) {
    reportUnexpected(`${folder} cannot be used`, thrown);
  }
}

async function openLab(entryUrl: string): Promise<void> {
  const beside = (path: string): string => fileURLToPath(new URL(path, entryUrl));
  setMenu();
  confineSession(session.defaultSession);
  protocol.handle(APP_SCHEME, createAppProtocol(beside('../renderer')));
  const lab = await createLab({
    dataFolder: userDataFolder(),
    resourcesFolder: join(packageFolder(entryUrl), 'resources'),
    cpuWorkerUrl: new URL('./cpu-worker.js', entryUrl),
    kernelLz4Url: new URL('../codec/lz4-kernel.wasm', entryUrl),
    jobWorkerUrl: new URL('./job-worker.js', entryUrl),
    stormWorkerUrl: new URL('./storm-worker.js', entryUrl),
  });
  const window = createWindow(beside('../preload/index.cjs'));
  const closeDoor = openDoor(ipcMain, lab, window.webContents);
  closeBeforeQuit(lab, closeDoor);
  app.on('second-instance', () => bringToFront(window));
  reviveAfterCrash(window);
  await showDashboard(window);
}

/** The nearest folder with a package.json: the project's, or the packaged app's. */
function packageFolder(entryUrl: string): string {
  const packageFile = findPackageJSON(entryUrl);
  if (packageFile === undefined) throw new Error(`no package.json above ${entryUrl}`);
  return dirname(packageFile);
}

function bringToFront(window: BrowserWindow): void {
  if (window.isDestroyed()) return;
  if (window.isMinimized()) window.restore();
  window.focus();
}

/** Holds the end of the app back until the lab is closed, which stops a running experiment and stores what it finished. */
function closeBeforeQuit(lab: Lab, closeDoor: () => void): void {
  let closed = false;
  let closing: Promise<void> | undefined;
  app.on('will-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    closing ??= closeLab(lab, closeDoor).finally(() => {
      closed = true;
      app.quit();
    });
  });
}

async function closeLab(lab: Lab, closeDoor: () => void): Promise<void> {
  closeDoor();
  try {
    await lab.close();
  } catch (thrown) {
    // The app ends anyway; runs are stored in transactions, so nothing that was finished is lost.
    reportUnexpected('The lab could not be closed', thrown);
  }
}
