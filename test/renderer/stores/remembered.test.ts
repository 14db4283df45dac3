import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { useDraftStore } from '../../../src/renderer/stores/draft-store.ts';
import { usePastRunStore } from '../../../src/renderer/stores/past-run-store.ts';
import { parseRemembered } from '../../../src/renderer/stores/remembered.ts';
import { useRunStore } from '../../../src/renderer/stores/run-store.ts';
import { useWorkbenchStore } from '../../../src/renderer/stores/workbench-store.ts';
import type { Profile } from '../../../src/shared/profile.ts';
import { createInMemoryLab, sampleEntries } from '../in-memory-lab.ts';
import { sampleProfile } from '../sample-profile.ts';
import { finishedRecord } from '../scripted-run.ts';
import { createLabStores, createTestMemory, settle, type LabStores } from './lab-stores.ts';

let stores: LabStores;

afterEach(() => {
  stores.dispose();
});

/** The page as it is found first, by default without anything kept. */
async function open(memory = createTestMemory()): Promise<void> {
  stores = createLabStores(createInMemoryLab({ runs: [finishedRecord('old-1', sampleProfile())] }), memory);
  await useWorkbenchStore().start();
  await settle();
}

/** The same page of the same lab, loaded again. */
async function reload(lab = stores.lab): Promise<void> {
  const { memory } = stores;
  stores.dispose();
  stores = createLabStores(lab, memory);
  await useWorkbenchStore().start();
  await settle();
}

async function load(id: string): Promise<void> {
  const entry = sampleEntries().find((each) => each.id === id);
  if (entry?.kind !== 'profile') throw new Error(`the sample has no profile ${id}`);
  useDraftStore().load(entry.profile, id);
  await settle();
}

async function edit(part: Partial<Profile>): Promise<void> {
  const { draft, edit: change } = useDraftStore();
  if (draft !== undefined) change({ ...draft, ...part });
  await settle();
}

