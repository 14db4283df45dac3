import { describe, expect, it } from 'vitest';
import { DisturbanceNotes } from '../../../../src/main/lab/experiment/disturbance-notes.ts';
import type { LockProblem } from '../../../../src/shared/lock-report.ts';

const PROBLEM: LockProblem = {
  kind: 'order',
  message: 'locks are taken in a circle: slot, then zone, then slot',
  chains: [
    { cpu: 1, operation: 'write', holding: ['slot'], then: 'takes zone' },
    { cpu: 0, operation: 'compaction', holding: [], then: 'takes slot' },
  ],
};

describe('the notes of a run that was disturbed', () => {
  it('are none when nothing was', () => {
    expect(new DisturbanceNotes().notes()).toEqual([]);
  });

  it('sum up the samples of each design', () => {
    const notes = new DisturbanceNotes();
    const sites = [{ site: 'codec', attempts: 100, injected: 3 } as const];
    notes.add(
      { design: 'single-mutex', repetition: 0 },
      { report: { faults: { sites, failedWrites: 2, failedReads: 1 } }, checked: 9 },
    );
    notes.add(
      { design: 'per-cpu-global', repetition: 0 },
      { report: { hotplug: { wentDown: 4, cameUp: 4, failedBringUps: 1 } }, checked: 9 },
    );
    notes.add(
      { design: 'single-mutex', repetition: 1 },
      { report: { faults: { sites, failedWrites: 3, failedReads: 0 } }, checked: 9 },
    );
    expect(notes.notes()).toEqual([
      'Faults on purpose, single mutex: refused 6 of 200 codec calls; failed were 5 writes and 1 read; what was read ' +
        'back and compared was as the last write that did not fail had left it.',
      'CPU hotplug, per-CPU, global: CPUs went down 4 times and came up 4 times; 1 bring-up failed.',
    ]);
  });

  it('speak of allocations where the workload is one of per-CPU objects', () => {
    const notes = new DisturbanceNotes();
    const sites = [{ site: 'frames', attempts: 50, injected: 40 } as const];
    const faults = { sites, failedWrites: 0, failedReads: 0 };
    notes.add({ design: 'page', repetition: 0 }, { report: { faults: { ...faults, failedObjects: 30 } }, checked: 9 });
    notes.add({ design: 'page', repetition: 1 }, { report: { faults: { ...faults, failedObjects: 0 } }, checked: 9 });
    expect(notes.notes()).toEqual([
      'Faults on purpose, page-mapped units: refused 80 of 100 page-frame requests; failed were 30 allocations; every object ' +
        "that was destroyed still bore its owner's mark.",
    ]);
  });

  it('say nothing of what was read back or destroyed where nothing was', () => {
    const notes = new DisturbanceNotes();
    const faults = { sites: [{ site: 'codec', attempts: 10, injected: 1 } as const], failedWrites: 1, failedReads: 0 };
    notes.add({ design: 'single-mutex', repetition: 0 }, { report: { faults }, checked: 0 });
    notes.add({ design: 'page', repetition: 0 }, { report: { faults: { ...faults, failedObjects: 2 } }, checked: 0 });
    expect(notes.notes()).toEqual([
      'Faults on purpose, single mutex: refused 1 of 10 codec calls; failed were 1 write and 0 reads.',
      'Faults on purpose, page-mapped units: refused 1 of 10 codec calls; failed were 2 allocations.',
    ]);
  });

  it('say how often page tables were audited, of the designs that have any', () => {
    const notes = new DisturbanceNotes();
    notes.add({ design: 'page', repetition: 0 }, { report: { tableAudits: undefined }, checked: 9 });
    notes.add({ design: 'page-local-mapping', repetition: 0 }, { report: { tableAudits: 2 }, checked: 9 });
    notes.add({ design: 'page-local-mapping', repetition: 1 }, { report: { tableAudits: 2 }, checked: 9 });
    expect(notes.notes()).toEqual([
      'Audit of page tables, page-mapped, local mapping: 4 audits, one after every phase; all entries were as they must be.',
    ]);
  });

  it('count one block of warm-up, but tell every problem that was found in any', () => {
    const notes = new DisturbanceNotes();
    const place = { design: 'single-mutex', repetition: 0 } as const;
    for (const problems of [[], [PROBLEM], []]) {
      notes.add(place, { report: { locks: { acquisitions: 10, orders: 2, problems } }, checked: 9 });
    }
    notes.add(
      { ...place, repetition: 1 },
      { report: { locks: { acquisitions: 7, orders: 2, problems: [] } }, checked: 9 },
    );
    expect(notes.notes()).toEqual([
      'Lock checker, single mutex: 17 acquisitions, 2 orders of two classes, 1 problem.',
      expect.stringMatching(/^Lock checker, single mutex: locks are taken in a circle/),
    ]);
  });

  it('tell a problem with locks once, with its chains', () => {
    const notes = new DisturbanceNotes();
    for (let repetition = 0; repetition < 3; repetition++) {
      notes.add(
        { design: 'single-mutex', repetition },
        {
          report: { locks: { acquisitions: 10, orders: 2, problems: [PROBLEM] } },
          checked: 9,
        },
      );
    }
    notes.add(
      { design: 'per-cpu-global', repetition: 0 },
      { report: { locks: { acquisitions: 5, orders: 1, problems: [] } }, checked: 9 },
    );
    expect(notes.notes()).toEqual([
      'Lock checker, single mutex: 30 acquisitions, 2 orders of two classes, 1 problem.',
      'Lock checker, single mutex: locks are taken in a circle: slot, then zone, then slot; CPU 1, write, holding slot: takes ' +
        'zone; CPU 0, compaction, holding nothing: takes slot.',
      'Lock checker, per-CPU, global: 5 acquisitions, 1 order of two classes, no problem.',
    ]);
  });
});
