import { inject, onScopeDispose, shallowRef, type InjectionKey, type ShallowRef } from 'vue';
import { readTokens, type ThemeTokens } from './tokens.ts';

/** Where the app provides the tokens in force. */
export const TOKENS: InjectionKey<Readonly<ShallowRef<ThemeTokens>>> = Symbol('theme tokens');

/** The tokens in force; re-read when the system changes between light and dark. Must run in an effect scope. */
export function followSystemTheme(): Readonly<ShallowRef<ThemeTokens>> {
  const read = () => {
    const style = getComputedStyle(document.documentElement);
    return readTokens((name) => style.getPropertyValue(name));
  };
  const tokens = shallowRef(read());
  const query = matchMedia('(prefers-color-scheme: dark)');
  const update = () => {
    tokens.value = read();
  };
  query.addEventListener('change', update);
  onScopeDispose(() => query.removeEventListener('change', update));
  return tokens;
}

/** The tokens that the app provided; throws outside of it. */
export function useTokens(): Readonly<ShallowRef<ThemeTokens>> {
  const tokens = inject(TOKENS);
  if (tokens === undefined) throw new Error('theme tokens were not provided');
  return tokens;
}
