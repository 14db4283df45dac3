import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CALL_CHANNEL, EVENT_CHANNEL } from '../../../src/shared/door.ts';
import { testProfile } from '../in-memory-lab.ts';
import { buildShell, type BuiltShell } from './build-shell.ts';
import { runShell, type RunningShell } from './run-shell.ts';
import type { ShellCommand, ShellRecord } from './shell-commands.ts';

let built: BuiltShell;
let dataFolder: string;
let shell: RunningShell;

beforeAll(async () => {
  built = await buildShell(['main', 'preload']);
  dataFolder = mkdtempSync(join(tmpdir(), 'lab-data-'));
  shell = await runShell(built.mainFile, { PERCPU_LAB_DATA: dataFolder });
});
afterAll(async () => {
  await shell.kill();
  built.remove();
  rmSync(dataFolder, { recursive: true });
});

const others: RunningShell[] = [];
afterEach(async () => {
  for (const other of others.splice(0)) await other.kill();
});

async function another(env: NodeJS.ProcessEnv): Promise<RunningShell> {
  const started = await runShell(built.mainFile, env);
  others.push(started);
  return started;
}

async function recorded(of: RunningShell = shell): Promise<ShellRecord & { themeSource: string; protocols: string[] }> {
  return (await of.ask({ kind: 'record' })) as ShellRecord & { themeSource: string; protocols: string[] };
}

type Knock = Extract<ShellCommand, { kind: 'invoke' }>;

function invoke(args: readonly unknown[], from: Knock['from'] = 'page', of: RunningShell = shell): Promise<unknown> {
  return of.ask({ kind: 'invoke', channel: CALL_CHANNEL, from, args });
}

interface Served {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function request(url: string, method?: string): Promise<Served> {
  return (await shell.ask({ kind: 'request', url, ...(method === undefined ? {} : { method }) })) as Served;
}

describe('the window', () => {
  it('is one, sandboxed, isolated, without Node, and starts with the built preload', async () => {
    const { windows, sandboxEnabled, loadedUrls } = await recorded();
    expect(sandboxEnabled).toBe(true);
    expect(windows).toHaveLength(1);
    expect(windows[0]?.['webPreferences']).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      preload: built.preloadFile,
    });
    expect(existsSync(built.preloadFile)).toBe(true);
    expect(loadedUrls).toEqual(['app://percpu-lab/index.html']);
  });

  it('follows the system’s theme', async () => {
    expect((await recorded()).themeSource).toBe('system');
    const before = (await recorded()).backgrounds.length;
    await shell.ask({ kind: 'turn-dark' });
    expect((await recorded()).backgrounds.slice(before)).toEqual(['#111418']);
  });

  it('keeps Chromium’s files inside of the data folder, which it makes: Electron would refuse it otherwise', async () => {
    expect((await recorded()).paths).toEqual({ userData: join(dataFolder, 'window') });
  });

  it('opens where the data folder cannot be made, too, and says which runs it cannot keep', async () => {
    const file = join(dataFolder, 'a-file');
    writeFileSync(file, '');
    const app = await another({ PERCPU_LAB_DATA: join(file, 'data') });
    expect((await recorded(app)).paths).toEqual({});
    expect(app.stderr()).toContain(join(file, 'data', 'window'));
    expect(await invoke(['describeHost', {}], 'page', app)).toMatchObject({
      ok: true,
      value: { storeError: { code: 'storage' } },
    });
  });
});

describe('app://', () => {
  it('is the only scheme, registered as standard and secure and without a way around the policy', async () => {
    const { schemes, protocols } = await recorded();
    expect(protocols).toEqual(['app']);
    expect(schemes).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
    ]);
  });

  it('serves the dashboard under a strict policy', async () => {
    const page = await request('app://percpu-lab/index.html');
    expect(page.status).toBe(200);
    expect(page.body).toContain('<title>lab</title>');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    const policy = page.headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("connect-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect((await request('app://percpu-lab/app.js')).headers['content-type']).toContain('javascript');
  });

  it.each([
    'app://percpu-lab/../main/index.js',
    'app://percpu-lab/%2e%2e/main/index.js',
    'app://percpu-lab/..%2fmain/index.js',
    'app://percpu-lab/%2e%2e%2fmain%2findex.js',
    'app://percpu-lab/..%5cmain%5cindex.js',
    'app://percpu-lab/a/..%2f..%2fmain/index.js',
    'app://percpu-lab//etc/passwd',
    'app://percpu-lab/%2fetc%2fpasswd',
    'app://percpu-lab/index.html%00.js',
    'app://percpu-lab/%',
    'app://percpu-lab/',
    'app://percpu-lab/none.html',
    'app://other/index.html',
    'file:///etc/passwd',
    'nonsense',
  ])('answers %s with nothing', async (url) => {
    const answer = await request(url);
    expect(answer.status).toBe(404);
    expect(answer.body).toBe('');
  });

  it('only reads', async () => {
    expect((await request('app://percpu-lab/index.html', 'POST')).status).toBe(405);
    expect((await request('app://percpu-lab/index.html', 'HEAD')).status).toBe(200);
  });
});

