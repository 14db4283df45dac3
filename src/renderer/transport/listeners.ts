/** Those who want to hear of something, in the order in which they came. */
export interface Listeners<T> {
  tell: (value: T) => void;
  /** Returns the function that removes `listener` again. */
  add: (listener: (value: T) => void) => () => void;
}

/** An empty set of listeners; one that leaves or comes while they are told does not disturb the others. */
export function createListeners<T>(): Listeners<T> {
  // Wrapped, so that the same function may come twice and leave once.
  const entries = new Set<{ readonly listener: (value: T) => void }>();
  return {
    tell: (value) => [...entries].forEach(({ listener }) => listener(value)),
    add(listener) {
      const entry = { listener };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
  };
}
