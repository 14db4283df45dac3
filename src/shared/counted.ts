/** Numbers of things in words. */

/** `1 sample`, `2 samples`; `many` is for nouns that take more than an s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${nounFor(count, one, many)}`;
}

/** The noun alone, for a count that is written in another way, such as with grouped thousands. */
export function nounFor(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many;
}
