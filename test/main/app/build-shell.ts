/**
 * Builds main process and preload with the project's own configuration into a folder of their own, so that tests run
 * what is shipped and never a stale build.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveConfig } from 'electron-vite';
import { build } from 'vite';

const projectRoot = join(import.meta.dirname, '..', '..', '..');

/** A build beside the real one, inside the project so that it finds the same packages. */
export interface BuiltShell {
  readonly mainFile: string;
  readonly preloadFile: string;
  /** Holds an index.html and an app.js that stand for the dashboard. */
  readonly rendererFolder: string;
  readonly remove: () => void;
}

/** Builds `parts`; takes a few seconds. */
export async function buildShell(parts: readonly ('main' | 'preload')[]): Promise<BuiltShell> {
  mkdirSync(join(projectRoot, 'out'), { recursive: true });
  const outDir = mkdtempSync(join(projectRoot, 'out', 'shell-test-'));
  const environment = process.env['NODE_ENV'];
  const resolved = await resolveConfig(
    { root: projectRoot, logLevel: 'error', build: { outDir } },
    'build',
    'production',
  );
  for (const part of parts) await build(resolved.config?.[part]);
  process.env['NODE_ENV'] = environment;

  const rendererFolder = join(outDir, 'renderer');
  mkdirSync(rendererFolder);
  writeFileSync(join(rendererFolder, 'index.html'), '<!doctype html><title>lab</title>');
  writeFileSync(join(rendererFolder, 'app.js'), 'export {};\n');
  return {
    mainFile: join(outDir, 'main', 'index.js'),
    preloadFile: join(outDir, 'preload', 'index.cjs'),
    rendererFolder,
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}
