import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT_ROOT, SetUpError } from '../../scripts/project.mjs';
import { buildFingerprint, ensureBuilt, ensureCodec, ensureInstalled, reasonToInstall } from '../../scripts/set-up.mjs';
import { temporaryFolder } from './temporary-folder.ts';

const ROOT_ENTRY = { name: 'p', dependencies: { a: '^1.0.0' } };
const A = { version: '1.0.0', integrity: 'sha512-a' };
const FOR_ANOTHER_SYSTEM = { version: '2.0.0', integrity: 'sha512-w', optional: true };

interface Project {
  readonly declared?: object;
  readonly wanted?: object;
  readonly installed?: object;
}

function project({ declared = ROOT_ENTRY, wanted = {}, installed }: Project): string {
  const lock = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages });
  return temporaryFolder({
    'package.json': JSON.stringify(declared),
    'package-lock.json': lock({ '': ROOT_ENTRY, ...wanted }),
    ...(installed === undefined ? {} : { 'node_modules/.package-lock.json': lock(installed) }),
  });
}

describe('reasonToInstall', () => {
  test('is none when every locked package is installed at its version', () => {
    const root = project({ wanted: { 'node_modules/a': A }, installed: { 'node_modules/a': A } });
    expect(reasonToInstall(root)).toBeUndefined();
  });

  test('is none when only optional packages are absent, which belong to other systems', () => {
    const wanted = { 'node_modules/a': A, 'node_modules/w': FOR_ANOTHER_SYSTEM };
    expect(reasonToInstall(project({ wanted, installed: { 'node_modules/a': A } }))).toBeUndefined();
  });

  test('names a package that is missing', () => {
    const root = project({ wanted: { 'node_modules/a': A }, installed: {} });
    expect(reasonToInstall(root)).toBe('node_modules/a is not there as package-lock.json says');
  });

  test('names a package whose content differs at the same version', () => {
    const installed = { 'node_modules/a': { ...A, integrity: 'sha512-other' } };
    expect(reasonToInstall(project({ wanted: { 'node_modules/a': A }, installed }))).toContain('node_modules/a');
  });

  test('says that nothing is installed when npm left no record, as after a broken-off install', () => {
    expect(reasonToInstall(project({ wanted: { 'node_modules/a': A } }))).toBe('nothing is installed yet');
  });

  test('takes a record that was cut off for none', () => {
    const root = temporaryFolder({ 'package-lock.json': '{}', 'node_modules/.package-lock.json': '{"packages": {"no' });
    expect(reasonToInstall(root)).toBe('nothing is installed yet');
  });

  test('says in a sentence which file a merge left broken', () => {
    const root = project({ installed: {} });
    writeFileSync(join(root, 'package-lock.json'), '<<<<<<< HEAD\n{}');
    expect(() => reasonToInstall(root)).toThrow(SetUpError);
    expect(() => reasonToInstall(root)).toThrow(/package-lock\.json is not JSON: /);
  });

  test('notices a dependency that package.json has and the lock file has not', () => {
    const declared = { ...ROOT_ENTRY, devDependencies: { b: '1' } };
    expect(reasonToInstall(project({ declared, installed: {} }))).toBe('package.json changed its devDependencies');
  });

  test('does not mind the order in which package.json lists them', () => {
    const declared = { ...ROOT_ENTRY, version: '9.9.9', scripts: { x: 'y' }, dependencies: { a: '^1.0.0' } };
    expect(reasonToInstall(project({ declared, installed: {} }))).toBeUndefined();
  });

  test('agrees with what npm installed in this checkout', () => {
    expect(reasonToInstall(PROJECT_ROOT)).toBeUndefined();
  });
});

describe('ensureInstalled', () => {
  test('does nothing in an installed checkout', async () => {
    await expect(ensureInstalled(PROJECT_ROOT)).resolves.toEqual({ changed: false });
  });
});

