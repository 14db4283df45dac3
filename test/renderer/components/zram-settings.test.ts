import { describe, expect, test } from 'vitest';
import ChoiceField from '../../../src/renderer/components/ChoiceField.vue';
import KernelDesignForm from '../../../src/renderer/components/KernelDesignForm.vue';
import MachineForm from '../../../src/renderer/components/MachineForm.vue';
import ZramSettingsForm from '../../../src/renderer/components/ZramSettingsForm.vue';
import {
  withRecompressChoice,
  withZramSetting,
  zramSettingsLine,
  zramStepExplanation,
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

describe('the form while the kernel plays the CPUs', () => {
  test('has no codec and no per-CPU memory to choose, and the live engine’s has', async () => {
    const { machine } = sampleProfile();
    const props = { machine, errors: new Map(), oversubscribed: false, workload: 'fio' };
    const live = await render(MachineForm, props);
    const kernel = await render(MachineForm, { ...props, isKernels: true });
    for (const words of ['Codec', 'Per-CPU memory']) {
      expect(live.text).toContain(words);
      expect(kernel.text).not.toContain(words);
    }
    expect(kernel.text).toContain('Disk size, each');
  });

  test('says that it is the one design, and offers to take out what it would refuse', async () => {
    const limited = await render(KernelDesignForm, { zram: { memLimitBytes: 2 ** 20 } });
    expect(limited.text).toContain('they are kept, and not used');
    expect(limited.html).not.toContain('take-zram-out');
    const refused = await render(KernelDesignForm, { zram: { memLimitBytes: 2 ** 20, maxStreams: 4 } });
    expect(refused.html).toContain('take-zram-out');
  });
});

describe('a choice', () => {
  test('has all of its title, and what it means, in its hover', async () => {
    const props = { modelValue: 'a', choices: ['a', 'b'], label: 'Protection' };
    expect((await render(ChoiceField, props)).html).toContain('title="a"');
    const explained = { ...props, titles: { a: 'preemption off' }, explanations: { a: 'No other task runs.' } };
    expect((await render(ChoiceField, explained)).html).toContain('title="preemption off: No other task runs."');
  });
});

describe('a step that is done to the devices', () => {
  test('is named without underscores, and explained', () => {
    const step = { do: 'recompress', type: 'huge_idle', algorithm: 'deflate' } as const;
    expect(zramStepWords(step)).toBe('recompress huge idle pages with deflate');
    expect(zramStepExplanation(step)).toContain('did not shrink (huge) and were not used since they were marked idle');
    expect(zramStepExplanation({ do: 'recompress' })).toContain('Every stored page');
    expect(zramStepExplanation({ do: 'compact' })).not.toBe(zramStepExplanation({ do: 'idle' }));
  });
});
