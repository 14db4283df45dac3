/**
 * The LZ4 block encoder of the kernel's zram, byte for byte in size (facts measured on Linux 6.18; only the rule for the end
 * of the search differs from today's LZ4 library).
 *
 *     page     │ literals ……… │ match ………│ match …│ literals │ match … │ last literals │
 *              anchor ─▶ at ─▶ found      └─ none before it
 *     block    │ token, lengths, literals, offset, lengths │ token, offset, lengths │ …… │ token, lengths, literals │
 *     table    8192 × u16: for each hash of 4 bytes the position seen last; an empty entry means position 0
 *
 * Works on addresses in the machine's arena and keeps no state between calls: the page is only read, the table is cleared
 * first. Copies of literals and lengths write whole 8 and 16 bytes where that cannot leave page or target.
 */

/** The table of the work memory: 2^13 entries of 2 bytes. */
const TABLE_BYTES: usize = 16384;
const HASH_SHIFT: u32 = 19;
const HASH_FACTOR: u32 = 2654435761;

const SHORTEST_MATCH: usize = 4;
/** A match ends at least this many bytes before the end of the page. */
const LAST_LITERALS: usize = 5;
/** No search goes on beyond this many bytes before the end of the page. */
const SEARCH_END: usize = 12;
/** Attempts of one search that go byte by byte, as a power of two; then the steps grow. */
const SKIP_SHIFT: u32 = 6;

/**
 * Encodes the `size` bytes at `page` (at least 13, at most 65536) to `target`, where there is room for two pages, with the
 * 16384 bytes at `table`. `acceleration` from 1 on: the larger, the faster and the worse. Answers with the length in bytes.
 */
export function encode(page: usize, size: usize, table: usize, target: usize, acceleration: u32): usize {
  memory.fill(table, 0, TABLE_BYTES);
  const searchEnd = page + size - SEARCH_END;
  const matchEnd = page + size - LAST_LITERALS;
  let out = target;
  let anchor = page;
  // Position 0 is in the table by being clear; the search begins behind it.
  let at = page + 1;
  let word = load<u32>(at);
  while (true) {
    let next = at;
    let step: usize = 1;
    let attempts = acceleration << SKIP_SHIFT;
    let found: usize;
    let seen: u32;
    do {
      at = next;
      next += step;
      step = attempts++ >> SKIP_SHIFT;
      if (next > searchEnd) return finish(anchor, page + size, out) - target;
      const entry = entryOf(table, word);
      found = page + load<u16>(entry);
      store<u16>(entry, <u16>(at - page));
      seen = word;
      word = load<u32>(next);
    } while (load<u32>(found) != seen);
    while (at > anchor && found > page && load<u8>(at - 1) == load<u8>(found - 1)) {
      at--;
      found--;
    }
    let token = out;
    out = writeLiterals(anchor, at - anchor, out);
    while (true) {
      store<u16>(out, <u16>(at - found));
      const length = matchLength(at + SHORTEST_MATCH, found + SHORTEST_MATCH, matchEnd);
      at += length + SHORTEST_MATCH;
      out = writeMatchLength(token, length, out + 2);
      anchor = at;
      if (at > searchEnd) return finish(anchor, page + size, out) - target;
      store<u16>(entryOf(table, load<u32>(at - 2)), <u16>(at - 2 - page));
      const here = load<u32>(at);
      const entry = entryOf(table, here);
      found = page + load<u16>(entry);
      store<u16>(entry, <u16>(at - page));
      if (load<u32>(found) != here) break;
      token = out;
      store<u8>(out++, 0);
    }
    word = load<u32>(++at);
  }
}

function entryOf(table: usize, word: u32): usize {
  return table + ((<usize>((word * HASH_FACTOR) >> HASH_SHIFT)) << 1);
}

/** Equal bytes from `at` and `found` on, `at` going up to `end` at most: most matches end within the first 8, a few are long. */
function matchLength(at: usize, found: usize, end: usize): usize {
  const start = at;
  if (at + 8 <= end) {
    const difference = load<u64>(at) ^ load<u64>(found);
    if (difference != 0) return <usize>(ctz(difference) >> 3);
    at += 8;
    found += 8;
  }
  while (at + 16 <= end) {
    const different = i8x16.bitmask(i8x16.ne(v128.load(at), v128.load(found)));
    if (different != 0) return at + <usize>ctz(different) - start;
    at += 16;
    found += 16;
  }
  while (at < end && load<u8>(at) == load<u8>(found)) {
    at++;
    found++;
  }
  return at - start;
}

/**
 * Token and literals of a sequence that a match follows; answers with where its offset goes. 12 bytes or more of the page
 * follow the literals, so 8 can be copied at a time.
 */
function writeLiterals(from: usize, count: usize, token: usize): usize {
  let out = token + 1;
  if (count < 15) {
    store<u8>(token, <u8>(count << 4));
    store<u64>(out, load<u64>(from));
    if (count > 8) store<u64>(out, load<u64>(from, 8), 8);
    return out + count;
  }
  store<u8>(token, 15 << 4);
  out = writeExtension(count - 15, out);
  const end = from + count;
  let to = out;
  do {
    store<u64>(to, load<u64>(from));
    from += 8;
    to += 8;
  } while (from < end);
  return out + count;
}

/** Adds the length of a match beyond its 4 bytes to its token; answers with where the next sequence begins. */
function writeMatchLength(token: usize, length: usize, out: usize): usize {
  if (length < 15) {
    store<u8>(token, load<u8>(token) + <u8>length);
    return out;
  }
  store<u8>(token, load<u8>(token) + 15);
  return writeExtension(length - 15, out);
}

/** What does not fit a token: bytes of 255, and one below it. */
function writeExtension(rest: usize, out: usize): usize {
  while (rest >= 255) {
    store<u8>(out++, 255);
    rest -= 255;
  }
  store<u8>(out++, <u8>rest);
  return out;
}

/** The last literals, up to `end`; answers with the end of the block. */
function finish(from: usize, end: usize, token: usize): usize {
  const count = end - from;
  let out = token + 1;
  if (count < 15) {
    store<u8>(token, <u8>(count << 4));
  } else {
    store<u8>(token, 15 << 4);
    out = writeExtension(count - 15, out);
  }
  memory.copy(out, from, count);
  return out + count;
}
