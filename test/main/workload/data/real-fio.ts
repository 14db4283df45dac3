/** Runs the fio of this host, the program that the page data imitates. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The bytes that fio writes into a file of `folder` for these options, 4 KiB blocks unless they say otherwise. */
export function writtenByFio(folder: string, options: readonly string[]): Uint8Array {
  const file = join(folder, 'written');
  const fixed = ['--name=job', `--filename=${file}`, '--rw=write', '--bs=4k', '--size=256k', '--do_verify=0'];
  execFileSync('fio', [...fixed, '--verify_state_save=0', ...options], { cwd: folder });
  return new Uint8Array(readFileSync(file));
}
