/** Calls `action` whenever the page gets the keyboard back: its user returns to it. Returns how to stop that. */
export function onPageReturn(action: () => void): () => void {
  window.addEventListener('focus', action);
  return () => window.removeEventListener('focus', action);
}
