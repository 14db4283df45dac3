/**
 * What a page in this app may not do, whatever got into it: leave, open windows, embed browsers, ask for devices, or
 * reach the network.
 */
import type { Event, Session, WebContents } from 'electron';
import { isAppPage } from './origin.ts';

/** Schemes that a page may load from: its own, and what it made itself (a CSV to save, a chart's picture). */
const LOADABLE = new Set(['app:', 'blob:', 'data:', 'devtools:']);

/** Confines every page that `contents` will ever show. To be called before it loads anything. */
export function confineContents(contents: WebContents): void {
  const stay = (event: Pick<Event<{ readonly url: string }>, 'preventDefault' | 'url'>): void => {
    if (!isAppPage(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', (event) => {
    // The page has no frames, so whatever wants to show something in one is not ours.
    if (!event.isMainFrame || !isAppPage(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** Denies all permissions and devices in `session`, and every request to anything but the app's own scheme. */
export function confineSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isLoadable(details.url) }));
}

function isLoadable(address: string): boolean {
  return URL.canParse(address) && LOADABLE.has(new URL(address).protocol);
}
