import { describe, expect, test } from 'vitest';
import ZramSettingsForm from '../../../src/renderer/components/ZramSettingsForm.vue';
import {
  withRecompressChoice,
  withZramSetting,
  zramSettingsLine,
  zramStepWords,
} from '../../../src/renderer/words/zram-settings-words.ts';
import { parseProfile, profileFieldErrors } from '../../../src/shared/profile.ts';
import { sampleProfile } from '../sample-profile.ts';
import { render } from './render.ts';

const NO_ERRORS = new Map<string, readonly string[]>();

describe('the zram settings of the form', () => {
  test('show the limit of a device, and what is usual where nothing is asked for', async () => {
    const usual = await render(ZramSettingsForm, { settings: undefined, errors: NO_ERRORS });
    expect(usual.text).toMatch(/^zram as usual Memory limit of each device; empty: none/);
    expect(usual.html).not.toMatch(/<details[^>]* open/);
    const limited = await render(ZramSettingsForm, { settings: { memLimitBytes: 64 << 20 }, errors: NO_ERRORS });
    expect(limited.text).toContain('limit 64 MiB');
  });

  test('open with the sentence when something is wrong, a step included', async () => {
    const errors = new Map([
      ['zram.memLimitBytes', ['The memory limit is no number']],
      ['zram.afterwards', ['recompression with deflate, which zram.recompression lacks']],
    ]);
    const settings = { afterwards: [{ do: 'recompress', algorithm: 'deflate' }] };
    const { html, text } = await render(ZramSettingsForm, { settings, errors });
    expect(html).toMatch(/<details[^>]* open/);
    expect(text).toContain('▲ recompression with deflate, which zram.recompression lacks');
    expect(text).toContain('The memory limit is no number');
    expect(text).toContain('recompress all pages with deflate');
  });
});

describe('a zram setting', () => {
  test('that is as usual has no entry, and none at all is no section', () => {
    expect(withZramSetting({}, 'memLimitBytes', 4096)).toEqual({ memLimitBytes: 4096 });
    expect(withZramSetting({ memLimitBytes: 4096 }, 'memLimitBytes', undefined)).toBeUndefined();
    expect(withZramSetting({ zspagePages: 4, memLimitBytes: 1 }, 'zspagePages', 8)).toEqual({ memLimitBytes: 1 });
    expect(withZramSetting({}, 'freeOrder', 'first')).toEqual({ freeOrder: 'first' });
  });

  test('is said in the line beside the folded-up form', () => {
    expect(zramSettingsLine({})).toBe('as usual');
    expect(zramSettingsLine({ memLimitBytes: 0 })).toBe('as usual');
    const all = {
      memLimitBytes: 3 << 20,
      zspagePages: 4,
      freeOrder: 'first',
      allocationStages: 'two',
      recompression: ['zstd'],
      afterwards: [{ do: 'idle' }],
    } as const;
    expect(zramSettingsLine({ ...all, recompression: ['zstd'], afterwards: [{ do: 'idle' }] })).toBe(
      'limit 3 MiB, zspages of up to 4 pages, old content freed first, two allocation stages, ' +
        'recompression with zstd, 1 step afterwards',
    );
  });

  test('is parsed with its range', () => {
    const withLimit = (memLimitBytes: unknown) => ({ ...sampleProfile(), zram: { memLimitBytes } });
    expect(parseProfile(withLimit(5 << 20))).toMatchObject({ ok: true, value: { zram: { memLimitBytes: 5 << 20 } } });
    for (const wrong of [-1, 0.5, 2 ** 41, '1m']) {
      expect(profileFieldErrors(withLimit(wrong))).toEqual([
        { field: 'zram.memLimitBytes', message: expect.stringContaining('from 0 to 1 TiB') },
      ]);
    }
  });
});

describe('recompression by a CPU of the machine', () => {
  test('is chosen with an algorithm, which a profile needs for it', () => {
    expect(withRecompressChoice({}, 'during')).toEqual({ recompression: ['zstd'], recompress: { when: 'during' } });
    const own = { recompression: ['deflate' as const], recompress: { when: 'during' as const, type: 'huge' as const } };
    expect(withRecompressChoice(own, 'after')).toEqual({ ...own, recompress: { when: 'after', type: 'huge' } });
    const steps = { ...own, afterwards: [{ do: 'recompress' as const }] };
    expect(withRecompressChoice(steps, 'no')).toEqual({ recompression: ['deflate'], afterwards: steps.afterwards });
    expect(withRecompressChoice(own, 'no')).toBeUndefined();
    expect(withRecompressChoice({}, 'no')).toBeUndefined();
    expect(zramSettingsLine(own)).toBe('recompression during the jobs with deflate');
  });

  test('shows what keeps it from running beside its field', async () => {
    const errors = new Map([['zram.recompress', ['recompression during the jobs needs an online CPU without a job']]]);
    const { text, html } = await render(ZramSettingsForm, { settings: { recompress: { when: 'during' } }, errors });
    expect(text).toContain('▲ recompression during the jobs needs an online CPU without a job');
    expect(html).toMatch(/<details[^>]* open/);
  });
});

test('steps are said in words', () => {
  expect(zramStepWords({ do: 'idle' })).toBe('mark all pages idle');
  expect(zramStepWords({ do: 'compact' })).toBe('compact the pool');
  const step = { do: 'recompress', type: 'huge', algorithm: 'zstd', thresholdBytes: 3000, maxPages: 5 } as const;
  expect(zramStepWords(step)).toBe('recompress huge pages with zstd, of 3000 bytes or more, at most 5');
});
