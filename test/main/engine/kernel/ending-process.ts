/**
 * A process that is in the middle of a sample on the kernel's zram, and ends in the way that its argument says: `throw` (an
 * exception that nobody catches) or `exit` (process.exit).
 */
import { KernelEngine } from '../../../../src/main/engine/kernel/kernel-engine.ts';
import { smallSample } from '../live/sample-plans.ts';

const engine = new KernelEngine(new URL('../../../../src/main/engine/kernel/job-worker.ts', import.meta.url));
const plan = { ...smallSample({ cpus: 2, bufferLayout: 'per-cpu-global', blocks: 512 }), repeatForMs: 60_000 };

function end(): void {
  process.stdout.write('ending\n');
  if (process.argv[2] === 'exit') process.exit(7);
  throw new Error('nobody catches this');
}

void engine.runSample(plan, { onPhase: () => undefined, onTick: end }, new AbortController().signal);
