/**
 * Where the details of what must not happen go: standard error, for whoever looks into it. The person at the dashboard
 * gets a sentence instead.
 */

/** Writes `what` happened and all that is known of it to standard error. */
export function reportUnexpected(what: string, thrown: unknown): void {
  const details = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  process.stderr.write(`${what}: ${details}\n`);
}
