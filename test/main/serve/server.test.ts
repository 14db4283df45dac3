import { once } from 'node:events';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startServer, type RunningServer, type ServeOptions } from '../../../src/main/serve/server.ts';
import { parseLabMessage, type LabMessage } from '../../../src/shared/wire.ts';
import { createInMemoryLab, progressEvent, type InMemoryLab } from '../in-memory-lab.ts';

let dashboardFolder: string;
beforeAll(async () => {
  dashboardFolder = await mkdtemp(join(tmpdir(), 'dashboard-'));
  await writeFile(join(dashboardFolder, 'index.html'), '<!doctype html><title>lab</title>');
  await writeFile(join(dashboardFolder, 'app.js'), 'export {};\n');
});
afterAll(() => rm(dashboardFolder, { recursive: true }));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0).reverse()) await close();
});

interface Served {
  readonly lab: InMemoryLab;
  readonly server: RunningServer;
  readonly url: URL;
}

async function serve(options: Partial<ServeOptions> = {}): Promise<Served> {
  const lab = createInMemoryLab();
  const started = await startServer(lab, { dashboardFolder, ...options });
  if (!started.ok) throw new Error(started.error.message);
  closing.push(() => started.value.close());
  return { lab, server: started.value, url: new URL(started.value.address) };
}

interface Answered {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** node:http, because fetch does not let Host be set. */
async function get(
  url: URL,
  path: string,
  options: { headers?: Record<string, string>; method?: string } = {},
): Promise<Answered> {
  const request = httpRequest({ host: url.hostname, port: url.port, path, agent: false, ...options }).end();
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, headers: response.headers, body };
}

function tokenOf(url: URL): string {
  return url.searchParams.get('token') ?? '';
}

function open(url: URL, options: { query?: string; headers?: Record<string, string>; path?: string } = {}): WebSocket {
  const query = options.query ?? `?token=${tokenOf(url)}`;
  const socket = new WebSocket(`ws://${url.host}${options.path ?? '/lab'}${query}`, {
    headers: { origin: `http://${url.host}`, ...options.headers },
  });
  closing.push(() => socket.terminate());
  return socket;
}

async function opened(url: URL): Promise<WebSocket> {
  const socket = open(url);
  await once(socket, 'open');
  return socket;
}

/** The status with which a WebSocket was refused. */
async function refusedWith(socket: WebSocket): Promise<number> {
  socket.on('error', () => undefined);
  const [, response] = await once(socket, 'unexpected-response');
  return response.statusCode;
}