describe('buildFingerprint', () => {
  const sources = { 'src/shared/a.ts': 'one', 'resources/p.json': '{}', 'package-lock.json': '{}' };

  test('stays when a file is only touched', () => {
    const root = temporaryFolder(sources);
    const before = buildFingerprint(root);
    utimesSync(join(root, 'src/shared/a.ts'), 1, 1);
    expect(buildFingerprint(root)).toBe(before);
  });

  test.for<[string, (root: string) => void]>([
    ['content changes', (root) => writeFileSync(join(root, 'src/shared/a.ts'), 'two')],
    ['a file is added', (root) => writeFileSync(join(root, 'src/b.vue'), '')],
    ['a file is gone', (root) => rmSync(join(root, 'resources/p.json'))],
    ['the lock file changes', (root) => writeFileSync(join(root, 'package-lock.json'), '{ }')],
  ])('changes when %s', ([, change]) => {
    const root = temporaryFolder(sources);
    const before = buildFingerprint(root);
    change(root);
    expect(buildFingerprint(root)).not.toBe(before);
  });

  test('does not depend on what the build does not read', () => {
    const root = temporaryFolder(sources);
    const before = buildFingerprint(root);
    writeFileSync(join(root, 'README.md'), 'new');
    expect(buildFingerprint(root)).toBe(before);
  });
});

describe('ensureBuilt', () => {
  const CODEC_SOURCE = 'src/main/engine/codec/lz4-kernel/assembly/index.ts';
  const OUTPUTS = [
    'out/main/index.js',
    'out/main/cpu-worker.js',
    'out/main/job-worker.js',
    'out/main/storm-worker.js',
    'out/preload/index.cjs',
    'out/renderer/index.html',
    'out/codec/lz4-kernel.wasm',
  ];

  /** A project with everything built, whose build and compiler are not installed: asking for them fails. */
  async function builtProject(): Promise<string> {
    const files = Object.fromEntries(OUTPUTS.map((path) => [path, '']));
    const root = temporaryFolder({ [CODEC_SOURCE]: '', 'package-lock.json': '{}', 'package.json': '{}', ...files });
    writeFileSync(join(root, 'out/fingerprint.txt'), buildFingerprint(root));
    const codec = createHash('sha256').update(`${CODEC_SOURCE}\x000\0`).update('package-lock.json\x002\0{}');
    writeFileSync(join(root, 'out/codec/fingerprint.txt'), codec.digest('hex'));
    await ensureBuilt(root);
    return root;
  }

  test.for(OUTPUTS)('makes %s again when it is gone', async (output) => {
    const root = await builtProject();
    rmSync(join(root, output));
    await expect(ensureBuilt(root)).rejects.toThrow(SetUpError);
  });

  test('does not take what a broken-off build left for the build of before', async () => {
    const root = await builtProject();
    const before = readFileSync(join(root, 'package.json'), 'utf8');
    writeFileSync(join(root, 'package.json'), '{ }');
    await expect(ensureBuilt(root)).rejects.toThrow(SetUpError);
    writeFileSync(join(root, 'package.json'), before);
    await expect(ensureBuilt(root)).rejects.toThrow(SetUpError);
  });

  test('says in one sentence that the folder cannot be written', async () => {
    // A file in the place of the folder: what root may not write either.
    const root = temporaryFolder({ out: '', 'package-lock.json': '{}' });
    await expect(ensureBuilt(root)).rejects.toThrow(
      /^the project has to be set up, and its folder cannot be written: /,
    );
  });
});

describe('ensureCodec', () => {
  const SOURCE = 'src/main/engine/codec/lz4-kernel/assembly';

  test('leaves a codec alone whose source did not change, and starts no program', async () => {
    const stamp = join(PROJECT_ROOT, 'out/codec/fingerprint.txt');
    await ensureCodec(PROJECT_ROOT);
    const before = statSync(stamp).mtimeMs;
    await ensureCodec(PROJECT_ROOT);
    expect(statSync(stamp).mtimeMs).toBe(before);
  });

  test('compiles when the source changed, and says what the compiler said when that fails', async () => {
    const root = temporaryFolder({ [`${SOURCE}/index.ts`]: 'export const a = 1;', 'package-lock.json': '{}' });
    await expect(ensureCodec(root)).rejects.toThrow(/asc/);
  });
});
