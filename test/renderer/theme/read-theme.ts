import { readFileSync } from 'node:fs';
import { readTokens, type ThemeTokens } from '../../../src/renderer/theme/tokens.ts';

const css = readFileSync(new URL('../../../src/renderer/theme/tokens.css', import.meta.url), 'utf8');

/** The custom properties of each theme as the stylesheet states them; dark ones fall back to light ones. */
export function themeProperties(scheme: 'light' | 'dark'): ReadonlyMap<string, string> {
  const split = css.indexOf('@media (prefers-color-scheme: dark)');
  if (split < 0) throw new Error('tokens.css has no dark part');
  const texts = scheme === 'light' ? [css.slice(0, split)] : [css.slice(0, split), css.slice(split)];
  const found = texts.flatMap((text) => [...text.matchAll(/(--[\w-]+):\s*([^;]+);/g)]);
  return new Map(found.map(([, name = '', value = '']) => [name, value]));
}

/** The tokens that charts would get. */
export function chartTokens(scheme: 'light' | 'dark'): ThemeTokens {
  const properties = themeProperties(scheme);
  return readTokens((name) => properties.get(name) ?? '');
}
