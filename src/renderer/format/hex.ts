/** A number of bytes or an address as the kernel prints one. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
