/**
 * The dashboard's files over HTTP: read-only, behind the access checks, with the headers that keep the page to itself.
 *
 * All files are read before the first is served. So a page is always of the build that this lab is of, also when the lab is
 * built anew meanwhile.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import { join, relative, sep } from 'node:path';
import { lookup } from 'mrmime';
import { contentSecurityPolicy } from '../../shared/content-security-policy.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { Access } from './access.ts';

interface PageFile {
  readonly content: Buffer;
  readonly tag: string;
  readonly headers: OutgoingHttpHeaders;
}

/** Answers page requests from `folder`, the built dashboard; 'unavailable' when it is not there. */
export function createPages(folder: string, access: () => Access): Result<RequestListener> {
  if (!existsSync(join(folder, 'index.html'))) {
    return fail(
      'unavailable',
      `The dashboard is not built: there is no index.html in ${folder} (npm run build makes it)`,
    );
  }
  const files = readFiles(folder);
  return ok((request, response) => {
    setSecurityHeaders(request, response);
    const refusal = access().refusePage(request);
    if (refusal) {
      refuse(response, refusal.status, refusal.message);
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      refuse(response, 405, 'Only reading is possible here.');
      return;
    }
    const file = files.get(pathOf(request));
    if (file === undefined) {
      refuse(response, 404, 'Not found.');
      return;
    }
    const cookie = access().cookieFor(request);
    if (cookie !== undefined) response.setHeader('Set-Cookie', cookie);
    send(file, request, response);
  });
}

/** By the paths under which they are asked for. */
function readFiles(folder: string): ReadonlyMap<string, PageFile> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [`/${relative(folder, path).replaceAll(sep, '/')}`, readFile(path)];
    }),
  );
}

function readFile(path: string): PageFile {
  const content = readFileSync(path);
  const type = lookup(path) ?? 'application/octet-stream';
  const tag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  const headers = {
    'Content-Type': type === 'text/html' ? `${type}; charset=utf-8` : type,
    'Content-Length': content.length,
  };
  return { content, tag, headers };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const path = url.split('?', 1)[0] ?? '/';
  return path === '/' ? '/index.html' : path;
}

function send({ content, tag, headers }: PageFile, request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('ETag', tag);
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, headers);
  // Node leaves the body out of an answer to HEAD.
  response.end(content);
}

function setSecurityHeaders(request: IncomingMessage, response: ServerResponse): void {
  // Some browsers do not count a WebSocket to the same host as 'self'. A Host that is not ours gets no page anyway.
  const ownSocket = /^[\w.:[\]-]+$/.test(request.headers.host ?? '') ? [`ws://${request.headers.host}`] : [];
  response.setHeader('Content-Security-Policy', contentSecurityPolicy(["'self'", ...ownSocket]));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), usb=()');
  response.setHeader('Cache-Control', 'no-cache');
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${message}\n`);
}
