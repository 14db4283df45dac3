/** What is said about a place of a chunk when the pointer rests on it. */
import { nounFor } from '../../shared/counted.ts';
import { NO_CALL_SITE, type PercpuPicture, type PictureChunk } from '../../shared/percpu-picture.ts';
import { formatBytes } from '../format/bytes.ts';
import { hex } from '../format/hex.ts';
import { alignmentOf, objectIndexAt, objectOf } from './object-search.ts';
import { isFirstChunk, unitParts } from './unit-parts.ts';

export interface PlaceFacts {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** Copies on more CPUs than this are not listed one by one. */
const CPUS_LISTED = 4;

/** Facts about byte `byte` of the unit. */
export function factsAt(picture: PercpuPicture, chunk: PictureChunk, byte: number, unknownTitle: string): PlaceFacts {
  const offset = byte - chunk.unitStartBytes;
  const index = chunk.objects === undefined || offset < 0 ? undefined : objectIndexAt(chunk.objects, offset);
  const object = objectOf(chunk.objects, index);
  if (object === undefined) return freeFacts(picture, chunk, byte);
  const start = chunk.unitStartBytes + object.startBytes;
  return {
    title: object.callSite === NO_CALL_SITE ? unknownTitle : (picture.callSites[object.callSite] ?? unknownTitle),
    facts: [
      ['size', `${formatBytes(object.sizeBytes)}${object.sizeBytes >= 1024 ? ` (${object.sizeBytes} B)` : ''}`],
      ['offset', `${object.startBytes} = ${hex(object.startBytes)}`],
      ['aligned to', formatBytes(alignmentOf(object.startBytes, picture.geometry.pageSizeBytes))],
      ['page', String(Math.floor(object.startBytes / picture.geometry.pageSizeBytes))],
      ...copies(picture, chunk, start),
    ],
  };
}

function copies(picture: PercpuPicture, chunk: PictureChunk, start: number): PlaceFacts['facts'] {
  const base = chunk.baseAddress;
  const placed = picture.units.flatMap(({ cpu, offsetBytes }) =>
    cpu === undefined || offsetBytes === undefined ? [] : [{ cpu, at: start + offsetBytes }],
  );
  const address = (at: number): string =>
    base === undefined ? `${chunk.baseName ?? 'base'} + ${hex(at)}` : hex(base + at);
  const listed = placed.slice(0, CPUS_LISTED).map(({ cpu, at }) => [`on CPU ${cpu}`, address(at)] as const);
  const more = picture.units.filter(({ cpu }) => cpu !== undefined).length - listed.length;
  return more > 0 ? [...listed, ['and', `${more} more ${nounFor(more, 'CPU')}`]] : listed;
}

function freeFacts(picture: PercpuPicture, chunk: PictureChunk, byte: number): PlaceFacts {
  const { pageSizeBytes } = picture.geometry;
  const part = unitParts(picture.geometry, chunk).find(
    ({ startBytes, endBytes }) => byte >= startBytes && byte < endBytes,
  );
  const page = Math.floor((byte - chunk.unitStartBytes) / pageSizeBytes);
  const facts = [
    ['offset in unit', `${byte} = ${hex(byte)}`],
    ['page of unit', String(Math.floor(byte / pageSizeBytes))],
  ] as const;
  if (part?.kind === 'static' || part?.kind === 'reserved' || part?.kind === 'given-back') {
    const title = { static: 'static variables', reserved: 'reserved for modules', 'given-back': 'given back at boot' }[
      part.kind
    ];
    return { title, facts: [...facts, ['part', formatBytes(part.endBytes - part.startBytes)]] };
  }
  const isKnown = chunk.objects !== undefined;
  if (isFirstChunk(chunk) && !isKnown) return { title: 'dynamic part', facts };
  const populated = chunk.populated[page] === 1;
  return { title: populated ? 'free' : 'free, no page behind it', facts };
}
