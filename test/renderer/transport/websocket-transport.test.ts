import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startServer, type RunningServer } from '../../../src/main/serve/server.ts';
import type { ConnectionState, LabConnection } from '../../../src/renderer/transport/connection.ts';
import { connectWebSocket, type LabSocket } from '../../../src/renderer/transport/websocket-transport.ts';
import { isPageRefused, socketAddress } from '../../../src/renderer/transport/connect.ts';
import type { RunEvent } from '../../../src/shared/contract.ts';
import { createInMemoryLab, progressEvent, testProfile } from '../../main/in-memory-lab.ts';

const dashboardFolder = mkdtempSync(join(tmpdir(), 'dashboard-'));
writeFileSync(join(dashboardFolder, 'index.html'), '<!doctype html>');
afterAll(() => rmSync(dashboardFolder, { recursive: true }));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(lab = createInMemoryLab()): Promise<RunningServer> {
  const started = await startServer(lab, { dashboardFolder });
  if (!started.ok) throw new Error(started.error.message);
  closing.push(() => started.value.close());
  return started.value;
}

interface Connected {
  readonly connection: LabConnection;
  readonly states: readonly ConnectionState[];
  /** Every socket that was opened, newest last. */
  readonly sockets: readonly WebSocket[];
}

/** Connects as the dashboard does; `addressOf` is asked again for every socket. */
async function connect(
  addressOf: () => string,
  isRefused = (): Promise<boolean> => isPageRefused(addressOf()),
): Promise<Connected> {
  const sockets: WebSocket[] = [];
  const openSocket = (): LabSocket => {
    const { protocol, host, search } = new URL(addressOf());
    const socket = new WebSocket(socketAddress({ protocol, host, search }), { headers: { origin: `http://${host}` } });
    // A browser reports a failure by 'close' alone.
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  const connection = await connectWebSocket({ openSocket, isRefused, firstPauseMs: 5 });
  closing.push(() => connection.disconnect());
  const states = [connection.connectionState()];
  connection.onConnectionState((state) => states.push(state));
  return { connection, states, sockets };
}

describe('the WebSocket transport, against the real server', () => {
  it('carries calls both ways, many at once', async () => {
    const server = await serve();
    const { connection } = await connect(() => server.address);
    const paths = Array.from({ length: 50 }, (_, index) => `/folder/${index}`);
    const answers = await Promise.all(paths.map((path) => connection.browse({ path })));
    expect(answers).toEqual(paths.map((path) => ({ ok: true, value: { path, entries: [] } })));
    expect(await connection.openRun({ runId: 'none' })).toMatchObject({ ok: false, error: { code: 'not-found' } });
  });

  it('brings events to every subscriber until it leaves', async () => {
    const lab = createInMemoryLab();
    const server = await serve(lab);
    const { connection } = await connect(() => server.address);
    const [stays, leaves]: [RunEvent[], RunEvent[]] = [[], []];
    connection.subscribe((event) => stays.push(event));
    const leave = connection.subscribe((event) => leaves.push(event));
    lab.emit(progressEvent('run-1', 0.1));
    await expect.poll(() => leaves).toHaveLength(1);
    leave();
    lab.emit(progressEvent('run-1', 0.2));
    await expect.poll(() => stays).toEqual([progressEvent('run-1', 0.1), progressEvent('run-1', 0.2)]);
    expect(leaves).toHaveLength(1);
  });

  it('sees a whole run of another client', async () => {
    const server = await serve();
    const [watching, running] = [await connect(() => server.address), await connect(() => server.address)];
    const seen: string[] = [];
    watching.connection.subscribe((event) => seen.push(event.kind));
    const started = await running.connection.startRun({ profile: testProfile });
    expect(started.ok).toBe(true);
    expect(await watching.connection.startRun({ profile: testProfile })).toMatchObject({ error: { code: 'busy' } });
    if (started.ok) await watching.connection.cancelRun(started.value);
    await expect.poll(() => seen).toEqual(['started', 'finished']);
  });

  it('comes back after a loss, says so, and goes on with its subscriptions', async () => {
    const lab = createInMemoryLab();
    const server = await serve(lab);
    const { connection, states, sockets } = await connect(() => server.address);
    const events: RunEvent[] = [];
    connection.subscribe((event) => events.push(event));
    sockets[0]?.terminate();
    await expect.poll(() => states).toEqual(['connected', 'reconnecting', 'connected']);
    await expect.poll(() => lab.subscriberCount()).toBe(1);
    lab.emit(progressEvent('run-1', 0.3));
    await expect.poll(() => events).toEqual([progressEvent('run-1', 0.3)]);
    expect(await connection.listRuns({})).toEqual({ ok: true, value: [] });
  });

  it('answers the calls that a loss left open, and those made while it lasts', async () => {
    const server = await serve({ ...createInMemoryLab(), listRuns: () => new Promise(() => undefined) });
    let address = server.address;
    const { connection, sockets } = await connect(() => address);
    const open = connection.listRuns({});
    address = 'http://127.0.0.1:1/';
    sockets[0]?.terminate();
    expect(await open).toEqual({
      ok: false,
      error: { code: 'unavailable', message: 'The connection to the lab was lost before it answered' },
    });
    expect(await connection.browse({})).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    address = server.address;
    await expect.poll(() => connection.connectionState()).toBe('connected');
    expect(await connection.browse({})).toMatchObject({ ok: true });
  });

  it('keeps trying when there is no lab at first', async () => {
    let address = 'http://127.0.0.1:1/';
    const { connection, states } = await connect(() => address);
    expect(connection.connectionState()).toBe('reconnecting');
    expect(await connection.listRuns({})).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    address = (await serve()).address;
    await expect.poll(() => states.at(-1)).toBe('connected');
  });

  it('gives up, saying why, when a lab with another token has taken the place of its own', async () => {
    const server = await serve();
    let { address } = server;
    const { connection, states, sockets } = await connect(() => address);
    address = new URL('/', (await serve()).address).href;
    sockets[0]?.terminate();
    await expect.poll(() => states).toEqual(['connected', 'reconnecting', 'refused']);
    expect(await connection.listRuns({})).toEqual({
      ok: false,
      error: { code: 'unavailable', message: 'The lab was restarted: open the address that it printed' },
    });
    expect(sockets).toHaveLength(1);
  });

  it('opens no socket any more when it is given up while it asks who answers', async () => {
    const server = await serve();
    const { promise: asked, resolve: ask } = Promise.withResolvers<undefined>();
    const { promise: refused, resolve: answer } = Promise.withResolvers<boolean>();
    const { connection, states, sockets } = await connect(
      () => server.address,
      () => {
        ask(undefined);
        return refused;
      },
    );
    sockets[0]?.terminate();
    await asked;
    connection.disconnect();
    answer(false);
    await refused;
    expect([states.at(-1), sockets.length]).toEqual(['closed', 1]);
  });

  it('is refused by a lab that does not know its token, and by nothing else that answers or is away', async () => {
    const server = await serve();
    const { origin } = new URL(server.address);
    expect(await isPageRefused(server.address)).toBe(false);
    expect(await isPageRefused(server.address.replace('/?', '/gone.html?'))).toBe(false);
    expect(await isPageRefused(`${origin}/`)).toBe(true);
    await server.close();
    expect(await isPageRefused(`${origin}/`)).toBe(false);
  });

  it('is closed for good when the lab says farewell', async () => {
    const server = await serve();
    const { connection, states, sockets } = await connect(() => server.address);
    await server.close();
    await expect.poll(() => states).toEqual(['connected', 'closed']);
    expect(await connection.listRuns({})).toEqual({
      ok: false,
      error: { code: 'unavailable', message: 'The connection to the lab is closed' },
    });
    expect(sockets).toHaveLength(1);
  });

  it('can be given up, and then leaves no connection behind', async () => {
    const lab = createInMemoryLab();
    const server = await serve(lab);
    const { connection, states } = await connect(() => server.address);
    connection.disconnect();
    expect(states).toEqual(['connected', 'closed']);
    await expect.poll(() => lab.subscriberCount()).toBe(0);
  });
});

describe('the address of the WebSocket', () => {
  it('is beside the page and carries the token on', () => {
    const at = (address: string): string => socketAddress(new URL(address));
    expect(at('http://127.0.0.1:4000/?token=a-b_c')).toBe('ws://127.0.0.1:4000/lab?token=a-b_c');
    expect(at('http://[::1]:4000/')).toBe('ws://[::1]:4000/lab');
    expect(at('https://lab.example/?token=a%26b')).toBe('wss://lab.example/lab?token=a%26b');
  });
});
