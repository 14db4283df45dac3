import { readFileSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ServedLab } from './served-lab.ts';

let lab: ServedLab;
let page: Page;

beforeAll(async () => {
  lab = await ServedLab.start();
});
afterAll(async () => {
  await lab.close();
});
afterEach(async () => {
  // What a failed test left going would keep the next one from running.
  if (page.isClosed()) return;
  if (await page.getByTestId('cancel-button').isEnabled()) await page.getByTestId('cancel-button').click();
  await page.context().close();
});

async function openChurn(options?: Parameters<ServedLab['open']>[0]): Promise<void> {
  page = await lab.open(options);
  await page.getByTestId('profile-list').getByText('cgroup churn: 10,000').click();
  await page.getByTestId('group-objects').waitFor();
}

async function setGroups(groups: number, repetitions: number): Promise<void> {
  await page.getByLabel('Groups', { exact: true }).fill(String(groups));
  await page.getByLabel('Repetitions', { exact: true }).fill(String(repetitions));
}

const text = async (testId: string): Promise<string> => (await page.getByTestId(testId).textContent()) ?? '';

/** How many colours are on a canvas. */
function coloursOf(picture: Locator): Promise<number> {
  return picture.locator('canvas').evaluate((element) => {
    if (!(element instanceof HTMLCanvasElement)) return 0;
    const pixels = element.getContext('2d')?.getImageData(0, 0, element.width, element.height).data;
    return pixels === undefined ? 0 : new Set(new Uint32Array(pixels.buffer)).size;
  });
}

describe('cgroup churn', () => {
  test('is seen live while it runs, and its last moment stays', async () => {
    await openChurn();
    await setGroups(1000, 50);
    await page.getByTestId('run-button').click();
    await page.getByTestId('live-picture').locator('summary').click();
    await page.getByTestId('unit-map').waitFor();
    await expect.poll(() => coloursOf(page.getByTestId('unit-map'))).toBeGreaterThan(8);
    await expect.poll(() => text('site-legend')).toContain('mem_cgroup_css_alloc, statistics');
    const before = await text('live-picture-moment');
    await expect.poll(() => text('live-picture-moment')).not.toBe(before);
    await expect.poll(readStats).toMatch(/Percpu Memory Statistics\nAllocation Info:/);
    await page.getByTestId('cancel-button').click();
    await page.getByTestId('verdict').waitFor();
    expect(await text('live-picture-moment')).toContain('the last moment that was seen');
    await expect.poll(() => coloursOf(page.getByTestId('unit-map'))).toBeGreaterThan(8);
  });

  test('leaves memory of both moments, who allocates what, and percpu_stats to be downloaded', async () => {
    await openChurn();
    await setGroups(100, 1);
    await page.getByTestId('run-button').click();
    await page.getByTestId('verdict').waitFor();
    expect(await text('percpu-moments')).toMatch(/objects\s*1,100\s*0\s*1,100\s*0/);
    expect(await text('call-sites')).toMatch(/A\s*mem_cgroup_css_alloc, statistics\s*100\s*1,216\s*121,600\s*57\.5 %/);
    await page.getByTestId('kernel-texts').locator('summary').click();
    await page.getByTestId('kernel-text').waitFor();
    expect(await text('kernel-text')).toMatch(/nr_cur_alloc\s+:\s+1100\n/);
    const download = page.waitForEvent('download');
    await page.getByTestId('download-kernel-text').click();
    expect((await download).suggestedFilename()).toBe('embed.percpu_stats');
    expect(readFileSync(await (await download).path(), 'utf8')).toBe(await text('kernel-text'));
    await page.getByLabel('Which text').selectOption('page.dmesg');
    await expect.poll(() => text('kernel-text')).toMatch(/percpu: 51 4K pages\/cpu s185560/);
  });

  async function readStats(): Promise<string> {
    await page.getByTestId('read-percpu-stats').click();
    const shown = page.getByTestId('kernel-text');
    return (await shown.count()) === 0 ? '' : ((await shown.textContent()) ?? '');
  }
});

describe('the form of a percpu workload', () => {
  test('has rows that can be added, filled in and removed, with totals and errors beside them', async () => {
    await openChurn();
    const table = page.getByTestId('group-objects');
    expect(await table.locator('tfoot').textContent()).toMatch(/11\s*2,116/);
    await page.getByTestId('add-object').click();
    await table.getByText('Call site must not be empty').waitFor();
    await page.getByLabel('Call site, row 12').fill('mine');
    await page.getByLabel('Size in bytes, row 12').fill('1000');
    await page.getByLabel('Alignment in bytes, row 12').fill('24');
    await table.getByText('Alignment (bytes) must be a power of two').waitFor();
    await page.getByLabel('Alignment in bytes, row 12').fill('32');
    expect(await table.locator('tfoot').textContent()).toMatch(/12\s*3,116/);
    await page.getByLabel('Remove row 12').click();
    expect(await table.locator('tfoot').textContent()).toMatch(/11\s*2,116/);
    expect(await page.getByLabel('Disk size, each').count()).toBe(0);
  });

  test('opens per-CPU memory for an error in it, and takes a reserve or none', async () => {
    await openChurn();
    const part = page.getByTestId('percpu-settings');
    expect(await part.evaluate((details) => details.hasAttribute('open'))).toBe(false);
    await part.locator('summary').click();
    await page.getByLabel('Limit', { exact: true }).fill('64 KiB');
    await part.getByRole('alert').waitFor();
    await page.getByLabel('Limit', { exact: true }).fill('');
    await expect.poll(() => part.getByRole('alert').count()).toBe(0);
    await page.getByLabel('Kernel', { exact: true }).fill('six');
    await part.getByText('Kernel must be a version such as 6.18').waitFor();
    await page.getByText('Back to what is usual').click();
    expect(await part.locator('summary').textContent()).toContain('as usual');
  });

  test.each([1440, 1024])('needs no sideways scrolling at %d pixels', async (width) => {
    await openChurn({ viewport: { width, height: 800 } });
    const overflow = await page.evaluate(() => {
      const pane = document.querySelector('main');
      return pane === null ? -1 : pane.scrollWidth - pane.clientWidth;
    });
    expect(overflow).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight)).toBe(0);
  });

  test('has not complained about anything', () => {
    expect(lab.complaints).toEqual([]);
  });
});
