/**
 * Where the user's profiles and runs are kept, for the window and the command line alike: each platform's usual place
 * (on Linux the XDG base directory specification's), or the one that PERCPU_LAB_DATA names.
 */
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

const NAME = 'percpu-lab';

/** The absolute path of the data folder; it need not exist yet. */
export function userDataFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = env['PERCPU_LAB_DATA'];
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', NAME);
  if (platform === 'win32') return join(absolute(env['APPDATA']) ?? join(homedir(), 'AppData', 'Roaming'), NAME);
  return join(absolute(env['XDG_DATA_HOME']) ?? join(homedir(), '.local', 'share'), NAME);
}

/** The specification says to ignore a relative path. */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
