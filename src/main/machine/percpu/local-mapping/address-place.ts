/**
 * What lies at an address of a machine with per-CPU chunks: the inverse of `perCpuPtr` and `windowPtr`.
 *
 *     chunk range   |CPU0|CPU1|…|CPUn|        ─▶ unit of a CPU, byte
 *     window        |own |…………………………… |        ─▶ the running CPU's own unit, byte; behind it nothing
 *     linear map    |  first chunk  |         ─▶ where that is an embedded one
 */
import { contains } from '../../memory/address-regions.ts';
import type { AddressSpace } from '../../memory/address-space.ts';
import { type CpuId, cpuId, type FrameNumber, frameNumber, type VirtualAddress } from '../../units.ts';
import type { LocalMapping } from './local-mapping.ts';

/** Bytes count from the start of a unit. `nothing` also for address space of chunks that are not in use. */
export type PlaceOfAddress =
  | { readonly kind: 'linear'; readonly frame: FrameNumber }
  | { readonly kind: 'unit'; readonly chunk: number; readonly cpu: CpuId; readonly byte: number }
  | { readonly kind: 'window'; readonly chunk: number; readonly byte: number }
  | { readonly kind: 'nothing' };

/** At rest, or under the address-space lock. */
export function placeOfAddress(space: AddressSpace, mapping: LocalMapping, address: VirtualAddress): PlaceOfAddress {
  if (contains(space.regions.window, address)) return placeInWindow(space, mapping, address);
  if (contains(space.regions.chunks, address)) return placeInChunks(space, mapping, address);
  if (!contains(space.regions.linear, address)) return { kind: 'nothing' };
  return placeInFirstChunk(space, mapping, address) ?? placeInLinearMap(space, address);
}

function placeInWindow(space: AddressSpace, mapping: LocalMapping, address: VirtualAddress): PlaceOfAddress {
  const { unitBytes, firstChunk } = mapping.config;
  if (firstChunk === 'second-window' && address < mapping.windowOffset) {
    const byte = address - space.regions.window.start;
    return byte < unitBytes && isInUse(mapping, 0) ? { kind: 'window', chunk: 0, byte } : { kind: 'nothing' };
  }
  const pointer = address - mapping.windowOffset;
  const chunk = Math.floor(pointer / mapping.shape.stride);
  const byte = pointer % mapping.shape.stride;
  // With the first chunk in the linear map, nothing is at its place in the window of the others.
  const isThere = byte < unitBytes && isMappedByPage(mapping, chunk);
  return isThere ? { kind: 'window', chunk, byte } : { kind: 'nothing' };
}

function placeInChunks(space: AddressSpace, mapping: LocalMapping, address: VirtualAddress): PlaceOfAddress {
  const { stride, unitDistance } = mapping.shape;
  const { unitBytes, window } = mapping.config;
  const offset = address - space.regions.chunks.start;
  // Units of a CPU lie together in a packed layout, those of a chunk in the other.
  const isPacked = window === 'packed';
  const chunk = Math.floor((isPacked ? offset % unitDistance : offset) / stride);
  const cpu = cpuId(Math.floor((isPacked ? offset : offset % stride) / unitDistance));
  const isThere = cpu < space.arena.config.possibleCpus && isMappedByPage(mapping, chunk);
  return isThere ? { kind: 'unit', chunk, cpu, byte: offset % unitBytes } : { kind: 'nothing' };
}

function placeInFirstChunk(
  space: AddressSpace,
  mapping: LocalMapping,
  address: VirtualAddress,
): PlaceOfAddress | undefined {
  const { unitBytes, firstChunk } = mapping.config;
  if (firstChunk !== 'second-window' || !isInUse(mapping, 0)) return undefined;
  const offset = address - mapping.perCpuPtr(mapping.pointer(0, 0), cpuId(0));
  if (offset < 0 || offset >= unitBytes * space.arena.config.possibleCpus) return undefined;
  return { kind: 'unit', chunk: 0, cpu: cpuId(Math.floor(offset / unitBytes)), byte: offset % unitBytes };
}

function placeInLinearMap(space: AddressSpace, address: VirtualAddress): PlaceOfAddress {
  const frame = Math.floor((address - space.regions.linear.start) / space.geometry.pageSizeBytes);
  return frame < space.arena.frameCount ? { kind: 'linear', frame: frameNumber(frame) } : { kind: 'nothing' };
}

function isMappedByPage(mapping: LocalMapping, chunk: number): boolean {
  return isInUse(mapping, chunk) && (chunk !== 0 || mapping.config.firstChunk === 'page');
}

function isInUse(mapping: LocalMapping, chunk: number): boolean {
  return mapping.chunks().includes(chunk);
}
