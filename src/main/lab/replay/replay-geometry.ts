/**
 * The sizes of the recorded machine: from its boot log, from percpu_stats, and what neither says from the trace itself.
 * Offsets depend on unit and page size alone; the rest counts memory.
 */
import type { PercpuStats } from '../../../shared/percpu-stats.ts';
import type { GeometryOrigin } from '../../../shared/replay-report.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { LoggedBoot } from '../../evidence/boot-log/boot-log.ts';
import type { TraceSummary } from '../../evidence/percpu-trace/trace-event.ts';
import { LARGEST_OBJECT_BYTES, type PercpuGeometry } from '../../machine/percpu/chunks/percpu-geometry.ts';
import type { TraceSurvey } from './trace-survey.ts';

const PAGE_BYTES = 4096;
/** Atom of x86-64, arm64 and others with 4 KiB pages and embedded first chunk. */
const USUAL_ATOM_BYTES = 2 * 2 ** 20;

export interface GeometryEvidence {
  readonly stats: PercpuStats | undefined;
  readonly boot: LoggedBoot | undefined;
  readonly survey: TraceSurvey;
  readonly summary: TraceSummary;
}

export interface ChosenGeometry {
  readonly geometry: PercpuGeometry;
  readonly source: 'percpu_stats' | 'boot log' | 'trace';
  readonly origin: GeometryOrigin;
}

export type Sizes = Omit<PercpuGeometry, 'possibleCpus' | 'units'>;

/** Errors: 'bad-input' when the trace has objects beyond the unit that the boot log or percpu_stats states. */
export function chooseGeometry(evidence: GeometryEvidence): Result<ChosenGeometry> {
  const { stats, boot, survey, summary } = evidence;
  const seenCpus = Math.max(summary.onlineCpus ?? 1, survey.highestCpu + 1);
  const statedCpus = boot?.cpuCounts?.nrCpuIds ?? boot?.otherNrCpuIds?.value;
  const possibleCpus = statedCpus ?? seenCpus;
  const fromBoot = boot === undefined ? undefined : bootSizes(boot);
  const fromStats = stats === undefined ? undefined : statsSizes(stats);
  const sizes = fromBoot ?? fromStats ?? traceSizes(survey);
  let source: ChosenGeometry['source'] = 'trace';
  if (fromBoot !== undefined) source = 'boot log';
  else if (fromStats !== undefined) source = 'percpu_stats';
  const origin: GeometryOrigin = {
    possibleCpus: statedCpus === undefined ? 'trace' : 'boot log',
    unit: source,
    firstChunk: source === 'trace' ? 'assumed' : source,
  };
  if (survey.furthestByte > sizes.unitBytes) {
    return fail(
      'bad-input',
      `the trace has an object that ends at byte ${survey.furthestByte} of its chunk, but the ${source} states units of ${sizes.unitBytes} bytes`,
    );
  }
  if (!countsAgree(possibleCpus, evidence)) {
    return fail(
      'bad-input',
      `the boot log states ${possibleCpus} possible CPUs, but the trace's allocations count ${cpuCountsSeen(summary).join(' or ')}, and CPU ${survey.highestCpu} has events: they are of different machines`,
    );
  }
  const unitsPerAlloc = Math.max(1, Math.floor(sizes.allocBytes / sizes.unitBytes));
  const mapped = boot?.map.flatMap(({ allocs }) => allocs.flatMap(({ units }) => units)).length ?? 0;
  const units = Math.max(mapped, Math.ceil(possibleCpus / unitsPerAlloc) * unitsPerAlloc);
  return ok({ geometry: { ...sizes, possibleCpus, units }, source, origin });
}

/** Bytes of side tables per byte of an object: none, one pointer for each cell, or two. */
const SIDE_TABLE_BYTES = [0, 2, 4];

/** Possible CPUs for which the trace's `bytes_alloc` comes out: size × CPUs, and the side tables where the kernel has them. */
function cpuCountsSeen({ allocatedPerByte }: TraceSummary): number[] {
  if (allocatedPerByte === undefined) return [];
  return SIDE_TABLE_BYTES.map((sideTable) => allocatedPerByte - sideTable).filter((cpus) => cpus > 0);
}

/** Whether a boot log's number of CPUs can be that of the machine that printed the trace. */
function countsAgree(possibleCpus: number, { boot, survey, summary }: GeometryEvidence): boolean {
  if (boot === undefined) return true;
  if (survey.highestCpu >= possibleCpus) return false;
  const seen = cpuCountsSeen(summary);
  return seen.length === 0 || seen.includes(possibleCpus);
}

function statsSizes({ info }: PercpuStats): Sizes {
  return { ...info, pageSizeBytes: PAGE_BYTES };
}

/** The sizes that a boot log states, or leaves to be assumed; undefined where it states too few. */
export function bootSizes({ announcement, allocation }: LoggedBoot): Sizes | undefined {
  if (announcement === undefined || announcement.form === 'embed-2.6.30') {
    return allocation === undefined
      ? undefined
      : {
          ...partsOf(allocation),
          ...allocationOf(allocation),
          pageSizeBytes: PAGE_BYTES,
          unitBytes: allocation.unitBytes,
        };
  }
  const parts = partsOf(announcement);
  const sum = parts.staticBytes + parts.reservedBytes + parts.dynBytes;
  const pageSizeBytes = sum / announcement.pagesPerCpu;
  const stated = announcement.form === 'embed' ? announcement.unitBytes : sum;
  const unitBytes = allocation?.unitBytes ?? stated;
  if (unitBytes === undefined || !Number.isInteger(Math.log2(pageSizeBytes))) return undefined;
  const usual =
    announcement.form === 'embed' ? usualAllocation(unitBytes) : { atomBytes: unitBytes, allocBytes: unitBytes };
  return { ...parts, unitBytes, pageSizeBytes, ...(allocation === undefined ? usual : allocationOf(allocation)) };
}

function partsOf(stated: {
  readonly staticBytes: number;
  readonly reservedBytes: number;
  readonly dynamicBytes: number;
}): Pick<Sizes, 'staticBytes' | 'reservedBytes' | 'dynBytes'> {
  return { staticBytes: stated.staticBytes, reservedBytes: stated.reservedBytes, dynBytes: stated.dynamicBytes };
}

function allocationOf({ atoms, atomBytes }: { readonly atoms: number; readonly atomBytes: number }): {
  atomBytes: number;
  allocBytes: number;
} {
  return { atomBytes, allocBytes: atoms * atomBytes };
}

function usualAllocation(unitBytes: number): { atomBytes: number; allocBytes: number } {
  const fits = USUAL_ATOM_BYTES % unitBytes === 0;
  return fits
    ? { atomBytes: USUAL_ATOM_BYTES, allocBytes: USUAL_ATOM_BYTES }
    : { atomBytes: PAGE_BYTES, allocBytes: unitBytes };
}

/** The smallest power of two that holds every object; the first chunk is one page, of which nothing is known. */
function traceSizes({ furthestByte }: TraceSurvey): Sizes {
  const unitBytes = Math.max(LARGEST_OBJECT_BYTES, 2 ** Math.ceil(Math.log2(Math.max(furthestByte, 1))));
  return {
    pageSizeBytes: PAGE_BYTES,
    unitBytes,
    staticBytes: 0,
    reservedBytes: 0,
    dynBytes: PAGE_BYTES,
    ...usualAllocation(unitBytes),
  };
}
