/** Reads a log file as text, whatever saved it. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { fail, ok, type Result } from '../../../shared/result.ts';

/** Bytes of the largest file that is read: no boot log comes near it, and it fits into memory several times. */
const LARGEST_BYTES = 256 * 2 ** 20;

/**
 * The text of a file in UTF-8, or in UTF-16 with its mark, as Windows saves terminals; bytes that are neither become
 * replacement characters. A gzip file is unpacked first. Errors: 'not-found', 'bad-input'.
 */
export async function readLogFile(path: string): Promise<Result<string>> {
  try {
    const bytes = unpacked(await readFile(path));
    if (bytes.length > LARGEST_BYTES) {
      return fail('bad-input', `${path} has ${bytes.length} bytes; boot logs of up to ${LARGEST_BYTES} are read`, path);
    }
    return ok(new TextDecoder(encodingOf(bytes)).decode(bytes));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT') return fail('not-found', `${path} does not exist`, path);
    return fail('bad-input', `${path} cannot be read: ${code}`, path);
  }
}

/** Throws, as zlib does, for a damaged gzip file and for one that would become too large. */
function unpacked(bytes: Buffer): Buffer {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return isGzip ? gunzipSync(bytes, { maxOutputLength: LARGEST_BYTES }) : bytes;
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}
