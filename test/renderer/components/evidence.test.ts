import { describe, expect, test } from 'vitest';
import AgreementTable from '../../../src/renderer/components/evidence/AgreementTable.vue';
import CallSiteTable from '../../../src/renderer/components/evidence/CallSiteTable.vue';
import EvidenceList from '../../../src/renderer/components/evidence/EvidenceList.vue';
import GeometryReport from '../../../src/renderer/components/evidence/GeometryReport.vue';
import MachinesTable from '../../../src/renderer/components/evidence/MachinesTable.vue';
import MismatchTable from '../../../src/renderer/components/evidence/MismatchTable.vue';
import OtherMachineForm from '../../../src/renderer/components/evidence/OtherMachineForm.vue';
import ReplaySummary from '../../../src/renderer/components/evidence/ReplaySummary.vue';
import PercpuPictureView from '../../../src/renderer/components/picture/PercpuPictureView.vue';
import { type MachineCost, REPLAY_ACCESS_MODES } from '../../../src/shared/replay-report.ts';
import { sampleCheck, sampleChunk, samplePicture, sampleReport } from '../sample-evidence.ts';
import { render } from './render.ts';

function sampleMachine(changes: Partial<MachineCost> = {}): MachineCost {
  return {
    possibleCpus: 2,
    units: 2,
    unitBytes: 1048576,
    populatedBytesPeak: 2 ** 20,
    chunksPeak: 3,
    addressSpaceBytesPeak: 2 ** 21,
    metadataBytesPeak: 1024,
    sideTableBytesPeak: 0,
    populatedBytesAtEnd: 0,
    localTableBytesPeak: 0,
    localAddressSpaceBytesPeak: 0,
    localTableBytesAtEnd: 0,
    memory: [],
    ...changes,
  };
}

describe('the report on a boot log', () => {
  test('has verdict, figures, map and the inputs', async () => {
    const { text } = await render(GeometryReport, { check: sampleCheck() });
    expect(text).toContain('✓ match');
    expect(text).toMatch(/static part 185,560 \(181 KiB\) taken from the log 185,560 \(181 KiB\)/);
    expect(text).toMatch(/group 0 0 1/);
    expect(text).toContain('line 4');
  });

  test('names every difference with its line', async () => {
    const differences = [{ figure: 'unit', computed: '262144', printed: '262145', line: 3 }];
    const printed = { ...sampleCheck().boots[0]?.printed, unitBytes: 262145 };
    const check = sampleCheck({ verdict: 'differs', differences, printed });
    const { text, html } = await render(GeometryReport, { check });
    expect(text).toContain('unit (line 3): the rules give 262144, the kernel printed 262145');
    expect(html).toContain('the kernel printed something else');
  });

  test('lets one of several boots be chosen and begins with the one that decides', async () => {
    const check = sampleCheck();
    const worse = sampleCheck({ line: 70, verdict: 'differs', kernelRelease: '6.19.0' });
    const boots = [...check.boots, ...worse.boots];
    const { text } = await render(GeometryReport, { check: { ...check, verdict: 'differs', boots } });
    expect(text).toContain('line 70 · 6.19.0 · differs');
    expect(text).toContain('✕ differs');
  });

  test('of a file without any boot says so', async () => {
    const { text } = await render(GeometryReport, {
      check: { file: 'x', verdict: 'incomplete', boots: [], malformed: [{ line: 7, message: 'no number' }] },
    });
    expect(text).toMatch(/No line of the file is about the per-CPU area.*line 7: no number/);
  });
});

describe('tables of evidence', () => {
  /** The frame that says that more is hidden where a table is wider than its pane. */
  const framed = (label: string): RegExp => new RegExp(`role="group" aria-label="${label}"[^>]*>(<!--.*?-->)*<table`);

  test('stand in frames that say so when they are wider than their pane', async () => {
    const geometry = await render(GeometryReport, { check: sampleCheck() });
    expect(geometry.html).toMatch(framed('Computed and printed geometry'));
    const replay = await render(ReplaySummary, { report: sampleReport() });
    expect(replay.html).toMatch(framed('Places equal to the kernel’s'));
    const differences = await render(MismatchTable, { mismatches: [] });
    expect(differences.html).toMatch(framed('First differences'));
    const machines = await render(MachinesTable, { machines: [sampleMachine(), sampleMachine()] });
    expect(machines.html).toMatch(framed('The same requests on another machine'));
  });
});

