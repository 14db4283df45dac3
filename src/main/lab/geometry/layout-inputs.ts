/** What a boot log states, or leaves to be assumed, of the figures that the geometry is computed from. */
import type { LoggedBoot } from '../../evidence/boot-log/boot-log.ts';
import { eraConstants, parseKernelVersion, USUAL_OPTIONS } from '../../machine/percpu/kernel-era.ts';
import type { Findings } from './findings.ts';
import type { GeometryFigures } from '../../../shared/geometry-check.ts';
import type { PrintedParts } from './dynamic-part.ts';

const KIB = 1024;
const PAGE_SIZES: readonly number[] = [4 * KIB, 8 * KIB, 16 * KIB, 64 * KIB];

/** How the first chunk was made, as far as the lines tell. */
export function methodOf(boot: LoggedBoot, printed: GeometryFigures): PrintedParts['method'] {
  if (boot.announcement !== undefined) return boot.announcement.form === 'page' ? 'page' : 'embed';
  return printed.staticBytes === 0 && printed.reservedBytes === 0 ? 'uniprocessor' : 'embed';
}

/** Bytes of a page; `sizeSum` is static + reserved + dynamic as printed. */
export function pageSizeOf(boot: LoggedBoot, sizeSum: number, findings: Findings): number {
  const { announcement, allocation, cpuCounts } = boot;
  const taken = (pageSizeBytes: number, source: string): number => {
    findings.inputs.push({ name: 'page size', value: String(pageSizeBytes), source });
    return pageSizeBytes;
  };
  if (announcement?.form === 'page') return taken(announcement.pageSizeBytes, `line ${announcement.line}`);
  if (cpuCounts !== undefined) return taken(4 * KIB, `x86, which alone prints what is in line ${cpuCounts.line}`);
  if (announcement !== undefined && givesPageSize(boot)) {
    const exact = sizeSum / announcement.pagesPerCpu;
    if (PAGE_SIZES.includes(exact)) return taken(exact, `bytes per CPU / pages per CPU of line ${announcement.line}`);
    const far = (size: number): number => Math.abs(Math.log(size / exact));
    const nearest = [...PAGE_SIZES].sort((a, b) => far(a) - far(b))[0] ?? 4 * KIB;
    return taken(nearest, 'assumed: nearest to bytes per CPU / pages per CPU, which is no page size');
  }
  if (allocation !== undefined && PAGE_SIZES.includes(allocation.atomBytes)) {
    return taken(allocation.atomBytes, `assumed: the atom of line ${allocation.line}`);
  }
  return taken(4 * KIB, 'assumed: no line of pages per CPU');
}

/** Whether the page size follows from the number of pages per CPU, so that this number is no evidence. */
export function givesPageSize({ announcement, cpuCounts }: LoggedBoot): boolean {
  return announcement !== undefined && announcement.form !== 'page' && cpuCounts === undefined;
}

/** Bytes that a unit must have at least: of the release, or what there was, the usual one first. */
export function minUnitCandidates(boot: LoggedBoot): readonly { readonly bytes: number; readonly source: string }[] {
  const { kernelRelease, announcement } = boot;
  const version = kernelRelease === undefined ? undefined : parseKernelVersion(kernelRelease);
  if (kernelRelease !== undefined && version !== undefined) {
    const { minUnitBytes } = eraConstants(version, USUAL_OPTIONS, 4 * KIB);
    return [{ bytes: minUnitBytes, source: `Linux ${kernelRelease}` }];
  }
  const since = { bytes: 32 * KIB, source: 'assumed: Linux 2.6.37 or later' };
  // Only kernels with `percpu:` in small letters are known to be later.
  return announcement?.capitals === false
    ? [since]
    : [since, { bytes: 64 * KIB, source: 'assumed: before Linux 2.6.37' }];
}
