/**
 * What the dashboard's page may load, the same wherever it is shown: its own scripts, styles, fonts and pictures, and
 * nothing from anywhere else.
 */

/**
 * The policy as a header's value. `connectTo` are the sources that the page may open connections to: none in the
 * window, where the lab is behind the preload's door.
 */
export function contentSecurityPolicy(connectTo: readonly string[] = []): string {
  const directives: readonly (readonly [name: string, ...sources: string[]])[] = [
    ['default-src', "'none'"],
    ['script-src', "'self'"],
    ['style-src', "'self'"],
    ['font-src', "'self'"],
    // Element Plus and ECharts carry small pictures as data addresses.
    ['img-src', "'self'", 'data:'],
    ['connect-src', ...(connectTo.length === 0 ? ["'none'"] : connectTo)],
    ['base-uri', "'none'"],
    ['form-action', "'none'"],
    ['frame-ancestors', "'none'"],
  ];
  return directives.map((directive) => directive.join(' ')).join('; ');
}
