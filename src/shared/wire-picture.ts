/**
 * A picture as it goes over a wire: the same fields, each column of numbers as base64 of its little-endian bytes. Every host
 * that runs the lab or its dashboard is little-endian, so columns are not turned round.
 */
import { fromBase64, toBase64 } from './base64.ts';
import type { PercpuPicture, PictureChunk, PictureObjects } from './percpu-picture.ts';

type WireColumns<T> = { readonly [K in keyof T]: T[K] extends ArrayBufferView | undefined ? string : T[K] };

type WireObjects = Omit<WireColumns<PictureObjects>, 'frames'> & { readonly frames?: string | undefined };
type WireChunk = Omit<WireColumns<PictureChunk>, 'objects'> & { readonly objects?: WireObjects | undefined };

export interface WirePicture extends Omit<PercpuPicture, 'chunks'> {
  readonly chunks: readonly WireChunk[];
}

/** Makes plain JSON of a picture. */
export function encodePicture(picture: PercpuPicture): WirePicture {
  return { ...picture, chunks: picture.chunks.map(encodeChunk) };
}

/** The picture that `encodePicture` was given; throws for a column that is none: both sides are of one build. */
export function decodePicture(picture: WirePicture): PercpuPicture {
  return { ...picture, chunks: picture.chunks.map(decodeChunk) };
}

function encodeChunk(chunk: PictureChunk): WireChunk {
  const { objects, populated, fill, ...plain } = chunk;
  return {
    ...plain,
    populated: encodeColumn(populated),
    fill: encodeColumn(fill),
    objects: objects === undefined ? undefined : encodeObjects(objects),
  };
}

function encodeObjects({ startBytes, sizeBytes, callSite, frames }: PictureObjects): WireObjects {
  return {
    startBytes: encodeColumn(startBytes),
    sizeBytes: encodeColumn(sizeBytes),
    callSite: encodeColumn(callSite),
    frames: frames === undefined ? undefined : encodeColumn(frames),
  };
}

function encodeColumn({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return toBase64(new Uint8Array(buffer, byteOffset, byteLength));
}

function decodeChunk(chunk: WireChunk): PictureChunk {
  const { objects, populated, fill, ...plain } = chunk;
  return {
    ...plain,
    populated: decodeColumn(populated),
    fill: decodeColumn(fill),
    objects: objects === undefined ? undefined : decodeObjects(objects),
  };
}

function decodeObjects({ startBytes, sizeBytes, callSite, frames }: WireObjects): PictureObjects {
  return {
    startBytes: new Int32Array(decodeColumn(startBytes).buffer),
    sizeBytes: new Int32Array(decodeColumn(sizeBytes).buffer),
    callSite: new Uint16Array(decodeColumn(callSite).buffer),
    frames: frames === undefined ? undefined : new Int32Array(decodeColumn(frames).buffer),
  };
}

function decodeColumn(text: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(text);
  if (bytes === undefined) throw new Error('a column of a picture is no base64');
  return bytes;
}
