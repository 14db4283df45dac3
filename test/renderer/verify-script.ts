/** A verification in memory: each look finds it one step further. */
import { compareSides, summariseSide } from '../../src/main/lab/verify/verify-summary.ts';
import type { LabMethods } from '../../src/shared/contract.ts';
import { fail, ok, type Result } from '../../src/shared/result.ts';
import type { VerifyState } from '../../src/shared/verify-contract.ts';
import type { VerifyProgress, VerifyReport } from '../../src/shared/verify-report.ts';
import { run } from '../main/lab/verify/fixtures.ts';
import { sampleEnvironment } from './scripted-run.ts';

const KERNEL = [400, 420, 410].map((rate) =>
  run(rate, 2 * rate, { orig_data_size: 8192, compr_data_size: 5000, mem_used_total: 8192 }),
);
const LAB = [360, 378, 369].map((rate) =>
  run(rate, 2.2 * rate, { orig_data_size: 8192, compr_data_size: 5025, mem_used_total: 4096 }),
);

/** Three rounds in which the lab wrote 0.9 times and read 0.99 times as fast, and two columns differ. */
export function sampleVerifyReport(changes: Partial<VerifyReport> = {}): VerifyReport {
  const comparison = compareSides(KERNEL, LAB, 'lz4');
  return {
    ...comparison,
    kernel: {
      ...summariseSide(KERNEL),
      io_stat: { failed_reads: 0, failed_writes: 0, invalid_io: 0, notify_free: 0 },
      callNs: 550,
    },
    codecs: [comparison],
    outcome: 'complete',
    data: { description: '1 file, all 8192 bytes', pages: 2, bytes: 8192 },
    jobs: 1,
    pageSizeBytes: 4096,
    blockBytes: 4096,
    rounds: 3,
    environment: sampleEnvironment,
    notes: ['Kernel: each request is a system call.'],
    ...changes,
  };
}

const STEPS: readonly VerifyProgress[] = [
  { phase: 'prepare', round: 0, rounds: 0 },
  { phase: 'warm-up', round: 0, rounds: 0 },
  { phase: 'measure', round: 1, rounds: 3 },
  { phase: 'measure', round: 2, rounds: 3 },
];

type Answer = <T>(method: string, make: () => Result<T>) => Promise<Result<T>>;

/** The contract's part, answered through `answer`. */
export function createVerifyScript(answer: Answer): Pick<LabMethods, 'startVerify' | 'verifyState' | 'cancelVerify'> {
  let count = 0;
  let step = 0;
  let cancelled = false;
  const state = (): VerifyState => {
    const progress = STEPS[step];
    step += 1;
    if (cancelled) return { kind: 'failed', error: { code: 'cancelled', message: 'it was cancelled' } };
    return progress === undefined ? { kind: 'done', report: sampleVerifyReport() } : { kind: 'running', progress };
  };
  const known = (verifyId: string): boolean => verifyId === `verify-${count}`;
  return {
    startVerify: () =>
      answer('startVerify', () => {
        count += 1;
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
  };
}
