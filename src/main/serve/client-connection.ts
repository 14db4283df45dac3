/**
 * One dashboard at the other end of a WebSocket: its calls go through the guarded door, the lab's events come back.
 *
 * Back-pressure. What a slow client has not fetched waits in the socket's buffer. Answers, samples and the ends of runs
 * are always put there. Progress is only worth showing while it is new: over PROGRESS_BUFFER_BYTES just the newest is
 * kept aside, and goes out once the buffer has drained. A client that lets MAX_BUFFER_BYTES pile up is disconnected; it
 * can come back and ask where things stand.
 */
import { WebSocket, type RawData } from 'ws';
import type { LabContract, RunEvent } from '../../shared/contract.ts';
import { parseCallMessage, type LabMessage } from '../../shared/wire.ts';
import { dispatch } from '../lab/dispatch.ts';

const PROGRESS_BUFFER_BYTES = 256 * 1024;
const MAX_BUFFER_BYTES = 256 * 1024 * 1024;

/** Close codes of RFC 6455, section 7.4.1. */
const INVALID_MESSAGE = 1007;
const UNSUPPORTED_DATA = 1003;

/**
 * Connects `socket` to `lab` until it closes. Pings every `pingIntervalMs`; a client that has not answered by the next
 * ping is disconnected. Owns nothing that outlives the socket.
 */
export function serveClient(lab: LabContract, socket: WebSocket, pingIntervalMs: number): void {
  const sender = createSender(socket);
  const unsubscribe = lab.subscribe((event) => sender.sendEvent(event));
  const stopPinging = keepAlive(socket, pingIntervalMs);
  socket.on('message', (data, isBinary) => void answer(lab, socket, sender, { data, isBinary }));
  socket.once('close', () => {
    unsubscribe();
    stopPinging();
  });
  // What is wrong with the connection (a message too big, a broken frame) closes it with its code; 'close' follows.
  socket.on('error', (error) => process.stderr.write(`A dashboard was disconnected: ${error.message}\n`));
}

interface Received {
  readonly data: RawData;
  readonly isBinary: boolean;
}

async function answer(lab: LabContract, socket: WebSocket, sender: Sender, received: Received): Promise<void> {
  if (received.isBinary) {
    socket.close(UNSUPPORTED_DATA, 'Messages are text');
    return;
  }
  const call = parseCallMessage(textOf(received.data));
  if (!call.ok) {
    socket.close(INVALID_MESSAGE, call.error.message);
    return;
  }
  const { id, method, input } = call.value;
  sender.send({ kind: 'answer', id, result: await dispatch(lab, method, input) });
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString();
}

interface Sender {
  send: (message: LabMessage) => void;
  sendEvent: (event: RunEvent) => void;
}

function createSender(socket: WebSocket): Sender {
  let newestProgress: RunEvent | undefined;
  const send = (message: LabMessage): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFER_BYTES) socket.terminate();
    else socket.send(JSON.stringify(message), sendKeptProgress);
  };
  const sendKeptProgress = (): void => {
    if (newestProgress === undefined || socket.bufferedAmount > PROGRESS_BUFFER_BYTES) return;
    const event = newestProgress;
    newestProgress = undefined;
    send({ kind: 'event', event });
  };
  const sendEvent = (event: RunEvent): void => {
    if (event.kind === 'progress' && socket.bufferedAmount > PROGRESS_BUFFER_BYTES) {
      newestProgress = event;
      return;
    }
    // What is older than this event must not arrive after it.
    newestProgress = undefined;
    send({ kind: 'event', event });
  };
  return { send, sendEvent };
}

function keepAlive(socket: WebSocket, intervalMs: number): () => void {
  let alive = true;
  socket.on('pong', () => (alive = true));
  const timer = setInterval(() => {
    if (!alive) {
      socket.terminate();
      return;
    }
    alive = false;
    socket.ping();
  }, intervalMs);
  return () => clearInterval(timer);
}
