import { readFileSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findChromium } from '../../scripts/chromium.mjs';
import { contractInputs } from '../../src/shared/contract.ts';
import { CALL_CHANNEL, EVENT_CHANNEL } from '../../src/shared/door.ts';
import { buildShell, type BuiltShell } from '../main/app/build-shell.ts';

/**
 * The built preload, run by a real Chromium in a page that has nothing of Node's, as in Electron's sandbox. `require`
 * gives it stand-ins for the two objects that the sandbox would.
 */
let built: BuiltShell;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  built = await buildShell(['preload']);
  const executablePath = await findChromium();
  if (executablePath === undefined) throw new Error('there is no Chromium: npm test installs one');
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser.close();
  built.remove();
});
beforeEach(async () => {
  page = await browser.newPage();
  await page.evaluate(HARNESS);
  await page.evaluate(`harness.run(${JSON.stringify(readFileSync(built.preloadFile, 'utf8'))})`);
});

/** Runs in the page. */
const HARNESS = `
  globalThis.harness = {
    required: [], exposed: {}, invoked: [], listeners: [],
    run(code) {
      const ipcRenderer = {
        invoke: (...args) => { harness.invoked.push(args); return Promise.resolve({ ok: true, value: args }); },
        on: (channel, listener) => { harness.listeners.push([channel, listener]); },
        off: (channel, listener) => {
          harness.listeners = harness.listeners.filter(([c, l]) => c !== channel || l !== listener);
        },
      };
      const contextBridge = { exposeInMainWorld: (name, value) => { harness.exposed[name] = value; } };
      const require = (name) => { harness.required.push(name); return { ipcRenderer, contextBridge }; };
      const before = Object.getOwnPropertyNames(globalThis);
      new Function('require', 'module', 'exports', code)(require, { exports: {} }, {});
      harness.newGlobals = Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name));
    },
  };
`;

describe('the built preload', () => {
  it('runs without Node and asks for nothing but electron', async () => {
    expect(await page.evaluate('typeof process + typeof Buffer + typeof global')).toBe('undefinedundefinedundefined');
    expect(await page.evaluate('[...new Set(harness.required)]')).toEqual(['electron']);
  });

  it('exposes the contract and nothing else', async () => {
    expect(await page.evaluate('Object.keys(harness.exposed)')).toEqual(['percpuLab']);
    const members = await page.evaluate(
      'Object.entries(harness.exposed.percpuLab).map(([name, value]) => [name, typeof value])',
    );
    const names = [...Object.keys(contractInputs), 'subscribe'];
    expect(members).toEqual(names.map((name) => [name, 'function']));
    expect(await page.evaluate('harness.newGlobals')).toEqual([]);
  });

  it('carries every method with its one argument over the one channel', async () => {
    await page.evaluate(`Promise.all(Object.entries(harness.exposed.percpuLab)
      .filter(([name]) => name !== 'subscribe')
      .map(([name, method]) => method({ of: name }, 'surplus')))`);
    expect(await page.evaluate('harness.invoked')).toEqual(
      Object.keys(contractInputs).map((method) => [CALL_CHANNEL, method, { of: method }]),
    );
  });

  it('gives the lab’s answer back as it is', async () => {
    expect(await page.evaluate(`harness.exposed.percpuLab.browse({ path: '/' })`)).toEqual({
      ok: true,
      value: [CALL_CHANNEL, 'browse', { path: '/' }],
    });
  });

  it('hands on events without the IPC event that could reach other channels, until the listener leaves', async () => {
    const result = await page.evaluate(`(() => {
      const heard = [];
      const leave = harness.exposed.percpuLab.subscribe((...args) => heard.push(args));
      const channels = harness.listeners.map(([channel]) => channel);
      const deliver = (event) => harness.listeners.forEach(([, listener]) => listener({ sender: 'secret' }, event));
      deliver({ kind: 'started' });
      const returned = leave();
      deliver({ kind: 'finished' });
      return { heard, channels, left: harness.listeners.length, returned: typeof returned };
    })()`);
    expect(result).toEqual({
      heard: [[{ kind: 'started' }]],
      channels: [EVENT_CHANNEL],
      left: 0,
      returned: 'undefined',
    });
  });
});
