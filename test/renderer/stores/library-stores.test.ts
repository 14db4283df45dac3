import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { useBrowseStore } from '../../../src/renderer/stores/browse-store.ts';
import { useHostStore } from '../../../src/renderer/stores/host-store.ts';
import { useNoticeStore } from '../../../src/renderer/stores/notice-store.ts';
import { usePastRunStore } from '../../../src/renderer/stores/past-run-store.ts';
import { useProfileStore } from '../../../src/renderer/stores/profile-store.ts';
import { createInMemoryLab } from '../in-memory-lab.ts';
import { sampleProfile } from '../sample-profile.ts';
import { finishedRecord } from '../scripted-run.ts';
import { createLabStores, type LabStores } from './lab-stores.ts';

let stores: LabStores;

beforeEach(() => {
  const runs = [finishedRecord('old-1', sampleProfile()), finishedRecord('old-2', sampleProfile({ name: 'second' }))];
  stores = createLabStores(createInMemoryLab({ runs }));
});

afterEach(() => stores.dispose());

describe('profiles', () => {
  test('are listed by origin and name, damaged ones with their sentence', async () => {
    const profiles = useProfileStore();
    await profiles.refresh();
    expect(profiles.shipped.map(({ id }) => id)).toEqual(['shipped/many-cpus', 'shipped/seed-2010']);
    expect(profiles.saved).toMatchObject([{ kind: 'profile' }, { kind: 'damaged', error: { where: '12:1' } }]);
  });

  test('are saved under their name and listed then', async () => {
    const profiles = useProfileStore();
    await profiles.refresh();
    expect(await profiles.save(sampleProfile({ name: 'mine' }), false)).toMatchObject({ kind: 'saved' });
    expect(profiles.saved.some((entry) => entry.kind === 'profile' && entry.profile.name === 'mine')).toBe(true);
  });

  test('of a name in use are replaced only when that is wanted', async () => {
    const profiles = useProfileStore();
    await profiles.refresh();
    const other = sampleProfile({ name: 'own corpus, 2 CPUs', description: 'changed' });
    expect(await profiles.save(other, false)).toEqual({ kind: 'exists' });
    expect(await profiles.save(other, true)).toMatchObject({ kind: 'saved' });
    expect(useNoticeStore().notices).toEqual([]);
  });

  test('have no name of a shipped one, but where they have had it before', async () => {
    const profiles = useProfileStore();
    await profiles.refresh();
    const [shipped] = profiles.shipped;
    const name = shipped?.kind === 'profile' ? shipped.profile.name.toUpperCase() : '';
    expect(profiles.isShippedName(name)).toBe(true);
    expect(profiles.nameProblem(name)).toBe('A profile of this name came with the lab');
    expect(profiles.nameProblem('')).toBe('Name must not be empty');
    expect(profiles.nameProblem('own corpus, 2 CPUs')).toBeUndefined();
    await profiles.save(sampleProfile({ name }), true);
    expect(profiles.isShippedName(name)).toBe(false);
  });

  test('that cannot be saved say why', async () => {
    const profiles = useProfileStore();
    stores.lab.failNext('saveProfile', { code: 'storage', message: 'the disk is full' });
    expect(await profiles.save(sampleProfile({ name: 'mine' }), false)).toMatchObject({ kind: 'failed' });
    expect(useNoticeStore().notices[0]).toMatchObject({ message: 'the disk is full' });
  });

  test('are renamed and deleted', async () => {
    const profiles = useProfileStore();
    await profiles.refresh();
    const renamed = await profiles.rename('saved/own', 'renamed');
    expect(renamed).toMatchObject({ profile: { name: 'renamed' } });
    expect(await profiles.remove(renamed?.id ?? '')).toBe(true);
    expect(profiles.saved.filter((entry) => entry.kind === 'profile')).toEqual([]);
  });
});

describe('past runs', () => {
  test('are listed, opened, renamed in the open result too, and exported', async () => {
    const runs = usePastRunStore();
    await runs.refresh();
    expect(runs.listings.map(({ id }) => id)).toEqual(['old-1', 'old-2']);
    expect(await runs.open('old-1')).toBe(true);
    await runs.rename('old-1', 'baseline of the week');
    expect(runs.opened?.name).toBe('baseline of the week');
    expect(runs.listings[0]?.name).toBe('baseline of the week');
    expect(await runs.exportCsv('old-1')).toMatchObject({ fileName: 'old-1.csv' });
  });

  test('that are deleted are closed, others stay open', async () => {
    const runs = usePastRunStore();
    await runs.open('old-1');
    await runs.remove('old-2');
    expect(runs.opened?.id).toBe('old-1');
    await runs.remove('old-1');
    expect(runs.opened).toBeUndefined();
    expect(runs.listings).toEqual([]);
  });

  test('that do not exist are reported and leave the open one alone', async () => {
    const runs = usePastRunStore();
    await runs.open('old-1');
    expect(await runs.open('gone')).toBe(false);
    expect(runs.opened?.id).toBe('old-1');
    expect(useNoticeStore().notices[0]?.message).toBe('There is no run gone');
  });
});

describe('the file picker', () => {
  test('starts at home, walks through folders, and stays where it is after a failure', async () => {
    const browse = useBrowseStore();
    await browse.go(undefined);
    expect(browse.listing?.path).toBe('/home/user');
    await browse.go('/home/user/corpus');
    await browse.go('/nowhere');
    expect(browse.listing?.path).toBe('/home/user/corpus');
    expect(browse.error?.code).toBe('not-found');
    await browse.go('/home/user');
    expect(browse.error).toBeUndefined();
  });

  test('shows the folder of the last step, whichever answer comes last', async () => {
    const lab = createInMemoryLab();
    const { promise: delay, resolve: release } = Promise.withResolvers<undefined>();
    const browse: typeof lab.contract.browse = async (request) => {
      if (request.path === undefined) await delay;
      return lab.contract.browse(request);
    };
    stores.dispose();
    stores = createLabStores({ ...lab, contract: { ...lab.contract, browse } });
    const picker = useBrowseStore();
    const home = picker.go(undefined);
    await picker.go('/home/user/corpus');
    release(undefined);
    await home;
    expect(picker.listing?.path).toBe('/home/user/corpus');
    expect(picker.loading).toBe(false);
  });
});

describe('notices', () => {
  test('of the same failure are shown once, and only the newest four are kept', () => {
    const notices = useNoticeStore();
    for (const message of ['a', 'b', 'b', 'c', 'd', 'e']) notices.reportError('tried', { code: 'storage', message });
    expect(notices.notices.map(({ message }) => message)).toEqual(['b', 'c', 'd', 'e']);
  });

  test('stay until they are closed', () => {
    const notices = useNoticeStore();
    notices.reportError('tried', { code: 'storage', message: 'a', where: 'machine.devices' });
    const [notice] = notices.notices;
    expect(notice).toMatchObject({ where: 'machine.devices' });
    notices.close(notice?.id ?? NaN);
    expect(notices.notices).toEqual([]);
  });
});

test('the host is described, and a store of runs that cannot be used is reported', async () => {
  const host = useHostStore();
  await host.load();
  expect(host.host?.environment.hostCores).toBe(2);
  expect(useNoticeStore().notices).toEqual([]);
});
