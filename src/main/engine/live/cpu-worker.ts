/** Entry of a CPU's thread: the only place that touches the thread's port. */
import { parentPort } from 'node:worker_threads';
import { widenInliningBudget } from './compiler-budget.ts';
import { CpuCore } from './cpu-core.ts';
import type { CpuRequest } from './protocol.ts';

if (parentPort === null) throw new Error('a CPU runs as a worker thread');
widenInliningBudget();
const port = parentPort;
const core = new CpuCore((response) => {
  port.postMessage(response);
});
port.on('message', (request: CpuRequest) => {
  void core.handle(request);
});
