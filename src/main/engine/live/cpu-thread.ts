/**
 * The engine's handle on one CPU's thread: sends a request, awaits the answer, notices when the thread dies.
 *
 *     idle ──send──▶ busy ──answer taken──▶ idle    'armed' is no last answer: the thread stays busy until 'phaseDone'
 *       └──────────────┴────exit────▶ dead          a dead thread answers everything with how it ended
 */
import type { CpuRequest, CpuResponse } from './protocol.ts';
import { type Ended, ThreadMailbox } from './thread-mailbox.ts';

/** `Request` is what its entry understands; all entries answer alike. */
export class CpuThread<Request = CpuRequest> {
  readonly #mailbox: ThreadMailbox<CpuResponse>;
  #owesAnswer = false;

  constructor(workerUrl: URL) {
    this.#mailbox = new ThreadMailbox(workerUrl, { name: 'simulated CPU' });
  }

  get isAlive(): boolean {
    return this.#mailbox.isAlive;
  }

  /** Whether it owes the last answer to a request, or that has not been taken. */
  get isBusy(): boolean {
    return this.#owesAnswer && this.isAlive;
  }

  /** To a thread that is not busy. */
  send(request: Request): void {
    this.#owesAnswer = true;
    this.#mailbox.post(request);
  }

  /** The next answer, or how the thread ended. One caller at a time. */
  async nextAnswer(): Promise<CpuResponse | Ended> {
    const answer = await this.#mailbox.next();
    this.#owesAnswer = answer.kind === 'armed';
    return answer;
  }

  /** Awaits and drops answers until none is owed. */
  async settle(): Promise<void> {
    while (this.isBusy) await this.nextAnswer();
  }

  /** Ends the thread, whatever it is doing. Safe to call again. */
  terminate(): Promise<void> {
    return this.#mailbox.terminate();
  }
}
