import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findChromium, installPlan } from '../../scripts/chromium.mjs';
import { temporaryFolder } from './temporary-folder.ts';

/** A folder of programs, each a shell script. */
function programs(scripts: Readonly<Record<string, string>>): string {
  const files = Object.entries(scripts).map(([name, body]) => [name, `#!/bin/sh\n${body}\n`]);
  const folder = temporaryFolder(Object.fromEntries(files));
  for (const name of Object.keys(scripts)) chmodSync(join(folder, name), 0o755);
  return folder;
}

const WORKING = 'echo "Chromium 140.0.1"';
/** What Ubuntu puts in place of the browser where the snap is not installed. */
const ONLY_TELLS_TO_INSTALL = 'echo "requires the chromium snap to be installed" >&2; exit 1';

describe('findChromium', () => {
  test('finds a Chromium in PATH', async () => {
    const folder = programs({ chromium: WORKING });
    expect(await findChromium({ PATH: folder })).toBe(join(folder, 'chromium'));
  });

  test('passes over a program that only tells to install the snap', async () => {
    const folder = programs({ 'chromium-browser': ONLY_TELLS_TO_INSTALL, 'google-chrome': 'echo "Google Chrome 140"' });
    expect(await findChromium({ PATH: folder })).toBe(join(folder, 'google-chrome'));
  });

  test('takes CHROMIUM_PATH before PATH', async () => {
    const folder = programs({ chromium: WORKING, mine: WORKING });
    const CHROMIUM_PATH = join(folder, 'mine');
    expect(await findChromium({ PATH: folder, CHROMIUM_PATH })).toBe(CHROMIUM_PATH);
  });

  test('takes no other one when CHROMIUM_PATH does not work', async () => {
    const folder = programs({ chromium: WORKING });
    expect(await findChromium({ PATH: folder, CHROMIUM_PATH: join(folder, 'gone') })).toBeUndefined();
  });

  test('is not confused by a program that cannot be started', async () => {
    const folder = programs({ chromium: WORKING });
    const broken = temporaryFolder({ chromium: 'not a program' });
    chmodSync(join(broken, 'chromium'), 0o755);
    const env = { PATH: `${broken}:${folder}` };
    expect(await findChromium(env)).toBe(join(folder, 'chromium'));
  });
});

describe('installPlan', () => {
  // The lines of these systems' own /etc/os-release that matter.
  const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n';
  const UBUNTU = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n';
  const MINT = 'ID=linuxmint\nID_LIKE="ubuntu debian"\n';
  const FEDORA = 'ID=fedora\n';

  test('uses the package on Debian, asking nothing', () => {
    const { commands } = installPlan(DEBIAN, false);
    expect(commands[0]).toEqual(['apt-get', 'update', '-q']);
    expect(commands[1]).toEqual(expect.arrayContaining(['apt-get', 'install', '-y', 'chromium']));
  });

  test('uses the snap on Ubuntu and what derives from it', () => {
    expect(installPlan(UBUNTU, true).commands).toEqual([['snap', 'install', 'chromium']]);
    expect(installPlan(MINT, true).commands).toEqual([['snap', 'install', 'chromium']]);
  });

  test('says what to do on Ubuntu without the snap service', () => {
    const { commands, advice } = installPlan(UBUNTU, false);
    expect(commands).toEqual([]);
    expect(advice).toContain('CHROMIUM_PATH');
  });

  test('leaves other systems alone', () => {
    expect(installPlan(FEDORA, false).commands).toEqual([]);
    expect(installPlan('', false).commands).toEqual([]);
  });
});
