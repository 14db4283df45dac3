import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { useDraftStore } from '../../../src/renderer/stores/draft-store.ts';
import { useHostStore } from '../../../src/renderer/stores/host-store.ts';
import { useNoticeStore } from '../../../src/renderer/stores/notice-store.ts';
import { createInMemoryLab } from '../in-memory-lab.ts';
import { samplePercpuProfile } from '../sample-percpu.ts';
import { sampleProfile } from '../sample-profile.ts';
import { createLabStores, type LabStores } from './lab-stores.ts';

let stores: LabStores;

beforeEach(() => {
  stores = createLabStores();
});

afterEach(() => stores.dispose());

function withJobFile(jobFile: string) {
  return sampleProfile({ workload: { kind: 'fio', jobFile, data: { kind: 'job' }, seed: 1 } });
}

describe('the profile in the form', () => {
  test('is changed exactly while it differs from what was loaded', () => {
    const draft = useDraftStore();
    draft.load(sampleProfile(), 'shipped/seed-2010');
    expect(draft.changed).toBe(false);
    draft.edit(sampleProfile({ name: 'other' }));
    expect(draft.changed).toBe(true);
    draft.edit(sampleProfile());
    expect(draft.changed).toBe(false);
  });

  test('is what was loaded again after revert', () => {
    const draft = useDraftStore();
    draft.load(sampleProfile(), 'shipped/seed-2010');
    draft.edit(sampleProfile({ name: 'other' }));
    draft.revert();
    expect(draft.draft).toEqual(sampleProfile());
    expect(draft.changed).toBe(false);
  });

  test('has its field errors at once, before the lab was asked', () => {
    const draft = useDraftStore();
    draft.load(sampleProfile({ machine: { ...sampleProfile().machine, onlineCpus: 3 } }), undefined);
    expect(draft.errors.get('machine.onlineCpus')).toEqual(['Online CPUs must not exceed possible CPUs']);
    expect(draft.valid).toBe(false);
  });

  test('has the errors of its job file after the lab was asked, each once', async () => {
    const draft = useDraftStore();
    draft.load(withJobFile('[global]\n!!! what\n'), undefined);
    expect(draft.valid).toBe(true);
    await draft.updatePreview();
    expect(draft.errors.get('workload.jobFile')).toEqual([expect.stringContaining('Line 2, column 1')]);
    expect(draft.preview?.jobs).toEqual([]);
  });

  test('shows the jobs that would run, one line per clone', async () => {
    const draft = useDraftStore();
    draft.load(sampleProfile(), undefined);
    await draft.updatePreview();
    expect(draft.preview?.jobs.map(({ name, cpu }) => [name, cpu])).toEqual([
      ['seq-write.0', 0],
      ['seq-write.1', 1],
    ]);
    expect(draft.previewIsCurrent).toBe(true);
  });

  test('drops an answer that came after a further edit', async () => {
    const draft = useDraftStore();
    draft.load(withJobFile('!!!\n'), undefined);
    const late = draft.updatePreview();
    draft.edit(sampleProfile());
    await late;
    expect(draft.preview).toBeUndefined();
    expect(draft.previewIsCurrent).toBe(false);
  });

  test('asks the lab once for many keys', async () => {
    vi.useFakeTimers();
    try {
      const draft = useDraftStore();
      draft.load(sampleProfile(), undefined);
      for (const name of ['a', 'ab', 'abc']) {
        draft.edit(sampleProfile({ name }));
        await vi.advanceTimersByTimeAsync(50);
      }
      await vi.advanceTimersByTimeAsync(1000);
      expect(draft.preview?.jobs).toHaveLength(2);
      expect(draft.previewIsCurrent).toBe(true);
      expect(stores.lab.callCount('previewWorkload')).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('says so when the lab cannot be asked', async () => {
    const draft = useDraftStore();
    draft.load(sampleProfile(), undefined);
    stores.lab.failNext('previewWorkload', { code: 'unavailable', message: 'The lab cannot be reached' });
    await draft.updatePreview();
    expect(useNoticeStore().notices).toHaveLength(1);
  });

  test('follows a rename of its file without losing other edits', () => {
    const draft = useDraftStore();
    draft.load(sampleProfile({ name: 'old' }), 'saved/old');
    draft.edit(sampleProfile({ name: 'old', description: 'edited' }));
    draft.follow('new', 'saved/new');
    expect(draft.draft).toMatchObject({ name: 'new', description: 'edited' });
    expect(draft.loadedId).toBe('saved/new');
    expect(draft.changed).toBe(true);
    draft.revert();
    expect(draft.draft?.name).toBe('new');
  });
});

describe('the engine of the form', () => {
  const NO_ZRAM = { code: 'unavailable', message: 'this kernel has no zram' } as const;

  test('is not saved any more once its file is deleted, and stays as it is', () => {
    const draft = useDraftStore();
    draft.load(sampleProfile(), 'saved/mine');
    draft.orphan();
    expect(draft).toMatchObject({ draft: sampleProfile(), loadedId: undefined, changed: true });
    draft.revert();
    expect(draft).toMatchObject({ draft: sampleProfile(), changed: true });
    draft.load(sampleProfile(), 'saved/again');
    expect(draft).toMatchObject({ loadedId: 'saved/again', changed: false });
  });

  test('is live until the kernel is chosen, and the lab is asked what that would run', async () => {
    const draft = useDraftStore();
    draft.load(sampleProfile(), undefined);
    await draft.updatePreview();
    expect([draft.engine, draft.engineObstacle, draft.previewIsCurrent]).toEqual(['live', undefined, true]);
    draft.chooseEngine('kernel');
    expect([draft.engine, draft.previewIsCurrent]).toEqual(['kernel', false]);
    await draft.updatePreview();
    expect(draft.previewIsCurrent).toBe(true);
  });

  test('cannot be the kernel for per-CPU objects, and is it again for a fio job', () => {
    const draft = useDraftStore();
    draft.load(sampleProfile(), undefined);
    draft.chooseEngine('kernel');
    draft.edit(samplePercpuProfile());
    expect(draft.engine).toBe('live');
    expect(draft.engineObstacle).toMatch(/^The kernel engine runs fio workloads/);
    draft.edit(sampleProfile());
    expect(draft.engine).toBe('kernel');
  });

  test('is never the kernel where the host lacks something, which is said in a sentence', async () => {
    stores.dispose();
    stores = createLabStores(createInMemoryLab({ kernelObstacle: NO_ZRAM }));
    await useHostStore().load();
    const draft = useDraftStore();
    draft.load(sampleProfile(), undefined);
    draft.chooseEngine('kernel');
    expect([draft.engine, draft.engineObstacle]).toEqual(['live', 'This kernel has no zram.']);
  });
});
