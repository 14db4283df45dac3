import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ServedLab } from './served-lab.ts';

const SMALL_JOB = `[global]
bs=4k
iodepth=8
size=2m
numjobs=2
ioengine=libaio
verify=meta
verify_pattern=0x1234567890abcdef
[seq-write]
rw=write
`;

/** Runs for half a minute or more: something to look at and to cancel. */
const LONG_JOB = SMALL_JOB.replace('size=2m', 'size=128m');

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
  if (await page.getByTestId('cancel-button').isEnabled()) await page.getByTestId('cancel-button').click();
  await page.context().close();
});

async function openSeed(options?: Parameters<ServedLab['open']>[0]): Promise<void> {
  page = await lab.open(options);
  await page.getByTestId('profile-list').getByText('2010: one mutex').click();
  await page.getByTestId('job-file').waitFor();
}

/** What is looked at here are no figures: one block of warm-up will do. */
async function useJob(text: string): Promise<void> {
  await page.getByTestId('job-file').fill(text);
  await page.getByLabel('Warm-up', { exact: true }).fill('0');
}

/** With what the lab lists at first. */
async function openPicker(): Promise<void> {
  await page.getByText('files', { exact: true }).click();
  await page.getByTestId('pick-files').click();
  await page.getByTestId('file-entries').getByRole('listitem').first().waitFor();
}

async function run(): Promise<void> {
  await page.getByTestId('run-button').click();
}

async function runToTheEnd(): Promise<void> {
  await run();
  await page.getByTestId('verdict').waitFor({ timeout: 60_000 });
}

/** Whether an element's upper edge is within the window. */
async function isInView(element: Locator): Promise<boolean> {
  const box = await element.boundingBox();
  const height = page.viewportSize()?.height ?? 0;
  return box !== null && box.y >= 0 && box.y < height;
}

/** Whether anything but one flat colour is on a chart's canvas. */
async function isDrawn(chart: Locator): Promise<boolean> {
  const canvas = chart.locator('canvas').first();
  await canvas.waitFor();
  return canvas.evaluate((element) => {
    if (!(element instanceof HTMLCanvasElement)) return false;
    const pixels = element.getContext('2d')?.getImageData(0, 0, element.width, element.height).data;
    return pixels !== undefined && new Set(new Uint32Array(pixels.buffer)).size > 8;
  });
}

/** Tables of the page that stand out of their place where nothing says that there is more. */
async function tablesCutWithoutSign(): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('table')].flatMap((table) => {
      const frame = table.closest('[role="group"]') ?? table.parentElement;
      if (frame === null || table.scrollWidth <= frame.clientWidth + 1) return [];
      const sign = frame.parentElement?.querySelector(':scope > [data-testid="more-columns"]');
      return sign === null || sign === undefined ? [table.textContent.slice(0, 60)] : [];
    }),
  );
}

/** Charts, headings and lines that reach beyond the right edge of the window. */
async function beyondTheWindow(): Promise<readonly string[]> {
  return page
    .getByRole('region', { name: 'Run in progress' })
    .evaluate((pane) =>
      [...pane.querySelectorAll('canvas, h2, h3, p, p span')]
        .filter((element) => element.getBoundingClientRect().right > window.innerWidth)
        .map((element) => `${element.tagName} ${element.textContent.slice(0, 60)}`),
    );
}

async function downloadCsv(): Promise<readonly Readonly<Record<string, string>>[]> {
  const downloading = page.waitForEvent('download');
  await page.getByTestId('export-csv').click();
  const path = await (await downloading).path();
  const parsed = Papa.parse<Record<string, string>>(readFileSync(path, 'utf8'), { header: true, skipEmptyLines: true });
  expect(parsed.errors).toEqual([]);
  return parsed.data;
}

