import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { useEvidenceStore } from '../../../src/renderer/stores/evidence-store.ts';
import { useMomentStore } from '../../../src/renderer/stores/moment-store.ts';
import { useReplayStore } from '../../../src/renderer/stores/replay-store.ts';
import { useWorkbenchStore } from '../../../src/renderer/stores/workbench-store.ts';
import { MAX_PIECE_BYTES } from '../../../src/shared/evidence-contract.ts';
import { samplePicture } from '../sample-evidence.ts';
import { createLabStores, type LabStores } from './lab-stores.ts';

let stores: LabStores;
beforeEach(() => {
  stores = createLabStores();
});
afterEach(() => stores.dispose());

const file = (name: string, text: string): File => new File([text], name);
const states = () => useEvidenceStore().items.map(({ name, state }) => [name, state.kind]);

describe('files that are brought', () => {
  test('are sent in pieces, and boot logs are checked', async () => {
    const evidence = useEvidenceStore();
    await evidence.add([file('dmesg', `boot ${'x'.repeat(2 * MAX_PIECE_BYTES)}`)]);
    expect(stores.lab.callCount('sendUpload')).toBe(3);
    expect(evidence.selected?.state).toMatchObject({ kind: 'ready', check: { file: 'dmesg', verdict: 'match' } });
  });

  test('that are nothing are refused with the lab’s sentence, and do not keep others out', async () => {
    const evidence = useEvidenceStore();
    await evidence.add([file('letter', 'dear'), file('dmesg', 'boot')]);
    expect(states()).toEqual([
      ['letter', 'refused'],
      ['dmesg', 'ready'],
    ]);
    expect(evidence.selected?.name).toBe('dmesg');
  });

  test('of any kind are shown, the trace first', async () => {
    const evidence = useEvidenceStore();
    await evidence.add([file('dmesg', 'boot'), file('stats', 'stats'), file('ftrace', 'trace')]);
    expect(evidence.selected?.name).toBe('ftrace');
    expect(evidence.ofKind('percpu-stats').map(({ name }) => name)).toEqual(['stats']);
  });

  test('that the browser cannot read any more are refused', async () => {
    const evidence = useEvidenceStore();
    const gone = {
      name: 'gone',
      size: 10,
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error('NotFound')) }),
    };
    await evidence.add([gone]);
    expect(evidence.selected?.state).toMatchObject({ kind: 'refused', error: { message: /gone cannot be read/ } });
  });

  test('and taken away again are dropped in the lab; one that is being sent is not sent on', async () => {
    const evidence = useEvidenceStore();
    const adding = evidence.add([file('dmesg', `boot ${'x'.repeat(3 * MAX_PIECE_BYTES)}`)]);
    const [item] = evidence.items;
    if (item === undefined) throw new Error('nothing was added');
    await evidence.remove(item.id);
    expect(await adding).toEqual([]);
    expect([stores.lab.callCount('sendUpload'), stores.lab.callCount('dropEvidence')]).toEqual([0, 1]);
    const [kept] = await evidence.add([file('dmesg', 'boot')]);
    await evidence.remove(kept?.id ?? 0);
    expect(stores.lab.callCount('dropEvidence')).toBe(2);
    expect(evidence.selected).toBeUndefined();
  });
});

