/** The address space of the 2026 machine in the served dashboard: down the tables, a byte in both mappings, translations. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ServedLab } from './served-lab.ts';

let lab: ServedLab;
beforeAll(async () => {
  lab = await ServedLab.start();
});
afterAll(() => lab.close());

async function openSpace(): Promise<Page> {
  const page = await lab.open();
  await page.getByTestId('profile-list').getByText('2026: this_cpu operations').click();
  await page.getByTestId('tab-space').click();
  await page.getByTestId('table-detail').waitFor();
  return page;
}

test('the tables of 160 CPUs: shared ones, private ones, down to a frame, and what they take', async () => {
  const page = await openSpace();
  const tree = page.getByTestId('table-tree');
  const detail = page.getByTestId('table-detail');
  await page.getByLabel('CPU', { exact: true }).selectOption('7');
  await tree.getByLabel(/^PMD, global units · shared by all 160 CPUs/).click();
  await detail.getByText('shared by all 160 CPUs').waitFor();
  await detail.getByRole('button', { name: 'Open PTE' }).click();
  await detail.getByText(/PTE entry 0 → page frame/).waitFor();
  expect(await page.getByTestId('entry-detail').textContent()).toContain('CPU 0’s unit of chunk 0');
  // By keyboard from table to table: up to the machine's PMD, and over to this CPU's own.
  await tree.locator('[aria-current=true]').focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowRight');
  await detail.getByText('PMD, local window').waitFor();
  await detail.getByText('private to this CPU').waitFor();
  await detail.locator('canvas').press('Enter');
  await detail.getByText(/PTE entry 0 → page frame/).waitFor();
  await detail.locator('canvas').press('ArrowRight');
  await detail.getByText(/PTE entry 1 → page frame/).waitFor();
  expect(await page.getByTestId('entry-detail').textContent()).toContain('Only this CPU reaches it');
  const totals = page.getByTestId('space-totals');
  expect(await totals.getByRole('row', { name: /Top-level tables/ }).textContent()).toContain('636 KiB');
  expect(await totals.getByRole('row', { name: /Address space/ }).textContent()).toMatch(/960 KiB.*\+2\.06 MiB/);
  await page.getByLabel('Chunks', { exact: true }).selectOption('added');
  await tree.getByLabel(/^240 PTE tables, global units/).waitFor();
  await page.context().close();
});

test('one byte of the local column is another frame on each CPU, and an access hits after it has missed', async () => {
  const page = await openSpace();
  await page.getByLabel('CPU', { exact: true }).selectOption('2');
  const chunk = page.getByTestId('chunk-columns');
  await chunk.getByText('2 (chosen)').waitFor();
  await page.getByLabel('Show also CPU').selectOption('80');
  await chunk.getByText('One address in the window, 5 CPUs, 5 frames: each its own, none another’s.').waitFor();
  const canvas = chunk.locator('canvas');
  await canvas.focus();
  await canvas.press('ArrowDown');
  await canvas.press('Enter');
  const steps = page.getByTestId('address-steps');
  await steps.getByText(/^TLB miss in set 1/).waitFor();
  const frame = /reaches frame (\d+), CPU 2’s own copy/.exec((await steps.textContent()) ?? '')?.[1];
  expect(
    await page
      .getByTestId('reach')
      .getByRole('row', { name: /2 \(chosen\)/ })
      .textContent(),
  ).toContain(`frame ${frame}`);
  await page.getByTestId('translate').click();
  await steps.getByText(/^TLB hit in set 1/).waitFor();
  await page.getByRole('button', { name: 'Invalidate the page' }).click();
  await page.getByTestId('tlb').getByText('0 entries in use').waitFor();
  await page.getByLabel('Address', { exact: true }).fill('0x123');
  await page.getByTestId('translate').click();
  await page.getByText('“0x123” is no address of the kernel’s half').waitFor();
  await page.getByRole('button', { name: 'Unmapped' }).click();
  await steps.getByText(/Page fault on CPU 2/).waitFor();
  await page.context().close();
});

test('two CPUs that share a TLB without tags: the second one is shown the first one’s data, in red', async () => {
  const page = await openSpace();
  const verdict = page.getByTestId('translation-verdict');
  for (const [sharing, outcome] of [
    ['smt-untagged', /Wrong data: CPU 1 reaches frame \d+, the copy of CPU 0/],
    ['smt-tagged', /CPU 1 reaches frame \d+, CPU 1’s own copy/],
  ] as const) {
    await page.getByLabel('TLB', { exact: true }).selectOption(sharing);
    await page.getByLabel('CPU', { exact: true }).selectOption('0');
    await page.getByRole('button', { name: 'Local window', exact: true }).click();
    await verdict.getByText(/CPU 0 reaches/).waitFor();
    await page.getByLabel('CPU', { exact: true }).selectOption('1');
    await verdict.waitFor({ state: 'detached' });
    await page.getByTestId('translate').click();
    await verdict.getByText(outcome).waitFor();
    expect(await verdict.evaluate((element) => element.classList.contains('bad'))).toBe(sharing === 'smt-untagged');
  }
  await page.context().close();
  expect(lab.complaints).toEqual([]);
});
