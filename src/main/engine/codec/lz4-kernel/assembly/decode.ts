/**
 * The LZ4 block decoder, over a source that may lie in two pieces, as an object of a pool does that crosses a page border.
 *
 *     source    │ first piece: sequences ……… ┊ a sequence │ across the seam ┊ second piece: sequences …… last literals │
 *                quick steps                  careful step                    quick steps             careful steps
 *
 * A quick step decodes a sequence with copies of whole 8 and 16 bytes; it is taken only where the piece has as many bytes left
 * to read and the page as many to write. Everything else is decoded by careful steps, which check each read and each write.
 * So nothing is read outside the pieces and nothing is written outside the page, whatever the source says.
 *
 * The module keeps the place in the source in globals between the steps of one call: one thread, one instance.
 */

/** Least that a quick step needs to read: token, 16 bytes of literals of which up to 14 count, offset. */
const QUICK_READ: usize = 19;
/** Least that a quick step needs to write: 14 literals, then a match of at most 18 bytes. */
const QUICK_WRITE: usize = 32;
const SHORTEST_MATCH: usize = 4;

/** The source, as offsets from its start: [0, firstBytes) at `first`, [firstBytes, total) at `rest`. */
let first: usize;
let firstBytes: usize;
let rest: usize;
let total: usize;
/** Where the careful steps are: offset in the source, address in the page. */
let offset: usize;
let out: usize;

/**
 * Decodes the two pieces (the second may be empty) to the `size` bytes at `page`; false when they are not an LZ4 block of
 * exactly that content size. Then the page holds anything.
 */
export function decode(
  firstPiece: usize,
  firstPieceBytes: usize,
  secondPiece: usize,
  secondPieceBytes: usize,
  page: usize,
  size: usize,
): bool {
  first = firstPiece;
  firstBytes = firstPieceBytes;
  rest = secondPiece;
  total = firstPieceBytes + secondPieceBytes;
  offset = 0;
  out = page;
  const end = page + size;
  while (offset < total) {
    if (offset < firstBytes) quickSteps(first, firstBytes, page, end);
    else quickSteps(rest - firstBytes, total, page, end);
    const step = carefulStep(page, end);
    if (step == BROKEN) return false;
    if (step == LAST) return out == end;
  }
  return false;
}

const MORE: u32 = 0;
const LAST: u32 = 1;
const BROKEN: u32 = 2;

/**
 * Sequences that lie wholly in the piece whose source offsets up to `limit` are at `base` + offset, with room to spare in
 * piece and page. Stops before the first other one.
 */
function quickSteps(base: usize, limit: usize, page: usize, end: usize): void {
  if (limit - offset < QUICK_READ || end - out < QUICK_WRITE) return;
  const pieceEnd = base + limit;
  const readEnd = pieceEnd - QUICK_READ;
  const writeEnd = end - QUICK_WRITE;
  let from = base + offset;
  let to = out;
  while (from <= readEnd && to <= writeEnd) {
    const token = <usize>load<u8>(from);
    let literals = token >> 4;
    let next = from + 1;
    v128.store(to, v128.load(next));
    if (literals == 15) {
      next = endOfLength(next, pieceEnd);
      literals = lengthBefore(next, from + 1);
      // 16 to copy beyond the end, then offset and a byte of length.
      if (pieceEnd - next < literals + QUICK_READ || end - to < literals + QUICK_WRITE) break;
      copyBy16(to, next, literals);
    }
    const distance = <usize>load<u16>(next + literals);
    const start = to + literals;
    if (distance > start - page || distance == 0) break;
    next += literals + 2;
    let length = (token & 15) + SHORTEST_MATCH;
    const found = start - distance;
    if (distance >= 8) {
      store<u64>(start, load<u64>(found));
      store<u64>(start, load<u64>(found, 8), 8);
      store<u16>(start, load<u16>(found, 16), 16);
      if (length != 15 + SHORTEST_MATCH) {
        from = next;
        to = start + length;
        continue;
      }
    }
    if (length == 15 + SHORTEST_MATCH) {
      const lengths = next;
      next = endOfLength(lengths, pieceEnd);
      length = lengthBefore(next, lengths) + SHORTEST_MATCH;
    }
    if (next >= pieceEnd || end - start < length + 16) break;
    copyPattern(start, distance, length);
    from = next;
    to = start + length;
  }
  offset = from - base;
  out = to;
}

