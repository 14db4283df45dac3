import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createRequire } from 'node:module';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findElectron } from '../../scripts/electron-runtime.mjs';

const require = createRequire(import.meta.url);
/** The installed package: its own installer is what is run here, its own lists are what is read. */
const realPackage = dirname(require.resolve('electron/package.json'));

let folder: string;
let display: Server;
/** Long for what goes well, however slow the machine; tests of what does not shorten what they wait for. */
const limits = { firstByteMs: 10_000, stallMs: 10_000, totalMs: 30_000, checkMs: 20 };

beforeEach(async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  folder = mkdtempSync(join(tmpdir(), 'electron-test-'));
  display = createServer().listen(join(folder, 'wayland-9'));
  await once(display, 'listening');
});
afterEach(() => {
  display.close();
  rmSync(folder, { recursive: true });
});

/** A machine with a display, an ordinary user and an electron package without a runtime. */
function host(more: Parameters<typeof findElectron>[0] = {}): NonNullable<Parameters<typeof findElectron>[0]> {
  return {
    env: { PATH: process.env['PATH'], XDG_RUNTIME_DIR: folder, WAYLAND_DISPLAY: 'wayland-9' },
    platform: 'linux',
    arch: 'x64',
    userId: 1000,
    node: process.execPath,
    limits,
    ...more,
  };
}

function script(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** A package like Electron's whose installer is `install` (JavaScript, run in the package's folder). */
function packageWith(install: string): string {
  const packageFolder = join(folder, 'electron');
  mkdirSync(packageFolder);
  for (const name of ['package.json', 'checksums.json']) {
    writeFileSync(join(packageFolder, name), readFileSync(join(realPackage, name)));
  }
  writeFileSync(join(packageFolder, 'install.js'), install);
  return packageFolder;
}

/** The package after its installer has run: `program` is what its `electron` does. */
function installed(program: string): string {
  const packageFolder = packageWith('process.exit(9)');
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  script(join(packageFolder, 'dist', 'electron'), program);
  // Stands for a system where the sandbox may be set up, whatever this one allows.
  script(join(folder, 'bin', 'unshare'), 'exit 0');
  writeFileSync(join(packageFolder, 'dist', 'version'), version);
  writeFileSync(join(packageFolder, 'path.txt'), 'electron');
  return packageFolder;
}

