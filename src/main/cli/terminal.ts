/** Where a command writes and how it is interrupted; the entry brings the process's own, tests bring theirs. */

export interface Terminal {
  /** Results: human text or one JSON document. */
  readonly out: (text: string) => void;
  /** Progress, notes and errors. */
  readonly err: (text: string) => void;
  /** Whether `err` is a screen on which a line may be overwritten. */
  readonly isInteractive: boolean;
  /** Aborted at the first Ctrl-C or SIGTERM. */
  readonly interrupted: AbortSignal;
}
