/**
 * A worker thread and what comes from it, in order: its messages, and at last how it ended.
 *
 *     started ─▶ message ─▶ message ─▶ … ─▶ ended       an ended thread answers everything with how it ended
 *
 * It listens from the first moment on, so nothing that a thread says or suffers between two questions is lost. On the main thread.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** The thread is no more. */
export interface Ended {
  readonly kind: 'ended';
  /** What it threw, if that is why. */
  readonly thrown?: string | undefined;
  readonly exitCode: number;
}

/** How it ended, in words. */
export function endedWords({ thrown, exitCode }: Ended): string {
  return thrown ?? `its thread exited with code ${exitCode}`;
}

export class ThreadMailbox<Message> {
  readonly #worker: Worker;
  readonly #messages: Message[] = [];
  #waiter: ((message: Message | Ended) => void) | undefined;
  #ended: Ended | undefined;

  /** Starts the thread. Throws when the host has none to give. */
  constructor(workerUrl: URL, options: WorkerOptions) {
    this.#worker = new Worker(workerUrl, options);
    let thrown: string | undefined;
    this.#worker.on('message', (message: Message) => {
      if (this.#waiter === undefined) this.#messages.push(message);
      else this.#answer(message);
    });
    this.#worker.on('error', (error: unknown) => {
      thrown = error instanceof Error ? error.message : String(error);
    });
    this.#worker.on('exit', (exitCode) => {
      this.#ended = { kind: 'ended', thrown, exitCode };
      this.#answer(this.#ended);
    });
  }

  get isAlive(): boolean {
    return this.#ended === undefined;
  }

  post(message: unknown): void {
    this.#worker.postMessage(message);
  }

  /** The next message, or how the thread ended. One caller at a time. */
  next(): Promise<Message | Ended> {
    const ready = this.#messages.shift() ?? this.#ended;
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.#waiter !== undefined) throw new Error('two callers wait for one thread');
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  /** Ends the thread, whatever it is doing. Safe to call again. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(message: Message | Ended): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.(message);
  }
}