/** Behind the bytes of a length that continues at `from`; `end` when it does not end before the last byte in front of that. */
function endOfLength(from: usize, end: usize): usize {
  let next = from;
  while (next < end - 1 && load<u8>(next) == 255) next++;
  return next + 1;
}

/** The length whose bytes beyond the token are [from, next). */
function lengthBefore(next: usize, from: usize): usize {
  return 15 + (next - 1 - from) * 255 + <usize>load<u8>(next - 1);
}

/** Copies `count` bytes, and up to 15 beyond them. */
function copyBy16(to: usize, from: usize, count: usize): void {
  const last = to + count;
  do {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  } while (to < last);
}

/** Repeats `length` bytes from `distance` back, and up to 15 bytes beyond them. */
function copyPattern(start: usize, distance: usize, length: usize): void {
  const last = start + length;
  let to = start;
  if (distance >= 16) {
    copyBy16(to, to - distance, length);
    return;
  }
  if ((distance & (distance - 1)) == 0) {
    // Runs of a byte or a word: nothing is loaded that was just stored.
    const repeated = i64x2.splat(repeatedWord(to, distance));
    do {
      v128.store(to, repeated);
      to += 16;
    } while (to < last);
    return;
  }
  let step = distance;
  if (distance < 8) {
    step = patternStep(distance);
    for (let at: usize = 0; at < 8; at++) store<u8>(to + at, load<u8>(to + at - distance));
    to += 8;
  }
  while (to < last) {
    store<u64>(to, load<u64>(to - step));
    to += 8;
  }
}

/** The 8 bytes that go on a pattern of 1, 2, 4 or 8 bytes in front of `to`. */
function repeatedWord(to: usize, distance: usize): u64 {
  if (distance == 8) return load<u64>(to - 8);
  if (distance == 4) return <u64>load<u32>(to - 4) * 0x0000000100000001;
  if (distance == 2) return <u64>load<u16>(to - 2) * 0x0001000100010001;
  return <u64>load<u8>(to - 1) * 0x0101010101010101;
}

/** The smallest multiple of a distance below 8 that is not below 8: the pattern is found there, too, once 8 bytes are written. */
function patternStep(distance: usize): usize {
  return distance * ((7 + distance) / distance);
}

/** One sequence, whatever its lengths and wherever it lies. */
function carefulStep(page: usize, end: usize): u32 {
  const token = <usize>nextByte();
  const literals = extended(token >> 4);
  if (literals > total - offset || literals > end - out) return BROKEN;
  copyLiterals(literals);
  if (offset == total) return LAST;
  if (total - offset < 2) return BROKEN;
  const low = <usize>nextByte();
  const distance = low | ((<usize>nextByte()) << 8);
  const length = extended(token & 15) + SHORTEST_MATCH;
  if (distance == 0 || distance > out - page || length > end - out) return BROKEN;
  copyMatch(distance, length, end);
  return MORE;
}

/** The next byte of the source; 0 behind its end, where the lengths that follow are found out as too large. */
function nextByte(): u8 {
  if (offset >= total) return 0;
  const at = offset++;
  return load<u8>(at < firstBytes ? first + at : rest + (at - firstBytes));
}

/** A length whose four bits in the token are `bits`. */
function extended(bits: usize): usize {
  if (bits < 15) return bits;
  let length = bits;
  let more: usize;
  do {
    more = <usize>nextByte();
    length += more;
  } while (more == 255);
  return length;
}

/** The caller has checked that source and page have as many. */
function copyLiterals(count: usize): void {
  let left = count;
  if (offset < firstBytes) {
    const part = min(left, firstBytes - offset);
    memory.copy(out, first + offset, part);
    offset += part;
    out += part;
    left -= part;
  }
  if (left == 0) return;
  memory.copy(out, rest + (offset - firstBytes), left);
  offset += left;
  out += left;
}

/** Repeats `length` bytes from `distance` back; the caller has checked both against the page, which ends at `end`. */
function copyMatch(distance: usize, length: usize, end: usize): void {
  const last = out + length;
  // All but what is too close to the end for whole 16 bytes: many a page ends in a long run.
  if (length > 16 && end - out > 32) {
    const quick = min(length, end - out - 16);
    copyPattern(out, distance, quick);
    out += quick;
  }
  while (out < last) {
    store<u8>(out, load<u8>(out - distance));
    out++;
  }
}
