/** The lab's version, as package.json states it: above the source tree and above the built files alike. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** Throws when there is no package.json with a version above this file: a broken installation. */
export function readLabVersion(): string {
  const path = findPackageJSON(import.meta.url);
  const parsed: unknown = path === undefined ? undefined : JSON.parse(readFileSync(path, 'utf8'));
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && typeof parsed.version === 'string') {
    return parsed.version;
  }
  throw new Error('package.json of the lab was not found');
}
