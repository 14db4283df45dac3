/** Entry of a thread that runs jobs on the kernel's zram: the only place that touches the thread's port. */
import { parentPort } from 'node:worker_threads';
import { JobThreadCore } from './job-thread-core.ts';
import type { JobThreadRequest } from './protocol.ts';

if (parentPort === null) throw new Error('jobs run in a worker thread');
const port = parentPort;
const core = new JobThreadCore((response) => {
  port.postMessage(response);
});
port.on('message', (request: JobThreadRequest) => {
  void core.handle(request);
});
