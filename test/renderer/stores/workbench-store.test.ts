import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { useDraftStore } from '../../../src/renderer/stores/draft-store.ts';
import { usePastRunStore } from '../../../src/renderer/stores/past-run-store.ts';
import { useRunStore } from '../../../src/renderer/stores/run-store.ts';
import { useWorkbenchStore } from '../../../src/renderer/stores/workbench-store.ts';
import { createInMemoryLab, sampleEntries } from '../in-memory-lab.ts';
import { sampleProfile } from '../sample-profile.ts';
import { finishedRecord } from '../scripted-run.ts';
import { createLabStores, settle, type LabStores } from './lab-stores.ts';

let stores: LabStores;

beforeEach(() => {
  stores = createLabStores(createInMemoryLab({ runs: [finishedRecord('old-1', sampleProfile())] }));
});

afterEach(() => {
  stores.dispose();
  expect(stores.lab.listenerCount()).toBe(0);
});

describe('the workbench', () => {
  test('opens with the first profile in the form and nothing on the right', async () => {
    const workbench = useWorkbenchStore();
    await workbench.start();
    expect(useDraftStore().loadedId).toBe('shipped/seed-2010');
    expect(workbench.shown).toBe('nothing');
  });

  test('opens with the 2010 experiment wherever it stands in the list', async () => {
    const [seed, other] = sampleEntries();
    if (seed === undefined || other === undefined) throw new Error('the sample has two profiles');
    stores.dispose();
    stores = createLabStores(createInMemoryLab({ profiles: [other, seed] }));
    await useWorkbenchStore().start();
    expect(useDraftStore().loadedId).toBe('shipped/seed-2010');
  });

  test('leaves alone what its user does before the lab has answered', async () => {
    const workbench = useWorkbenchStore();
    const started = workbench.start();
    workbench.place = 'evidence';
    workbench.tab = 'space';
    workbench.loadProfile(sampleProfile({ name: 'chosen at once' }), 'kernel');
    await started;
    expect([workbench.place, workbench.tab, useDraftStore().draft?.name]).toEqual([
      'evidence',
      'space',
      'chosen at once',
    ]);
  });

  test('puts the profile of a past run into the form, with its engine, as a loaded one', async () => {
    const workbench = useWorkbenchStore();
    await workbench.start();
    const draft = useDraftStore();
    draft.edit({ ...sampleProfile(), name: 'edited' });
    workbench.loadProfile(sampleProfile({ name: 'own corpus, 2 CPUs' }), 'kernel');
    expect([draft.loadedId, draft.changed, draft.engine]).toEqual(['saved/own', false, 'kernel']);
    workbench.loadProfile(sampleProfile({ name: 'deleted since' }), 'live');
    expect([draft.loadedId, draft.changed, draft.engine]).toEqual([undefined, false, 'live']);
  });

  test('opens with the run that goes on, and its profile in the form', async () => {
    const profile = sampleProfile({ name: 'somebody’s' });
    await stores.lab.contract.startRun({ profile });
    const workbench = useWorkbenchStore();
    await workbench.start();
    expect(workbench.shown).toBe('live');
    expect(useDraftStore().draft?.name).toBe('somebody’s');
    expect(useDraftStore().loadedId).toBeUndefined();
  });

  test('shows a run while it goes on and its result when it is finished', async () => {
    const workbench = useWorkbenchStore();
    await workbench.start();
    await useRunStore().start(sampleProfile());
    await settle();
    expect(workbench.shown).toBe('live');
    while (stores.lab.step());
    await settle();
    expect(workbench.shown).toBe('result');
    expect(usePastRunStore().opened?.id).toBe('run-1');
    expect(usePastRunStore().listings.map(({ id }) => id)).toEqual(['run-1', 'old-1']);
  });

  test('does not take a past run away from somebody who reads it when another finishes', async () => {
    const workbench = useWorkbenchStore();
    await workbench.start();
    await useRunStore().start(sampleProfile());
    await settle();
    await workbench.openRun('old-1');
    expect(workbench.shown).toBe('result');
    while (stores.lab.step());
    await settle();
    expect(usePastRunStore().opened?.id).toBe('old-1');
    workbench.showLive();
    expect(workbench.shown).toBe('live');
  });

  test('after a lost connection picks the run up again', async () => {
    const workbench = useWorkbenchStore();
    await workbench.start();
    await useRunStore().start(sampleProfile());
    await settle();
    stores.setConnection('reconnecting');
    await settle();
    stores.setConnection('connected');
    await settle();
    expect(useRunStore().state.kind).toBe('running');
    expect(workbench.shown).toBe('live');
  });

  test('shows the result of a run that ended while the connection was lost', async () => {
    const subscribe = stores.lab.contract.subscribe;
    stores.dispose();
    let deaf = false;
    const lab = {
      ...stores.lab,
      contract: {
        ...stores.lab.contract,
        subscribe: (listener: Parameters<typeof subscribe>[0]) =>
          subscribe((event) => {
            if (!deaf) listener(event);
          }),
      },
    };
    stores = createLabStores(lab);
    const workbench = useWorkbenchStore();
    await workbench.start();
    await useRunStore().start(sampleProfile());
    await settle();
    deaf = true;
    stores.setConnection('reconnecting');
    while (stores.lab.step());
    await settle();
    stores.setConnection('connected');
    await settle();
    expect(workbench.shown).toBe('result');
    expect(usePastRunStore().opened?.id).toBe('run-1');
  });
});
