/**
 * The header that fio 3.33 puts at the start of each block it will verify, little-endian:
 *
 *   offset   0      2     4       8     16      24       28           32      34      36        40
 *          | magic | kind | length | seed | offset | seconds | nanoseconds | thread | number | checksum | kind's own
 *
 * The checksum is the CRC-32C of the 36 bytes before it; kind crc32c adds the CRC-32C of the data behind it. Both
 * without the usual inversion at the end (read off blocks that fio wrote).
 */

const VERIFY_HEADER_BYTES = 40;
const MAGIC = 0xacca;
const CHECKSUM_AT = 36;
const CRC32C_POLYNOMIAL = 0x82f63b78;

/** The number that the header calls kind. */
const VERIFY_KIND = { meta: 1, crc32c: 5, 'pattern-header': 0x11 } as const;
export type HeaderKind = keyof typeof VERIFY_KIND;

function crc32cTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ CRC32C_POLYNOMIAL : crc >>> 1;
    return crc;
  });
}

const TABLE = crc32cTable();

/** CRC-32C (Castagnoli) as fio stores it: started with all ones, not inverted at the end. */
export function crc32cUninverted(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return crc >>> 0;
}

export interface VerifyHeader {
  readonly kind: HeaderKind;
  /** Of the random data behind the header; 0n with a pattern. */
  readonly seed: bigint;
  /** Bytes from the start of the file or device. */
  readonly offsetBytes: number;
  /** When the block was written, on fio's clock. */
  readonly timeNs: number;
  /** Counts the job's blocks; its low 16 bits are stored. */
  readonly number: number;
}

/** Writes the header over the start of `block`, whose data must be complete: the checksum may cover it. */
export function writeVerifyHeader(block: Uint8Array, header: VerifyHeader): void {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  view.setUint16(0, MAGIC, true);
  view.setUint16(2, VERIFY_KIND[header.kind], true);
  view.setUint32(4, block.length, true);
  view.setBigUint64(8, header.seed, true);
  view.setBigUint64(16, BigInt(header.offsetBytes), true);
  view.setUint32(24, Math.floor(header.timeNs / 1e9), true);
  view.setUint32(28, header.timeNs % 1e9, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, header.number & 0xffff, true);
  view.setUint32(CHECKSUM_AT, crc32cUninverted(block.subarray(0, CHECKSUM_AT)), true);
  if (header.kind !== 'crc32c') return;
  const dataAt = VERIFY_HEADER_BYTES + 4;
  view.setUint32(VERIFY_HEADER_BYTES, crc32cUninverted(block.subarray(dataAt)), true);
}