function withOwnPath(): NodeJS.ProcessEnv {
  return { ...host().env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` };
}

async function reasonOf(asked: Parameters<typeof findElectron>[0]): Promise<string> {
  const found = await findElectron(asked);
  return found.ok ? `found ${found.path}` : found.reason;
}

describe('a machine without a window', () => {
  it('is one where the user is root', async () => {
    expect(await reasonOf(host({ userId: 0 }))).toMatch(/^Electron does not run as root/);
  });

  it.each([
    [{}, /^there is no display/],
    [{ DISPLAY: '', WAYLAND_DISPLAY: '' }, /^there is no display/],
    [{ DISPLAY: ':987' }, /^no display answers \(:987\)$/],
    [{ DISPLAY: 'localhost:59000.0' }, /^no display answers/],
    [{ DISPLAY: 'nonsense' }, /^no display answers \(nonsense\)$/],
    [{ WAYLAND_DISPLAY: 'wayland-8', XDG_RUNTIME_DIR: '/nowhere' }, /^no display answers \(wayland-8\)$/],
  ])('is one with %o', async (env, reason) => {
    expect(await reasonOf(host({ env }))).toMatch(reason);
  });

  it('is one that Electron is not published for, as the installed package says itself', async () => {
    expect(await reasonOf(host({ arch: 'riscv64' }))).toBe('Electron is not published for linux on riscv64');
    expect(await reasonOf(host({ platform: 'freebsd' }))).toBe('Electron is not published for freebsd on x64');
  });
});

describe('a runtime that is there', () => {
  it('is found, started as a check, and not fetched again', async () => {
    const packageFolder = installed('[ "$ELECTRON_RUN_AS_NODE" = 1 ]');
    expect(await findElectron(host({ packageFolder, env: withOwnPath() }))).toEqual({
      ok: true,
      path: join(packageFolder, 'dist', 'electron'),
    });
  });

  it('is found where ELECTRON_OVERRIDE_DIST_PATH points', async () => {
    const packageFolder = installed('exit 0');
    const env = { ...withOwnPath(), ELECTRON_OVERRIDE_DIST_PATH: join(packageFolder, 'dist') };
    expect(await findElectron(host({ env }))).toMatchObject({ ok: true });
    expect(await reasonOf(host({ env: { ...env, ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'none') } }))).toContain(
      'where ELECTRON_OVERRIDE_DIST_PATH points',
    );
  });

  it('does not count when its libraries are missing: the loader’s own line is the reason', async () => {
    const line = 'electron: error while loading shared libraries: libnss3.so: cannot open shared object file';
    const packageFolder = installed(`echo '${line}' >&2; exit 127`);
    expect(await reasonOf(host({ packageFolder, env: withOwnPath() }))).toBe(`Electron does not start (${line})`);
  });

  it('does not count where the sandbox cannot be set up', async () => {
    const packageFolder = installed('exit 0');
    script(join(folder, 'bin', 'unshare'), 'echo "unshare: write failed /proc/self/uid_map" >&2; exit 1');
    expect(await reasonOf(host({ packageFolder, env: withOwnPath() }))).toContain('user namespaces are restricted');
  });

  it('does not count when it is another version’s', async () => {
    const packageFolder = installed('exit 0');
    writeFileSync(join(packageFolder, 'dist', 'version'), '1.2.3');
    expect(await reasonOf(host({ packageFolder, mayFetch: false }))).toBe('Electron’s runtime is not there');
  });
});

describe('a runtime that is fetched', () => {
  it('is used', async () => {
    const packageFolder = packageWith(`
      const fs = require('node:fs'), path = require('node:path');
      fs.mkdirSync(path.join(__dirname, 'dist'));
      fs.writeFileSync(path.join(__dirname, 'dist', 'electron'), '#!/bin/sh\\nexit 0\\n', { mode: 0o755 });
    `);
    script(join(folder, 'bin', 'unshare'), 'exit 0');
    expect(await findElectron(host({ packageFolder, env: withOwnPath() }))).toMatchObject({ ok: true });
  });

  it('is given up when nothing of it arrives', async () => {
    const packageFolder = packageWith('setInterval(() => undefined, 1000)');
    expect(await reasonOf(host({ packageFolder, limits: { ...limits, firstByteMs: 400 } }))).toBe(
      'Electron’s runtime is not there, and nothing of it arrived within 0.4 seconds',
    );
  });

  it('is given up when its download stands still', async () => {
    const packageFolder = packageWith(`
      require('node:fs').writeFileSync(require('node:path').join(process.env.TMPDIR, 'part.zip'), 'x'.repeat(1000));
      setInterval(() => undefined, 1000);
    `);
    const asked = host({ packageFolder, limits: { ...limits, stallMs: 400 } });
    expect(await reasonOf(asked)).toContain('its download stood still for 0.4 seconds');
  });

  it('is waited for as long as it grows', async () => {
    const packageFolder = packageWith(`
      const fs = require('node:fs'), path = require('node:path');
      let rounds = 0;
      const timer = setInterval(() => {
        fs.appendFileSync(path.join(process.env.TMPDIR, 'part.zip'), 'x');
        if (++rounds === 12) { clearInterval(timer); console.error('Error: no space left on device'); process.exitCode = 1; }
      }, 150);
    `);
    const asked = host({ packageFolder, limits: { ...limits, stallMs: 1500 } });
    expect(await reasonOf(asked)).toContain('its download failed (no space left on device)');
  });

  describe('by Electron’s own installer', () => {
    let mirror: HttpServer;
    let answer: RequestListener;

    beforeEach(async () => {
      mirror = createHttpServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
      await once(mirror, 'listening');
    });
    afterEach(() => {
      mirror.closeAllConnections();
      mirror.close();
    });

    /** The real installer beside the packages that it needs, asking a server of this test. */
    function asking(): Parameters<typeof findElectron>[0] {
      const packageFolder = packageWith(readFileSync(join(realPackage, 'install.js'), 'utf8'));
      symlinkSync(dirname(realPackage), join(packageFolder, 'node_modules'));
      const address = mirror.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const env = {
        ...host().env,
        ELECTRON_MIRROR: `http://127.0.0.1:${port}/`,
        electron_config_cache: join(folder, 'cache'),
      };
      return host({ packageFolder, env, limits: { ...limits, firstByteMs: 3000, stallMs: 1000 } });
    }

    it('is refused with the server’s own answer', async () => {
      const asked: (string | undefined)[] = [];
      answer = (request, response) => {
        asked.push(request.url);
        response.writeHead(404).end();
      };
      expect(await reasonOf(asking())).toMatch(/and its download failed \(Response code 404/);
      expect(asked[0]).toMatch(/^\/v\d+\.\d+\.\d+\/electron-v[\d.]+-linux-x64\.zip$/);
    });

    it('is given up when the server says nothing', async () => {
      answer = () => undefined;
      expect(await reasonOf(asking())).toContain('nothing of it arrived within 3 seconds');
    });

    it('is given up when the server stops in the middle', async () => {
      answer = (_request, response) => void response.writeHead(200).write('x'.repeat(100_000));
      expect(await reasonOf(asking())).toContain('its download stood still for 1 seconds');
    });
  });
});