describe('the report on a replay', () => {
  test('has figures, agreement and machine', async () => {
    const { text } = await render(ReplaySummary, { report: sampleReport() });
    expect(text).toMatch(/events 5 allocations 3 frees 1/);
    expect(text).toMatch(/all chunks 3 3 100 %/);
    expect(text).toMatch(
      /Recorded on 2 possible CPUs \(from the boot log\) 2 units of 1048576 bytes \(from the boot log\)/,
    );
  });

  test('says what is assumed of the machine, and which events are missing', async () => {
    const lostEvents = {
      ...sampleReport().lostEvents,
      notInText: 3,
      proofs: [{ what: 'free', after: 4, before: 9, base: 'b' }] as const,
      proofCount: 2,
    };
    const geometryOrigin = { possibleCpus: 'trace', unit: 'trace', firstChunk: 'assumed' } as const;
    const { text } = await render(ReplaySummary, { report: sampleReport({ lostEvents, geometryOrigin }) });
    expect(text).toContain('static, reserved and dynamic part of the first chunk not known');
    expect(text).toContain('the header counts 3 entries that the text does not have');
    expect(text).toContain('chunk b that line 4 allocates: its free is missing between them');
    expect(text).toContain('and 1 more');
  });

  test('explains differences and lists lost events and malformed lines with their numbers', async () => {
    const report = sampleReport({
      overall: { matched: 2, total: 3 },
      mismatchCounts: { 'event-order': 1, 'lost-events': 0, 'starting-state': 0, unexplained: 0 },
      mismatches: [
        {
          line: 9,
          class: 'event-order',
          evidence: [8],
          sizeBytes: 8,
          alignBytes: 4,
          kernelBase: 'b',
          kernelOffsetBytes: 12,
        },
      ],
      malformedCount: 3,
      malformed: [{ line: 4, reason: 'size is missing or no number' }],
      lostEvents: { ...sampleReport().lostEvents, counted: 36 },
    });
    const { text } = await render(ReplaySummary, { report });
    expect(text).toMatch(/differ: order of events 1/);
    expect(text).toMatch(/9 order of events 8 \/ 4 b \+ 12 no room/);
    expect(text).toMatch(/line 4: size is missing or no number and 2 more/);
    expect(text).toMatch(/lost events that it counted 36/);
    expect((await render(AgreementTable, { report })).text).toContain('66.666 %');
  });

  test('lists call sites with letters, the rest on request', async () => {
    const rows = Array.from({ length: 30 }, (_, site) => ({
      callSite: `site_${site}+0x1/0x2`,
      number: 1,
      totalBytes: 8,
      share: 1 / 30,
      live: 0,
    }));
    const { text } = await render(CallSiteTable, { rows });
    expect(text).toMatch(/A site_0\+0x1\/0x2 1 various 8 3\.3 %/);
    expect(text).toContain('site_19');
    expect(text).not.toContain('site_20+');
    expect(text).toMatch(/all 30 call sites show all 30/);
  });

  test('sets two machines side by side with their ratio', async () => {
    const machine = sampleMachine();
    const there = sampleMachine({ possibleCpus: 64, units: 64, populatedBytesPeak: 2 ** 25 });
    const { text } = await render(MachinesTable, { machines: [machine, there] });
    expect(text).toContain('there: 64 CPUs, 64 units of 1 MiB');
    expect(text).toMatch(/pages at peak 1 MiB 32 MiB 32\.00 ×/);
    expect(text).toMatch(/pages at the end 0 B 0 B –/);
    expect(text).not.toContain('local units');
  });

  test('shows what a local mapping costs where one was asked for', async () => {
    const machine = sampleMachine();
    const there = sampleMachine({
      accessMode: 'local-mapping',
      localTableBytesPeak: 24576,
      localTableBytesAtEnd: 12288,
      localAddressSpaceBytesPeak: 2 ** 20,
    });
    const { text } = await render(MachinesTable, { machines: [machine, there] });
    expect(text).toContain('there: 2 CPUs, 2 units of 1 MiB, local-mapping');
    expect(text).toMatch(/private page tables at peak 0 B 24 KiB –/);
    expect(text).toMatch(/private page tables at the end 0 B 12 KiB –/);
    expect(text).toMatch(/address space of local units 0 B 1 MiB –/);
  });

  test('asks for another machine with an access mode, or with none', async () => {
    const { html } = await render(OtherMachineForm, { recorded: sampleReport().geometry, busy: false });
    for (const mode of ['as recorded', ...REPLAY_ACCESS_MODES]) expect(html).toContain(`value="${mode}"`);
  });
});

describe('the picture of a per-CPU area', () => {
  test('lists chunks, draws units and a map in words, and has a legend that needs no colour', async () => {
    const { text, html } = await render(PercpuPictureView, { picture: samplePicture(), unknownTitle: 'older' });
    expect(text).toContain('00000000cf3d60bb');
    expect(html).toContain('4 units side by side');
    expect(html).toContain('3 objects, 16192 bytes free');
    expect(text).toMatch(/A psi_cgroup_alloc\+0x4a\/0xd0 2 ×, 128 B \? older 1 ×, 64 B/);
  });

  test('translates the first object on another CPU than the first', async () => {
    const { text } = await render(PercpuPictureView, { picture: samplePicture() });
    expect(text).toMatch(/\+ offset of CPU 1 0x4000/);
    expect(text).toMatch(/= address 00000000cf3d60bb \+ 0x4000/);
  });

  test('shows what is left when there is no chunk at all', async () => {
    const { text } = await render(PercpuPictureView, { picture: samplePicture([]) });
    expect(text).toContain('percpu_stats: 0');
  });

  test('stays small in the page with hundreds of chunks', async () => {
    const chunks = Array.from({ length: 600 }, (_, number) => sampleChunk({ key: `${number}.1`, objects: undefined }));
    const { html } = await render(PercpuPictureView, { picture: samplePicture(chunks) });
    expect([...html.matchAll(/<tr/g)].length).toBeLessThan(30);
  });
});

test('the list of files names each with its state, and has a button to take it away', async () => {
  const items = [
    { id: 1, name: 'a.gz', sizeBytes: 100, state: { kind: 'sending', sentBytes: 50 } },
    { id: 2, name: 'b', sizeBytes: 1, state: { kind: 'refused', error: { code: 'bad-input', message: 'no' } } },
  ];
  const { text, html } = await render(EvidenceList, { items, replays: new Map(), selectedId: 1 });
  expect(text).toMatch(/a\.gz sending 50 % of 100 B/);
  expect(html).toContain('Cancel a.gz');
  expect(html).toContain('Remove b');
});