function message(data: unknown): LabMessage {
  const parsed = parseLabMessage(String(data));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

async function nextMessage(socket: WebSocket): Promise<LabMessage> {
  const [data] = await once(socket, 'message');
  return message(data);
}

function call(socket: WebSocket, id: number, method: string, input: unknown): Promise<LabMessage> {
  const answered = nextMessage(socket);
  socket.send(JSON.stringify({ kind: 'call', id, method, input }));
  return answered;
}

describe('the page', () => {
  it('is served with the token, which then lives in a cookie', async () => {
    const { url } = await serve();
    const first = await get(url, `${url.pathname}${url.search}`);
    expect(first.status).toBe(200);
    expect(first.body).toContain('<title>lab</title>');
    const cookie = String(first.headers['set-cookie']);
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/);

    const asset = await get(url, '/app.js', { headers: { cookie: cookie.split(';', 1)[0] ?? '' } });
    expect(asset.status).toBe(200);
    expect(asset.headers['content-type']).toContain('javascript');
    expect(asset.headers['set-cookie']).toBeUndefined();
  });

  it('stays of the build that was there when serving began', async () => {
    const script = join(dashboardFolder, 'of-this-build.js');
    await writeFile(script, 'export const build = 1;');
    const { url } = await serve();
    await rm(script);
    await writeFile(join(dashboardFolder, 'of-the-next-build.js'), 'export const build = 2;');
    expect(await get(url, `/of-this-build.js${url.search}`)).toMatchObject({
      status: 200,
      body: 'export const build = 1;',
    });
    expect((await get(url, `/of-the-next-build.js${url.search}`)).status).toBe(404);
    await rm(join(dashboardFolder, 'of-the-next-build.js'));
  });

  it('is sent again only when it is not the one that the browser has', async () => {
    const { url } = await serve();
    const path = `/app.js${url.search}`;
    const first = await get(url, path);
    const tag = String(first.headers['etag']);
    expect(await get(url, path, { headers: { 'if-none-match': tag } })).toMatchObject({ status: 304, body: '' });
    expect((await get(url, path, { headers: { 'if-none-match': '"other"' } })).body).toBe(first.body);
    const head = await get(url, path, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(Number(head.headers['content-length'])).toBe(first.body.length);
  });

  it('carries the security headers, refusals included', async () => {
    const { url } = await serve();
    for (const path of [`/${url.search}`, '/', `/none.js${url.search}`]) {
      const { headers } = await get(url, path);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain(`connect-src 'self' ws://${url.host}`);
      expect(policy).not.toMatch(/unsafe|\*/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
    }
  });

  it('is refused without the token, with a wrong one, to a foreign Host and to a foreign Origin', async () => {
    const { url } = await serve();
    const good = `/${url.search}`;
    expect((await get(url, '/')).status).toBe(401);
    expect((await get(url, '/app.js')).status).toBe(401);
    expect((await get(url, '/?token=wrong')).status).toBe(401);
    expect((await get(url, good, { headers: { host: 'evil.example' } })).status).toBe(421);
    expect((await get(url, good, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
  });

  it('cannot be left for other files, nor be written to', async () => {
    const { url } = await serve();
    for (const path of [
      '/../package.json',
      '/..%2f..%2fetc%2fpasswd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..\\..\\x',
      '/none.js',
      '//etc/passwd',
    ]) {
      expect((await get(url, `${path}${url.search}`)).status, path).toBe(404);
    }
    expect((await get(url, `/${url.search}`, { method: 'POST' })).status).toBe(405);
    expect((await get(url, `/${url.search}`, { method: 'DELETE' })).status).toBe(405);
  });
});

describe('the WebSocket', () => {
  it('answers calls by their ids', async () => {
    const { url } = await serve();
    const socket = await opened(url);
    expect(await call(socket, 7, 'browse', { path: '/data' })).toEqual({
      kind: 'answer',
      id: 7,
      result: { ok: true, value: { path: '/data', entries: [] } },
    });
    expect(await call(socket, 8, 'openRun', {})).toMatchObject({
      id: 8,
      result: { ok: false, error: { where: 'runId' } },
    });
    expect(await call(socket, 9, 'constructor', {})).toMatchObject({ id: 9, result: { ok: false } });
  });

  it('brings answers much larger than the limit for calls', async () => {
    const { url } = await serve();
    const answer = await call(await opened(url), 1, 'exportRunCsv', { runId: 'run-1' });
    expect(JSON.stringify(answer).length).toBeGreaterThan(4 << 20);
  });

  it('takes the cookie instead of the token', async () => {
    const { url } = await serve();
    const headers = { cookie: `percpu-lab-${url.port}=${tokenOf(url)}` };
    const socket = open(url, { query: '', headers });
    await once(socket, 'open');
    expect(await call(socket, 1, 'listRuns', {})).toMatchObject({ kind: 'answer', id: 1 });
  });

  it.each([
    ['without the token', { query: '' }, 401],
    ['with a wrong token', { query: '?token=wrong' }, 401],
    ['with another server’s cookie', { query: '', headers: { cookie: 'percpu-lab-1=x' } }, 401],
    ['from a foreign Origin', { headers: { origin: 'http://evil.example' } }, 403],
    ['from an opaque Origin', { headers: { origin: 'null' } }, 403],
    ['to a foreign Host', { headers: { host: 'evil.example', origin: 'http://evil.example' } }, 421],
    ['to another path', { path: '/other' }, 404],
  ])('is refused %s', async (_what, options, status) => {
    const { url } = await serve();
    expect(await refusedWith(open(url, options))).toBe(status);
  });

  it.each([
    ['what is not JSON', 'hello', 1007],
    ['what is no call', '{"kind":"event"}', 1007],
    ['a call without an id', '{"kind":"call","method":"listRuns","input":{}}', 1007],
    ['a call with a surplus field', '{"kind":"call","id":1,"method":"listRuns","input":{},"more":1}', 1007],
    ['bytes', Buffer.from([1, 2, 3]), 1003],
    ['a message over the limit', 'x'.repeat((1 << 20) + 1), 1009],
  ])('is closed by %s, and only that one', async (_what, data, code) => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const { url, lab } = await serve();
    const [bad, other] = [await opened(url), await opened(url)];
    bad.send(data);
    expect((await once(bad, 'close'))[0]).toBe(code);
    expect(await call(other, 1, 'listRuns', {})).toMatchObject({ kind: 'answer', id: 1 });
    await expect.poll(() => lab.subscriberCount()).toBe(1);
  });

  it('brings events to every client', async () => {
    const { url, lab } = await serve();
    const clients = [await opened(url), await opened(url)];
    const received = Promise.all(clients.map(nextMessage));
    lab.emit(progressEvent('run-1', 0.5));
    expect(await received).toEqual([
      { kind: 'event', event: progressEvent('run-1', 0.5) },
      { kind: 'event', event: progressEvent('run-1', 0.5) },
    ]);
  });

  it('drops stale progress for a client that does not keep up, never samples or the end', async () => {
    const { url, lab } = await serve();
    const slow = await opened(url);
    const received: LabMessage[] = [];
    slow.on('message', (data) => received.push(message(data)));
    slow.pause();
    const total = 400;
    // About 30 KB each: far more than the buffer of a socket.
    for (let sent = 1; sent <= total; sent++) lab.emit(progressEvent('run-1', sent / total, 1000));
    lab.emit({ kind: 'finished', runId: 'run-1', outcome: 'complete', stored: true });
    lab.emit(progressEvent('run-2', 0, 1000));
    lab.emit(progressEvent('run-2', 1, 1000));
    slow.resume();
    await expect.poll(() => received.at(-1)).toEqual({ kind: 'event', event: progressEvent('run-2', 1, 1000) });
    const kinds = received.map((one) => (one.kind === 'event' ? one.event.kind : one.kind));
    expect(kinds.filter((kind) => kind === 'finished')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'progress').length).toBeLessThan(total);
    expect(kinds.lastIndexOf('progress')).toBeGreaterThan(kinds.indexOf('finished'));
  });

  it('disconnects a client that no longer answers pings', async () => {
    const { url, lab } = await serve({ pingIntervalMs: 20 });
    const silent = new WebSocket(`ws://${url.host}/lab${url.search}`, {
      headers: { origin: `http://${url.host}` },
      autoPong: false,
    });
    expect((await once(silent, 'close'))[0]).toBe(1006);
    await expect.poll(() => lab.subscriberCount()).toBe(0);
  });

  it('keeps a client that answers pings', async () => {
    const { url } = await serve({ pingIntervalMs: 20 });
    const client = await opened(url);
    for (let pings = 0; pings < 4; pings++) await once(client, 'ping');
    expect(client.readyState).toBe(WebSocket.OPEN);
  });
});

describe('starting and closing', () => {
  it('listens on loopback unless told otherwise', async () => {
    const { server, url } = await serve();
    expect(server.loopbackOnly).toBe(true);
    expect(url.hostname).toBe('127.0.0.1');
    const everywhere = await serve({ host: '0.0.0.0' });
    expect(everywhere.server.loopbackOnly).toBe(false);
    expect((await get(everywhere.url, `/${everywhere.url.search}`)).status).toBe(200);
  });

  it('says in one sentence that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    closing.push(() => other.close());
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect(await startServer(createInMemoryLab(), { dashboardFolder, port })).toEqual({
      ok: false,
      error: { code: 'unavailable', message: `Port ${port} on 127.0.0.1 is taken by another program`, where: 'port' },
    });
  });

  it('says in one sentence that the address is another machine’s', async () => {
    // 192.0.2.0/24 is set aside for documentation (RFC 5737).
    const started = await startServer(createInMemoryLab(), { dashboardFolder, host: '192.0.2.1' });
    expect(started).toMatchObject({ ok: false, error: { message: '192.0.2.1 is not an address of this machine' } });
  });

  it('says in one sentence that the dashboard is not built', async () => {
    const started = await startServer(createInMemoryLab(), { dashboardFolder: join(dashboardFolder, 'none') });
    expect(started).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    if (!started.ok) expect(started.error.message).toMatch(/^The dashboard is not built: /);
  });

  it('says in one sentence that the dashboard cannot be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dashboard-'));
    await writeFile(join(folder, 'index.html'), '');
    await writeFile(join(folder, 'larger-than-node-reads.js'), '');
    await truncate(join(folder, 'larger-than-node-reads.js'), 3 * 2 ** 30);
    const started = await startServer(createInMemoryLab(), { dashboardFolder: folder });
    expect(started.ok ? '' : started.error.message).toMatch(/^The dashboard in .* cannot be read: /);
    await rm(folder, { recursive: true });
  });

  it('leaves nothing open after close, not even for clients that ignore the farewell', async () => {
    const { server, lab, url } = await serve();
    const polite = await opened(url);
    const frozen = await opened(url);
    frozen.pause();
    const idle = httpRequest({
      host: url.hostname,
      port: url.port,
      path: '/',
      headers: { connection: 'keep-alive' },
    }).end();
    const [response] = await once(idle, 'response');
    (response as IncomingMessage).resume();
    const farewell = once(polite, 'close');
    await server.close();
    expect((await farewell)[0]).toBe(1001);
    expect(lab.subscriberCount()).toBe(0);
    await expect(get(url, '/')).rejects.toThrow('ECONNREFUSED');
    // The port is free again.
    const again = await startServer(lab, { dashboardFolder, port: Number(url.port) });
    expect(again.ok).toBe(true);
    if (again.ok) await again.value.close();
  });

  it('does not wait for a peer that was turned away and keeps its half of the connection open', async () => {
    const { server, url } = await serve();
    const peer = connect({ host: url.hostname, port: Number(url.port), allowHalfOpen: true });
    closing.push(() => peer.destroy());
    peer.write(`GET /lab HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    expect(String((await once(peer, 'data'))[0])).toMatch(/^HTTP\/1\.1 403 /);
    await once(peer, 'end');
    await server.close();
  });
});
