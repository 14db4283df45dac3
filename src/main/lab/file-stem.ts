/**
 * File names from names that people give.
 */

/** Bytes in UTF-8: leaves room below the 255 of most file systems for a number, an ending and a temporary name. */
const MOST_BYTES = 120;

/**
 * Names of devices on Windows, which takes them for the device even with an ending (`con.json`):
 * https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
 */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * A file name without ending for `name`, safe on Linux, macOS and Windows: lower-case letters and digits of any script,
 * single hyphens for everything else, at most 120 bytes, never a device's name, never empty (`fallback` then). Names that
 * differ in case or in Unicode composition only give the same stem; so do some others.
 */
export function fileStem(name: string, fallback: string): string {
  // Compatibility forms too: "COM¹" is a device as well.
  const folded = name.normalize('NFKC').toLowerCase().normalize('NFKC');
  const hyphened = folded.replaceAll(/[^\p{L}\p{M}\p{Nd}]+/gu, '-');
  const stem = cutToBytes(hyphened.replace(/^-/, ''), MOST_BYTES).replace(/-$/, '');
  if (stem === '') return fallback;
  return WINDOWS_DEVICE.test(stem) ? `${stem}-${fallback}` : stem;
}

/** The longest start of `text`, in whole characters, of at most `bytes` bytes of UTF-8. */
function cutToBytes(text: string, bytes: number): string {
  let cut = '';
  let used = 0;
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > bytes) break;
    cut += character;
  }
  return cut;
}
