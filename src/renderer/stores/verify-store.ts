import { defineStore } from 'pinia';
import { computed, onScopeDispose, ref, shallowRef } from 'vue';
import type { LabError } from '../../shared/result.ts';
import type { VerifyRequest, VerifyState } from '../../shared/verify-contract.ts';
import type { VerifyProgress, VerifyReport } from '../../shared/verify-report.ts';
import { useLab } from '../lab-key.ts';
import { useNoticeStore } from './notice-store.ts';

/** `idle → running → cancelling → idle`; how the last one ended stays in `report` or `error`. */
export type VerifyActivity =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running' | 'cancelling'; readonly progress?: VerifyProgress | undefined };

/** How often the lab is asked how far it is. */
const ASK_EVERY_MS = 200;

/** The host's kernel beside the lab: what goes on, and what came out last. */
export const useVerifyStore = defineStore('verify', () => {
  const lab = useLab();
  const notices = useNoticeStore();
  /** What the form says: files and folders, jobs that share their pages, measured rounds. */
  const paths = ref<readonly string[]>([]);
  const jobs = ref(1);
  /** Undefined: as many as the data's size asks for. */
  const rounds = ref<number>();
  const activity = ref<VerifyActivity>({ kind: 'idle' });
  const report = shallowRef<VerifyReport>();
  const error = ref<LabError>();
  const active = computed(() => activity.value.kind !== 'idle');
  let verifyId: string | undefined;
  let disposed = false;
  onScopeDispose(() => {
    disposed = true;
  });

  /** Runs one to its end; the report of the last one stays until there is another. */
  async function start(request: VerifyRequest): Promise<void> {
    if (active.value) return;
    error.value = undefined;
    activity.value = { kind: 'running' };
    const started = await lab.startVerify(request);
    if (!started.ok) {
      end(started.error);
      return;
    }
    await follow(started.value.verifyId);
  }

  /** Shows one that was started before this page was loaded: how far it is, or how it ended. */
  async function pickUp(): Promise<void> {
    if (active.value) return;
    const answer = notices.valueOf('The lab could not be asked for its verification', await lab.currentVerify({}));
    const current = answer?.verify;
    if (current === undefined || isActive()) return;
    paths.value = current.request.paths;
    jobs.value = current.request.jobs;
    rounds.value = current.request.rounds;
    activity.value = { kind: 'running' };
    if (!show(current.state)) void follow(current.verifyId);
  }

  /** Active since the caller last looked: another call may have started one meanwhile. */
  function isActive(): boolean {
    return active.value;
  }

  async function follow(id: string): Promise<void> {
    verifyId = id;
    while (!disposed && !(await look(id))) await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }

  async function look(id: string): Promise<boolean> {
    const asked = await lab.verifyState({ verifyId: id });
    return show(asked.ok ? asked.value : { kind: 'failed', error: asked.error });
  }

  /** Whether it has ended. */
  function show(state: VerifyState): boolean {
    if (state.kind === 'running') {
      activity.value = {
        kind: activity.value.kind === 'cancelling' ? 'cancelling' : 'running',
        progress: state.progress,
      };
      return false;
    }
    if (state.kind === 'done') report.value = state.report;
    end(state.kind === 'failed' ? state.error : undefined);
    return true;
  }

  function end(failure: LabError | undefined): void {
    activity.value = { kind: 'idle' };
    error.value = failure;
    verifyId = undefined;
  }

  /** Asks for the end; rounds that were measured are reported. */
  async function cancel(): Promise<void> {
    if (activity.value.kind !== 'running' || verifyId === undefined) return;
    activity.value = { ...activity.value, kind: 'cancelling' };
    await lab.cancelVerify({ verifyId });
  }

  return { paths, jobs, rounds, activity, active, report, error, start, cancel, pickUp };
});
