/**
 * The one origin of the window. `app:` is standard and secure, so the page has an origin of its own, relative
 * addresses and secure-context features, without the reach that `file:` has.
 */

export const APP_SCHEME = 'app';

/** As Chromium spells it; Node's URL knows no origin of schemes that it does not know. */
export const APP_ORIGIN = 'app://percpu-lab';

/** The page that the window shows. */
export const APP_PAGE = `${APP_ORIGIN}/index.html`;

/** Whether `address` is the window's page itself, whatever its fragment. */
export function isAppPage(address: string): boolean {
  return URL.canParse(address) && address.split('#', 1)[0] === APP_PAGE;
}
