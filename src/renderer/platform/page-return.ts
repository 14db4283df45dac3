/**
 * Calls `action` whenever the page is looked at again: it becomes visible, or its window gets the keyboard back. Returns how to
 * stop that.
 */
export function onPageReturn(action: () => void): () => void {
  if (typeof window === 'undefined') return () => undefined;
  const seen = (): void => {
    if (document.visibilityState === 'visible') action();
  };
  window.addEventListener('focus', seen);
  document.addEventListener('visibilitychange', seen);
  return () => {
    window.removeEventListener('focus', seen);
    document.removeEventListener('visibilitychange', seen);
  };
}
