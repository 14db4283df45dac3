/** The lab as a user has it: the real command line serving the built dashboard, and a real Chromium that looks at it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../scripts/chromium.mjs';
import { V8_FLAGS } from '../../scripts/project-program.mjs';

const CLI = join(import.meta.dirname, '../../src/main/cli/lab.ts');

export class ServedLab {
  readonly address: string;
  readonly dataFolder: string;
  /** Everything that a page complained about: errors of scripts, of the console, of the content security policy. */
  readonly complaints: string[] = [];
  readonly #server: ChildProcess;
  readonly #browser: Browser;

  private constructor(parts: { address: string; dataFolder: string; server: ChildProcess; browser: Browser }) {
    this.address = parts.address;
    this.dataFolder = parts.dataFolder;
    this.#server = parts.server;
    this.#browser = parts.browser;
  }

  static async start(): Promise<ServedLab> {
    const executablePath = await findChromium();
    if (executablePath === undefined) throw new Error('no Chromium; npm test installs one');
    const dataFolder = mkdtempSync(join(tmpdir(), 'percpu-lab-e2e-'));
    const server = spawn(process.execPath, [...V8_FLAGS, CLI, 'serve'], {
      env: { ...process.env, PERCPU_LAB_DATA: dataFolder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const address = await addressOf(server);
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    return new ServedLab({ address, dataFolder, server, browser });
  }

  /** The dashboard in a page of its own, loaded and connected. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    await page.goto(this.address);
    await page.getByTestId('profile-list').waitFor();
    return page;
  }

  /** Ends the server as its user would, the browser stays. Safe to call again. */
  async stop(): Promise<void> {
    if (this.#server.exitCode !== null) return;
    const exited = new Promise((resolve) => this.#server.once('exit', resolve));
    this.#server.kill('SIGTERM');
    await exited;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.stop();
    rmSync(this.dataFolder, { recursive: true });
  }
}

/** The address that the server prints; rejects when it ends without one. */
async function addressOf(server: ChildProcess): Promise<string> {
  if (server.stdout === null) throw new Error('the server has no standard output');
  for await (const line of createInterface(server.stdout)) {
    const address = /http:\S+/.exec(line)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error('the server ended without printing its address');
}
