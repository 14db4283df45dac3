/** Entry of the page: connects to the lab and shows the dashboard. */
import { createDashboard } from './create-dashboard.ts';
import { browserMemory } from './platform/page-memory.ts';
import { connectLab } from './transport/connect.ts';

createDashboard(await connectLab(), browserMemory()).mount('#app');
