/**
 * How a dashboard finds its lab: behind the preload's door in the window, over a WebSocket in a browser.
 */
import type { LabContract } from '../../shared/contract.ts';
import type { LAB_GLOBAL } from '../../shared/door.ts';
import { WEBSOCKET_PATH } from '../../shared/wire.ts';
import { alwaysConnected } from './always-connected.ts';
import type { LabConnection } from './connection.ts';
import { connectWebSocket } from './websocket-transport.ts';

declare global {
  interface Window {
    /** Put there by the preload; absent in a browser. */
    readonly [LAB_GLOBAL]?: LabContract;
  }
}

/** Connects to the lab that shows this page. Never rejects; a lab that cannot be reached yet is 'reconnecting'. */
export async function connectLab(): Promise<LabConnection> {
  if (window.percpuLab) return alwaysConnected(window.percpuLab);
  const address = socketAddress(window.location);
  hideToken();
  return connectWebSocket({
    openSocket: () => new WebSocket(address),
    isRefused: () => isPageRefused(window.location.pathname),
  });
}

/** What a lab answers to a page whose token it does not know. */
const UNAUTHORIZED = 401;

/** Whether a lab answers at a page's address, but does not show it to us; false when nothing answers. Never rejects. */
export async function isPageRefused(address: string): Promise<boolean> {
  try {
    const answer = await fetch(address, { method: 'HEAD', cache: 'no-store' });
    return answer.status === UNAUTHORIZED;
  } catch {
    // Nobody is there: the lab may come back.
    return false;
  }
}

/** The WebSocket beside the page at `location`, with the token that came with it. */
export function socketAddress(location: {
  readonly protocol: string;
  readonly host: string;
  readonly search: string;
}): string {
  const token = new URLSearchParams(location.search).get('token');
  const query = token === null ? '' : `?token=${encodeURIComponent(token)}`;
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${WEBSOCKET_PATH}${query}`;
}

/** Takes the token out of the address bar, so that it is not in a screenshot or a copied address. */
function hideToken(): void {
  window.history.replaceState(window.history.state, '', `${window.location.pathname}${window.location.hash}`);
}