/** Those that Electron's own handlers know, in part. */
const PERMISSIONS = [
  ...['media', 'display-capture', 'geolocation', 'notifications', 'clipboard-read', 'clipboard-sanitized-write'],
  ...['openExternal', 'fileSystem', 'fullscreen', 'pointerLock', 'keyboardLock', 'hid', 'usb', 'serial', 'midi'],
];

describe('the page', () => {
  const elsewhere = [
    'https://evil.example/',
    'http://127.0.0.1/',
    'file:///etc/passwd',
    'app://percpu-lab/app.js',
    'app://evil/index.html',
    'app://percpu-lab.evil.example/index.html',
    'javascript:alert(1)',
    'data:text/html,x',
    'about:blank',
    '',
  ];

  it.each(elsewhere)('cannot leave for %j', async (url) => {
    for (const event of ['will-navigate', 'will-frame-navigate', 'will-redirect'] as const) {
      expect(await shell.ask({ kind: 'navigate', event, url }), event).toBe(true);
    }
  });

  it('may be loaded again, but not into a frame', async () => {
    const url = 'app://percpu-lab/index.html#results';
    expect(await shell.ask({ kind: 'navigate', event: 'will-navigate', url })).toBe(false);
    expect(await shell.ask({ kind: 'navigate', event: 'will-frame-navigate', url })).toBe(false);
    expect(await shell.ask({ kind: 'navigate', event: 'will-frame-navigate', url, isMainFrame: false })).toBe(true);
  });

  it('cannot open windows or embed browsers', async () => {
    expect(await shell.ask({ kind: 'open-window', url: 'https://evil.example/' })).toEqual({ action: 'deny' });
    expect(await shell.ask({ kind: 'open-window', url: 'app://percpu-lab/index.html' })).toEqual({ action: 'deny' });
    expect(await shell.ask({ kind: 'attach-webview' })).toBe(true);
  });

  it.each([...PERMISSIONS, 'a-permission-of-tomorrow'])('is not permitted %s', async (name) => {
    expect(await shell.ask({ kind: 'permission', name })).toEqual({ request: false, check: false, device: false });
  });

  it('can load from its own scheme and what it made itself, not from the network or the disk', async () => {
    const cancelled = async (url: string) => shell.ask({ kind: 'load', url });
    for (const url of ['app://percpu-lab/app.js', 'blob:app://percpu-lab/1', 'data:image/png;base64,']) {
      expect(await cancelled(url), url).toEqual({ cancel: false });
    }
    for (const url of [
      'https://evil.example/',
      'http://127.0.0.1/',
      'ws://127.0.0.1/',
      'file:///etc/passwd',
      'nonsense',
    ]) {
      expect(await cancelled(url), url).toEqual({ cancel: true });
    }
  });
});

describe('the door', () => {
  it('is one channel', async () => {
    expect((await recorded()).channels).toEqual([CALL_CHANNEL]);
  });

  it('lets the page of our window ask the real lab', async () => {
    expect(await invoke(['describeHost', {}])).toMatchObject({ ok: true, value: { dataFolder } });
    expect(await invoke(['listProfiles', {}])).toMatchObject({
      ok: true,
      value: expect.arrayContaining([expect.objectContaining({ id: 'shipped/seed-2010' })]),
    });
  });

  it.each(['sub-frame', 'foreign-page', 'other-window', 'gone'] as const)('is closed to a %s', async (from) => {
    expect(await invoke(['describeHost', {}], from)).toEqual({
      ok: false,
      error: { code: 'bad-input', message: 'Only the lab’s own page may ask the lab', where: 'sender' },
    });
  });

  it.each([
    [['renameRun', { runId: 'a' }], 'name'],
    [['renameRun', { runId: 7, name: 'b' }], 'runId'],
    [['browse', { path: '/', more: 1 }], 'more'],
    [['constructor', {}], 'method'],
    [['close', {}], 'method'],
    [[7, {}], 'method'],
    [[], 'method'],
  ])('answers %o with a sentence about %s', async (args, where) => {
    const answer = await invoke(args);
    expect(answer).toMatchObject({ ok: false, error: { code: 'bad-input', where } });
    expect(JSON.stringify(answer)).not.toMatch(/\bat .*\.js|node_modules/);
  });
});

