import { inject, type InjectionKey } from 'vue';

/** One text that outlives the page; a browser may refuse to keep any. */
export interface PageMemory {
  /** What was kept last; undefined when nothing was, or when it cannot be read. */
  readonly recall: () => string | undefined;
  /** Keeps a text in place of the last one; false when the browser keeps nothing. */
  readonly keep: (text: string) => boolean;
}

/** Where the app provides the memory. */
export const PAGE_MEMORY: InjectionKey<PageMemory> = Symbol('page memory');

const KEY = 'percpu-lab';

/** The memory of the running app, if it has one. */
export function usePageMemory(): PageMemory {
  return inject(PAGE_MEMORY, { recall: () => undefined, keep: () => false });
}

/**
 * The browser's: a reload finds what this tab kept, whatever other tabs did since; a new tab finds what was kept last
 * by any. `places` throw where the user has forbidden a page to store anything.
 */
export function browserMemory(
  places: { readonly tab: () => Storage; readonly browser: () => Storage } = {
    tab: () => window.sessionStorage,
    browser: () => window.localStorage,
  },
): PageMemory {
  const both = [places.tab, places.browser];
  return {
    recall: () => both.reduce<string | undefined>((found, place) => found ?? read(place), undefined),
    keep: (text) => both.map((place) => write(place, text)).includes(true),
  };
}

function read(place: () => Storage): string | undefined {
  try {
    return place().getItem(KEY) ?? undefined;
  } catch {
    // Storing is forbidden: there is nothing to read.
    return undefined;
  }
}

function write(place: () => Storage, text: string): boolean {
  try {
    place().setItem(KEY, text);
    return true;
  } catch {
    // Storing is forbidden, or there is no room: the caller is told.
    return false;
  }
}
