/**
 * Who may talk to a served lab. Three questions, each answered here and nowhere else:
 *
 *   Host     is the address one that this server goes by?   No: someone's name was pointed at us (DNS rebinding).
 *   Origin   did our own page send this?                    No: another site's page in the same browser did.
 *   token    does the sender know what the lab printed?     No: another user or program of this host.
 *
 * A browser brings the token once in the address and from then on in a cookie. Ports are not compared in Host: through
 * a forwarded port (ssh -L) the browser sees another one, and rebinding needs a name, not a port.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** A token that nobody guesses: 192 random bits, as 32 characters that an address may hold. */
export function createToken(): string {
  return randomBytes(24).toString('base64url');
}

/** Whether `host` (a name or an address, without brackets) can be reached from this host only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Why a request is turned away, as the HTTP status and one sentence for whoever looks at it. */
export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly message: string;
}

/** The checks of one server. */
export interface Access {
  /** Of a page or an asset. */
  refusePage: (request: IncomingMessage) => Refusal | undefined;
  /** Of a WebSocket: browsers always say where it comes from, so a missing Origin is refused, too. */
  refuseWebSocket: (request: IncomingMessage) => Refusal | undefined;
  /** The `Set-Cookie` value for a request that brought the token in its address; otherwise undefined. */
  cookieFor: (request: IncomingMessage) => string | undefined;
}

/**
 * The checks of a server that listens on `host` (as it was configured) and `port` and printed `token`. Cookies know no
 * ports, so the cookie's name holds the port: two labs on one host do not log each other's browsers out.
 */
export function createAccess(options: { host: string; port: number; token: string }): Access {
  const cookieName = `percpu-lab-${options.port}`;
  const expected = digest(options.token);
  const knows = (token: string | undefined): boolean => token !== undefined && timingSafeEqual(digest(token), expected);

  const refuse = (request: IncomingMessage, originNeeded: boolean): Refusal | undefined => {
    if (!isOwnName(request.headers.host, options.host)) {
      return { status: 421, message: 'This lab does not answer to that host name.' };
    }
    const { origin } = request.headers;
    if (origin === undefined ? originNeeded : origin !== `http://${request.headers.host}`) {
      return { status: 403, message: 'Only the lab’s own page may do this.' };
    }
    if (knows(tokenInAddress(request)) || knows(cookieValue(request.headers.cookie, cookieName))) return undefined;
    return { status: 401, message: 'Open the whole address that the lab printed: it ends with a token.' };
  };
  return {
    refusePage: (request) => refuse(request, false),
    refuseWebSocket: (request) => refuse(request, true),
    cookieFor: (request) =>
      knows(tokenInAddress(request)) ? `${cookieName}=${options.token}; Path=/; HttpOnly; SameSite=Strict` : undefined,
  };
}

/** Equal lengths for the constant-time comparison, whatever was sent. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function tokenInAddress(request: IncomingMessage): string | undefined {
  const query = request.url?.split('?', 2)[1];
  return query === undefined ? undefined : (new URLSearchParams(query).get('token') ?? undefined);
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  const pairs = header?.split(';').map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/**
 * Whether a Host header is a name of this server. A numeric address cannot be rebound, so any is good enough where the
 * lab was told to listen beyond loopback.
 */
function isOwnName(hostHeader: string | undefined, configuredHost: string): boolean {
  const name = hostWithoutPort(hostHeader);
  if (name === undefined) return false;
  if (isLoopback(name)) return true;
  if (isLoopback(configuredHost)) return false;
  return isIP(name) !== 0 || name === configuredHost.toLowerCase() || name === hostname().toLowerCase();
}

/** `127.0.0.1:80` → `127.0.0.1`, `[::1]:80` → `::1`; undefined when it is not a host at all. */
function hostWithoutPort(hostHeader: string | undefined): string | undefined {
  const match = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<name>[a-z0-9._-]+))(?::\d{1,5})?$/i.exec(hostHeader ?? '');
  return (match?.groups?.['six'] ?? match?.groups?.['name'])?.toLowerCase();
}
