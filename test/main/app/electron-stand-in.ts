/**
 * A stand-in for the `electron` module under plain Node: records what the app's main process sets up, and lets a test
 * in another process knock at it. It imitates the shapes that the app uses (electron.d.ts of version 45), not what
 * Chromium does with them.
 */
import { EventEmitter } from 'node:events';
import type { ShellCommand, ShellRecord } from './shell-commands.ts';

const record: ShellRecord = {
  sandboxEnabled: false,
  paths: {},
  schemes: [],
  windows: [],
  loadedUrls: [],
  focused: 0,
  backgrounds: [],
  channels: [],
  sent: [],
  errorBoxes: [],
};

type Handler = (...args: unknown[]) => unknown;
const ipcHandlers = new Map<string, Handler>();
const protocolHandlers = new Map<string, (request: Request) => Promise<Response>>();
const sessionHandlers = new Map<string, Handler>();

/** An event as Electron hands it to listeners. */
function preventable<T extends object>(details: T) {
  let prevented = false;
  return { ...details, preventDefault: () => (prevented = true), wasPrevented: () => prevented };
}

class Frame {
  readonly parent: Frame | null;
  readonly origin: string;
  constructor(origin: string, parent: Frame | null) {
    this.origin = origin;
    this.parent = parent;
  }
  isDestroyed(): boolean {
    return false;
  }
}

class Contents extends EventEmitter {
  mainFrame = new Frame('app://percpu-lab', null);
  openHandler: Handler = () => ({ action: 'allow' });
  isDestroyed(): boolean {
    return false;
  }
  setWindowOpenHandler(handler: Handler): void {
    this.openHandler = handler;
  }
  send(channel: string, ...args: unknown[]): void {
    record.sent.push([channel, ...args]);
  }
}

const contentsOfWindows: Contents[] = [];

class StandInApp extends EventEmitter {
  enableSandbox(): void {
    record.sandboxEnabled = true;
  }
  setPath(name: string, path: string): void {
    record.paths[name] = path;
  }
  requestSingleInstanceLock(): boolean {
    return process.env['STAND_IN_SECOND_INSTANCE'] === undefined;
  }
  setAboutPanelOptions(): void {}
  getVersion(): string {
    return '0';
  }
  /** As Electron: 'ready' comes after the entry file and what it imports statically. */
  async whenReady(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }
  quit(): void {
    setImmediate(() => {
      const event = preventable({});
      this.emit('will-quit', event);
      if (!event.wasPrevented()) this.exit(0);
    });
  }
  exit(code: number): void {
    process.send?.({ ended: code });
    process.exit(code);
  }
}

export const app = new StandInApp();

export class BrowserWindow extends EventEmitter {
  readonly webContents = new Contents();
  constructor(options: Record<string, unknown>) {
    super();
    record.windows.push(options);
    contentsOfWindows.push(this.webContents);
    app.emit('web-contents-created', {}, this.webContents);
  }
  loadURL(url: string): Promise<void> {
    record.loadedUrls.push(url);
    process.send?.({ loaded: url });
    return Promise.resolve();
  }
  isDestroyed(): boolean {
    return false;
  }
  isMinimized(): boolean {
    return false;
  }
  focus(): void {
    record.focused += 1;
  }
  show(): void {}
  setBackgroundColor(color: string): void {
    record.backgrounds.push(color);
  }
}

export const nativeTheme = Object.assign(new EventEmitter(), { themeSource: '', shouldUseDarkColors: false });

export const ipcMain = {
  handle(channel: string, handler: Handler): void {
    record.channels.push(channel);
    ipcHandlers.set(channel, handler);
  },
  removeHandler(channel: string): void {
    ipcHandlers.delete(channel);
  },
};

export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown[]): void => void record.schemes.push(...schemes),
  handle: (scheme: string, handler: (request: Request) => Promise<Response>): void =>
    void protocolHandlers.set(scheme, handler),
};

export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: Handler) => sessionHandlers.set('request', handler),
    setPermissionCheckHandler: (handler: Handler) => sessionHandlers.set('check', handler),
    setDevicePermissionHandler: (handler: Handler) => sessionHandlers.set('device', handler),
    webRequest: { onBeforeRequest: (handler: Handler) => sessionHandlers.set('load', handler) },
  },
};

export const dialog = {
  showErrorBox: (title: string, content: string): void => void record.errorBoxes.push([title, content]),
};

export const Menu = { setApplicationMenu: (): void => {}, buildFromTemplate: (template: unknown): unknown => template };

/** What a handler answers through the callback that it is given. */
function answered(run: (answer: (value: unknown) => void) => unknown): Promise<unknown> {
  return new Promise((resolve) => void run(resolve));
}

function handler(name: string): Handler {
  const found = sessionHandlers.get(name);
  if (!found) throw new Error(`the app has set no ${name} handler`);
  return found;
}

/** The sender of a call: who it pretends to be. */
function senderOf(who: Extract<ShellCommand, { kind: 'invoke' }>['from']): object {
  const [contents = new Contents()] = contentsOfWindows;
  const page = contents.mainFrame;
  switch (who) {
    case 'page':
      return { sender: contents, senderFrame: page };
    case 'sub-frame':
      return { sender: contents, senderFrame: new Frame('app://percpu-lab', page) };
    case 'foreign-page':
      return { sender: contents, senderFrame: new Frame('https://evil.example', null) };
    case 'other-window':
      return { sender: new Contents(), senderFrame: new Frame('app://percpu-lab', null) };
    case 'gone':
      return { sender: contents, senderFrame: null };
  }
}

async function obey(command: ShellCommand): Promise<unknown> {
  const [contents = new Contents()] = contentsOfWindows;
  switch (command.kind) {
    case 'record':
      return { ...record, themeSource: nativeTheme.themeSource, protocols: [...protocolHandlers.keys()] };
    case 'invoke':
      return ipcHandlers.get(command.channel)?.(senderOf(command.from), ...command.args);
    case 'request': {
      const handle = protocolHandlers.get('app');
      // Not a Request: its constructor would tidy the address up before the app sees it.
      const response = await handle?.({ url: command.url, method: command.method ?? 'GET' } as Request);
      return (
        response && {
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: await response.text(),
        }
      );
    }
    case 'permission':
      return {
        request: await answered((answer) => handler('request')(contents, command.name, answer, {})),
        check: handler('check')(contents, command.name, 'app://percpu-lab', {}),
        device: handler('device')({ deviceType: command.name }),
      };
    case 'load':
      return answered((answer) => handler('load')({ url: command.url }, answer));
    case 'navigate': {
      const event = preventable({ url: command.url, isMainFrame: command.isMainFrame ?? true });
      contents.emit(command.event, event, command.url);
      return event.wasPrevented();
    }
    case 'open-window':
      return contents.openHandler({ url: command.url });
    case 'attach-webview': {
      const event = preventable({});
      contents.emit('will-attach-webview', event, {}, {});
      return event.wasPrevented();
    }
    case 'emit':
      app.emit(command.event, preventable({}));
      return undefined;
    case 'turn-dark':
      nativeTheme.shouldUseDarkColors = true;
      nativeTheme.emit('updated');
      return undefined;
    case 'leave':
      contents.mainFrame = new Frame('https://evil.example', null);
      return undefined;
  }
}

process.on('message', ({ id, command }: { id: number; command: ShellCommand }) => {
  obey(command).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
