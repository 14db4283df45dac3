/** A verification in memory: each look finds it one step further. */
import type { LabMethods } from '../../src/shared/contract.ts';
import { fail, ok, type Result } from '../../src/shared/result.ts';
import type { VerifyRequest, VerifyState } from '../../src/shared/verify-contract.ts';
import type { VerifyProgress, VerifyReport } from '../../src/shared/verify-report.ts';
import { reportOf } from '../main/lab/verify/fixtures.ts';
import { sampleEnvironment } from './scripted-run.ts';

/** Three rounds; see `reportOf`. */
export function sampleVerifyReport(changes: Partial<VerifyReport> = {}): VerifyReport {
  const report = reportOf([400, 420, 410], sampleEnvironment);
  return { ...report, notes: ['Kernel: each request is a system call.'], ...changes };
}

const STEPS: readonly VerifyProgress[] = [
  { phase: 'prepare', round: 0, rounds: 0 },
  { phase: 'warm-up', round: 0, rounds: 0 },
  { phase: 'measure', round: 1, rounds: 3 },
  { phase: 'measure', round: 2, rounds: 3 },
];

type Answer = <T>(method: string, make: () => Result<T>) => Promise<Result<T>>;

/** The contract's part, answered through `answer`. */
export function createVerifyScript(
  answer: Answer,
): Pick<LabMethods, 'startVerify' | 'verifyState' | 'cancelVerify' | 'currentVerify'> {
  let count = 0;
  let step = 0;
  let cancelled = false;
  let request: VerifyRequest | undefined;
  const state = (): VerifyState => {
    const progress = STEPS[step];
    step += 1;
    if (cancelled) return { kind: 'failed', error: { code: 'cancelled', message: 'it was cancelled' } };
    return progress === undefined ? { kind: 'done', report: sampleVerifyReport() } : { kind: 'running', progress };
  };
  const known = (verifyId: string): boolean => verifyId === `verify-${count}`;
  return {
    startVerify: (asked) =>
      answer('startVerify', () => {
        count += 1;
        request = asked;
        step = 0;
        cancelled = false;
        return ok({ verifyId: `verify-${count}` });
      }),
    verifyState: ({ verifyId }) =>
      answer('verifyState', () => (known(verifyId) ? ok(state()) : fail('not-found', 'there is none'))),
    cancelVerify: ({ verifyId }) =>
      answer('cancelVerify', () => {
        cancelled = known(verifyId);
        return ok({});
      }),
    currentVerify: () =>
      answer('currentVerify', () =>
        ok(request === undefined ? {} : { verify: { verifyId: `verify-${count}`, request, state: state() } }),
      ),
  };
}
