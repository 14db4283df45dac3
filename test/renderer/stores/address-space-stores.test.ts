import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { useAddressSpaceStore } from '../../../src/renderer/stores/address-space-store.ts';
import { useTranslationStore } from '../../../src/renderer/stores/translation-store.ts';
import { sampleShape } from '../address-space-script.ts';
import { createLabStores, type LabStores, settle } from './lab-stores.ts';

let stores: LabStores;
beforeEach(() => {
  stores = createLabStores();
});
afterEach(() => stores.dispose());

const { tlbSharing: _, ...SHAPE } = sampleShape();

async function opened() {
  const space = useAddressSpaceStore();
  await space.open(SHAPE);
  return space;
}

describe('an address space', () => {
  test('opens with the tree of a CPU, the first table of its window and the first chunk', async () => {
    const space = await opened();
    expect(space.overview?.levels).toHaveLength(4);
    expect(space.tree?.kind).toBe('pgd');
    expect(space.table).toMatchObject({ kind: 'private', region: 'window', entriesUsed: 32 });
    expect(space.columns?.columns.map(({ cpu }) => cpu)).toEqual([0, 1, 2, 7]);
    expect(space.chunks).toEqual([0, 1]);
  });

  test('is asked for once while it stays the same', async () => {
    const space = await opened();
    await space.open({ ...SHAPE });
    expect(stores.lab.callCount('describeAddressSpace')).toBe(1);
    await space.open(SHAPE, 'smt-untagged');
    expect(stores.lab.callCount('describeAddressSpace')).toBe(2);
    expect(space.shape?.tlbSharing).toBe('smt-untagged');
  });

  test('shows another moment and another CPU, whose column comes along', async () => {
    const space = await opened();
    await space.lookFrom({ moment: 'added', cpu: 5 });
    expect(space.chunks).toEqual([0, 1, 2]);
    expect(space.columns?.columns.map(({ cpu }) => cpu)).toEqual([0, 1, 2, 5, 7]);
    await space.showChunk(2);
    expect(space.columns?.chunk).toBe(2);
    // Back at rest there is no chunk 2.
    await space.lookFrom({ moment: 'at-rest' });
    expect(space.columns?.chunk).toBe(0);
  });

  test('opens tables by the way to them', async () => {
    const space = await opened();
    await space.openTable([]);
    expect(space.table?.listed.letter).toBe('ssp');
    await space.openTable([], 511);
    expect(space.table?.chosen?.place.kind).toBe('window');
  });

  test('that the lab refuses says why', async () => {
    stores.lab.failNext('describeAddressSpace', { code: 'busy', message: 'an experiment is being measured' });
    const space = await opened();
    expect(space.error?.message).toBe('an experiment is being measured');
    expect(space.overview).toBeUndefined();
    // Asked again, it is there.
    await space.open(SHAPE);
    expect([space.error, space.overview?.vaBits]).toEqual([undefined, 48]);
  });

  test('keeps the opened table where another CPU or moment has it, and else goes back to the window', async () => {
    const space = useAddressSpaceStore();
    // A chunk is 4 MiB of units, two last-level tables: those of the third chunk are there when it is.
    await space.open({ ...SHAPE, addressSpace: { ...SHAPE.addressSpace, unitBytes: 512 * 1024 } });
    await space.lookFrom({ moment: 'added' });
    const path = [...(space.tree?.children.find(({ region }) => region === 'chunks')?.children[0]?.path ?? []), 5];
    await space.openTable(path, 20);
    await space.lookFrom({ cpu: 6 });
    expect(space.table).toMatchObject({ path, kind: 'shared', chosen: { index: 20 } });
    await space.lookFrom({ moment: 'at-rest' });
    expect(space.table).toMatchObject({ kind: 'private', region: 'window' });
    expect(space.error).toBeUndefined();
  });

  test('comes together although the CPU is changed while the machine is being built', async () => {
    const space = useAddressSpaceStore();
    const opening = space.open(SHAPE);
    await Promise.all([opening, space.lookFrom({ cpu: 6 })]);
    expect(space.overview?.levels).toHaveLength(4);
    expect(space.columns?.columns.map(({ cpu }) => cpu)).toContain(6);
    await Promise.all([space.open(SHAPE, 'smt-tagged'), space.lookFrom({ cpu: 2 })]);
    expect([space.shape?.tlbSharing, space.cpu, space.tree?.kind]).toEqual(['smt-tagged', 2, 'pgd']);
  });

  test('drops what comes too late', async () => {
    const space = await opened();
    const late = space.lookFrom({ cpu: 3 });
    const last = space.lookFrom({ cpu: 4 });
    await Promise.all([late, last]);
    await settle();
    expect(space.cpu).toBe(4);
    expect(space.columns?.columns.map(({ cpu }) => cpu)).toContain(4);
  });
});

describe('translations', () => {
  test('miss, hit, and miss again after the page was invalidated', async () => {
    const space = await opened();
    const translation = useTranslationStore();
    await translation.translate((space.columns?.localAddress ?? 0) + 8);
    expect([translation.found?.tlb.kind, translation.tlb?.entries.length]).toEqual(['miss', 1]);
    expect(translation.text).toMatch(/^0xffff.*8$/);
    await translation.translate(translation.text);
    expect(translation.found?.tlb.kind).toBe('hit');
    await translation.invalidate(false);
    expect(translation.tlb?.entries).toEqual([]);
    await translation.translate(translation.text);
    expect(translation.found?.tlb.kind).toBe('miss');
  });

  test('of what is no address say so, and show nothing', async () => {
    await opened();
    const translation = useTranslationStore();
    await translation.translate('12');
    expect(translation.error?.message).toContain('“12” is no address of the kernel’s half');
    expect(translation.found).toBeUndefined();
  });

  test('on another CPU begin anew, with the address that was there', async () => {
    const space = await opened();
    const translation = useTranslationStore();
    await translation.translate(space.columns?.localAddress ?? 0);
    const { text } = translation;
    const first = translation.found?.reachedFrame;
    await space.lookFrom({ cpu: 1 });
    expect([translation.found, translation.text]).toEqual([undefined, text]);
    await translation.translate(text);
    expect(translation.found?.reachedFrame).not.toBe(first);
  });
});
