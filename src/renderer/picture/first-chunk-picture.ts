/** The first chunk of a boot log as a picture: its parts and units. What lies in it no log says. */
import type { BootCheck } from '../../shared/geometry-check.ts';
import type { PercpuPicture, PictureChunk, PictureUnit } from '../../shared/percpu-picture.ts';
import { groupsOf } from '../words/geometry-rows.ts';

/** A page, where nothing else is stated. */
const USUAL_PAGE_BYTES = 4096;

/** Undefined where the log does not state parts and unit. Printed figures, since they are what the machine has. */
export function firstChunkPicture(boot: Pick<BootCheck, 'printed'>): PercpuPicture | undefined {
  const { staticBytes, reservedBytes, dynamicBytes, unitBytes, pagesPerCpu, atoms, atomBytes } = boot.printed;
  if (staticBytes === undefined || reservedBytes === undefined || dynamicBytes === undefined) return undefined;
  const sumBytes = staticBytes + reservedBytes + dynamicBytes;
  const pageSizeBytes = pagesPerCpu === undefined ? USUAL_PAGE_BYTES : sumBytes / pagesPerCpu;
  if (unitBytes === undefined || !isPicture({ sumBytes, unitBytes, pageSizeBytes })) return undefined;
  const geometry = {
    pageSizeBytes,
    unitBytes,
    staticBytes,
    reservedBytes,
    dynBytes: dynamicBytes,
    atomBytes: atomBytes ?? unitBytes,
    allocBytes: (atoms ?? 1) * (atomBytes ?? unitBytes),
  };
  return {
    geometry,
    units: unitsOf(boot, unitBytes),
    chunks: [firstChunk(geometry)],
    callSites: [],
  };
}

/** A log may print anything. */
function isPicture(sizes: {
  readonly sumBytes: number;
  readonly unitBytes: number;
  readonly pageSizeBytes: number;
}): boolean {
  const { sumBytes, unitBytes, pageSizeBytes } = sizes;
  return Number.isInteger(Math.log2(pageSizeBytes)) && unitBytes % pageSizeBytes === 0 && sumBytes <= unitBytes;
}

function unitsOf({ printed }: Pick<BootCheck, 'printed'>, unitBytes: number): readonly PictureUnit[] {
  const groups = groupsOf(printed);
  if (groups.length === 0) return [{ cpu: 0, group: 0, offsetBytes: 0 }];
  return groups.flatMap((cpus, group) =>
    // Where the blocks of later groups lie the boot lines do not say.
    cpus.map((cpu, index) => ({ cpu, group, offsetBytes: group === 0 ? index * unitBytes : undefined })),
  );
}

function firstChunk(geometry: PercpuPicture['geometry']): PictureChunk {
  const { staticBytes, reservedBytes, dynBytes, pageSizeBytes } = geometry;
  const start = staticBytes + reservedBytes;
  const unitStartBytes = Math.floor(start / pageSizeBytes) * pageSizeBytes;
  const pages = Math.ceil((start + dynBytes - unitStartBytes) / pageSizeBytes);
  return {
    key: 'first',
    heading: 'first',
    isolated: false,
    unitStartBytes,
    sizeBytes: pages * pageSizeBytes,
    freeBytes: dynBytes,
    liveObjects: 0,
    emptyPages: pages,
    firstFreeBytes: start - unitStartBytes,
    populated: new Uint8Array(pages).fill(1),
    fill: new Uint8Array(pages),
  };
}
