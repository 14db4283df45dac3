/**
 * The dashboard's files over HTTP: read-only, behind the access checks, with the headers that keep the page to itself.
 *
 * All files are read before the first is served. So a page is of the build that was there when serving began, also when the lab is
 * built anew afterwards.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { CONTENT_TYPES } from '../../shared/content-types.ts';
import { contentSecurityPolicy } from '../../shared/content-security-policy.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { Access } from './access.ts';

interface PageFile {
  readonly content: Buffer;
  readonly tag: string;
  readonly headers: OutgoingHttpHeaders;
}

/** Answers page requests from `folder`, the built dashboard; 'unavailable' when it is not there or cannot be read. */
export function createPages(folder: string, access: () => Access): Result<RequestListener> {
  if (!existsSync(join(folder, 'index.html'))) {
    return fail(
      'unavailable',
      `The dashboard is not built: there is no index.html in ${folder} (npm run build makes it)`,
    );
  }
  const read = readFiles(folder);
  if (!read.ok) return read;
  const files = read.value;
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

/** By the paths under which they are asked for; what is no part of a dashboard is left out. */
function readFiles(folder: string): Result<ReadonlyMap<string, PageFile>> {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files = entries.flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const type = CONTENT_TYPES[extname(path)];
      return type === undefined ? [] : [[nameOf(folder, path), readFile(path, type)] as const];
    });
    return ok(new Map(files));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail('unavailable', `The dashboard in ${folder} cannot be read: ${reason}`);
  }
}

function nameOf(folder: string, path: string): string {
  return `/${relative(folder, path).replaceAll(sep, '/')}`;
}

function readFile(path: string, type: string): PageFile {
  const content = readFileSync(path);
  const tag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  return { content, tag, headers: { 'Content-Type': type, 'Content-Length': content.length } };
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
