/**
 * Why the dynamic part of a boot has the size that was printed: which kernels, built how, ask for so much.
 *
 *     dynamic part = request, and what is left of the last page:  round up(static + reserved + request) − static − reserved
 *
 * A log names its release at best. Word size and build options it does not name, so all that there were are tried.
 */
import { roundUp } from '../../machine/units.ts';
import {
  eraConstants,
  type KernelVersion,
  parseKernelVersion,
  USUAL_OPTIONS,
} from '../../machine/percpu/kernel-era.ts';
import type { DynamicPartCheck } from '../../../shared/geometry-check.ts';

/** Figures as printed, in bytes. */
export interface PrintedParts {
  readonly method: 'embed' | 'page' | 'uniprocessor';
  readonly pageSizeBytes: number;
  readonly staticBytes: number;
  readonly reservedBytes: number;
  readonly dynamicBytes: number;
}

interface Candidate {
  readonly requestBytes: number;
  readonly words: string;
}

/** Checks the printed dynamic part against the constants of the release. */
export function checkDynamicPart(parts: PrintedParts, kernelRelease: string | undefined): DynamicPartCheck {
  const version = kernelRelease === undefined ? undefined : parseKernelVersion(kernelRelease);
  if (kernelRelease === undefined || version === undefined) {
    return { outcome: 'not-checked', reason: 'the log names no kernel release' };
  }
  if (parts.method === 'uniprocessor') {
    return { outcome: 'not-checked', reason: 'a uniprocessor kernel rounds its one unit up to a power of two' };
  }
  const { pageSizeBytes, staticBytes, reservedBytes, dynamicBytes } = parts;
  const fixed = staticBytes + reservedBytes;
  const found = candidates(parts, version).find(
    ({ requestBytes }) => roundUp(fixed + requestBytes, pageSizeBytes) - fixed === dynamicBytes,
  );
  if (found === undefined) {
    return {
      outcome: 'unexplained',
      reason: `no build of Linux ${kernelRelease} that is known here asks for what became ${dynamicBytes} bytes`,
    };
  }
  return { outcome: 'explained', reason: `${found.requestBytes} bytes asked for: ${found.words}` };
}

/** The usual builds first: of several that fit the first is named. */
function candidates(parts: PrintedParts, version: KernelVersion): readonly Candidate[] {
  const builds = [
    { options: USUAL_OPTIONS, words: '' },
    { options: { ...USUAL_OPTIONS, randomKmallocCaches: true }, words: ', randomised kmalloc caches' },
    {
      options: { ...USUAL_OPTIONS, randomKmallocCaches: true, lockDebugging: true },
      words: ', randomised kmalloc caches and lock debugging',
    },
  ];
  return builds.flatMap(({ options, words }) =>
    ([64, 32] as const).flatMap((wordBits) => {
      const constants = eraConstants(version, { ...options, wordBits }, parts.pageSizeBytes);
      const { earlyDynamicBytes, dynamicReserveBytes, moduleReserveBytes } = constants;
      if (parts.method === 'page') return [{ requestBytes: earlyDynamicBytes, words: `the early size${words}` }];
      const own = {
        requestBytes: Math.max(dynamicReserveBytes, earlyDynamicBytes),
        words: `${wordBits}-bit${words}`,
      };
      // Where nothing is reserved the modules' reserve may be part of the dynamic part, as on x86-32 and powerpc64.
      const withModules = {
        requestBytes: own.requestBytes + moduleReserveBytes,
        words: `${own.words}, modules' reserve included`,
      };
      return parts.reservedBytes === 0 ? [own, withModules] : [own];
    }),
  );
}
