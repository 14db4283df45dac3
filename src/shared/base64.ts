/** Bytes as text, for messages that are JSON. Both sides have `btoa` and `atob`; a string argument list has its limits. */

/** Bytes per call of `String.fromCharCode`. */
const SLICE_BYTES = 0x2000;

/** RFC 4648, section 4. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    text += String.fromCharCode(...bytes.subarray(at, at + SLICE_BYTES));
  }
  return btoa(text);
}

/** The bytes of what `toBase64` has made; undefined when it is no base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    // Whatever a wire brings.
    return undefined;
  }
}
