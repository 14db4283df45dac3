/** The menu: the platform's usual entries, without Electron's own links to the web. */
import { app, Menu, type MenuItemConstructorOptions } from 'electron';

/** Sets the application's menu; to be called once Electron is ready. */
export function setMenu(): void {
  const application: MenuItemConstructorOptions[] = process.platform === 'darwin' ? [{ role: 'appMenu' }] : [];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...application,
      { role: 'fileMenu' },
      { role: 'editMenu' },
      { role: 'viewMenu' },
      { role: 'windowMenu' },
    ]),
  );
  app.setAboutPanelOptions({ applicationName: 'percpu-lab', applicationVersion: app.getVersion() });
}
