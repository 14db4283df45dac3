import { describe, expect, it } from 'vitest';
import { standingNotes } from '../../../../src/main/lab/experiment/run-notes.ts';
import { planProfile } from '../../../../src/main/lab/plan/plan-profile.ts';
import type { Profile } from '../../../../src/shared/profile.ts';
import { smallPercpuProfile, smallProfile, valueOf } from '../small-lab.ts';

const HOST = { cores: 2, memoryBytes: 2 ** 33, environment: {} };

function notesOf(profile: Profile): readonly string[] {
  return standingNotes(valueOf(planProfile(profile, HOST)));
}

function withZram(zram: Profile['zram'], codec: Profile['machine']['codec'] = 'lz4-kernel'): Profile {
  return smallProfile({ machine: { codec }, zram });
}

describe('the notes beside every run', () => {
  it('say of lz4-napi alone that it works in memory of its own', () => {
    expect(notesOf(withZram({}, 'lz4')).join()).toMatch(/lz4-napi works in memory of its own/);
    expect(notesOf(withZram({}, 'lz4-kernel'))).toEqual([]);
  });

  it('name the codecs of recompression that are tried, whatever the first codec', () => {
    const tried = (algorithm?: 'zstd' | 'deflate') =>
      notesOf(withZram({ recompression: ['zstd', 'deflate'], afterwards: [{ do: 'recompress', algorithm }] }));
    expect(tried()).toEqual([
      expect.stringMatching(/^The work memory of recompression \(zstd, deflate\) lies outside/),
    ]);
    expect(tried('deflate')).toEqual([expect.stringMatching(/recompression \(deflate\)/)]);
    const both = withZram({ recompression: ['zstd'], afterwards: [{ do: 'recompress' }] }, 'lz4');
    expect(notesOf(both)).toEqual([expect.stringMatching(/lz4-napi/), expect.stringMatching(/\(zstd\)/)]);
  });

  it('say nothing of codecs that are there and never tried, or where nothing is compressed', () => {
    expect(notesOf(withZram({ recompression: ['zstd'], afterwards: [{ do: 'compact' }] }))).toEqual([]);
    expect(notesOf(smallPercpuProfile())).toEqual(['An operation is one allocation or one free, whatever its size.']);
  });
});
