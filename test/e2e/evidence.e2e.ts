import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SMALL_TRACE, TWO_CPUS_LOG, TWO_NODES_LOG } from '../fixtures/fixtures.ts';
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
  await page.context().close();
});

/** Drags files over the page and drops them there, as a file manager does. */
async function drop(paths: readonly string[]): Promise<void> {
  const files = paths.map((path) => ({ name: basename(path), base64: readFileSync(path).toString('base64') }));
  const transfer = await page.evaluateHandle((dropped) => {
    const data = new DataTransfer();
    for (const { name, base64 } of dropped) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      data.items.add(new File([bytes], name));
    }
    return data;
  }, files);
  for (const type of ['dragenter', 'dragover', 'drop']) {
    await page.dispatchEvent('body', type, { dataTransfer: transfer });
  }
}

/** How many colours are on a canvas. */
function coloursOf(picture: Locator): Promise<number> {
  return picture.locator('canvas').evaluate((element) => {
    if (!(element instanceof HTMLCanvasElement)) return 0;
    const pixels = element.getContext('2d')?.getImageData(0, 0, element.width, element.height).data;
    return pixels === undefined ? 0 : new Set(new Uint32Array(pixels.buffer)).size;
  });
}

const text = async (testId: string): Promise<string> => (await page.getByTestId(testId).textContent()) ?? '';

describe('a boot log that is dropped', () => {
  test('is checked: verdict, figures and group map are shown', async () => {
    page = await lab.open();
    await drop([TWO_NODES_LOG]);
    await page.getByTestId('geometry-report').waitFor();
    expect(await text('evidence-verdict')).toMatch(/match\s*40 CPUs in 2 groups/);
    expect(await text('geometry-table')).toMatch(/unit\s*262,144 \(256 KiB\)\s*=\s*262,144/);
    expect(await page.getByTestId('group-map').getByTitle('a unit that no CPU has').count()).toBe(8);
    await expect.poll(() => coloursOf(page.getByTestId('unit-map'))).toBeGreaterThan(8);
  });

  test('and states something else than what follows is shown with the difference', async () => {
    const path = join(lab.dataFolder, 'other.dmesg');
    writeFileSync(path, readFileSync(TWO_NODES_LOG, 'utf8').replaceAll('u262144', 'u524288'));
    page = await lab.open();
    await drop([path]);
    await page.getByText('the rules give 262144, the kernel printed 524288').first().waitFor();
    expect(await text('evidence-verdict')).toContain('differs');
    expect(await page.getByTestId('evidence-files').textContent()).toContain('✕ boot log · differs');
  });
});

