/** What closing the app does to a running experiment: it is cancelled, and what it finished is kept. */
import type { LabContract } from '../../shared/contract.ts';

/** How long the end of a run may take before the app ends without it. */
const STOP_LIMIT_MS = 10_000;

/** Cancels the run that goes on, if one does, and waits until it is stored. Never rejects. */
export async function stopRunningExperiment(lab: LabContract, limitMs: number = STOP_LIMIT_MS): Promise<void> {
  const current = await lab.currentRun({});
  const runId = current.ok ? current.value.run?.runId : undefined;
  if (runId === undefined) return;
  const finished = waitForEnd(lab, runId, limitMs);
  const cancelled = await lab.cancelRun({ runId });
  // It ended by itself in the meantime.
  if (!cancelled.ok) finished.giveUp();
  await finished.ended;
}

function waitForEnd(lab: LabContract, runId: string, limitMs: number) {
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const giveUp = (): void => resolve(undefined);
  const timer = setTimeout(giveUp, limitMs);
  const unsubscribe = lab.subscribe((event) => {
    if (event.kind === 'finished' && event.runId === runId) giveUp();
  });
  const cleanUp = (): void => {
    clearTimeout(timer);
    unsubscribe();
  };
  return { ended: ended.finally(cleanUp), giveUp };
}
