/**
 * The threads of one storm, and its one end.
 *
 *     running ──start──▶ all at the first barrier ──gather──▶ all have answered ──gather──▶ …
 *        └── a thread throws or ends, the watch is sure, the signal is aborted ──▶ ended: why, and every thread by force
 *
 * The first cause counts. Threads are ended by force because nobody else needs them or their machine: so whoever waits for a
 * lock or at a barrier or runs for ever is gone within milliseconds, and `start` and `gather` return. On the main
 * thread.
 */
import { availableParallelism } from 'node:os';
import { fail, type Failure, ok, type Result } from '../../../../shared/result.ts';
import type { Tasks } from '../../../machine/percpu/access/tasks.ts';
import { cpuId } from '../../../machine/units.ts';
import { isOfKind } from '../answers.ts';
import { type Ended, ThreadMailbox } from '../thread-mailbox.ts';
import { describeStormCpu } from './storm-place.ts';
import type { StormCpuPlan, StormMessage, StormMix } from './storm-plan.ts';
import { LOOK_MS, type StormPatience, StormWatch } from './storm-watch.ts';

export class StormThreads {
  readonly #tasks: Tasks;
  readonly #patience: StormPatience;
  readonly #threads: ThreadMailbox<StormMessage>[] = [];
  #failure: Failure | undefined;

  constructor(tasks: Tasks, patience: StormPatience) {
    this.#tasks = tasks;
    this.#patience = patience;
  }

  /** Why the storm has ended; undefined while it goes on. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /**
   * Starts one for each CPU and returns when all are at the barrier of `mix`, their first. No more than the host has cores start
   * at a time: a thread that is starting can be ended only later. Errors: whatever ended the storm. Throws when the host has no
   * thread to give; close() ends those that are there.
   */
  async start(workerUrl: URL, plans: readonly StormCpuPlan[], mix: StormMix): Promise<Result<void>> {
    const waiting = [...plans];
    const owing = new Set(plans.map(({ cpu }) => cpu));
    const startSome = async (): Promise<void> => {
      for (let plan = waiting.shift(); plan !== undefined && this.#failure === undefined; plan = waiting.shift()) {
        const thread = new ThreadMailbox<StormMessage>(workerUrl, { workerData: plan, name: `storm CPU ${plan.cpu}` });
        this.#threads[plan.cpu] = thread;
        await this.#answer('armed', { thread, cpu: plan.cpu, mix });
        owing.delete(plan.cpu);
      }
    };
    const stopLooking = this.#look(mix, owing);
    try {
      await Promise.all(Array.from({ length: availableParallelism() }, startSome));
    } finally {
      stopLooking();
    }
    return this.#failure ?? ok(undefined);
  }

  /** Ends the storm, unless it has ended. */
  end(failure: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    void this.close();
  }

  /** An answer of `kind` from each CPU, about or before `mix`. Errors: whatever ended the storm. */
  async gather<K extends StormMessage['kind']>(kind: K, mix: StormMix): Promise<Result<readonly MessageOf<K>[]>> {
    const owing = new Set(this.#threads.keys());
    const stopLooking = this.#look(mix, owing);
    const answers = await Promise.all(
      this.#threads.map(async (thread, cpu) => {
        const answer = await this.#answer(kind, { thread, cpu, mix });
        owing.delete(cpu);
        return answer;
      }),
    );
    stopLooking();
    return this.#failure ?? ok(answers.filter((answer) => answer !== undefined));
  }

  /** Ends all threads; resolves when they have. Safe to call again. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  /** Watches those that owe an answer, until what it gives is called. */
  #look(mix: StormMix, owing: ReadonlySet<number>): () => void {
    const watch = new StormWatch(this.#tasks, mix, this.#patience);
    const looking = setInterval(() => {
      const why = watch.look([...owing]);
      if (why !== undefined) this.end(fail('cpu-failed', why));
    }, LOOK_MS);
    return () => {
      clearInterval(looking);
    };
  }

  /** Undefined when the thread ends instead, which ends the storm. */
  async #answer<K extends StormMessage['kind']>(
    kind: K,
    { thread, cpu, mix }: { thread: ThreadMailbox<StormMessage>; cpu: number; mix: StormMix },
  ): Promise<MessageOf<K> | undefined> {
    const answer = await thread.next();
    if (isOfKind(answer, kind)) return answer;
    if (answer.kind !== 'ended') throw new Error(`CPU ${cpu} posted '${answer.kind}' instead of '${kind}'`);
    this.end(this.#death(cpu, answer, mix));
    return undefined;
  }

  #death(cpu: number, { thrown, exitCode }: Ended, mix: StormMix): Failure {
    const place = describeStormCpu(this.#tasks, mix, cpuId(cpu));
    if (thrown !== undefined) return fail('cpu-failed', `CPU ${cpu} failed ${place}: ${thrown}`);
    return fail('cpu-failed', `CPU ${cpu} died ${place}: its thread exited with code ${exitCode}`);
  }
}

type MessageOf<K extends StormMessage['kind']> = Extract<StormMessage, { kind: K }>;
