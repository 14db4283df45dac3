/**
 * The engine's handle on one CPU's thread: sends a request, awaits the answer, notices when the thread dies.
 *
 *     idle ──send──▶ busy ──answer──▶ idle          'armed' is no last answer: the thread stays busy until 'phaseDone'
 *       └──────────────┴────exit────▶ dead          a dead thread answers everything with 'died'
 */
import { Worker } from 'node:worker_threads';
import type { CpuRequest, CpuResponse } from './protocol.ts';

/** The thread ended, by itself or by force. */
export interface Died {
  readonly kind: 'died';
  readonly reason: string;
}

/** `Request` is what its entry understands; all entries answer alike. */
export class CpuThread<Request = CpuRequest> {
  readonly #worker: Worker;
  readonly #answers: CpuResponse[] = [];
  #isBusy = false;
  #waiter: ((answer: CpuResponse | Died) => void) | undefined;
  #death: Died | undefined;
  #lastError: string | undefined;

  constructor(workerUrl: URL) {
    this.#worker = new Worker(workerUrl, { name: 'simulated CPU' });
    this.#worker.on('message', (response: CpuResponse) => {
      this.#isBusy = response.kind === 'armed';
      this.#deliver(response);
    });
    this.#worker.on('error', (error: unknown) => {
      this.#lastError = error instanceof Error ? error.message : String(error);
    });
    this.#worker.on('exit', (code) => {
      this.#isBusy = false;
      this.#death = { kind: 'died', reason: this.#lastError ?? `its thread exited with code ${code}` };
      this.#waiter?.(this.#death);
      this.#waiter = undefined;
    });
  }

  get isAlive(): boolean {
    return this.#death === undefined;
  }

  /** Whether it owes the last answer to a request. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** To a thread that is not busy. */
  send(request: Request): void {
    this.#isBusy = this.isAlive;
    this.#worker.postMessage(request);
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

  /** Awaits and drops answers until none is owed. */
  async settle(): Promise<void> {
    while (this.#isBusy) await this.nextAnswer();
    this.#answers.length = 0;
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
