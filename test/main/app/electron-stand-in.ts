/**
 * A stand-in for the `electron` module under plain Node: records what the app's main process sets up, and lets a test
 * in another process knock at it. It imitates the shapes that the app uses (electron.d.ts of version 45), not what
 * Chromium does with them.
 */
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
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
  messageBoxes: [],
  closedWindows: 0,
};

type Handler = (...args: unknown[]) => unknown;
const ipcHandlers = new Map<string, Handler>();
type ProtocolHandler = (request: Pick<Request, 'url' | 'method'>) => Promise<Response>;
const protocolHandlers = new Map<string, ProtocolHandler>();
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
  crashed = false;
  mainFrame = new Frame('app://percpu-lab', null);
  openHandler: Handler = () => ({ action: 'allow' });
  isDestroyed(): boolean {
    return false;
  }
  isCrashed(): boolean {
    return this.crashed;
  }
  setWindowOpenHandler(handler: Handler): void {
    this.openHandler = handler;
  }
  send(channel: string, ...args: unknown[]): void {
    record.sent.push([channel, ...args]);
  }
}

const contentsOfWindows: Contents[] = [];

function theContents(): Contents {
  const [contents] = contentsOfWindows;
  if (!contents) throw new Error('the app has no window');
  return contents;
}

class StandInApp extends EventEmitter {
  enableSandbox(): void {
    record.sandboxEnabled = true;
  }
  setPath(name: string, path: string): void {
    // As Electron documents it.
    if (!existsSync(path)) throw new Error('Failed to set path');
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
    this.webContents.crashed = false;
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
  close(): void {
    record.closedWindows += 1;
  }
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
  handle: (scheme: string, handler: ProtocolHandler): void => void protocolHandlers.set(scheme, handler),
};

export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: Handler) => sessionHandlers.set('request', handler),
    setPermissionCheckHandler: (handler: Handler) => sessionHandlers.set('check', handler),
    setDevicePermissionHandler: (handler: Handler) => sessionHandlers.set('device', handler),
    webRequest: { onBeforeRequest: (handler: Handler) => sessionHandlers.set('load', handler) },
  },
};

/** The button that the person will press. */
let nextAnswer = 0;

export const dialog = {
  showErrorBox: (title: string, content: string): void => void record.errorBoxes.push([title, content]),
  showMessageBox: (_window: unknown, options: ShellRecord['messageBoxes'][number]): Promise<{ response: number }> => {
    record.messageBoxes.push(options);
    return Promise.resolve({ response: nextAnswer });
  },
};

export const Menu = { setApplicationMenu: (): void => {}, buildFromTemplate: (template: unknown): unknown => template };

/** What a handler answers through the callback that it is given. */
function answered(run: (answer: (value: unknown) => void) => unknown): Promise<unknown> {
  return new Promise((resolve) => void run(resolve));
}

function sessionHandler(name: string): Handler {
  const found = sessionHandlers.get(name);
  if (!found) throw new Error(`the app has set no ${name} handler`);
  return found;
}

/** The sender of a call: who it pretends to be. */
function senderOf(who: Extract<ShellCommand, { kind: 'invoke' }>['from']): object {
  const contents = theContents();
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

/** What each command does; the answer goes back to the test. */
const commands: { readonly [K in ShellCommand['kind']]: (command: Extract<ShellCommand, { kind: K }>) => unknown } = {
  record: () => ({ ...record, themeSource: nativeTheme.themeSource, protocols: [...protocolHandlers.keys()] }),
  invoke: (command) => ipcHandlers.get(command.channel)?.(senderOf(command.from), ...command.args),
  request: async ({ url, method = 'GET' }) => {
    // Not a real Request: its constructor would tidy the address up before the app sees it.
    const response = await protocolHandlers.get('app')?.({ url, method });
    if (!response) throw new Error('the app serves no app://');
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  },
  permission: async ({ name }) => ({
    request: await answered((answer) => sessionHandler('request')(theContents(), name, answer, {})),
    check: sessionHandler('check')(theContents(), name, 'app://percpu-lab', {}),
    device: sessionHandler('device')({ deviceType: name }),
  }),
  load: ({ url }) => answered((answer) => sessionHandler('load')({ url }, answer)),
  navigate: ({ event: name, url, isMainFrame = true }) => {
    const event = preventable({ url, isMainFrame });
    theContents().emit(name, event, url);
    return event.wasPrevented();
  },
  'open-window': ({ url }) => theContents().openHandler({ url }),
  'attach-webview': () => {
    const event = preventable({});
    theContents().emit('will-attach-webview', event, {}, {});
    return event.wasPrevented();
  },
  emit: ({ event }) => app.emit(event, preventable({})),
  'turn-dark': () => {
    nativeTheme.shouldUseDarkColors = true;
    nativeTheme.emit('updated');
  },
  crash: ({ reason, answer }) => {
    nextAnswer = answer;
    theContents().crashed = true;
    theContents().emit('render-process-gone', {}, { reason, exitCode: 1 });
  },
  leave: () => {
    theContents().mainFrame = new Frame('https://evil.example', null);
  },
};

async function obey(command: ShellCommand): Promise<unknown> {
  // A command's kind names its own entry.
  const carryOut = commands[command.kind] as (command: ShellCommand) => unknown;
  return await carryOut(command);
}

process.on('message', ({ id, command }: { id: number; command: ShellCommand }) => {
  obey(command).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