describe('the 2010 experiment in the dashboard', () => {
  test('runs on a real file, shows verdict and figures, and exports one CSV row a sample', async () => {
    await openSeed();
    await useJob(SMALL_JOB);
    const data = join(lab.dataFolder, 'pages.bin');
    writeFileSync(data, readFileSync(process.execPath).subarray(0, 3_000_000));
    await openPicker();
    await page.getByLabel('Folder', { exact: true }).fill(lab.dataFolder);
    await page.getByRole('button', { name: 'Go', exact: true }).click();
    await page.getByLabel('Pick pages.bin').check();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await runToTheEnd();

    await expect
      .poll(() => page.getByTestId('run-state').or(page.getByTestId('verdict')).first().isVisible())
      .toBe(true);
    expect(await page.getByTestId('verdict').textContent()).toMatch(/single mutex/);
    await page.getByTestId('show-notes').click();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Notes');
    expect(await isInView(page.getByRole('list', { name: 'Notes' }).getByRole('listitem').first())).toBe(true);
    const rows = await downloadCsv();
    expect(rows).toHaveLength(2 * 16);
    expect(new Set(rows.map((row) => row['design']))).toEqual(new Set(['single-mutex', 'per-cpu-global']));
    for (const row of rows) {
      expect(Number(row['write_throughput_MBps'])).toBeGreaterThan(0);
      expect(Number(row['memory_end_original_bytes'])).toBe(2 * 2 * 2 ** 20);
    }
  });

  test('draws throughput, memory and CPUs while it runs, and cancels keeping what was finished', async () => {
    await openSeed();
    await useJob(LONG_JOB);
    await run();
    await expect.poll(() => page.getByTestId('progress').textContent(), { timeout: 20_000 }).toMatch(/%/);
    await expect.poll(() => isDrawn(page.getByTestId('live-throughput-chart')), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => isDrawn(page.getByTestId('live-memory-chart')), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => isDrawn(page.getByTestId('cpu-utilisation')), { timeout: 20_000 }).toBe(true);
    const finished = page.getByRole('table', { name: 'Finished repetitions' });
    await finished.getByRole('cell', { name: '1', exact: true }).first().waitFor({ timeout: 60_000 });
    await page.getByTestId('cancel-button').click();
    await page.getByTestId('result-view').getByText('cancelled').first().waitFor({ timeout: 10_000 });
    const rows = await downloadCsv();
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every((row) => row['outcome'] === 'cancelled')).toBe(true);
  });

  test('picks a run up that was going on when the page was loaded', async () => {
    await openSeed();
    await useJob(LONG_JOB);
    await run();
    await page.getByTestId('live-throughput-chart').waitFor();
    await page.reload();
    await page.getByTestId('live-throughput-chart').waitFor({ timeout: 10_000 });
    await page.getByTestId('cancel-button').click();
    await page.getByTestId('result-view').waitFor({ timeout: 10_000 });
  });

  test('shows all of a run that it picked up at 1024 pixels', async () => {
    await openSeed({ viewport: { width: 1024, height: 768 } });
    await useJob(LONG_JOB);
    await run();
    await page.getByTestId('live-throughput-chart').waitFor();
    await page.reload();
    await page.getByText('when this page came').waitFor({ timeout: 10_000 });
    expect(await beyondTheWindow()).toEqual([]);
    await page.getByTestId('cancel-button').click();
    await page.getByTestId('result-view').waitFor({ timeout: 10_000 });
  });

  test('lists finished runs after a reload, and opens them with their verdict', async () => {
    await openSeed();
    await useJob(SMALL_JOB);
    await runToTheEnd();
    await page.reload();
    await page.getByTestId('run-list').getByRole('button').first().click();
    await page.getByTestId('result-view').waitFor();
    expect(await page.getByTestId('verdict').isVisible()).toBe(true);
  });
});

describe('a result', () => {
  test('of three designs at 1024 pixels cuts no table without saying so', async () => {
    await openSeed({ viewport: { width: 1024, height: 768 } });
    await useJob(SMALL_JOB);
    await page.getByRole('checkbox', { name: 'per-CPU, per stream' }).focus();
    await page.keyboard.press('Space');
    await runToTheEnd();
    await page.getByTestId('result-view').getByRole('table', { name: 'Finished repetitions' }).waitFor();
    await expect.poll(() => tablesCutWithoutSign()).toEqual([]);
    // And what says so is there at all: this table needs more room than the pane has.
    const repetitions = page.getByRole('group', { name: 'Finished repetitions' });
    await repetitions.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => repetitions.evaluate((element) => element.scrollLeft)).toBeGreaterThan(0);
  });

  test('that could not be stored is looked at and exported all the same', async () => {
    await openSeed();
    await useJob(SMALL_JOB);
    const store = join(lab.dataFolder, 'runs.sqlite');
    renameSync(store, `${store}.away`);
    try {
      await run();
      await page.getByText('This run is not kept.').waitFor({ timeout: 60_000 });
    } finally {
      renameSync(`${store}.away`, store);
    }
    await page.getByTestId('open-unstored').click();
    await page.getByTestId('verdict').waitFor();
    expect((await downloadCsv()).length).toBeGreaterThan(0);
  });

  test('names the profile it ran with, and brings it back into the form', async () => {
    await openSeed();
    await useJob(SMALL_JOB);
    await runToTheEnd();
    expect(await page.getByTestId('ran-with').textContent()).toContain('The form holds the same.');
    await page.getByRole('button', { name: 'Revert' }).click();
    await page.getByTestId('load-run-profile').click();
    await expect.poll(() => page.getByTestId('job-file').inputValue()).toBe(SMALL_JOB);
    expect(await page.getByTestId('load-run-profile').count()).toBe(0);
  });
});

