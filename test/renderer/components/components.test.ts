import { describe, expect, test } from 'vitest';
import EnvironmentPanel from '../../../src/renderer/components/EnvironmentPanel.vue';
import EngineForm from '../../../src/renderer/components/EngineForm.vue';
import FiguresTable from '../../../src/renderer/components/FiguresTable.vue';
import FormField from '../../../src/renderer/components/FormField.vue';
import HostLine from '../../../src/renderer/components/HostLine.vue';
import JobFileEditor from '../../../src/renderer/components/JobFileEditor.vue';
import JobsPreview from '../../../src/renderer/components/JobsPreview.vue';
import ProfileList from '../../../src/renderer/components/ProfileList.vue';
import RanWith from '../../../src/renderer/components/RanWith.vue';
import RunBar from '../../../src/renderer/components/RunBar.vue';
import RunList from '../../../src/renderer/components/RunList.vue';
import RunStateHead from '../../../src/renderer/components/RunStateHead.vue';
import SamplesTable from '../../../src/renderer/components/SamplesTable.vue';
import VerdictPanel from '../../../src/renderer/components/VerdictPanel.vue';
import type { RunProgress } from '../../../src/shared/contract.ts';
import type { FioWorkload } from '../../../src/shared/profile.ts';
import type { Sample } from '../../../src/shared/run-record.ts';
import type { LabError } from '../../../src/shared/result.ts';
import { sampleEntries } from '../in-memory-lab.ts';
import { samplePercpuProfile } from '../sample-percpu.ts';
import { sampleProfile } from '../sample-profile.ts';
import { finishedRecord, sampleEnvironment, scriptedEvents } from '../scripted-run.ts';
import { render } from './render.ts';

const profile = sampleProfile();
const record = finishedRecord('run-1', profile);
const progress = scriptedEvents('run-1', profile).flatMap((event) =>
  event.kind === 'progress' ? [event.progress] : [],
);

function progressWhere(matches: (one: RunProgress) => boolean): RunProgress {
  const found = progress.find(matches);
  if (found === undefined) throw new Error('the script has no such progress');
  return found;
}

function isDisabled(html: string, testId: string): boolean {
  const button = [...html.matchAll(/<button[^>]*>/g)].map(([tag]) => tag).find((tag) => tag.includes(testId));
  if (button === undefined) throw new Error(`there is no button ${testId}`);
  return / disabled[ >]/.test(button);
}

describe('the run bar', () => {
  const still = { active: false, starting: false, cancelling: false, progress: undefined, obstacle: undefined };

  test('lets run and not cancel while nothing goes on', async () => {
    const { html } = await render(RunBar, still);
    expect([isDisabled(html, 'run-button'), isDisabled(html, 'cancel-button')]).toEqual([false, true]);
  });

  test('says why Run cannot be pressed', async () => {
    const { html, text } = await render(RunBar, { ...still, obstacle: 'Memory must be at least 4 MiB' });
    expect(text).toContain('▲ Memory must be at least 4 MiB');
    expect(isDisabled(html, 'run-button')).toBe(true);
  });

  test('shows progress and time left in words and for assistive technology', async () => {
    const half = progressWhere(({ fraction }) => fraction >= 0.5);
    const { html, text } = await render(RunBar, { ...still, active: true, progress: half });
    expect(text).toMatch(/50 % · 1\d s left/);
    expect(html).toContain('aria-valuenow="50"');
  });

  test('says that it is cancelling, and takes no second cancel', async () => {
    const { html, text } = await render(RunBar, { ...still, active: true, cancelling: true, progress: progress[9] });
    expect(text).toContain('cancelling…');
    expect(isDisabled(html, 'cancel-button')).toBe(true);
  });
});

