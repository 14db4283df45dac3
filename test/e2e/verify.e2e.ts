/** The kernel beside the lab in the served dashboard: where this host has no zram for this user, its sentence. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkKernelZram } from '../../src/main/engine/kernel/zram-control.ts';
import { ServedLab } from './served-lab.ts';

let lab: ServedLab;
beforeAll(async () => {
  lab = await ServedLab.start();
});
afterAll(() => lab.close());

test('the same pages through both, or the one sentence that says what is missing', async () => {
  const page = await lab.open();
  await page.getByTestId('place-verify').click();
  await page.getByTestId('pick-files').click();
  await page.getByLabel('Folder', { exact: true }).fill(import.meta.dirname);
  await page.getByRole('button', { name: 'Go', exact: true }).click();
  await page.getByLabel('Pick dashboard.e2e.ts').check();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByTestId('verify-start').click();
  const usable = checkKernelZram();
  if (!usable.ok) {
    expect(await page.getByTestId('verify-error').textContent()).toContain(usable.error.message);
    return;
  }
  await page.getByTestId('verify-progress').getByText('warming up…').waitFor();
  // A page that is loaded anew follows what goes on.
  await page.reload();
  const columns = page.getByTestId('verify-columns');
  await columns.waitFor();
  expect(await columns.getByRole('row').count()).toBe(10);
  expect(await page.getByTestId('verify-result').textContent()).toMatch(/with lz4-kernel: writes [\d.]+ ×/);
  // What was measured stays while other things are looked at.
  await page.getByTestId('place-experiment').click();
  await page.getByTestId('profile-list').waitFor();
  await page.getByTestId('place-verify').click();
  await columns.waitFor();
  expect(lab.complaints).toEqual([]);
});