describe('the first view', () => {
  test('is the 2010 experiment, ready to be run', async () => {
    page = await lab.open();
    await page.getByTestId('job-file').waitFor();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('2010: one mutex or per-CPU buffers');
    expect(await page.getByTestId('run-button').isEnabled()).toBe(true);
  });
});

describe('a field that may stay empty', () => {
  test('is not taken for empty while it shows what is no number', async () => {
    await openSeed();
    const warmUp = page.getByLabel('Warm-up', { exact: true });
    for (const typed of ['1e', '1,5', 'long']) {
      await warmUp.fill(typed);
      await page.getByText('Warm-up must be a number of seconds').first().waitFor();
      expect(await page.getByTestId('run-button').isEnabled()).toBe(false);
    }
    await warmUp.fill('');
    await expect.poll(() => page.getByTestId('run-button').isEnabled()).toBe(true);
  });
});

describe('the file picker', () => {
  test('picks the file whose path is typed, and says in words where there is none', async () => {
    await openSeed();
    const data = join(lab.dataFolder, 'typed.bin');
    writeFileSync(data, Buffer.alloc(8192, 1));
    await openPicker();
    const typed = page.getByLabel('Folder', { exact: true });
    await typed.fill(join(data, 'below'));
    await typed.press('Enter');
    await page.getByRole('alert').getByText('a part of the path is a file, not a folder').waitFor();
    // What is listed is not what the path above names.
    expect(await page.getByRole('button', { name: 'Add this folder' }).isDisabled()).toBe(true);
    await typed.fill(data);
    await typed.press('Enter');
    await page.getByLabel('Pick typed.bin').waitFor();
    await expect.poll(() => page.getByLabel('Pick typed.bin').isChecked()).toBe(true);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('list', { name: 'Files and folders' }).getByText(data).waitFor();
  });

  test('shows what is picked in other folders, and takes it back', async () => {
    await openSeed();
    const data = join(lab.dataFolder, 'elsewhere.bin');
    writeFileSync(data, Buffer.alloc(8192, 1));
    await openPicker();
    const typed = page.getByLabel('Folder', { exact: true });
    await typed.fill(data);
    await typed.press('Enter');
    await page.getByLabel('Pick elsewhere.bin').waitFor();
    const elsewhere = page.getByRole('list', { name: 'Picked in other folders' });
    expect(await elsewhere.count()).toBe(0);
    await page.getByRole('button', { name: 'Parent folder' }).click();
    await elsewhere.getByText(data).waitFor();
    await elsewhere.getByRole('button').click();
    await elsewhere.waitFor({ state: 'detached' });
    await page.getByText('0 picked').waitFor();
  });

  test('takes the folder that one stands in, but not while another path is typed', async () => {
    const folder = join(lab.dataFolder, 'whole folder');
    mkdirSync(folder);
    writeFileSync(join(folder, 'one.bin'), 'x'.repeat(8192));
    await openSeed();
    await openPicker();
    const add = page.getByRole('button', { name: 'Add this folder' });
    const typed = page.getByLabel('Folder', { exact: true });
    await typed.fill(folder);
    expect(await add.isDisabled()).toBe(true);
    await typed.press('Enter');
    await page.getByLabel('Pick one.bin').waitFor();
    await add.click();
    await page.getByRole('list', { name: 'Files and folders' }).getByText(folder).waitFor();
  });

  test('keeps what is typed while a slow lab still lists the first folder, and goes there', async () => {
    await openSeed();
    await page.routeWebSocket(/./, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        setTimeout(() => {
          socket.send(message);
        }, 400);
      });
    });
    await page.reload();
    await page.getByTestId('profile-list').waitFor();
    await page.getByText('files', { exact: true }).click();
    await page.getByTestId('pick-files').click();
    const typed = page.getByLabel('Folder', { exact: true });
    await typed.fill(import.meta.dirname);
    await page.getByTestId('file-entries').getByRole('listitem').first().waitFor();
    expect(await typed.inputValue()).toBe(import.meta.dirname);
    await typed.press('Enter');
    await page.getByLabel('Pick dashboard.e2e.ts').waitFor();
  });
});

