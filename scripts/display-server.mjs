/**
 * Whether there is a display that a window could open on. Only asked on systems whose display is a server that may be
 * missing: everything but macOS and Windows.
 */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

/** A display answers at once, even one that is forwarded; a dead address must not hold up the start. */
const ANSWER_LIMIT_MS = 2000;
/** X servers listen on this port plus the display's number when they are reached over a network (also by ssh -X). */
const X11_BASE_PORT = 6000;

/**
 * Why no window can be opened, as a part of a sentence.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} platform
 * @returns {Promise<string | undefined>} undefined when a display answers
 */
export async function displayProblem(env, platform) {
  if (platform === 'darwin' || platform === 'win32') return undefined;
  const servers = [...waylandServers(env), ...x11Servers(env['DISPLAY'])];
  if (servers.length === 0) return 'there is no display (neither WAYLAND_DISPLAY nor DISPLAY is set)';
  const answers = await Promise.all(servers.map(isListening));
  if (answers.includes(true)) return undefined;
  return `no display answers (${[env['WAYLAND_DISPLAY'], env['DISPLAY']].filter(Boolean).join(' and ')})`;
}

/**
 * @typedef {{ readonly path: string } | { readonly host: string, readonly port: number }} ServerAddress
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {readonly ServerAddress[]}
 */
function waylandServers(env) {
  const { WAYLAND_DISPLAY: name, XDG_RUNTIME_DIR: folder } = env;
  // Chromium looks for the default name, too, when none is set.
  if (name?.startsWith('/')) return [{ path: name }];
  if (!folder) return [];
  if (name) return [{ path: join(folder, name) }];
  const path = join(folder, 'wayland-0');
  return existsSync(path) ? [{ path }] : [];
}

/**
 * `:0`, `unix:0.0` and `host:10.0`, as X(7) describes display names.
 *
 * @param {string | undefined} display
 * @returns {readonly ServerAddress[]}
 */
function x11Servers(display) {
  if (!display) return [];
  // macOS's XQuartz puts a socket's path there.
  if (display.startsWith('/')) return [{ path: display }];
  const match = /^(?<host>.*):(?<number>\d+)(?:\.\d+)?$/.exec(display);
  const { host = '', number = '' } = match?.groups ?? {};
  // A name that nothing can be made of is left to Electron: a server that nobody asks.
  if (match === null) return [{ path: display }];
  const path = `/tmp/.X11-unix/X${number}`;
  // Linux servers may listen in the abstract namespace only.
  if (host === '' || host === 'unix') return [{ path }, { path: `\0${path}` }];
  return [{ host, port: X11_BASE_PORT + Number(number) }];
}

/**
 * @param {ServerAddress} address
 * @returns {Promise<boolean>}
 */
function isListening(address) {
  return new Promise((resolve) => {
    const socket = connect(address);
    const finish = (/** @type {boolean} */ listening) => {
      socket.destroy();
      resolve(listening);
    };
    socket.setTimeout(ANSWER_LIMIT_MS, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
