import { describe, expect, test } from 'vitest';
import CallSiteTables from '../../../src/renderer/components/CallSiteTables.vue';
import ExperimentForm from '../../../src/renderer/components/ExperimentForm.vue';
import KernelTextView from '../../../src/renderer/components/KernelTextView.vue';
import MachineForm from '../../../src/renderer/components/MachineForm.vue';
import PercpuMomentsTable from '../../../src/renderer/components/PercpuMomentsTable.vue';
import PercpuObjectsTable from '../../../src/renderer/components/PercpuObjectsTable.vue';
import PercpuSettingsForm from '../../../src/renderer/components/PercpuSettingsForm.vue';
import PercpuWorkloadForm from '../../../src/renderer/components/PercpuWorkloadForm.vue';
import { percpuDesigns } from '../../../src/renderer/words/percpu-figure-rows.ts';
import { usualPercpuSettings } from '../../../src/shared/percpu-settings.ts';
import { sampleKernelText } from '../running-script.ts';
import { samplePercpuProfile, samplePercpuSummaries, samplePercpuWorkload } from '../sample-percpu.ts';
import { render } from './render.ts';

const NO_ERRORS = new Map<string, readonly string[]>();
const { machine, experiment } = samplePercpuProfile();
const workload = samplePercpuWorkload();

describe('the form of a percpu workload', () => {
  test('has a row per object, totals of a group and of all groups', async () => {
    const { html, text } = await render(PercpuWorkloadForm, { workload, possibleCpus: 2, errors: NO_ERRORS });
    expect(html).toContain('value="psi_cgroup_alloc"');
    expect(html).toContain('aria-label="Alignment in bytes, row 2"');
    expect(text).toMatch(/one group, one CPU 4 152/);
    expect(text).toContain('All groups: 400 objects, 14.8 KiB on each CPU, 29.7 KiB on 2 possible CPUs.');
  });

  test('shows no totals while a number is none', async () => {
    const objects = [{ callSite: 'a', number: NaN, sizeBytes: 8, alignBytes: 8 }];
    const props = { workload: { ...workload, objects }, possibleCpus: 2, errors: NO_ERRORS };
    const { html, text } = await render(PercpuWorkloadForm, props);
    expect(text).toMatch(/one group, one CPU – –/);
    expect(html).not.toContain('groups-total');
  });

  test('says under a row what is wrong with it, and below all of them what is wrong with the table', async () => {
    const errors = new Map([
      ['workload.objects.1.alignBytes', ['Alignment (bytes) must be a power of two']],
      ['workload.objects', ['A group needs at least one object']],
    ]);
    const { html, text } = await render(PercpuObjectsTable, { objects: workload.objects, errors });
    expect(text).toMatch(/▲ Alignment \(bytes\) must be a power of two.*▲ A group needs at least one object/);
    expect(html.match(/aria-invalid="true"/g)).toHaveLength(1);
  });
});

describe('the form of the machine', () => {
  const props = { machine, errors: NO_ERRORS, oversubscribed: false };

  test('asks for zram only where fio runs', async () => {
    expect((await render(MachineForm, { ...props, workload: 'fio' })).text).toMatch(/zram devices.*Disk size/);
    expect((await render(MachineForm, { ...props, workload: 'percpu' })).text).not.toMatch(/zram|Disk size/);
  });

  test('asks for page tables beside per-CPU memory where a design has any, and shows what is wrong with them', async () => {
    const field = 'machine.addressSpace.window';
    const errors = new Map([[field, ['design page-local-mapping needs a same-offset window']]]);
    const shown = await render(MachineForm, { ...props, workload: 'percpu', hasTables: true, errors });
    expect(shown.text).toMatch(
      /Page tables 4k-48.*design page-local-mapping needs a same-offset window.*Per-CPU memory/,
    );
    expect((await render(MachineForm, { ...props, workload: 'percpu' })).text).not.toContain('Page tables');
  });

  test('shows a field that is not used when something is wrong with it', async () => {
    const errors = new Map([['machine.devices', ['zram devices must be a whole number from 1 to 16']]]);
    const { text } = await render(MachineForm, { ...props, workload: 'percpu', errors });
    expect(text).toContain('▲ zram devices must be');
  });
});

