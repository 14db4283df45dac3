import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TRANSLATIONS } from '../../src/shared/address-space.ts';
import { pageBytesOf, usualAddressSpace } from '../../src/shared/address-space-settings.ts';
import { parseProfile, PAGE_SIZES } from '../../src/shared/profile.ts';

interface Document {
  machine: Record<string, unknown> & { addressSpace: Record<string, unknown> };
  designs: unknown;
  workload: Record<string, unknown> & {
    mixes: Record<string, unknown>[];
    counting: Record<string, unknown> & { paper: Record<string, unknown>[] };
  };
}

function shipped(): Document {
  const path = join(import.meta.dirname, '../../resources/profiles/local-mapping-2026.json');
  return JSON.parse(readFileSync(path, 'utf8')) as Document;
}

/** Where and what is wrong after a change to the shipped profile. */
function faultOf(change: (document: Document) => void): readonly (string | undefined)[] {
  const document = shipped();
  change(document);
  const parsed = parseProfile(document);
  return parsed.ok ? [] : [parsed.error.where, parsed.error.message];
}

describe('a this-cpu profile', () => {
  it('is an ordinary one', () => {
    const parsed = parseProfile(shipped());
    expect(parsed.ok && parsed.value.workload.kind).toBe('this-cpu');
    expect(parsed.ok && parsed.value.designs[0]).toBe('preempt-offset');
  });

  it('says of each mix where its numbers come from, and page faults have the numbers of the sources', () => {
    const { mixes } = shipped().workload;
    for (const { source } of mixes) expect(source).toMatch(/^.{30,}\.$/);
    const totals = Object.fromEntries(
      mixes.map(({ name, operations }) => [
        name,
        Object.values(operations as Record<string, number>).reduce((sum, number) => sum + number, 0),
      ]),
    );
    // 8 + 3d and 12 + 5d with no cgroup level that counts (d = 0), 12 + 20 of a kernel build.
    expect(totals).toMatchObject({ page_fault3: 8, page_fault1: 12, 'stress-ng vm': 12, 'kernel build': 32 });
  });

  it('says in one sentence which field is wrong', () => {
    expect(faultOf(() => undefined)).toEqual([]);
    expect(faultOf(({ workload }) => void (workload.counting['cpus'] = 2000))).toEqual([
      'workload.counting.cpus',
      'CPUs must be a whole number from 1 to 1024',
    ]);
    expect(faultOf(({ machine }) => void (machine.addressSpace['unitBytes'] = 196_609))).toEqual([
      'machine.addressSpace.unitBytes',
      'Unit (bytes) must be a multiple of 65536',
    ]);
    expect(faultOf(({ machine }) => void (machine.addressSpace['translation'] = '8k-48'))[0]).toBe(
      'machine.addressSpace.translation',
    );
    expect(faultOf(({ workload }) => void (workload.counting['chunksAtRest'] = 0))[0]).toBe(
      'workload.counting.chunksAtRest',
    );
    expect(faultOf(({ workload }) => void (workload.counting.paper[1] = { figure: 'speed', says: 'fast' }))[0]).toBe(
      'workload.counting.paper.1.figure',
    );
    expect(faultOf(({ workload }) => void (workload['operations'] = 0))).toEqual([
      'workload.operations',
      'Operations must be a whole number from 1 to 2000000000',
    ]);
  });

  it('refuses a TLB whose sets are no power of two', () => {
    const fault = faultOf(({ machine }) => void (machine.addressSpace['tlb'] = { entries: 24, ways: 4 }));
    expect(fault).toEqual(['machine.addressSpace.tlb.entries', 'TLB entries must be a power of two times the ways']);
  });

  it('refuses a translation of another page size than the machine’s', () => {
    expect(faultOf(({ machine }) => void (machine['pageSizeBytes'] = 65_536))).toEqual([
      'machine.addressSpace.translation',
      'Translation must be one of the page size of the machine',
    ]);
  });

  it('refuses mixes that do nothing, have no name of their own, or know an operation that is none', () => {
    expect(
      faultOf(({ workload }) => void (workload.mixes[0] = { ...workload.mixes[0], operations: { add: 0 } })),
    ).toEqual(['workload.mixes.0.operations', 'A unit of work needs at least one operation']);
    expect(faultOf(({ workload }) => void (workload.mixes[1] = { ...workload.mixes[0] }))[1]).toBe(
      'Each mix needs a name of its own',
    );
    expect(
      faultOf(({ workload }) => void (workload.mixes[0] = { ...workload.mixes[0], operations: { sub: 1 } }))[0],
    ).toBe('workload.mixes.0.operations.sub');
  });

  it('compares access modes only, and others none of them', () => {
    const [where, message] = faultOf((document) => void (document.designs = ['embed']));
    expect(where).toBe('designs');
    expect(message).toContain(
      'a this-cpu workload compares segment, preempt-offset, fixup, local-mapping, unprotected',
    );
  });
});

describe('the usual page tables', () => {
  it.each(PAGE_SIZES)('of pages of %d bytes are of that size', (pageSizeBytes) => {
    expect(pageBytesOf(usualAddressSpace(pageSizeBytes).translation)).toBe(pageSizeBytes);
  });

  it('read the page size off the name', () => {
    expect(TRANSLATIONS.map(pageBytesOf)).toEqual([4096, 4096, 4096, 16_384, 65_536, 65_536]);
  });
});