describe('the state of a run', () => {
  const run = { runId: 'run-1', profile, oversubscribed: false };

  test('names design, repetition and phase', async () => {
    const now = progressWhere(({ repetition, phase }) => repetition === 3 && phase === 'write');
    const { text } = await render(RunStateHead, { state: { kind: 'running', run }, progress: now, pickedUpAtMs: 0 });
    expect(text).toMatch(/single mutex repetition 3 of 6 writing/);
    expect(text).not.toContain('charts from');
  });

  test('calls repetition 0 the warm-up', async () => {
    const { text } = await render(RunStateHead, {
      state: { kind: 'running', run },
      progress: progress[0],
      pickedUpAtMs: 0,
    });
    expect(text).toContain('warm-up');
  });

  test('says from where on a page that came in the middle has drawn it', async () => {
    const state = { kind: 'running', run };
    const { text } = await render(RunStateHead, { state, progress: progress.at(-1), pickedUpAtMs: 6100 });
    expect(text).toContain('Charts from 6.1 s on, when this page came.');
  });

  test('says honestly that a failed run was not kept', async () => {
    const error = { code: 'storage', message: 'the disk is full' };
    const state = { kind: 'finished', run, outcome: 'failed', stored: false, error };
    const { text } = await render(RunStateHead, { state, progress: undefined, pickedUpAtMs: 0 });
    expect(text).toContain('✕ failed the disk is full This run is not kept.');
  });

  test('shows the way to the result of a run that could not be stored, but not of one that measured nothing', async () => {
    const shown = async (error: LabError, stored = false): Promise<boolean> => {
      const state = { kind: 'finished', run, outcome: 'complete', stored, error };
      return (await render(RunStateHead, { state, progress: undefined, pickedUpAtMs: 0 })).html.includes(
        'open-unstored',
      );
    };
    expect(await shown({ code: 'storage', message: 'the disk is full' })).toBe(true);
    expect(await shown({ code: 'not-found', message: "'/data' does not exist" })).toBe(false);
    expect(await shown({ code: 'cpu-failed', message: 'CPU 1 stopped' }, true)).toBe(false);
  });
});

describe('the verdict panel', () => {
  test('has the sentence first and where figures come from', async () => {
    const { text } = await render(VerdictPanel, { record });
    expect(text).toMatch(/per-CPU, global against single mutex: writes 1\.\d\d × as fast/);
    expect(text).toContain('measured · live engine · wall clock');
    expect(text).not.toContain('oversubscribed');
  });

  test('exports figures where there are any', async () => {
    const isOff = async (shown: typeof record) =>
      /<button[^>]*\bdisabled\b[^>]*export-csv|export-csv[^>]*\bdisabled\b/.test(
        (await render(VerdictPanel, { record: shown })).html,
      );
    expect(await isOff(record)).toBe(false);
    expect(await isOff({ ...record, outcome: 'cancelled', samples: [], designs: [], comparisons: [] })).toBe(true);
  });

  test('of a failed run has the reason in one sentence', async () => {
    const failed = { ...record, outcome: 'failed', error: { code: 'cpu-failed', message: 'CPU 1 stopped' } };
    const { text } = await render(VerdictPanel, { record: failed });
    expect(text).toContain('✕ failed. CPU 1 stopped. What was finished before is shown below.');
  });

  test('labels a busy host and designs that stored different amounts, and nothing of the kind otherwise', async () => {
    const [first, ...others] = record.designs;
    if (first?.write === undefined) throw new Error('the sample record has no writes');
    const busy = { ...first, write: { ...first.write, withheldShare: 0.3 } };
    const { text } = await render(VerdictPanel, { record: { ...record, designs: [busy, ...others] } });
    expect(text).toContain('▲ busy host');
    const designs = [
      { ...first, memoryAtEnd: { ...first.memoryAtEnd, originalBytes: 4096 } },
      { ...first, memoryAtEnd: { ...first.memoryAtEnd, originalBytes: 8192 } },
    ];
    expect((await render(VerdictPanel, { record: { ...record, designs } })).text).toContain(
      '▲ different amounts stored',
    );
    const quiet = { ...first, write: { ...first.write, withheldShare: 0.02 } };
    expect((await render(VerdictPanel, { record: { ...record, designs: [quiet] } })).text).not.toContain('▲');
    const hotplug = { ...record.profile, hotplug: { everyMs: 20 } };
    const gated = { ...record, designs: [busy], profile: hotplug };
    expect((await render(VerdictPanel, { record: gated })).text).not.toContain('▲');
  });

  test('labels samples too short for their times to say much', async () => {
    const [sample] = record.samples;
    if (sample?.write === undefined) throw new Error('the sample record has no writes');
    const short = { ...sample, write: { ...sample.write, durationNs: 999_999 } };
    expect((await render(VerdictPanel, { record: { ...record, samples: [short] } })).text).toContain('▲ short samples');
  });

  test('says how many notes there are, where there are any', async () => {
    const shown = async (notes: readonly string[]) =>
      (await render(VerdictPanel, { record: { ...record, notes } })).text;
    expect(await shown(['One.', 'Two.'])).toContain('2 notes ↓');
    expect(await shown([])).not.toContain('↓');
  });

  test('labels an oversubscribed run', async () => {
    const { text } = await render(VerdictPanel, { record: { ...record, oversubscribed: true } });
    expect(text).toContain('▲ oversubscribed');
  });
});

