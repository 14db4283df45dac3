/** Which frame a byte of the local column is in for each CPU, and whether that is what it must be. */
import type { ChunkColumns, TlbSharing } from '../../shared/address-space-contract.ts';

export interface Reach {
  readonly cpu: number;
  /** Of the byte in the CPU's own unit. */
  readonly address: number;
  /** Undefined: nothing is mapped, or the CPU has no window. */
  readonly windowFrame: number | undefined;
  readonly ownFrame: number | undefined;
  readonly hasWindow: boolean;
}

/** One row per column. */
export function reachOf(chunk: ChunkColumns, byte: number, pageBytes: number): readonly Reach[] {
  const page = Math.floor(byte / pageBytes);
  const known = (frame: number | undefined): number | undefined => (frame === -1 ? undefined : frame);
  return chunk.columns.map(({ cpu, address, frames, windowFrames, hasWindow }) => ({
    cpu,
    address: address + byte,
    windowFrame: known(windowFrames[page]),
    ownFrame: known(frames[page]),
    hasWindow,
  }));
}

/** What the rows show together, in a sentence. Rows are what tables say; a TLB without tags may lead an access elsewhere. */
export function reachSentence(rows: readonly Reach[], sharing: TlbSharing): string {
  const inWindow = rows.filter(({ hasWindow }) => hasWindow);
  if (inWindow.length === 0) return 'No window: every CPU reaches its copy by a global address of its own.';
  const wrong = inWindow.filter(({ windowFrame, ownFrame }) => windowFrame !== ownFrame);
  if (wrong.length > 0)
    return `Wrong: CPU ${wrong.map(({ cpu }) => cpu).join(', ')} reaches another frame than its own.`;
  const frames = new Set(inWindow.map(({ windowFrame }) => windowFrame));
  if (inWindow.length === 1) return 'One address in the window, and the frame of the CPU’s own unit behind it.';
  if (frames.size < inWindow.length) return 'Wrong: CPUs share a frame.';
  const found = `One address in the window, ${inWindow.length} CPUs, ${frames.size} frames`;
  return sharing === 'smt-untagged'
    ? `${found} by the tables; but two CPUs share a TLB without tags, and where it hits, a CPU can reach the other’s.`
    : `${found}: each its own, none another’s.`;
}
