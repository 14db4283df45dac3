import { describe, expect, test } from 'vitest';
import AddressSteps from '../../../src/renderer/components/address-space/AddressSteps.vue';
import ReachTable from '../../../src/renderer/components/address-space/ReachTable.vue';
import SpaceTotals from '../../../src/renderer/components/address-space/SpaceTotals.vue';
import TableDetail from '../../../src/renderer/components/address-space/TableDetail.vue';
import TableTree from '../../../src/renderer/components/address-space/TableTree.vue';
import TlbSets from '../../../src/renderer/components/address-space/TlbSets.vue';
import { reachOf, reachSentence } from '../../../src/renderer/picture/reach.ts';
import { shownMachines } from '../../../src/renderer/words/shown-machines.ts';
import { createAddressSpaceMethods } from '../../../src/main/lab/address-space/address-space-methods.ts';
import type { AddressSpaceShape } from '../../../src/shared/address-space-contract.ts';
import { printAddress } from '../../../src/shared/address-space.ts';
import type { Result } from '../../../src/shared/result.ts';
import { sampleShape } from '../address-space-script.ts';
import { sampleProfile } from '../sample-profile.ts';
import { render } from './render.ts';

async function value<T>(asked: Promise<Result<T>>): Promise<T> {
  const result = await asked;
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** A lab's answers about one machine. */
function looking(changes: Partial<AddressSpaceShape> = {}) {
  const lab = createAddressSpaceMethods(() => false);
  const shape = sampleShape(changes);
  const looked = { shape, moment: 'at-rest' } as const;
  return {
    overview: () => value(lab.describeAddressSpace({ shape })),
    tree: (cpu: number) => value(lab.pageTableTree({ ...looked, cpu })),
    table: (cpu: number, path: number[], entry = 0) => value(lab.pageTable({ ...looked, cpu, path, entry })),
    columns: (cpus: number[]) => value(lab.chunkColumns({ ...looked, chunk: 0, cpus })),
    translate: (cpu: number, address: number) =>
      value(lab.translateAddress({ ...looked, cpu, address: printAddress(48, address) })),
  };
}

describe('the tree', () => {
  test('has a box for each table, which says who walks through it, what is in use and what it covers', async () => {
    const look = looking();
    const [tree, overview] = [await look.tree(3), await look.overview()];
    const { html } = await render(TableTree, { tree, overview, cpus: 8, path: [510] });
    expect(html).toContain(
      'aria-label="PGD · this CPU’s own · 3 of 512 entries in use · covers 256 TiB from 0xffff000000000000"',
    );
    expect(html).toContain('PUD, local window · private to this CPU · 1 of 512 entries in use');
    expect(html).toContain('PMD, global units · shared by all 8 CPUs');
    expect(html.match(/aria-current="true"/g)).toHaveLength(1);
    expect(html).toMatch(/aria-current="true" aria-label="PUD, local window/);
  });
});

describe('a table', () => {
  test('names the way to it, and the chosen entry down to the frame and its other address', async () => {
    const look = looking();
    const overview = await look.overview();
    const { text, html } = await render(TableDetail, { table: await look.table(3, [510, 0, 0], 5), overview, cpus: 8 });
    expect(text).toContain('PGD entry 510 › PUD entry 0 › PMD entry 0 › PTE, local window');
    expect(text).toContain('private to this CPU');
    expect(text).toContain('32 of 512');
    expect(text).toMatch(/PTE entry 5 → page frame \d+ Translate/);
    expect(text).toContain('byte 0x5000 of the running CPU’s own unit of chunk 0, in the local window');
    expect(text).toMatch(/The same frame at its global address: 0xffff/);
    expect(html).toContain('Only this CPU reaches it by this address.');
  });
});

describe('a byte of the local column', () => {
  test('leads each CPU to its own frame and nobody to another’s', async () => {
    const chunk = await looking().columns([0, 1, 7]);
    const rows = reachOf(chunk, 0x1008, 4096);
    expect(reachSentence(rows, 'own')).toBe(
      'One address in the window, 3 CPUs, 3 frames: each its own, none another’s.',
    );
    const { text } = await render(ReachTable, {
      chunk,
      cpu: 1,
      byte: 0x1008,
      pageBytes: 4096,
      vaBits: 48,
      sharing: 'own',
    });
    for (const { cpu, ownFrame } of rows) {
      expect(text).toMatch(new RegExp(`${cpu}( \\(chosen\\))? frame ${ownFrame} = frame ${ownFrame} 0xffff\\S+008`));
    }
  });

  test('is not promised to be one’s own where CPUs share a TLB without tags', async () => {
    const rows = reachOf(await looking().columns([0, 1, 7]), 0x1008, 4096);
    expect(reachSentence(rows, 'smt-tagged')).toMatch(/each its own, none another’s\.$/);
    const said = reachSentence(rows, 'smt-untagged');
    expect(said).not.toContain('none another’s');
    expect(said).toContain('3 frames by the tables; but two CPUs share a TLB without tags');
  });

  test('that leads to a wrong frame is called wrong', () => {
    const column = { address: 0, frames: [4], hasWindow: true };
    const wrong = {
      chunk: 0,
      unitBytes: 4096,
      unitDistance: 4096,
      localAddress: 0,
      columns: [
        { ...column, cpu: 0, windowFrames: [4] },
        { ...column, cpu: 1, frames: [5], windowFrames: [4] },
      ],
    };
    expect(reachSentence(reachOf(wrong, 0, 4096), 'own')).toBe('Wrong: CPU 1 reaches another frame than its own.');
  });

  test('is none without a window', async () => {
    const { addressSpace } = sampleShape();
    const chunk = await looking({ addressSpace: { ...addressSpace, window: 'none' } }).columns([0, 1]);
    const { text } = await render(ReachTable, { chunk, cpu: 0, byte: 0, pageBytes: 4096, vaBits: 48, sharing: 'own' });
    expect(text).toContain('No window: every CPU reaches its copy by a global address of its own.');
    expect(text).not.toContain('by the window');
  });
});

describe('a translation', () => {
  test('shows the entry of each level, the frame and the physical address', async () => {
    const look = looking();
    const overview = await look.overview();
    const { localAddress = 0 } = await look.columns([2]);
    const found = await look.translate(2, localAddress + 0x2014);
    const { text } = await render(AddressSteps, { found, overview });
    expect(text).toContain(`CPU 2 reaches frame ${found.reachedFrame}, CPU 2’s own copy.`);
    expect(text).toContain('miss in set 2, way 0 of 4 × 2: the tables were walked, and the result took an empty way.');
    expect(text).toContain('PGD bits 47:39 111111110 entry 510');
    expect(text).toMatch(/PTE bits 20:12 000000010 entry 2 of the table in frame \d+ → page frame \d+/);
    expect(text).toContain(`offset bits 11:0 000000010100 0x14 frame ${found.reachedFrame} + 0x14 = physical`);
  });

  test('of an unmapped address ends in a sentence, at the empty entry', async () => {
    const look = looking();
    const overview = await look.overview();
    const { text } = await render(AddressSteps, {
      found: await look.translate(1, overview.regionEnds.modules),
      overview,
    });
    expect(text).toContain(
      'Page fault on CPU 1: nothing: unused address space (vmalloc). The walk ends at an empty entry.',
    );
    expect(text).toContain('empty: nothing is mapped');
    expect(text).toContain('no frame');
  });

  test('through a shared TLB without tags is called wrong, and why', async () => {
    const look = looking({ tlbSharing: 'smt-untagged' });
    const overview = await look.overview();
    const { localAddress = 0 } = await look.columns([0]);
    await look.translate(0, localAddress);
    const found = await look.translate(1, localAddress);
    const { text, html } = await render(AddressSteps, { found, overview });
    expect(html).toContain('class="bad"');
    expect(text).toContain(`Wrong data: CPU 1 reaches frame ${found.reachedFrame}, the copy of CPU 0`);
    expect(text).toContain('filled by CPU 0, which shares this TLB, and nothing in it says so.');
    const tlb = await render(TlbSets, { tlb: found.after, last: found, vaBits: 48 });
    expect(tlb.text).toContain('TLB of CPU 0 and CPU 1: 4 sets × 2 ways, 1 entry in use');
    expect(tlb.text).toContain('1 hit, 0 misses, 0 entries walked');
    expect(tlb.text).toContain(`→ frame ${found.reachedFrame}, by CPU 0`);
  });
});

describe('the totals', () => {
  test('are of the CPU and of the machine, at both moments, with what came on top', async () => {
    const overview = await looking().overview();
    const { text } = await render(SpaceTotals, { overview, cpu: 2, occasion: 'a third chunk' });
    expect(text).toContain('at rest (2 chunks) with a third chunk (3 chunks) at rest (2 chunks)');
    expect(text).toContain('Top-level tables beside CPU 0’s 4 KiB 1 4 KiB 1 28 KiB 7 28 KiB 7 –');
    expect(text).toContain('PUD and PMD under the window 8 KiB 2 8 KiB 2 64 KiB 16 64 KiB 16 –');
    expect(text).toContain('Address space of the units in the window 128 KiB 192 KiB 128 KiB 192 KiB +64 KiB');
  });
});

describe('the machines of a profile', () => {
  test('are none where no page tables matter', () => {
    expect(shownMachines(sampleProfile())).toEqual([]);
  });

  test('are the counted one and the one that is run', () => {
    const mix = { name: 'a', unit: 'b', operations: { add: 1 }, source: '' };
    const workload = {
      kind: 'this-cpu',
      tasksPerCpu: 1,
      tickOperations: 1,
      balanceTicks: 0,
      operations: 1,
      mixes: [mix],
      seed: 1,
    } as const;
    const counting = {
      cpus: 160,
      chunksAtRest: 5,
      chunksAdded: 11,
      occasion: '10,000 cgroups',
      translations: [],
      windows: [],
      scalingCpus: [],
      paper: [],
    };
    const { possibleCpus } = sampleProfile().machine;
    const both = shownMachines(sampleProfile({ workload: { ...workload, mixes: [mix], counting } }));
    expect(both.map(({ title }) => title)).toEqual(['160 CPUs, as counted', `${possibleCpus} CPUs, as run`]);
    expect(both[0]?.shape).toMatchObject({ chunksAtRest: 5, chunksAdded: 11, addressSpace: { translation: '4k-48' } });
    expect(shownMachines(sampleProfile({ workload: { ...workload, mixes: [mix] } }))).toHaveLength(1);
  });
});