describe('a form field', () => {
  test('shows its hint, and what is wrong instead of it', async () => {
    const right = await render(FormField, { label: 'Seed', hint: 'same seed, same bytes' });
    expect(right.text).toBe('Seed same seed, same bytes');
    const wrong = await render(FormField, { label: 'Seed', hint: 'same seed, same bytes', errors: ['too large'] });
    expect(wrong.text).toBe('Seed ▲ too large');
  });
});

describe('the job file editor', () => {
  test('shows each error with line and column, and marks the line', async () => {
    const errors = ['line 2, column 5: ‘iodept’ is no option'];
    const { text, html } = await render(JobFileEditor, { modelValue: '[a]\niodept=8', errors, checked: false });
    expect(text).toContain('2:5 ‘iodept’ is no option');
    expect(text).toContain('▲2');
    expect(html).toContain('aria-invalid="true"');
  });

  test('says that there are no errors only when the lab has read it', async () => {
    const checked = await render(JobFileEditor, { modelValue: '[a]', checked: true });
    expect(checked.text).toContain('No errors.');
    const unchecked = await render(JobFileEditor, { modelValue: '[a]', checked: false });
    expect(unchecked.text).not.toContain('No errors.');
  });
});

test('the preview has one line per job', async () => {
  const job = { name: 'w.0', cpu: 0, device: 0, rw: 'write', blockBytes: 4096, sizeBytes: 2 ** 30, ioDepth: 8 };
  const preview = { fieldErrors: [], jobs: [job, { ...job, name: 'w.1', cpu: 1 }], oversubscribed: false };
  const { text } = await render(JobsPreview, { preview, current: true });
  expect(text).toMatch(/w\.0 0 0 write 4 KiB 1 GiB 8 w\.1 1 0 write/);
});

describe('the list of profiles', () => {
  test('marks the loaded one when it was changed', async () => {
    const entries = sampleEntries().filter(({ origin }) => origin === 'shipped');
    const props = { title: 'Shipped', entries, chosenId: 'shipped/seed-2010', changed: true, nothing: '' };
    const { html } = await render(ProfileList, props);
    expect(html).toMatch(/aria-current="true"[^>]*>.*unsaved changes/s);
  });

  test('names a damaged file with its sentence and place, and offers no way to load it', async () => {
    const entries = sampleEntries().filter(({ kind }) => kind === 'damaged');
    const props = { title: 'Saved', entries, chosenId: undefined, changed: false, nothing: '' };
    const { text, html } = await render(ProfileList, props);
    expect(text).toContain('✕ saved/half-written half-written.json is not JSON');
    expect(text).toContain('12:1');
    expect(html).not.toContain('<button');
  });

  test('says what to do when there is none', async () => {
    const props = { title: 'Saved', entries: [], chosenId: undefined, changed: false, nothing: 'Press Save as…' };
    expect((await render(ProfileList, props)).text).toBe('Saved Press Save as…');
  });
});

describe('the list of past runs', () => {
  const sound = {
    id: 'sound',
    name: 'sound run',
    startedAt: '2026-11-02T10:00:00.000Z',
    finishedAt: '2026-11-02T10:05:00.000Z',
    outcome: 'complete',
    engine: 'live',
    designs: ['single-mutex'],
    sampleCount: 1,
  };

  test('says of a damaged run only that it is damaged, and why on demand', async () => {
    const unread = { startedAt: '', finishedAt: '', outcome: 'failed', designs: [], sampleCount: 0 };
    const damaged = {
      ...sound,
      ...unread,
      id: 'harmed',
      name: 'harmed run',
      damage: 'Run harmed is damaged (designs).',
    };
    const { html, text } = await render(RunList, { listings: [damaged, sound], openedId: undefined, loaded: true });
    expect(text).toMatch(/harmed run ✕ damaged, cannot be opened .*sound run .*✓ complete · 5 min 00 s/);
    expect(html).toContain('title="Run harmed is damaged (designs)."');
    expect(text).not.toMatch(/NaN|Invalid/);
  });

  test('says under the name what tells runs apart, and of a run without it nothing', async () => {
    const traits = { onlineCpus: 2, jobs: 4, codec: 'lz4', data: { kind: 'files', paths: ['/data/corpus.bin'] } };
    const told = { ...sound, id: 'told', traits };
    const { html, text } = await render(RunList, { listings: [told, sound], openedId: undefined, loaded: true });
    expect(text).toContain('4 jobs, lz4, corpus.bin');
    expect(html.match(/data-testid="run-traits"/g)).toHaveLength(1);
    expect(html).toContain('files /data/corpus.bin');
  });
});

