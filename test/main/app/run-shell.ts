/** Starts the built main process under Node with the stand-in for `electron`, and talks to it. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ShellCommand } from './shell-commands.ts';

export interface RunningShell {
  /** Answers what the app answered; rejects when the stand-in could not obey. */
  readonly ask: (command: ShellCommand) => Promise<unknown>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<number>;
  readonly stderr: () => string;
  readonly kill: () => Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly loaded?: string;
}

/** Resolves once the window's page is loaded, or the process has ended. */
export async function runShell(mainFile: string, env: NodeJS.ProcessEnv): Promise<RunningShell> {
  const hooks = new URL('use-electron-stand-in.ts', import.meta.url).href;
  const child = fork(mainFile, [], {
    execArgv: ['--import', hooks, '--disable-warning=ExperimentalWarning'],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', (piece) => (errors += String(piece)));
  const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : 1));
  const ask = conversation(child);
  await Promise.race([ended, untilLoaded(child)]);
  return {
    ask,
    ended,
    stderr: () => errors,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function untilLoaded(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message: Message) => {
      if (message.loaded !== undefined) resolve();
    });
  });
}

function conversation(child: ChildProcess): (command: ShellCommand) => Promise<unknown> {
  const waiting = new Map<number, (message: Message) => void>();
  let lastId = 0;
  child.on('message', (message: Message) => {
    if (message.id !== undefined) waiting.get(message.id)?.(message);
  });
  return (command) => {
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ value, error }) => (error === undefined ? resolve(value) : reject(new Error(error))));
      child.send({ id, command });
    });
  };
}
