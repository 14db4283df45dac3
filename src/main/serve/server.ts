/**
 * The dashboard on an address of this host: files over HTTP, the contract over a WebSocket beside them.
 *
 *   browser ── GET /?token=… ──▶ access ──▶ files of the built dashboard (and a cookie)
 *           ── WS  /lab      ──▶ access ──▶ one client connection ──▶ guarded door ──▶ lab
 */
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { LabContract } from '../../shared/contract.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import { MAX_CALL_BYTES, WEBSOCKET_PATH } from '../../shared/wire.ts';
import { createAccess, createToken, isLoopback, type Access, type Refusal } from './access.ts';
import { serveClient } from './client-connection.ts';
import { createPages } from './pages.ts';

export interface ServeOptions {
  /** Folder of the built dashboard, with its index.html. */
  readonly dashboardFolder: string;
  /** 0 or absent: any free one. */
  readonly port?: number | undefined;
  /** Absent: loopback only. Anything else lets other hosts in that know the token. */
  readonly host?: string | undefined;
  readonly pingIntervalMs?: number | undefined;
}

export interface RunningServer {
  /** For a person to open in a browser: holds the token, so it is a password. */
  readonly address: string;
  /** Whether other hosts can reach it. */
  readonly loopbackOnly: boolean;
  /** Disconnects everybody; afterwards nothing of the server is left open. The lab stays the caller's. */
  close: () => Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const GOING_AWAY = 1001;

/**
 * Serves `lab` until `close()`. 'unavailable' with one sentence when the dashboard is not built or the address cannot
 * be listened on; nothing is left open then.
 */
export async function startServer(lab: LabContract, options: ServeOptions): Promise<Result<RunningServer>> {
  const host = options.host ?? LOOPBACK;
  const token = createToken();
  let access: Access | undefined;
  const checks = (): Access => (access ??= createAccess({ host, port: portOf(server), token }));

  const pages = createPages(options.dashboardFolder, checks);
  if (!pages.ok) return pages;
  const server = createServer(pages.value);
  const listening = await listen(server, host, options.port ?? 0);
  if (!listening.ok) return listening;

  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_CALL_BYTES, clientTracking: true });
  server.on('upgrade', (request, socket, head) => {
    const refusal = refuseUpgrade(request, checks());
    if (refusal) {
      turnAway(socket, refusal);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) =>
      serveClient(lab, client, options.pingIntervalMs ?? 30_000),
    );
  });
  return ok({
    address: `http://${inAddress(host)}:${portOf(server)}/?token=${token}`,
    loopbackOnly: isLoopback(host),
    close: () => closeAll(server, sockets),
  });
}

function listen(server: Server, host: string, port: number): Promise<Result<void>> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(describeListenError(error, host, port)));
    server.listen({ host, port }, () => resolve(ok(undefined)));
  });
}

function describeListenError(error: NodeJS.ErrnoException, host: string, port: number): Result<never> {
  const { code = '' } = error;
  if (code === 'EADDRINUSE') return fail('unavailable', `Port ${port} on ${host} is taken by another program`, 'port');
  if (code === 'EACCES') {
    return fail('unavailable', `Port ${port} on ${host} needs rights that this user does not have`, 'port');
  }
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(code)) {
    return fail('unavailable', `${host} is not an address of this machine`, 'host');
  }
  return fail('unavailable', `The dashboard cannot be served on ${host}, port ${port}: ${error.message}`);
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  return address.port;
}

/** A host as it is written in an address; a wildcard is none that a browser can open, so one of this host's stands in. */
function inAddress(host: string): string {
  if (host === '0.0.0.0' || host === '::') return ownAddress() ?? LOOPBACK;
  return isIPv6(host) ? `[${host}]` : host;
}

function ownAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find((one) => one.family === 'IPv4' && !one.internal)?.address;
}

function refuseUpgrade(
  request: IncomingMessage,
  access: Access,
): Refusal | { status: 404; message: string } | undefined {
  const refusal = access.refuseWebSocket(request);
  if (refusal) return refusal;
  const path = request.url?.split('?', 1)[0];
  return path === WEBSOCKET_PATH ? undefined : { status: 404, message: 'Not found.' };
}

function turnAway(socket: Duplex, refusal: { readonly status: number; readonly message: string }): void {
  const body = `${refusal.message}\n`;
  // The peer may be gone already; there is nobody left to tell.
  socket.on('error', () => socket.destroy());
  // Ended on this side only, it would stay half open for as long as the peer likes, and keep `close` waiting.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nConnection: close\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

async function closeAll(server: Server, sockets: WebSocketServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // From here on no connection becomes a WebSocket any more.
  sockets.close();
  await Promise.all([...sockets.clients].map(sendAway));
  server.closeAllConnections();
  await closed;
}

/** Resolves when `client` is gone; one that does not answer the farewell is not waited for. */
function sendAway(client: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => client.terminate(), 500);
    client.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    client.close(GOING_AWAY, 'The lab was closed');
  });
}