describe('a page whose process dies', () => {
  it('is loaded again when the person says so, and asked for only then', async () => {
    const own = mkdtempSync(join(tmpdir(), 'lab-data-'));
    const app = await another({ PERCPU_LAB_DATA: own });
    await app.ask({ kind: 'crash', reason: 'crashed', answer: 0 });
    await expect.poll(async () => (await recorded(app)).loadedUrls).toHaveLength(2);
    const { messageBoxes, closedWindows } = await recorded(app);
    expect(messageBoxes).toMatchObject([
      { buttons: ['Load again', 'Close the lab'], detail: expect.stringContaining('(crashed)') },
    ]);
    expect(closedWindows).toBe(0);
    expect(await invoke(['describeHost', {}], 'page', app)).toMatchObject({ ok: true });

    await app.ask({ kind: 'crash', reason: 'oom', answer: 1 });
    await expect.poll(async () => (await recorded(app)).closedWindows).toBe(1);
    expect((await recorded(app)).loadedUrls).toHaveLength(2);

    await app.ask({ kind: 'crash', reason: 'clean-exit', answer: 0 });
    expect((await recorded(app)).messageBoxes).toHaveLength(2);
    rmSync(own, { recursive: true });
  });
});

describe('a second instance', () => {
  it('ends itself without a window, a lab or a door', async () => {
    const second = await another({ PERCPU_LAB_DATA: dataFolder, STAND_IN_SECOND_INSTANCE: '1' });
    expect(await second.ended).toBe(0);
    expect(second.stderr()).toBe('');
  });

  it('brings the first one’s window to the front', async () => {
    await shell.ask({ kind: 'emit', event: 'second-instance' });
    expect((await recorded()).focused).toBe(1);
  });
});

describe('a run', () => {
  const jobFile = '[job]\nrw=write\nbs=4k\nsize=256k\nloops=1\n';
  const profile = {
    ...testProfile,
    workload: { ...testProfile.workload, jobFile },
    experiment: { repetitions: 50, seconds: 600, equivalencePercent: 3 },
  };

  it('is stopped and stored when the window is closed', async () => {
    const own = mkdtempSync(join(tmpdir(), 'lab-data-'));
    const first = await another({ PERCPU_LAB_DATA: own });
    expect(await invoke(['startRun', { profile }], 'page', first)).toMatchObject({ ok: true });
    await first.ask({ kind: 'emit', event: 'window-all-closed' });
    expect(await first.ended).toBe(0);

    const next = await another({ PERCPU_LAB_DATA: own });
    expect(await invoke(['listRuns', {}], 'page', next)).toMatchObject({ ok: true, value: [{ outcome: 'cancelled' }] });
    rmSync(own, { recursive: true });
  });

  it('is not told to a page whose process is gone, and goes on', async () => {
    const own = mkdtempSync(join(tmpdir(), 'lab-data-'));
    const app = await another({ PERCPU_LAB_DATA: own });
    await invoke(['startRun', { profile }], 'page', app);
    await expect.poll(async () => (await recorded(app)).sent.length).toBeGreaterThan(1);
    await app.ask({ kind: 'crash', reason: 'clean-exit', answer: 0 });
    const { length } = (await recorded(app)).sent;
    // Several progress events go by.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await recorded(app)).sent).toHaveLength(length);
    expect(await invoke(['currentRun', {}], 'page', app)).toMatchObject({
      ok: true,
      value: { run: { engine: 'live' } },
    });
    await app.ask({ kind: 'emit', event: 'window-all-closed' });
    await app.ended;
    rmSync(own, { recursive: true });
  });

  it('is told to our page, and to no other that might have taken its place', async () => {
    const own = mkdtempSync(join(tmpdir(), 'lab-data-'));
    const app = await another({ PERCPU_LAB_DATA: own });
    await invoke(['startRun', { profile }], 'page', app);
    await expect.poll(async () => (await recorded(app)).sent[0]).toMatchObject([EVENT_CHANNEL, { kind: 'started' }]);
    await app.ask({ kind: 'leave' });
    const { length } = (await recorded(app)).sent;
    // Several progress events go by.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await recorded(app)).sent).toHaveLength(length);
    await app.ask({ kind: 'emit', event: 'window-all-closed' });
    await app.ended;
    rmSync(own, { recursive: true });
  });
});
