import { describe, expect, test } from 'vitest';
import AddressSpaceForm from '../../../src/renderer/components/AddressSpaceForm.vue';
import MachineForm from '../../../src/renderer/components/MachineForm.vue';
import MixForm from '../../../src/renderer/components/MixForm.vue';
import ThisCpuResult from '../../../src/renderer/components/ThisCpuResult.vue';
import ThisCpuWorkloadForm from '../../../src/renderer/components/ThisCpuWorkloadForm.vue';
import { mixLine, withBatch, withOperation } from '../../../src/renderer/words/mix-words.ts';
import { countRows, cpuRows, mixRows, thisCpuDesigns } from '../../../src/renderer/words/this-cpu-rows.ts';
import { usualAddressSpace } from '../../../src/shared/address-space-settings.ts';
import { sampleProfile } from '../sample-profile.ts';
import { finishedRecord } from '../scripted-run.ts';
import { sampleThisCpuProfile, sampleThisCpuRecord, sampleThisCpuWorkload } from '../sample-this-cpu.ts';
import { render } from './render.ts';

const NO_ERRORS = new Map<string, readonly string[]>();
const workload = sampleThisCpuWorkload();

describe('the form of a this-cpu workload', () => {
  test('has its main fields, a line for each mix and what is counted', async () => {
    const { text } = await render(ThisCpuWorkloadForm, { workload, errors: NO_ERRORS });
    expect(text).toMatch(/Operations.*1 … 2,000,000,000.*Tasks per CPU.*Tick after.*operations.*Move a task every/);
    expect(text).toMatch(/counter storm 1 add a unit .*page_fault3 8 a unit: 6 add, 1 read, 1 cmpxchg/);
    expect(text).toMatch(/Page tables that are counted.*10,000 cgroups.*Chunks at rest.*Chunks on top/);
  });

  test('says beside the field what is wrong, and opens the mix that it is in', async () => {
    const errors = new Map([
      ['workload.tasksPerCpu', ['Tasks per CPU must be a whole number from 1 to 64']],
      ['workload.mixes', ['Each mix needs a name of its own']],
      ['workload.mixes.1.operations.add', ['Operations per unit must be a whole number from 0 to 1000']],
    ]);
    const { html, text } = await render(ThisCpuWorkloadForm, { workload, errors });
    expect(text).toMatch(/Tasks per CPU must be.*Operations per unit must be.*▲ Each mix needs a name of its own/);
    expect(html.match(/<details[^>]* open/g)).toHaveLength(1);
  });

  test('has every operation, the batch and the source of a mix', async () => {
    const [mix] = workload.mixes;
    const { text } = await render(MixForm, { mix, index: 0, errors: NO_ERRORS });
    expect(text).toMatch(/shared_add.*add_return.*cmpxchg.*xchg.*Batch.*empty: never.*A counter\./);
  });
});

describe('a mix in words', () => {
  const mix = { name: 'm', unit: 'u', operations: { add: 2, read: 1 }, batch: 8, source: '' };

  test('says what a unit is', () => {
    expect(mixLine(mix)).toBe('3 a unit: 2 add, 1 read');
    expect(mixLine({ operations: { add: 0 } })).toBe('no operations');
  });

  test('loses an operation of which there are none, and an empty batch', () => {
    expect(withOperation(mix, 'read', 0).operations).toEqual({ add: 2 });
    expect(withOperation(mix, 'xchg', 3).operations).toEqual({ add: 2, read: 1, xchg: 3 });
    expect('batch' in withBatch(mix, NaN)).toBe(false);
    expect(withBatch(mix, 64).batch).toBe(64);
  });
});

