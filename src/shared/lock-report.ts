/** What a lock checker has seen of a machine's CPUs. Plain JSON. */

/** How a CPU came to where a lock was taken, or a stream used. */
export interface LockChain {
  readonly cpu: number;
  /** What the CPU was at: `write`. */
  readonly operation: string;
  /** Classes of the locks that it held, the first taken first. */
  readonly holding: readonly string[];
  /** What it took or did then. */
  readonly then: string;
}

export interface LockProblem {
  readonly kind: 'order' | 'recursion' | 'same-class' | 'sleeping' | 'stream' | 'left-held' | 'not-held' | 'allocating';
  /** One sentence, without the chains. */
  readonly message: string;
  /** For an order: one chain for each step of the circle; else the place, and for a stream the use before it. */
  readonly chains: readonly LockChain[];
}

export interface LockReport {
  /** Lock acquisitions that were looked at. */
  readonly acquisitions: number;
  /** Pairs of classes of which one was taken under the other. */
  readonly orders: number;
  readonly problems: readonly LockProblem[];
}

/** `CPU 3, write, holding slot: takes pool class`. */
export function lockChainText({ cpu, operation, holding, then }: LockChain): string {
  const held = holding.length === 0 ? 'holding nothing' : `holding ${holding.join(', ')}`;
  return `CPU ${cpu}, ${operation}, ${held}: ${then}`;
}
