/** The one window: its size, its theme, and a page that has no Node and no privileges. */
import { BrowserWindow, nativeTheme } from 'electron';
import { APP_PAGE } from './origin.ts';

/** The dashboard's --background token in both themes, shown until the page has painted. */
const BACKGROUND = { light: '#eef0f3', dark: '#111418' } as const;

/** Creates the window; it is shown once its page is ready to be seen. `preloadFile` is the built preload. */
export function createWindow(preloadFile: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 960,
    minWidth: 1024,
    minHeight: 640,
    show: false,
    autoHideMenuBar: true,
    backgroundColor: background(),
    webPreferences: {
      preload: preloadFile,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      // Its dictionaries are downloads.
      spellcheck: false,
    },
  });
  followTheme(window);
  window.once('ready-to-show', () => window.show());
  return window;
}

/** Loads the dashboard; rejects when the page cannot be loaded. */
export function showDashboard(window: BrowserWindow): Promise<void> {
  return window.loadURL(APP_PAGE);
}

function background(): string {
  return nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light;
}

/** The page follows the system by itself (prefers-color-scheme); the window's own surface needs telling. */
function followTheme(window: BrowserWindow): void {
  nativeTheme.themeSource = 'system';
  const repaint = (): void => window.setBackgroundColor(background());
  nativeTheme.on('updated', repaint);
  window.once('closed', () => nativeTheme.off('updated', repaint));
}
