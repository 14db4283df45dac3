/** An address that page tables lead somewhere else than they must, told in one sentence. */
import { printAddress } from '../../../../shared/address-space.ts';
import type { CpuId, FrameNumber, VirtualAddress } from '../../units.ts';

/** No frame: the address is not mapped, or must not be. */
export interface WrongMapping {
  /** Whose walk it is. */
  readonly cpu: CpuId;
  readonly address: VirtualAddress;
  /** What lies there, in words. */
  readonly place: string;
  readonly found: FrameNumber | undefined;
  readonly expected: FrameNumber | undefined;
}

/** `CPU 1 maps 0xfffffbfe00001000 (page 1 of chunk 0, in its window) to frame 40 and should map it to frame 33` */
export function wrongMappingWords(vaBits: number, { cpu, address, place, found, expected }: WrongMapping): string {
  const where = `${printAddress(vaBits, address)} (${place})`;
  return `CPU ${cpu} maps ${where} to ${frameWords(found)} and should map it to ${frameWords(expected)}`;
}

function frameWords(frame: FrameNumber | undefined): string {
  return frame === undefined ? 'nothing' : `frame ${frame}`;
}
