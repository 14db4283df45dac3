/**
 * The storm's handle on one CPU's thread: awaits its messages and notices when it throws or ends.
 *
 *     started ─▶ armed ─▶ done ─▶ armed ─▶ … ─▶ ended       an ended thread answers everything with how it ended
 *
 * It listens from the first moment on, so nothing that a thread says or suffers between two questions is lost. On the main
 * thread.
 */
import { Worker } from 'node:worker_threads';
import type { StormCpuPlan, StormMessage } from './storm-plan.ts';

/** The thread is no more. */
export interface Ended {
  readonly kind: 'ended';
  /** What it threw, if that is why. */
  readonly thrown?: string | undefined;
  readonly exitCode: number;
}

export class StormThread {
  readonly #worker: Worker;
  readonly #messages: StormMessage[] = [];
  #waiter: ((message: StormMessage | Ended) => void) | undefined;
  #ended: Ended | undefined;

  /** Starts it. Throws when the host has no thread to give. */
  constructor(workerUrl: URL, plan: StormCpuPlan) {
    this.#worker = new Worker(workerUrl, { workerData: plan, name: `storm CPU ${plan.cpu}` });
    let thrown: string | undefined;
    this.#worker.on('message', (message: StormMessage) => {
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

  /** The next message, or how the thread ended. One caller at a time. */
  next(): Promise<StormMessage | Ended> {
    const ready = this.#messages.shift() ?? this.#ended;
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.#waiter !== undefined) throw new Error('two callers wait for one storm thread');
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  /** Ends the thread, whatever it is doing. Safe to call again. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(message: StormMessage | Ended): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.(message);
  }
}
