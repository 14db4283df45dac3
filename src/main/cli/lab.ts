/** Entry of the command line: ties the process (arguments, streams, signals, exit code) to `runCli`. */
import { fileURLToPath } from 'node:url';
import { createLab } from '../lab/lab.ts';
import { userDataFolder } from '../lab/data-folder.ts';
import { readLabVersion } from '../lab/lab-version.ts';
import { runCli } from './cli.ts';
import { ExitCode } from './exit-code.ts';
import { writeProblem } from './write-problem.ts';

const beside = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const resourcesFolder = beside('../../../resources');
/** Threads run the built files, as Electron's do: they are there in a third of the time that Node takes for the sources. */
const builtThread = (name: string): URL => new URL(`../../../out/main/${name}.js`, import.meta.url);

const interrupted = new AbortController();
const interrupt = (): void => {
  // Twice means now.
  if (interrupted.signal.aborted) process.exit(ExitCode.cancelled);
  interrupted.abort();
};
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);
const output = { isLost: false };
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads has read enough (`| head`); the run and its files go on. Any other failure has lost a result.
  if (error.code === 'EPIPE' || output.isLost) return;
  output.isLost = true;
  process.exitCode = ExitCode.failed;
  process.stderr.write(`cannot write to standard output: ${writeProblem(error)}\n`);
  // What waits for a Ctrl-C (`serve`) has nobody any more who knows of it.
  interrupted.abort();
});
process.stderr.on('error', () => {
  // Nowhere is left to tell it; results, files and the exit code do not depend on it.
});

const exitCode = await runCli(process.argv.slice(2), {
  openLab: () =>
    createLab({
      dataFolder: userDataFolder(),
      resourcesFolder,
      cpuWorkerUrl: builtThread('cpu-worker'),
      kernelLz4Url: new URL('../../../out/codec/lz4-kernel.wasm', import.meta.url),
      jobWorkerUrl: builtThread('job-worker'),
      stormWorkerUrl: builtThread('storm-worker'),
    }),
  dashboardFolder: beside('../../../out/renderer'),
  version: readLabVersion(),
  terminal: {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isInteractive: process.stderr.isTTY,
    interrupted: interrupted.signal,
  },
});
process.exitCode = output.isLost ? ExitCode.failed : exitCode;
