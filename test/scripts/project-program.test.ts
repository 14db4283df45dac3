import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild } from '../../scripts/child-process.mjs';
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
  console.log(JSON.stringify({ sameProcess, entry: argv[1], args: argv.slice(2) }));
  process.exitCode = 3;
`;

/** A project whose Node is put there by `putNode`. */
async function run(putNode: (path: string) => void) {
  const root = temporaryFolder({ 'src/tool.ts': TOOL, 'script.mjs': SCRIPT, 'package.json': '{"type":"module"}' });
  mkdirSync(dirname(projectNode(root)), { recursive: true });
  putNode(projectNode(root));
  const ended = await runChild(process.execPath, [join(root, 'script.mjs'), root], { capture: true });
  return { root, exitCode: ended.exitCode, ...JSON.parse(ended.output) };
}

test('a program runs in the script’s own process where that is the project’s Node', async () => {
  const ran = await run((path) => symlinkSync(process.execPath, path));
  expect(ran).toMatchObject({
    sameProcess: true,
    exitCode: 3,
    args: ['--json', 'two words'],
    entry: join(ran.root, 'src/tool.ts'),
  });
});

test('a program runs on the project’s Node where the script was started by another', async () => {
  const ran = await run((path) => {
    writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "$@"\n`);
    chmodSync(path, 0o755);
  });
  expect(ran).toMatchObject({
    sameProcess: false,
    exitCode: 3,
    args: ['--json', 'two words'],
    entry: join(ran.root, 'src/tool.ts'),
  });
});
