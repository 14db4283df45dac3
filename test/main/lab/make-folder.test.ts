import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/main/lab/make-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe('makeFolder', () => {
  it('makes every missing parent and says which is the outermost, and nothing the second time', () => {
    const folder = temporaryFolder();
    expect(makeFolder(join(folder, 'a', 'b', 'c'))).toBe(join(folder, 'a'));
    expect(makeFolder(join(folder, 'a', 'b', 'c'))).toBeUndefined();
    expect(makeFolder(join(folder, 'a', 'd'))).toBe(join(folder, 'a', 'd'));
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['c']);
  });

  it('throws with the path where a file is in the way', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolder(join(folder, 'file'))).toThrow(join(folder, 'file'));
    expect(() => makeFolder(join(folder, 'file', 'below'))).toThrow(join(folder, 'file'));
  });

  it('comes to an end where the file system takes no folders', (context) => {
    if (process.platform !== 'linux') context.skip('needs /proc');
    expect(() => makeFolder('/proc/percpu-lab/data')).toThrow('/proc/percpu-lab');
  });

  it('follows a path that is given relative to an existing one', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'a'));
    makeFolder(`${folder}/a/../b/`);
    expect(readdirSync(folder).toSorted()).toEqual(['a', 'b']);
  });
});