describe('the form of the machine', () => {
  test('asks for page tables where this_cpu operations run, and for nothing of zram', async () => {
    const { machine } = sampleThisCpuProfile();
    const { text } = await render(MachineForm, {
      machine,
      errors: NO_ERRORS,
      oversubscribed: false,
      workload: 'this-cpu',
    });
    expect(text).toContain('Page tables 4k-48, window same-offset, first chunk page, as usual');
    expect(text).not.toMatch(/zram|Per-CPU memory/);
  });

  test('offers translations of the page size, and the one that is set though it is of another', async () => {
    const props = { settings: undefined, pageSizeBytes: 65_536, errors: NO_ERRORS };
    expect((await render(AddressSpaceForm, props)).text).toMatch(/64k-48 64k-52/);
    expect((await render(AddressSpaceForm, props)).text).not.toContain('4k-39');
    const errors = new Map([['machine.addressSpace.translation', ['Translation must be one of the page size']]]);
    const { html, text } = await render(AddressSpaceForm, { ...props, settings: usualAddressSpace(4096), errors });
    expect(text).toMatch(/4k-48 64k-48 64k-52.*Translation must be one of the page size/);
    expect(html).toMatch(/<details[^>]* open/);
    expect(text).toContain('Back to what is usual');
  });

  test('says what is wrong with page tables as a whole', async () => {
    const errors = new Map([['machine.addressSpace', ['the window does not fit']]]);
    const { html, text } = await render(AddressSpaceForm, { settings: undefined, pageSizeBytes: 4096, errors });
    expect(html).toMatch(/<details[^>]* open/);
    expect(text).toContain('▲ the window does not fit');
  });
});

describe('the result of a this-cpu run', () => {
  const record = sampleThisCpuRecord();
  const designs = thisCpuDesigns(record.designs);

  test('has time per operation, ratio and total of each mix and design', () => {
    const measured = record.profile.workload;
    if (measured.kind !== 'this-cpu') throw new Error('the sample is of a this-cpu workload');
    const [storm, ...others] = mixRows(designs, [
      ...measured.mixes,
      { name: 'never came', unit: 'x', operations: {}, source: '' },
    ]);
    expect(storm?.work).toMatch(/^Unit of work: .*; .* a unit.*\. Source: /);
    expect(others.map(({ name }) => name)).not.toContain('never came');
    expect(storm?.cells.map(({ time, range, ratio, total }) => [time, range, ratio, total])).toEqual([
      ['25.0', '24.0 – 27.0', undefined, 'exact'],
      ['35.0', '34.0 – 37.0', '✕ wrong result, 0.75 × [0.70, 0.80]', '40 lost'],
    ]);
  });

  test('has counts per operation and in all, and CPU by CPU', () => {
    const rows = countRows(designs);
    expect(rows.find(({ title }) => title === 'preempt-off pairs, each')?.values).toEqual(['0.750', '0.000']);
    expect(rows.find(({ title }) => title === 'migrations')?.values).toEqual(['3', '3']);
    expect(cpuRows(designs).map(({ title }) => title)).toEqual([
      'preempt-off + offset, CPU 0',
      'preempt-off + offset, CPU 1',
      'unprotected, CPU 0',
      'unprotected, CPU 1',
    ]);
  });

  test('shows mixes, counts, the paper beside the lab, events and page tables', async () => {
    const { html, text } = await render(ThisCpuResult, { record });
    expect(text).toMatch(/counter storm preempt-off \+ offset 25\.0 \[24\.0 – 27\.0\] – ✓ exact unprotected 35\.0/);
    expect(text).toContain('▲ 40 lost');
    expect(text).toMatch(/Top-level tables beside the first 636 KiB 636 KiB 636 KiB counted 4K \* \(nr_cpus - 1\)/);
    expect(text).toMatch(
      /Private tables below the window, at rest – 4\.38 MiB 1\.88 MiB counted a couple of megabytes/,
    );
    expect(text).toMatch(/Address space of the window, at rest 960 KiB 960 KiB 960 KiB input/);
    expect(text).toContain('lab, same-offset lab, packed lab’s figure is');
    expect(text).toContain(
      'Built with 4k-48 tables for 160 CPUs, 5 chunks of 192 KiB at rest and 11 more with 10,000 cgroups; CPUs, unit and chunks are input',
    );
    expect(text).toMatch(/chunk created, one page 175 0 0 0/);
    expect(text).toMatch(/4k-48, same-offset 160 5 636 KiB 4\.38 MiB 5\.00 MiB 320 KiB 960 KiB/);
    expect(html).toContain('data-testid="export-mixes"');
    expect(html).toContain('data-testid="export-page-tables"');
  });

  test('shows nothing of a run of another workload', async () => {
    expect((await render(ThisCpuResult, { record: finishedRecord('run-1', sampleProfile()) })).text).toBe('');
  });
});
