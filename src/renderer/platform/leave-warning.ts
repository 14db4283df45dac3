import { LAB_GLOBAL } from '../../shared/door.ts';

/**
 * Has the browser ask before the page goes, while `isNeeded` says so; returns how to stop that. Not in the window,
 * where the same wish would keep it from closing without a word.
 */
export function warnBeforeLeaving(isNeeded: () => boolean): () => void {
  if (typeof window === 'undefined' || LAB_GLOBAL in window) return () => undefined;
  const ask = (event: BeforeUnloadEvent): void => {
    if (isNeeded()) event.preventDefault();
  };
  window.addEventListener('beforeunload', ask);
  return () => window.removeEventListener('beforeunload', ask);
}
