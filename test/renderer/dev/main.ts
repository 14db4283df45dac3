/** The dashboard over a lab in memory, to be looked at while working on it: `npx vite --config test/renderer/vite.config.ts`. */
import { createDashboard } from '../../../src/renderer/create-dashboard.ts';
import { browserMemory } from '../../../src/renderer/platform/page-memory.ts';
import { alwaysConnected } from '../../../src/renderer/transport/always-connected.ts';
import { createInMemoryLab } from '../in-memory-lab.ts';

/** The interval of a real lab's progress events. */
const STEP_MS = 100;

const lab = createInMemoryLab();
setInterval(lab.step, STEP_MS);
createDashboard(alwaysConnected(lab.contract), browserMemory()).mount('#app');
Object.assign(window, { inMemoryLab: lab });
