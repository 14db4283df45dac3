/** What `run` is to run: a profile by its id, name or path. */
import { statSync } from 'node:fs';
import type { Profile } from '../../shared/profile.ts';
import { fail, type Result } from '../../shared/result.ts';
import type { Lab } from '../lab/lab.ts';

/** The lab's answer; of a file that is none, 'bad-input' that says how fio's job files are given. */
export function findProfile(lab: Pick<Lab, 'loadProfile'>, name: string): Result<Profile> {
  const found = lab.loadProfile(name);
  if (found.ok || found.error.code !== 'not-found') return found;
  if (statSync(name, { throwIfNoEntry: false })?.isFile() !== true) return found;
  return fail(
    'bad-input',
    `'${name}' is no profile (a profile's file ends in .json); a fio job file goes with --job: lab run seed-2010 --job ${name}`,
  );
}
