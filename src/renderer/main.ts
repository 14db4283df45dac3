/** Entry of the page: connects to the lab and shows the dashboard. */
import { createDashboard } from './create-dashboard.ts';
import { connectLab } from './transport/connect.ts';

createDashboard(await connectLab()).mount('#app');
