import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findElectron } from '../../scripts/electron-runtime.mjs';
import { contractInputs } from '../../src/shared/contract.ts';

/**
 * The real app in a real Electron, wherever that can run: its runtime is there (nothing is downloaded for a test), and a
 * display, and a user other than root. Elsewhere each test is skipped with the reason printed; what they check is then
 * covered only as far as test/main/app, test/preload and the served dashboard's tests reach.
 */
const electron = await findElectron({ mayFetch: false });
const projectRoot = join(import.meta.dirname, '..', '..');

let app: ElectronApplication | undefined;
let page: Page;
let dataFolder: string;

beforeEach(async (context) => {
  if (!electron.ok) context.skip(`no Electron here: ${electron.reason}`);
  else {
    dataFolder = mkdtempSync(join(tmpdir(), 'lab-data-'));
    const { ELECTRON_RUN_AS_NODE: _asNode, ...env } = process.env;
    app = await _electron.launch({
      executablePath: electron.path,
      args: [projectRoot],
      env: { ...env, PERCPU_LAB_DATA: dataFolder },
    });
    page = await app.firstWindow();
  }
});
afterEach(async () => {
  if (!app) return;
  await app.close();
  app = undefined;
  rmSync(dataFolder, { recursive: true, force: true });
});

describe('the Electron app', () => {
  it('shows the dashboard under app:// without a violation of its policy', async () => {
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    await page.reload();
    await page.locator('#app > *').first().waitFor();
    expect(page.url()).toBe('app://percpu-lab/index.html');
    expect(problems).toEqual([]);
  });

  it('gives the page the contract and nothing of Node', async () => {
    expect(await page.evaluate('Object.keys(window.percpuLab)')).toEqual([...Object.keys(contractInputs), 'subscribe']);
    expect(await page.evaluate('[typeof process, typeof require, typeof module]')).toEqual(Array(3).fill('undefined'));
  });

  it('lets the page ask the lab through the door', async () => {
    expect(await page.evaluate('window.percpuLab.describeHost({})')).toMatchObject({ ok: true, value: { dataFolder } });
    expect(await page.evaluate('window.percpuLab.openRun({})')).toMatchObject({ ok: false, error: { where: 'runId' } });
  });

  it('keeps the page in its place', async () => {
    await page.evaluate(`location.href = 'https://evil.example/'`);
    expect(await page.evaluate(`window.open('https://evil.example/')`)).toBe(null);
    expect(await page.evaluate(`fetch('https://evil.example/').then(() => 'reached', () => 'refused')`)).toBe(
      'refused',
    );
    expect(await page.evaluate(`fetch('../main/index.js').then((answer) => answer.status, () => 'refused')`)).toBe(
      'refused',
    );
    expect(await page.evaluate(`Notification.requestPermission()`)).toBe('denied');
    expect(page.url()).toBe('app://percpu-lab/index.html');
    expect(app?.windows()).toHaveLength(1);
  });
});
