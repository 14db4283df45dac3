/** Looks again and again at something that changes, for as long as somebody wants to see it. */

export interface Looker {
  /** Looks at once, and drops the answer to any older question. */
  readonly lookAnew: () => void;
  /** Looks no more. */
  readonly stop: () => void;
}

/**
 * `look` asks once; after its answer it calls `isCurrent` and keeps what it got only if nobody asked anew meanwhile. Its
 * result says whether to look again, `everyMs` after the answer.
 */
export function createLooker(everyMs: number, look: (isCurrent: () => boolean) => Promise<boolean>): Looker {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Grows whenever what is looked at changes. */
  let round = 0;

  async function turn(): Promise<void> {
    const asked = round;
    const again = await look(() => asked === round);
    if (again && asked === round) timer = setTimeout(() => void turn(), everyMs);
  }

  function stop(): void {
    round += 1;
    clearTimeout(timer);
  }

  function lookAnew(): void {
    stop();
    void turn();
  }

  return { lookAnew, stop };
}
