/** zram in the served dashboard: recompression beside a job, pools live and afterwards, the engine, the memory limit. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkKernelZram } from '../../src/main/engine/kernel/zram-control.ts';
import type { Profile } from '../../src/shared/profile.ts';
import { ServedLab } from './served-lab.ts';

const MIB = 2 ** 20;

/** One job on two CPUs, so that one of them can recompress. */
const PROFILE: Profile = {
  schemaVersion: 2,
  name: 'one job and a CPU to spare',
  description: '',
  machine: {
    possibleCpus: 2,
    onlineCpus: 2,
    pageSizeBytes: 4096,
    memoryBytes: 32 * MIB,
    devices: 1,
    diskSizeBytes: 16 * MIB,
    codec: 'lz4-kernel',
  },
  designs: ['per-cpu-global'],
  workload: {
    kind: 'fio',
    jobFile: '[job]\nrw=write\nbs=4k\nsize=8m\nloops=4\n',
    data: { kind: 'generator', zeroPercent: 5, samePercent: 5, randomPercent: 10, compressPercent: 40 },
    seed: 1,
  },
  experiment: { repetitions: 2, warmUpSeconds: 0, equivalencePercent: 5 },
};

let lab: ServedLab;
beforeAll(async () => {
  lab = await ServedLab.start();
  const folder = join(lab.dataFolder, 'profiles');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'spare.json'), JSON.stringify(PROFILE));
});
afterAll(() => lab.close());

async function openProfile(): Promise<Page> {
  const page = await lab.open();
  await page.getByTestId('profile-list').getByText(PROFILE.name).click();
  return page;
}

test('recompression beside a job is chosen, watched in the pools, and told by the result of a past run', async () => {
  const page = await openProfile();
  const settings = page.getByTestId('zram-settings');
  await settings.locator('summary').click();
  await settings.getByLabel('Recompress').selectOption('during');
  await page.getByTestId('run-button').click();
  await page.getByTestId('live-zram').locator('summary').click();
  await page.getByTestId('zram-classes').first().waitFor();
  await page.getByTestId('zram-result').waitFor({ timeout: 60_000 });
  const result = await lab.open();
  await result.getByTestId('run-list').getByRole('button').first().click();
  expect(await result.getByTestId('recompression').textContent()).toMatch(
    /Recompression during the jobs, medians of 2 repetitions \[lowest, highest\]: \d.* of \d.* tried pages.*writes again, without and with it beside: \d.* → \d.* MB\/s/,
  );
  const stat = result.getByTestId('zram-stat');
  expect(await stat.getByRole('row', { name: /^orig_data_size/ }).textContent()).toContain('8,388,608');
  expect(await result.getByTestId('zram-classes').getByRole('row').count()).toBeGreaterThan(1);
  expect(await result.getByTestId('pool-account').textContent()).toMatch(/^Pool [\d.]+ [KM]iB/);
  expect(lab.complaints).toEqual([]);
});

test('the kernel is offered as the engine where it can be had, else the sentence says what is missing', async () => {
  const page = await openProfile();
  const kernel = page.getByTestId('engine-kernel');
  const usable = checkKernelZram();
  if (!usable.ok) {
    expect(await kernel.isDisabled()).toBe(true);
    expect((await page.getByRole('radiogroup', { name: 'Engine' }).textContent())?.toLowerCase()).toContain(
      usable.error.message.toLowerCase(),
    );
    return;
  }
  await kernel.check();
  const settings = page.getByTestId('zram-settings');
  await settings.locator('summary').click();
  await settings.getByLabel('Memory limit').fill('1 MiB');
  await page.getByTestId('run-button').click();
  await page.getByText('mem_limit of 1048576 bytes').first().waitFor();
  await settings.getByLabel('Memory limit').fill('12 MiB');
  await page.getByTestId('run-button').click();
  await page.getByTestId('zram-stat').waitFor({ timeout: 60_000 });
  expect(await page.getByTestId('result-view').textContent()).toContain('kernel engine');
  const limit = page.getByTestId('zram-stat').getByRole('row', { name: /^mem_limit/ });
  expect(await limit.textContent()).toContain('12,582,912');
});
