/**
 * The engine's handle on one CPU's thread: sends a request, awaits the answer, notices when the thread dies.
 *
 *     idle ──ask──▶ asked ──answer──▶ idle
 *       └────────────┴──────exit────▶ dead          a dead thread answers everything with 'died'
 */
import { Worker } from 'node:worker_threads';
import type { CpuRequest, CpuResponse } from './protocol.ts';

/** The thread ended, by itself or by force. */
export interface Died {
  readonly kind: 'died';
  readonly reason: string;
}

export class CpuThread {
  readonly #worker: Worker;
  readonly #answers: CpuResponse[] = [];
  #waiter: ((answer: CpuResponse | Died) => void) | undefined;
  #death: Died | undefined;
  #lastError: string | undefined;

  constructor(workerUrl: URL) {
    this.#worker = new Worker(workerUrl, { name: 'simulated CPU' });
    this.#worker.on('message', (response: CpuResponse) => {
      this.#deliver(response);
    });
    this.#worker.on('error', (error: unknown) => {
      this.#lastError = error instanceof Error ? error.message : String(error);
    });
    this.#worker.on('exit', (code) => {
      this.#death = { kind: 'died', reason: this.#lastError ?? `its thread exited with code ${code}` };
      this.#waiter?.(this.#death);
      this.#waiter = undefined;
    });
  }

  get isAlive(): boolean {
    return this.#death === undefined;
  }

  send(request: CpuRequest): void {
    this.#worker.postMessage(request satisfies CpuRequest);
  }

  /** The next answer, or how the thread ended. One caller at a time. */
  nextAnswer(): Promise<CpuResponse | Died> {
    const ready = this.#answers.shift() ?? this.#death;
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.#waiter !== undefined) throw new Error('two callers wait for one CPU thread');
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  /** Ends the thread, whatever it is doing. Safe to call again. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #deliver(response: CpuResponse): void {
    if (this.#waiter === undefined) {
      this.#answers.push(response);
      return;
    }
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter(response);
  }
}