describe('profiles', () => {
  test('are saved under a new name, survive a reload and load with what was changed', async () => {
    await openSeed();
    await useJob(SMALL_JOB);
    await page.getByTestId('save-profile-as').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('small/2010');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Name must not contain slashes or control characters').waitFor();
    await dialog.getByRole('textbox').fill('small 2010');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByTestId('profile-list').getByText('small 2010').waitFor();
    await page.reload();
    await page.getByTestId('profile-list').getByText('small 2010').click();
    await expect.poll(() => page.getByTestId('job-file').inputValue()).toBe(SMALL_JOB);
  });

  test('that were changed are saved, given up or kept before another one is loaded', async () => {
    await openSeed();
    const description = page.getByLabel('Description');
    const dialog = page.getByRole('dialog');
    const list = page.getByTestId('profile-list');
    await page.getByTestId('save-profile-as').click();
    await dialog.getByRole('textbox').fill('left and kept');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await list.getByText('left and kept').waitFor();

    await description.fill('Kept.');
    await list.getByText('Recompression').click();
    await dialog.getByText('Unsaved changes').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await description.inputValue()).toBe('Kept.');

    await list.getByText('Recompression').click();
    await dialog.getByRole('button', { name: 'Save and load' }).click();
    await expect.poll(() => description.inputValue()).not.toBe('Kept.');
    await list.getByText('left and kept').click();
    await expect.poll(() => description.inputValue()).toBe('Kept.');

    await description.fill('Replaced.');
    await list.getByText('left and kept').click();
    await dialog.getByRole('button', { name: 'Save and load' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => page.getByText('● unsaved').count()).toBe(0);
    expect(await description.inputValue()).toBe('Replaced.');

    await description.fill('Given up.');
    await list.getByText('left and kept').click();
    await dialog.getByRole('button', { name: 'Load without saving' }).click();
    await expect.poll(() => description.inputValue()).toBe('Replaced.');

    await page.getByTestId('job-file').fill('no job');
    await expect.poll(() => page.getByTestId('run-button').isEnabled()).toBe(false);
    await list.getByText('Recompression').click();
    await dialog.getByText('cannot be saved as long as a field is wrong').waitFor();
    await dialog.getByRole('button', { name: 'Load all the same' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => description.inputValue()).not.toBe('Replaced.');
  });

  test('that were shipped are saved under another name', async () => {
    await openSeed();
    await page.getByLabel('Description').fill('Mine.');
    await page.getByTestId('save-profile').click();
    const dialog = page.getByRole('dialog');
    const name = dialog.getByRole('textbox');
    await name.fill('2010: one mutex or per-CPU buffers');
    await dialog.getByText('A profile of this name came with the lab').waitFor();
    await name.fill('one mutex of mine');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByTestId('profile-list').getByText('one mutex of mine').waitFor();
  });

  test('that were put into the folder meanwhile are listed when the page is looked at again', async () => {
    await openSeed();
    const seed = join(import.meta.dirname, '../../resources/profiles/seed-2010.json');
    const copy = readFileSync(seed, 'utf8').replace('2010: one mutex or per-CPU buffers', 'put there by hand');
    mkdirSync(join(lab.dataFolder, 'profiles'), { recursive: true });
    writeFileSync(join(lab.dataFolder, 'profiles', 'by-hand.json'), copy);
    // A browser that is driven counts each of its pages as the one with the keyboard, so this one must be told.
    await page.evaluate(() => window.dispatchEvent(new Event('focus')));
    await page.getByTestId('profile-list').getByText('put there by hand').waitFor();
  });

  test('that are damaged are named and left alone', async () => {
    const path = join(lab.dataFolder, 'profiles', 'broken.json');
    await openSeed();
    writeFileSync(path, '{ "schemaVersion": 1,, }');
    await page.reload();
    await page.getByTestId('profile-list').getByText('broken').first().waitFor();
    expect(readFileSync(path, 'utf8')).toBe('{ "schemaVersion": 1,, }');
  });
});

describe('a reload', () => {
  test('shows the profile that was chosen last, and what was changed in the form, as unsaved', async () => {
    await openSeed();
    await page.getByTestId('profile-list').getByText('Recompression').click();
    await page.getByLabel('Description').fill('Mine.');
    await page.reload();
    await page.getByText('● unsaved').waitFor();
    await expect.poll(() => page.getByLabel('Description').inputValue()).toBe('Mine.');
    await page.getByRole('button', { name: 'Revert' }).click();
    await page.getByText('● unsaved').waitFor({ state: 'hidden' });
    await page.reload();
    await expect.poll(() => page.getByLabel('Name', { exact: true }).inputValue()).toMatch(/ecompression/);
    expect(await page.getByText('● unsaved').count()).toBe(0);
  });

  test('asks first when the form holds what cannot be kept', async () => {
    await openSeed();
    const questions: string[] = [];
    page.on('dialog', (dialog) => {
      questions.push(dialog.type());
      void dialog.accept();
    });
    await page.getByLabel('Description').fill('Mine.');
    await page.reload();
    expect(questions).toEqual([]);
    await page.getByLabel('Name', { exact: true }).fill('');
    await page.reload();
    expect(questions).toEqual(['beforeunload']);
  });
});

describe('wrong input', () => {
  test('of a job file is shown with line and column, and nothing can be run', async () => {
    await openSeed();
    await useJob(SMALL_JOB.replace('iodepth=8', 'iodept=8'));
    await page.getByText(/^\s*3:1\b/).waitFor();
    expect(await page.getByTestId('run-button').isDisabled()).toBe(true);
  });

  test('of a field is shown beside the field', async () => {
    await openSeed();
    await page.getByLabel('Online CPUs').fill('3');
    await page.getByLabel('Online CPUs').blur();
    await page.getByRole('main').getByText('Online CPUs must not exceed possible CPUs').waitFor();
    expect(await page.getByTestId('run-obstacle').textContent()).toContain('Online CPUs must not exceed possible CPUs');
    expect(await page.getByTestId('run-button').isDisabled()).toBe(true);
  });
});

describe('the page', () => {
  test('follows the system between dark and light', async () => {
    const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await openSeed({ colorScheme: 'dark' });
    const dark = await background();
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(background).not.toBe(dark);
  });

  test('needs no sideways scrolling at 1024 pixels', async () => {
    await openSeed({ viewport: { width: 1024, height: 768 } });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBeLessThanOrEqual(0);
  });

  test('of half its width, as at 200 % zoom, is scrolled to what lies beyond', async () => {
    await openSeed({ viewport: { width: 720, height: 450 } });
    await page.evaluate(() => window.scrollTo(10_000, 0));
    await expect
      .poll(() => page.getByTestId('run-button').evaluate((e) => e.getBoundingClientRect().right))
      .toBeLessThanOrEqual(720);
  });

  test('tells the chosen from the others, and fields from text, in colours that the user forces', async () => {
    await openSeed({ forcedColors: 'active' });
    const items = page.getByTestId('profile-list').locator('.item');
    const looks = await items.evaluateAll((all) =>
      all.map((item) => {
        const { backgroundColor, color } = getComputedStyle(item);
        return `${color} on ${backgroundColor}`;
      }),
    );
    expect(new Set(looks).size).toBe(2);
    const chosen = await page.evaluate(() => {
      const sample = document.createElement('p');
      sample.style.color = 'HighlightText';
      sample.style.backgroundColor = 'Highlight';
      sample.style.setProperty('forced-color-adjust', 'none');
      document.body.append(sample);
      const { backgroundColor, color } = getComputedStyle(sample);
      return `${color} on ${backgroundColor}`;
    });
    expect(looks).toContain(chosen);
    const field = page.locator('.el-input__wrapper').first();
    expect(await field.evaluate((element) => getComputedStyle(element).borderStyle)).toBe('solid');
  });

  test('keeps still where the user wants less motion', async () => {
    await openSeed({ reducedMotion: 'reduce' });
    const moving = await page.evaluate(() =>
      [...document.querySelectorAll('*')].flatMap((element) => {
        const { transitionDuration, animationName, animationDuration } = getComputedStyle(element);
        const durations = animationName === 'none' ? transitionDuration : `${transitionDuration}, ${animationDuration}`;
        return /[1-9]/.test(durations) ? [element.className] : [];
      }),
    );
    expect(moving).toEqual([]);
  });

  test('has borders between its panes that are named and moved from the keyboard', async () => {
    await openSeed();
    const border = page.getByRole('separator', { name: 'Border of the library' });
    await border.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => border.getAttribute('aria-valuenow')).toBe('23');
  });

  test('runs an experiment from the keyboard alone', async () => {
    await openSeed();
    await useJob(SMALL_JOB);
    await page.getByTestId('run-button').focus();
    await page.keyboard.press('Enter');
    await page.getByTestId('verdict').waitFor({ timeout: 60_000 });
  });

  test('is refused without the token', async () => {
    page = await lab.open();
    const bare = new URL(lab.address);
    bare.search = '';
    const answer = await fetch(bare);
    expect(answer.status).toBe(401);
  });

  test('has not complained about anything, its content security policy included', async () => {
    await openSeed();
    expect(lab.complaints).toEqual([]);
  });
});
