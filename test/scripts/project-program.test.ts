import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild } from '../../scripts/child-process.mjs';
import { V8_FLAGS } from '../../scripts/project-program.mjs';
import { projectNode, PROJECT_ROOT } from '../../scripts/project.mjs';
import { temporaryFolder } from './temporary-folder.ts';

/** Starts the program below as a script of a project does, on this Node. */
const SCRIPT = `
  import { runProjectProgram } from ${JSON.stringify(join(PROJECT_ROOT, 'scripts', 'project-program.mjs'))};
  process.env.SCRIPT = String(process.pid);
  const exitCode = await runProjectProgram(process.argv[2], 'src/tool.ts', ['--json', 'two words']);
  if (exitCode !== undefined) process.exitCode = exitCode;
`;
const TOOL = `
  const argv: readonly string[] = process.argv;
  const sameProcess = process.env['SCRIPT'] === String(process.pid);
  console.log(JSON.stringify({ sameProcess, flags: process.execArgv, entry: argv[1], args: argv.slice(2) }));
  process.exitCode = 3;
`;

/** A project whose Node is put there by `putNode`; the script runs with `flags`. */
async function run(putNode: (path: string) => void, flags: readonly string[]) {
  const root = temporaryFolder({ 'src/tool.ts': TOOL, 'script.mjs': SCRIPT, 'package.json': '{"type":"module"}' });
  mkdirSync(dirname(projectNode(root)), { recursive: true });
  putNode(projectNode(root));
  const ended = await runChild(process.execPath, [...flags, join(root, 'script.mjs'), root], { capture: true });
  return { root, exitCode: ended.exitCode, ...JSON.parse(ended.output) };
}

test('a program runs in the script’s own process where that is the project’s Node with its flags', async () => {
  const ran = await run((path) => symlinkSync(process.execPath, path), V8_FLAGS);
  expect(ran).toMatchObject({
    sameProcess: true,
    flags: V8_FLAGS,
    exitCode: 3,
    args: ['--json', 'two words'],
    entry: join(ran.root, 'src/tool.ts'),
  });
});

function putOther(path: string): void {
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "$@"\n`);
  chmodSync(path, 0o755);
}

test.each([
  ['was started by another', putOther, V8_FLAGS],
  ['lacks the flags', (path: string) => symlinkSync(process.execPath, path), []],
])('a program runs on the project’s Node with its flags where the script %s', async (_why, putNode, flags) => {
  const ran = await run(putNode, flags);
  expect(ran).toMatchObject({
    sameProcess: false,
    flags: V8_FLAGS,
    exitCode: 3,
    args: ['--json', 'two words'],
    entry: join(ran.root, 'src/tool.ts'),
  });
});

test('npm gives the flags to every script that runs a program of the project', () => {
  const { scripts } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8'));
  for (const name of ['start', 'lab', 'bench']) {
    expect(scripts[name]).toBe(`node ${V8_FLAGS.join(' ')} scripts/${name}.mjs`);
  }
});
