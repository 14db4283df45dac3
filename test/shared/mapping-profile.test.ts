import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimsLocalMapping, isMappingProfile, parseMappingProfile } from '../../src/shared/mapping-profile.ts';
import { parseProfile } from '../../src/shared/profile.ts';

function shipped(stem: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, `../../resources/profiles/${stem}.json`), 'utf8'));
}

interface Document {
  machine: Record<string, unknown>;
  workload: Record<string, unknown>;
  paper: Record<string, unknown>[];
}

/** Where and what is wrong after a change to the shipped profile. */
function faultOf(change: (document: Document) => void): readonly (string | undefined)[] {
  const document = shipped('local-mapping-2026') as Document;
  change(document);
  const parsed = parseMappingProfile(document);
  return parsed.ok ? [] : [parsed.error.where, parsed.error.message];
}

describe('mapping profiles', () => {
  it('are told apart from profiles of jobs by their workload', () => {
    expect(claimsLocalMapping(shipped('local-mapping-2026'))).toBe(true);
    expect(claimsLocalMapping(shipped('seed-2010'))).toBe(false);
    expect([undefined, 5, {}, { workload: 'local-mapping' }].map(claimsLocalMapping)).not.toContain(true);
    const mapping = parseMappingProfile(shipped('local-mapping-2026'));
    const jobs = parseProfile(shipped('seed-2010'));
    expect(mapping.ok && isMappingProfile(mapping.value)).toBe(true);
    expect(jobs.ok && isMappingProfile(jobs.value)).toBe(false);
  });

  it('say in one sentence which field is wrong', () => {
    expect(faultOf(() => undefined)).toEqual([]);
    expect(faultOf(({ machine }) => void (machine['possibleCpus'] = 2000))).toEqual([
      'machine.possibleCpus',
      'Possible CPUs must be a whole number from 1 to 1024',
    ]);
    expect(faultOf(({ machine }) => void (machine['unitBytes'] = 196609))).toEqual([
      'machine.unitBytes',
      'Unit (bytes) must be a multiple of 65536',
    ]);
    expect(faultOf(({ machine }) => void (machine['translation'] = '8k-48'))[0]).toBe('machine.translation');
    expect(faultOf(({ workload }) => void (workload['chunksAtRest'] = 0))[0]).toBe('workload.chunksAtRest');
    expect(faultOf(({ paper }) => void (paper[1] = { figure: 'speed', says: 'fast' }))[0]).toBe('paper.1.figure');
  });

  it('refuse a TLB whose sets are no power of two', () => {
    const [where, message] = faultOf(({ machine }) => void (machine['tlb'] = { entries: 24, ways: 4 }));
    expect([where, message]).toEqual(['machine.tlb.entries', 'TLB entries must be a power of two times the ways']);
  });
});