describe('a trace that is dropped with its boot log', () => {
  test('is replayed, compared and drawn, with every object and pointer', async () => {
    page = await lab.open();
    await drop([SMALL_TRACE, TWO_CPUS_LOG]);
    await page.getByTestId('agreement').waitFor();
    expect(await text('evidence-verdict')).toContain('All 948 allocations lie where the kernel put them');
    expect(await text('agreement')).toMatch(/born within the trace\s*790\s*790\s*100 %/);

    await page.getByText('Call sites', { exact: true }).click();
    expect(await text('call-sites')).toMatch(/A\s*mem_cgroup_css_alloc\+0x2d7\/0x840\s*64\s*1,216\s*77,824\s*56\.1 %/);

    await page.getByText('Chunks, drawn').click();
    const map = page.getByTestId('unit-map');
    await expect.poll(() => coloursOf(map)).toBeGreaterThan(20);
    await expect.poll(() => coloursOf(page.getByTestId('unit-strip'))).toBeGreaterThan(4);
    expect(await text('site-legend')).toContain('mem_cgroup_css_alloc+0x2d7/0x840');
  });

  test('shows the object under the pointer and translates the picked one', async () => {
    page = await lab.open();
    await drop([SMALL_TRACE, TWO_CPUS_LOG]);
    await page.getByText('Chunks, drawn').click();
    const strip = page.getByTestId('page-strip').locator('canvas');
    await strip.waitFor();
    await strip.hover({ position: { x: 40, y: 10 } });
    await page.getByTestId('object-tip').waitFor();
    expect(await text('object-tip')).toMatch(/size.*offset.*aligned to.*on CPU 0.*on CPU 1/);
    const before = await text('translation');
    const box = await strip.boundingBox();
    await strip.click({ position: { x: (box?.width ?? 0) - 5, y: 10 } });
    await expect.poll(() => text('translation')).not.toBe(before);
    expect(await text('translation')).toContain('+ offset of CPU 1');
    await page.getByLabel('CPU whose unit is looked at').selectOption('0');
    expect(await text('translation')).toContain('its unit is the first one');
  });

  test('shows the chunks as they were at other moments', async () => {
    page = await lab.open();
    await drop([SMALL_TRACE, TWO_CPUS_LOG]);
    await page.getByText('Chunks, drawn').click();
    await page.getByTestId('unit-map').waitFor();
    const rows = page.getByTestId('chunk-table').locator('tbody tr');
    await expect.poll(() => rows.count()).toBe(3);
    await page.getByLabel('Moment of the replay').fill('0');
    await expect.poll(() => rows.count()).toBe(2);
    expect(await text('moments')).toContain('after 0 events');
  });

  test('is replayed on another machine, both side by side', async () => {
    page = await lab.open();
    await drop([SMALL_TRACE, TWO_CPUS_LOG]);
    await page.getByText('On another machine').click();
    await page.getByLabel('Possible CPUs').fill('64');
    await page.getByLabel('Access mode').selectOption('local-mapping');
    await page.getByTestId('replay-elsewhere').click();
    await page.getByTestId('machines').waitFor();
    expect(await text('machines')).toMatch(/there: 64 CPUs, 64 units of 1 MiB, local-mapping/);
    expect(await text('machines')).toMatch(/address space of local units\s*0 B\s*\d/);
  });

  test('loses its verdict when a replay with another boot log fails', async () => {
    const path = join(lab.dataFolder, 'eight.dmesg');
    writeFileSync(path, readFileSync(TWO_CPUS_LOG, 'utf8').replace('nr_cpu_ids:2', 'nr_cpu_ids:8'));
    page = await lab.open();
    await drop([SMALL_TRACE]);
    await page.getByTestId('evidence-verdict').waitFor();
    await drop([path]);
    await page
      .getByRole('button', { name: basename(SMALL_TRACE) })
      .first()
      .click();
    await page.getByLabel('Boot log').selectOption('eight.dmesg');
    await page.getByTestId('replay').click();
    await page.getByText('The trace could not be replayed').waitFor();
    expect(await page.getByTestId('evidence-verdict').count()).toBe(0);
  });
});

describe('the page of kernel evidence', () => {
  test('refuses what is no evidence in one sentence, and takes it away again', async () => {
    const path = join(lab.dataFolder, 'letter.txt');
    writeFileSync(path, 'Dear kernel,\n');
    page = await lab.open();
    await drop([path]);
    await page.getByText('letter.txt is no boot log').waitFor();
    await page.getByLabel('Remove letter.txt').click();
    await page.getByText('None yet.').waitFor();
  });

  test('takes picked files as well as dropped ones', async () => {
    page = await lab.open();
    await page.getByTestId('place-evidence').click();
    await page.getByLabel('Evidence files').setInputFiles([TWO_CPUS_LOG]);
    await page.getByTestId('geometry-report').waitFor();
    expect(await text('evidence-verdict')).toContain('2 CPUs in 1 group');
  });

  test.each([1440, 1024])('needs no sideways scrolling at %d pixels', async (width) => {
    page = await lab.open({ viewport: { width, height: 800 } });
    await drop([SMALL_TRACE, TWO_CPUS_LOG]);
    await page.getByText('Chunks, drawn').click();
    await page.getByTestId('unit-map').waitFor();
    const overflow = await page.evaluate(() => {
      const pane = document.querySelector('main');
      return pane === null ? -1 : pane.scrollWidth - pane.clientWidth;
    });
    expect(overflow).toBe(0);
  });

  test('has not complained about anything', () => {
    expect(lab.complaints).toEqual([]);
  });
});
