/** Entry of the Electron app: the built file of this is the package's `main`. */
import { startApp } from './app/start-app.ts';

startApp(import.meta.url);
