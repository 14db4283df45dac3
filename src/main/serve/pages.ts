/**
 * The dashboard's files over HTTP: read-only, behind the access checks, with the headers that keep the page to itself.
 */
import { existsSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { contentSecurityPolicy } from '../../shared/content-security-policy.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { Access } from './access.ts';

/** Answers page requests from `folder`, the built dashboard; 'unavailable' when it is not there. */
export function createPages(folder: string, access: () => Access): Result<RequestListener> {
  if (!existsSync(join(folder, 'index.html'))) {
    return fail(
      'unavailable',
      `The dashboard is not built: there is no index.html in ${folder} (npm run build makes it)`,
    );
  }
  const serveFile = sirv(folder, {
    etag: true,
    onNoMatch: (_request, response) => refuse(response, 404, 'Not found.'),
  });
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
    const cookie = access().cookieFor(request);
    if (cookie !== undefined) response.setHeader('Set-Cookie', cookie);
    serveFile(request, response);
  });
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