describe('a replay', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('of a dropped trace begins by itself, with the boot log and percpu_stats that came with it', async () => {
    const workbench = useWorkbenchStore();
    const bringing = workbench.bringEvidence([file('ftrace', 'trace'), file('dmesg', 'boot'), file('stats', 'stats')]);
    await vi.runAllTimersAsync();
    await bringing;
    expect(workbench.place).toBe('evidence');
    expect(useReplayStore().replays.get('file-1')).toMatchObject({
      wish: { traceId: 'file-1', dmesgId: 'file-2', statsId: 'file-3' },
      progress: { kind: 'done' },
      finished: { replayId: 'replay-1', report: { overall: { matched: 3, total: 3 } } },
    });
  });

  test('is followed until it is done, and what it found stays while another goes on', async () => {
    const replays = useReplayStore();
    const first = replays.replay({ traceId: 'f' });
    await vi.runAllTimersAsync();
    await first;
    const second = replays.replay({ traceId: 'f', otherMachine: { possibleCpus: 64 } });
    await vi.advanceTimersByTimeAsync(10);
    expect(replays.replays.get('f')).toMatchObject({
      progress: { kind: 'replaying', secondsLeft: 2 },
      finished: { replayId: 'replay-1' },
    });
    await vi.runAllTimersAsync();
    await second;
    expect(replays.replays.get('f')?.finished?.replayId).toBe('replay-2');
  });

  test('that is cancelled says so', async () => {
    const replays = useReplayStore();
    const replaying = replays.replay({ traceId: 'f' });
    await vi.advanceTimersByTimeAsync(10);
    await replays.cancel('f');
    expect(replays.replays.get('f')?.progress.kind).toBe('cancelling');
    await vi.runAllTimersAsync();
    await replaying;
    expect(replays.replays.get('f')?.progress).toMatchObject({ kind: 'failed', error: { code: 'cancelled' } });
  });

  test('that fails with other files takes away what was found before, one with the same files does not', async () => {
    const replays = useReplayStore();
    const first = replays.replay({ traceId: 'f' });
    await vi.runAllTimersAsync();
    await first;
    stores.lab.failNext('startReplay', { code: 'bad-input', message: 'no such unit' });
    await replays.replay({ traceId: 'f', otherMachine: { unitBytes: 1 } });
    expect(replays.replays.get('f')).toMatchObject({
      progress: { kind: 'failed' },
      finished: { replayId: 'replay-1' },
    });
    stores.lab.failNext('startReplay', { code: 'data-mismatch', message: 'of another machine' });
    await replays.replay({ traceId: 'f', statsId: 's' });
    expect(replays.replays.get('f')).toMatchObject({ progress: { kind: 'failed' }, finished: undefined });
  });

  test('that is cancelled leaves what was found before, with whatever files', async () => {
    const replays = useReplayStore();
    const first = replays.replay({ traceId: 'f' });
    await vi.runAllTimersAsync();
    await first;
    const second = replays.replay({ traceId: 'f', statsId: 's' });
    await vi.advanceTimersByTimeAsync(0);
    await replays.cancel('f');
    await vi.runAllTimersAsync();
    await second;
    expect(replays.replays.get('f')).toMatchObject({
      progress: { kind: 'failed', error: { code: 'cancelled' } },
      finished: { replayId: 'replay-1' },
    });
  });

  test('that cannot begin says why', async () => {
    stores.lab.failNext('startReplay', { code: 'busy', message: 'an experiment is being measured' });
    await useReplayStore().replay({ traceId: 'f' });
    expect(useReplayStore().replays.get('f')?.progress).toMatchObject({ kind: 'failed', error: { code: 'busy' } });
  });
});

describe('moments', () => {
  test('come over the wire as they were', async () => {
    const moments = useMomentStore();
    await moments.show({ replayId: 'r', moment: 1 });
    expect(moments.picture).toEqual(samplePicture());
  });

  test('that were slid over are not asked for', async () => {
    const moments = useMomentStore();
    await Promise.all([0, 1, 2, 3, 4].map((moment) => moments.show({ replayId: 'r', moment })));
    expect(stores.lab.callCount('replayPicture')).toBe(2);
    expect(moments.shown?.moment).toBe(4);
  });

  test('that are gone leave the picture and say why', async () => {
    const moments = useMomentStore();
    await moments.show({ replayId: 'r', moment: 0 });
    stores.lab.failNext('replayPicture', { code: 'not-found', message: 'not kept any more' });
    await moments.show({ replayId: 'r', moment: 1 });
    expect([moments.picture === undefined, moments.error?.message]).toEqual([false, 'not kept any more']);
  });
});