describe('what a result ran with', () => {
  test('names the page data, and their paths on demand', async () => {
    const data = { kind: 'files' as const, paths: ['/data/corpus.bin'] };
    const workload: FioWorkload = { kind: 'fio', jobFile: '[a]\nrw=write\n', data, seed: 7 };
    const ran = { ...record, profile: sampleProfile({ workload }) };
    const { html, text } = await render(RanWith, { record: ran, inForm: true });
    expect(text).toContain('page data: corpus.bin');
    expect(html).toContain('title="Page data: files /data/corpus.bin"');
  });
});

describe('tables', () => {
  test('of repetitions have a dash where a direction was not measured', async () => {
    const [sample] = record.samples;
    const { text } = await render(SamplesTable, {
      samples: [{ ...sample, read: undefined }],
      directions: ['write', 'read'],
    });
    expect(text).toMatch(/46\.0 % – – – 786 MiB 524,288$/);
  });

  test('of repetitions tell time without a core, of the directions in which some repetition does', async () => {
    const [sample] = record.samples;
    if (sample?.read === undefined) throw new Error('the fixture reads');
    const told = { ...sample, read: { ...sample.read, withheldShare: 0.125 } };
    const of = async (samples: readonly Sample[]) =>
      (await render(SamplesTable, { samples, directions: ['write', 'read'] })).text;
    expect(await of([sample])).not.toContain('no core');
    const text = await of([told, { ...sample, repetition: 2 }]);
    expect(text.match(/no core/g)).toHaveLength(1);
    expect(text).toMatch(/12\.5 % 786 MiB.* – 786 MiB/);
  });

  test('of figures have a column per design', async () => {
    const { html } = await render(FiguresTable, { record });
    expect(html.match(/<th[^>]*scope="col"/g)).toHaveLength(3);
  });
});

test('the host is one line of model, cores, memory and kernel', async () => {
  const { text } = await render(HostLine, { host: { environment: sampleEnvironment, dataFolder: '/data' } });
  expect(text).toBe('AMD EPYC 7B13 64-Core Processor · 2 cores · 23 GiB · Linux 6.18.5');
});

describe('what a run was measured on', () => {
  test('names the codec where pages are compressed, and nowhere else', async () => {
    expect((await render(EnvironmentPanel, { record })).text).toContain('codec LZ4 (lz4-napi 2.10.0)');
    const percpu = { ...record, profile: samplePercpuProfile() };
    expect((await render(EnvironmentPanel, { record: percpu })).text).not.toMatch(/codec|LZ4/);
  });
});

describe('the choice of the engine', () => {
  const radio = (html: string, engine: string): string =>
    [...html.matchAll(/<input[^>]*>/g)].map(([tag]) => tag).find((tag) => tag.includes(`engine-${engine}`)) ?? '';

  test('offers the kernel where nothing is missing', async () => {
    const { html, text } = await render(EngineForm, { engine: 'kernel', obstacle: undefined });
    expect(radio(html, 'kernel')).toContain('checked');
    expect(radio(html, 'kernel')).not.toContain('disabled');
    expect(radio(html, 'live')).not.toContain('checked');
    expect(text).toContain('The zram of the lab’s host as it is');
  });

  test('shows it disabled with the sentence that says what is missing', async () => {
    const { html, text } = await render(EngineForm, { engine: 'live', obstacle: 'This kernel has no zram.' });
    expect(radio(html, 'kernel')).toContain('disabled');
    expect(radio(html, 'live')).toContain('checked');
    expect(text).toContain('kernel This kernel has no zram.');
  });

  test('is told by the result', async () => {
    const { text } = await render(VerdictPanel, { record: { ...record, engine: 'kernel' } });
    expect(text).toContain('measured · kernel engine · wall clock');
  });
});
