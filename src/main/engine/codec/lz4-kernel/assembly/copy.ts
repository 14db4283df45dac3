/** Copies for the machine: in shared memory faster than the host's `copyWithin`, which goes word by word. */

/** Copies the whole 8-byte words that `count` bytes at `from` are in; what is at `to` must not overlap them. */
export function copyWords(from: usize, to: usize, count: usize): void {
  const end = from + ((count + 7) & ~7);
  while (from + 16 <= end) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  if (from < end) store<u64>(to, load<u64>(from));
}
