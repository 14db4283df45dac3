import { afterAll, beforeAll, expect, test } from 'vitest';
import { ServedLab } from './served-lab.ts';

let lab: ServedLab;

beforeAll(async () => {
  lab = await ServedLab.start();
});

afterAll(() => lab.close());

test('a lab that is stopped in the middle of a run leaves nothing to cancel and no time left to wait', async () => {
  const page = await lab.open();
  await page.getByTestId('profile-list').getByText('2010: one mutex').click();
  await page.getByTestId('job-file').waitFor();
  await page.getByTestId('run-button').click();
  await expect.poll(() => page.getByTestId('progress').textContent(), { timeout: 20_000 }).toMatch(/%/);
  await lab.stop();
  await page.getByRole('alert').getByText('the lab was stopped').waitFor();
  await expect.poll(() => page.getByTestId('cancel-button').isDisabled()).toBe(true);
  expect(await page.getByTestId('progress').isVisible()).toBe(false);
  expect(await page.getByTestId('run-obstacle').textContent()).toContain('The lab cannot be reached right now');
});
