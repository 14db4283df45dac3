/**
 * The files behind `app://percpu-lab/`: those of the built dashboard, read-only, and nothing outside of its folder.
 */
import { readFile } from 'node:fs/promises';
import { extname, isAbsolute, join, relative } from 'node:path';
import { CONTENT_TYPES } from '../../shared/content-types.ts';
import { contentSecurityPolicy } from '../../shared/content-security-policy.ts';
import { APP_ORIGIN } from './origin.ts';

const SECURITY_HEADERS = {
  // The page reaches the lab through the preload's door, so it needs no connection at all.
  'Content-Security-Policy': contentSecurityPolicy(),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
} as const;

/** Answers requests of the window with files of `folder`. Never rejects: what is not there or not allowed is an answer. */
export function createAppProtocol(folder: string): (request: Pick<Request, 'url' | 'method'>) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405);
    const path = fileOf(folder, request.url);
    const contentType = path === undefined ? undefined : CONTENT_TYPES[extname(path)];
    if (path === undefined || contentType === undefined) return refuse(404);
    try {
      const body = await readFile(path);
      return new Response(body, { headers: { ...SECURITY_HEADERS, 'Content-Type': contentType } });
    } catch {
      // No such file, or a folder: the same to the page.
      return refuse(404);
    }
  };
}

function refuse(status: number): Response {
  return new Response(undefined, { status, headers: SECURITY_HEADERS });
}

/** The file that `address` means; undefined when that is not one inside of `folder`. */
function fileOf(folder: string, address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, host, pathname } = new URL(address);
  if (`${protocol}//${host}` !== APP_ORIGIN) return undefined;
  const name = decode(pathname);
  // Dots before a slash are resolved by URL already; encoded ones and the other system's separator are not.
  if (name === undefined || /[\0\\]/.test(name)) return undefined;
  const path = join(folder, name);
  const inside = relative(folder, path);
  return inside.startsWith('..') || isAbsolute(inside) ? undefined : path;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
