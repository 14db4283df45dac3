/** Exit codes of the command line, the same for every command. */
import type { ErrorCode } from '../../shared/result.ts';

/** What a command answers its caller with; regression and inconclusive only where a command is asked to judge. */
export const ExitCode = { done: 0, failed: 1, usage: 2, regression: 3, inconclusive: 4, cancelled: 130 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Wrong input is wrong usage; everything else that stops a command is a failure. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  switch (code) {
    case 'bad-input':
    case 'not-found':
      return ExitCode.usage;
    case 'cancelled':
      return ExitCode.cancelled;
    case 'out-of-memory':
    case 'cpu-failed':
    case 'data-mismatch':
    case 'busy':
    case 'unavailable':
    case 'storage':
      return ExitCode.failed;
  }
}
