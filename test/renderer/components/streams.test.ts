import { describe, expect, test } from 'vitest';
import BufferCountTables from '../../../src/renderer/components/BufferCountTables.vue';
import StreamSettingsForm from '../../../src/renderer/components/StreamSettingsForm.vue';
import { sampleBufferCount } from '../sample-buffer-count.ts';
import { render } from './render.ts';

const NO_ERRORS = new Map<string, readonly string[]>();

describe('the tables of counted buffers', () => {
  test('put the paper beside the lab, and say where they differ without colour', async () => {
    const { text } = await render(BufferCountTables, { count: sampleBufferCount() });
    expect(text).toMatch(/a buffer each: 48 pages 48 48 = per-CPU, per stream 1/);
    expect(text).toMatch(/and a wrong one 25 24 ≠/);
  });

  test('have a column per number of devices', async () => {
    const { text } = await render(BufferCountTables, { count: sampleBufferCount() });
    expect(text).toMatch(/per-CPU, global local lock 24 24 60 0 32/);
    expect(text).toMatch(/per-CPU, per stream local lock 48 384 480 0 512/);
  });

  test('leave out the paper where none is quoted', async () => {
    const { html } = await render(BufferCountTables, { count: { ...sampleBufferCount(), paper: [] } });
    expect(html).not.toContain('buffer-paper');
  });
});

describe('the form of streams', () => {
  test('asks for the protection of picked layouts that leave a choice, the usual one chosen', async () => {
    const designs = ['single-mutex', 'per-cpu-global', 'per-device'] as const;
    const zram = { protection: { 'per-device': 'mutex' as const } };
    const { html, text } = await render(StreamSettingsForm, { zram, designs, errors: NO_ERRORS });
    expect(html.match(/<select/g)).toHaveLength(2);
    expect([...html.matchAll(/<select[^>]* value="([^"]*)"/g)].map(([, value]) => value)).toEqual([
      'preemption-off',
      'mutex',
    ]);
    expect(text).not.toContain('Most streams');
  });

  test('asks for the length of a list where one is picked', async () => {
    const { html, text } = await render(StreamSettingsForm, {
      zram: undefined,
      designs: ['stream-list'],
      errors: NO_ERRORS,
    });
    expect(text).toContain('Most streams of a list');
    expect(html).not.toContain('<select');
  });

  test('is not there where no layout has a choice', async () => {
    const { text } = await render(StreamSettingsForm, {
      zram: undefined,
      designs: ['single-mutex'],
      errors: NO_ERRORS,
    });
    expect(text).toBe('');
  });

  test('shows what is wrong beside the field, and what is wrong with the stages below', async () => {
    const errors = new Map([
      ['zram.maxStreams', ['Most streams of a list must be a whole number from 1 to 64']],
      ['zram.allocationStages', ['allocation needs two stages']],
    ]);
    const { text } = await render(StreamSettingsForm, { zram: { maxStreams: 0 }, designs: ['stream-list'], errors });
    expect(text).toMatch(/▲ Most streams of a list must be.*▲ allocation needs two stages/);
  });
});
