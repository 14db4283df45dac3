/**
 * The contract over a WebSocket that may break and come back.
 *
 *   connecting ──open──▶ connected ──lost──▶ waiting ──timer──▶ connecting      pause doubles up to MAX_PAUSE_MS
 *        └──────failed──────────────────────────▲
 *        └──a lab with another token answers──▶ refused
 *   any ──disconnect(), or the lab's farewell (1001)──▶ closed
 *
 * A call belongs to the connection on which it was sent: when that is lost, nobody knows whether the lab carried it
 * out, so it is answered with 'unavailable' and never sent twice. Subscriptions belong to the transport and go on over
 * the next connection, which the lab feeds with events unasked.
 */
import { labMethodsOver } from '../../shared/lab-methods.ts';
import type { RunEvent } from '../../shared/contract.ts';
import { fail, type Result } from '../../shared/result.ts';
import { parseLabMessage, type CallMessage } from '../../shared/wire.ts';
import type { ConnectionState, LabConnection } from './connection.ts';
import { createListeners } from './listeners.ts';

/** What is needed of a WebSocket: the browser's own fits. */
export interface LabSocket {
  send: (text: string) => void;
  close: () => void;
  addEventListener: ((type: 'open', listener: () => void) => void) &
    ((type: 'message', listener: (event: { readonly data: unknown }) => void) => void) &
    ((type: 'close', listener: (event: { readonly code: number }) => void) => void);
}

export interface WebSocketOptions {
  /** Opens a new socket to the lab; called again after each loss. */
  readonly openSocket: () => LabSocket;
  /**
   * Whether a lab answers that does not know this page: a browser does not tell a socket why it failed. Asked before
   * each further try; without it every failure is taken for a lab that is away.
   */
  readonly isRefused?: () => Promise<boolean>;
  readonly firstPauseMs?: number;
}

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5000;
/** RFC 6455, section 7.4.1: the other side is going away; a new lab has a new token, so there is no way back. */
const GOING_AWAY = 1001;

/**
 * Connects to the lab. Resolves at the first answer to whether it can be reached, with state 'connected' or
 * 'reconnecting'; never rejects.
 */
export function connectWebSocket(options: WebSocketOptions): Promise<LabConnection> {
  return new Promise((resolve) => {
    const transport = createTransport(options, () => resolve(transport));
  });
}

function createTransport(options: WebSocketOptions, onFirstOutcome: () => void): LabConnection {
  const { openSocket, isRefused = () => Promise.resolve(false), firstPauseMs = FIRST_PAUSE_MS } = options;
  const events = createListeners<RunEvent>();
  const states = createListeners<ConnectionState>();
  const calls = createPendingCalls();
  let state: ConnectionState = 'reconnecting';
  let socket: LabSocket | undefined;
  let pauseMs = firstPauseMs;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const setState = (next: ConnectionState): void => {
    if (next === state) return;
    state = next;
    states.tell(next);
  };
  const isOver = (): boolean => state === 'closed' || state === 'refused';
  const finish = (last: 'closed' | 'refused'): void => {
    clearTimeout(timer);
    setState(last);
    calls.failAll('The connection to the lab is closed');
  };
  const lost = (code: number): void => {
    if (isOver()) return;
    if (code === GOING_AWAY) {
      finish('closed');
      return;
    }
    setState('reconnecting');
    calls.failAll('The connection to the lab was lost before it answered');
    timer = setTimeout(() => void tryAgain(), pauseMs);
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
  };
  const tryAgain = async (): Promise<void> => {
    const refused = await isRefused();
    if (isOver()) return;
    if (refused) finish('refused');
    else connect();
  };
  const received = (data: unknown): void => {
    const message = parseLabMessage(String(data));
    if (!message.ok) throw new Error(message.error.message);
    if (message.value.kind === 'event') events.tell(message.value.event);
    else calls.answer(message.value.id, message.value.result);
  };
  const connect = (): void => {
    const opening = openSocket();
    socket = opening;
    opening.addEventListener('open', () => {
      pauseMs = firstPauseMs;
      if (isOver()) opening.close();
      else setState('connected');
      onFirstOutcome();
    });
    opening.addEventListener('message', (event) => received(event.data));
    opening.addEventListener('close', (event) => {
      lost(event.code);
      onFirstOutcome();
    });
  };
  connect();
  return {
    ...labMethodsOver((method, input) => {
      if (state !== 'connected' || !socket) return Promise.resolve(unreachable(state));
      return calls.send(socket, method, input);
    }),
    subscribe: events.add,
    connectionState: () => state,
    onConnectionState: states.add,
    disconnect: () => {
      finish('closed');
      socket?.close();
    },
  };
}

function unreachable(state: ConnectionState): Result<never> {
  if (state === 'refused') return fail('unavailable', 'The lab was restarted: open the address that it printed');
  if (state === 'closed') return fail('unavailable', 'The connection to the lab is closed');
  return fail('unavailable', 'The lab cannot be reached; trying again');
}

/** Calls of one connection that wait for their answers. */
function createPendingCalls() {
  const waiting = new Map<number, (result: Result<unknown>) => void>();
  let lastId = 0;
  return {
    send(socket: LabSocket, method: string, input: unknown): Promise<Result<unknown>> {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        socket.send(JSON.stringify({ kind: 'call', id, method, input } satisfies CallMessage));
      });
    },
    /** An answer that nobody waits for any more is dropped: its call was already answered with 'unavailable'. */
    answer(id: number, result: Result<unknown>): void {
      const resolve = waiting.get(id);
      waiting.delete(id);
      resolve?.(result);
    },
    failAll(message: string): void {
      const resolves = [...waiting.values()];
      waiting.clear();
      resolves.forEach((resolve) => resolve(fail('unavailable', message)));
    },
  };
}
