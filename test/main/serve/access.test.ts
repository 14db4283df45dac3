import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createAccess, createToken, isLoopback } from '../../../src/main/serve/access.ts';

const token = 'right-token';

/** A request as node:http hands it over, with the fields that the checks read. */
function request(headers: Record<string, string>, url = `/?token=${token}`): IncomingMessage {
  return { headers, url } as unknown as IncomingMessage;
}

describe('access on loopback', () => {
  const access = createAccess({ host: '127.0.0.1', port: 4000, token });

  it.each(['127.0.0.1:4000', 'localhost:4000', '[::1]:4000', 'LOCALHOST:8080', '127.0.0.1'])(
    'goes by the name %s',
    (host) => {
      expect(access.refusePage(request({ host }))).toBeUndefined();
    },
  );

  it.each([
    'evil.example',
    'evil.example:4000',
    '192.168.1.7:4000',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '',
    ' ',
    'a b',
    '[::2]:4000',
    '127.0.0.1:4000@evil.example',
  ])('does not go by the name %j', (host) => {
    expect(access.refusePage(request({ host }))?.status).toBe(421);
  });

  it('does not answer a request without a Host', () => {
    expect(access.refusePage(request({}))?.status).toBe(421);
  });

  it('takes the token from the address or from its own cookie, and no other', () => {
    const host = '127.0.0.1:4000';
    const statusOf = (headers: Record<string, string>, url: string) =>
      access.refusePage(request({ host, ...headers }, url))?.status;
    expect(statusOf({}, '/')).toBe(401);
    expect(statusOf({}, '/?token=')).toBe(401);
    expect(statusOf({}, '/?token=right-toke')).toBe(401);
    expect(statusOf({}, '/?token=right-token2')).toBe(401);
    expect(statusOf({}, '/?other=1&token=right-token')).toBeUndefined();
    expect(statusOf({ cookie: 'a=b; percpu-lab-4000=right-token; c=d' }, '/')).toBeUndefined();
    expect(statusOf({ cookie: 'percpu-lab-4001=right-token' }, '/')).toBe(401);
    expect(statusOf({ cookie: 'percpu-lab-4000=wrong' }, '/')).toBe(401);
  });

  it('hands out the cookie only to whoever brought the token in the address', () => {
    const host = '127.0.0.1:4000';
    expect(access.cookieFor(request({ host }))).toBe('percpu-lab-4000=right-token; Path=/; HttpOnly; SameSite=Strict');
    expect(access.cookieFor(request({ host, cookie: 'percpu-lab-4000=right-token' }, '/'))).toBeUndefined();
  });

  it('refuses every Origin but its own, and a WebSocket without one', () => {
    const host = 'localhost:4000';
    expect(access.refuseWebSocket(request({ host, origin: 'http://localhost:4000' }))).toBeUndefined();
    for (const origin of ['http://evil.example', 'http://localhost:4001', 'https://localhost:4000', 'null', '']) {
      expect(access.refuseWebSocket(request({ host, origin }))?.status, origin).toBe(403);
      expect(access.refusePage(request({ host, origin }))?.status, origin).toBe(403);
    }
    expect(access.refuseWebSocket(request({ host }))?.status).toBe(403);
  });
});

describe('access beyond loopback', () => {
  const access = createAccess({ host: 'lab.example', port: 4000, token });

  it('goes by numeric addresses, its configured name and this machine’s name, still not by any other', () => {
    for (const host of ['192.168.1.7:4000', '[fe80::1]:4000', 'lab.example:4000', `${hostname()}:4000`, 'localhost']) {
      expect(access.refusePage(request({ host })), host).toBeUndefined();
    }
    expect(access.refusePage(request({ host: 'evil.example' }))?.status).toBe(421);
  });
});

it('knows loopback addresses', () => {
  expect(['127.0.0.1', '127.3.2.1', '::1', 'localhost'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '192.168.0.1', '127.evil.example', 'example'].some(isLoopback)).toBe(false);
});

it('makes tokens that differ and need no escaping in an address', () => {
  const tokens = Array.from({ length: 100 }, createToken);
  expect(new Set(tokens).size).toBe(100);
  expect(tokens.every((one) => /^[\w-]{32}$/.test(one))).toBe(true);
});