describe('a reload', () => {
  test('finds the profile that was chosen last, its engine, the place and the tab', async () => {
    await open();
    await load('saved/own');
    useDraftStore().chooseEngine('kernel');
    useWorkbenchStore().place = 'evidence';
    useWorkbenchStore().tab = 'space';
    await settle();
    await reload();
    const { loadedId, changed, engine } = useDraftStore();
    expect([loadedId, changed, engine]).toEqual(['saved/own', false, 'kernel']);
    expect([useWorkbenchStore().place, useWorkbenchStore().tab]).toEqual(['evidence', 'space']);
  });

  test('finds what was edited, as unsaved, with the file’s own state to go back to', async () => {
    await open();
    await load('saved/own');
    await edit({ description: 'mine' });
    await reload();
    const draft = useDraftStore();
    expect([draft.loadedId, draft.changed, draft.draft?.description]).toEqual(['saved/own', true, 'mine']);
    draft.revert();
    expect(draft.draft).toEqual(sampleProfile({ name: 'own corpus, 2 CPUs' }));
  });

  test('finds it as soon as there is a list to choose from, whatever else the lab has yet to answer', async () => {
    await open();
    await load('saved/own');
    await edit({ description: 'mine' });
    const { lab, memory } = stores;
    stores.dispose();
    const contract = { ...lab.contract, describeHost: () => new Promise<never>(() => undefined) };
    stores = createLabStores({ ...lab, contract }, memory);
    void useWorkbenchStore().start();
    await settle();
    expect([useDraftStore().changed, useDraftStore().draft?.description]).toEqual([true, 'mine']);
  });

  test('finds the last edit that was a profile when a field was left wrong', async () => {
    await open();
    await edit({ description: 'mine' });
    await edit({ name: '' });
    await reload();
    expect(useDraftStore().draft).toMatchObject({ description: 'mine', name: sampleProfile().name });
  });

  test('opens the result that was looked at, unless it was deleted', async () => {
    await open();
    await useWorkbenchStore().openRun('old-1');
    await settle();
    await reload();
    expect([useWorkbenchStore().shown, usePastRunStore().opened?.id]).toEqual(['result', 'old-1']);
    await stores.lab.contract.deleteRun({ runId: 'old-1' });
    await reload();
    expect(useWorkbenchStore().shown).toBe('nothing');
  });

  test('opens with the first experiment when the chosen file is gone, but keeps what was edited of it', async () => {
    await open();
    await load('saved/own');
    await stores.lab.contract.deleteProfile({ id: 'saved/own' });
    await reload();
    expect(useDraftStore().loadedId).toBe('shipped/seed-2010');

    await open();
    await load('saved/own');
    await edit({ description: 'mine' });
    await stores.lab.contract.deleteProfile({ id: 'saved/own' });
    await reload();
    const draft = useDraftStore();
    expect([draft.loadedId, draft.changed, draft.draft?.description]).toEqual([undefined, true, 'mine']);
  });

  test('keeps what the form held of a file that was deleted here, as saved nowhere', async () => {
    await open();
    await load('saved/own');
    const before = useDraftStore().draft;
    await stores.lab.contract.deleteProfile({ id: 'saved/own' });
    useDraftStore().orphan();
    await settle();
    await reload();
    expect(useDraftStore()).toMatchObject({ loadedId: undefined, changed: true, draft: before });
    await reload();
    expect(useDraftStore()).toMatchObject({ loadedId: undefined, changed: true, draft: before });
  });

  test('shows a file that was changed elsewhere as it is now', async () => {
    await open();
    await load('saved/own');
    const profile = sampleProfile({ name: 'own corpus, 2 CPUs', description: 'by somebody else' });
    await reload(createInMemoryLab({ profiles: [{ kind: 'profile', id: 'saved/own', origin: 'saved', profile }] }));
    expect([useDraftStore().draft?.description, useDraftStore().changed]).toEqual(['by somebody else', false]);
  });

  test('during a run keeps the selection and the edits that it was started from', async () => {
    await open();
    await load('saved/own');
    await edit({ description: 'mine' });
    const { draft } = useDraftStore();
    if (draft !== undefined) await useRunStore().start(draft);
    await reload();
    expect([useDraftStore().loadedId, useDraftStore().changed, useWorkbenchStore().shown]).toEqual([
      'saved/own',
      true,
      'live',
    ]);
  });

  test('during a run of somebody else shows that run’s profile, if nothing was edited here', async () => {
    await open();
    await load('saved/own');
    const profile = sampleProfile({ name: 'somebody’s' });
    await stores.lab.contract.startRun({ profile });
    await reload();
    expect(useDraftStore().draft?.name).toBe('somebody’s');
  });

  test('shows a run or a verification that goes on, whatever tab and place were left', async () => {
    await open();
    useWorkbenchStore().tab = 'space';
    await settle();
    await stores.lab.contract.startRun({ profile: sampleProfile() });
    await reload();
    expect([useWorkbenchStore().tab, useWorkbenchStore().place]).toEqual(['run', 'experiment']);

    await open();
    const request = { paths: ['/data'], jobs: 1, codecs: ['lz4' as const] };
    await stores.lab.contract.startVerify(request);
    await reload();
    expect(useWorkbenchStore().place).toBe('verify');
  });

  test('while the lab is away loses nothing: the form is filled when it is back', async () => {
    await open();
    await load('saved/own');
    await edit({ description: 'mine' });
    stores.lab.failNext('listProfiles', { code: 'unavailable', message: 'The lab cannot be reached' });
    await reload();
    expect(useDraftStore().draft).toBeUndefined();
    stores.setConnection('reconnecting');
    await settle();
    stores.setConnection('connected');
    await settle();
    expect([useDraftStore().loadedId, useDraftStore().draft?.description]).toEqual(['saved/own', 'mine']);
  });
});

describe('what was kept by anything else', () => {
  test('is as if nothing had been kept', async () => {
    for (const text of ['', 'null', '[1]', '{"draft":{"machine":7},"loaded":3,"place":"attic","loadedId":{}}']) {
      await open(createTestMemory(text));
      expect([useDraftStore().loadedId, useWorkbenchStore().place]).toEqual(['shipped/seed-2010', 'experiment']);
    }
  });

  test('never throws, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(parseRemembered(text).place).toBe('experiment');
      }),
    );
  });

  test('costs no other field', () => {
    const remembered = parseRemembered(JSON.stringify({ place: 'attic', tab: 'space', draft: sampleProfile() }));
    expect(remembered).toMatchObject({ place: 'experiment', tab: 'space', draft: sampleProfile() });
  });
});