describe('the form of per-CPU memory', () => {
  const props = { settings: undefined, pageSizeBytes: 65536, errors: NO_ERRORS, designsChoose: false };

  test('is folded up with what is usual for the page size in one line', async () => {
    const { html, text } = await render(PercpuSettingsForm, props);
    expect(text).toContain('arm64-numa, Linux 6.18, first chunk auto, as usual');
    expect(html).not.toMatch(/<details[^>]* open/);
    expect(text).not.toContain('Back to what is usual');
  });

  test('opens where something is wrong, and says it beside the field', async () => {
    const errors = new Map([
      ['machine.percpu.kernel', ['Kernel must be a version such as 6.18']],
      ['machine.percpu', ['the parts do not fit']],
    ]);
    const settings = { ...usualPercpuSettings(4096), kernel: 'x' };
    const { html, text } = await render(PercpuSettingsForm, { ...props, settings, errors });
    expect(html).toMatch(/<details[^>]* open/);
    expect(text).toMatch(/▲ the parts do not fit.*▲ Kernel must be a version such as 6\.18/);
    expect(text).toContain('Back to what is usual');
  });

  test('leaves the first chunk to the designs where they are about it', async () => {
    expect((await render(PercpuSettingsForm, props)).text).toMatch(/First chunk/);
    expect((await render(PercpuSettingsForm, { ...props, designsChoose: true })).text).not.toMatch(/First chunk/);
  });
});

describe('the form of the experiment', () => {
  test('asks for a time only where time limits anything', async () => {
    const props = { experiment, errors: NO_ERRORS };
    for (const kind of ['fio', 'this-cpu'] as const) {
      expect((await render(ExperimentForm, { ...props, kind })).text).toContain('Time in all');
    }
    expect((await render(ExperimentForm, { ...props, kind: 'percpu' })).text).not.toContain('Time in all');
    const timedOut = { ...props, experiment: { ...experiment, seconds: 3 }, kind: 'percpu' } as const;
    expect((await render(ExperimentForm, timedOut)).text).toContain('not used; leave it empty');
  });

  test('asks for a warm-up only where threads live on', async () => {
    const props = { experiment, errors: NO_ERRORS };
    for (const kind of ['fio', 'percpu'] as const) {
      expect((await render(ExperimentForm, { ...props, kind })).text).toMatch(
        /Warm-up.*each design, at least; empty: 1/,
      );
    }
    expect((await render(ExperimentForm, { ...props, kind: 'this-cpu' })).text).not.toContain('Warm-up');
    const warmed = { ...props, experiment: { ...experiment, warmUpSeconds: 3 }, kind: 'this-cpu' } as const;
    expect((await render(ExperimentForm, warmed)).text).toMatch(/Warm-up.*not used; leave it empty/);
  });
});

describe('the result of a percpu run', () => {
  const designs = percpuDesigns(samplePercpuSummaries());

  test('has memory at full and at end, designs side by side', async () => {
    const { text } = await render(PercpuMomentsTable, { designs });
    expect(text).toMatch(/embedded units.*page-mapped units/);
    expect(text).toMatch(/populated 64 KiB 64 KiB 128 KiB 128 KiB/);
  });

  test('has who allocates what: number, size, total and share', async () => {
    const { html, text } = await render(CallSiteTables, { designs });
    expect(text).toMatch(/A psi_cgroup_alloc 100 128 12,800 84\.2 %/);
    expect(text).toMatch(/all 2 call sites 400 15,200/);
    expect(text).not.toContain('live at end');
    expect(html.match(/data-testid="call-sites"/g)).toHaveLength(1);
  });

  test('has the kernel’s text as it is', async () => {
    const { html, text } = await render(KernelTextView, { shown: sampleKernelText('page') });
    expect(html).toContain('  unit_size           :        65536\n');
    expect(text).toMatch(/page\.percpu_stats.*Copy.*Download/);
  });
});
