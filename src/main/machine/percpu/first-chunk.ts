/**
 * The first chunk: the memory in which every CPU's copy of the static per-CPU variables lies, with room for modules
 * (reserved) and for the first dynamic allocations. It is made once, at boot, in one of four ways:
 *
 *     embed          blocks of the kernel's own linear mapping, one per group, as large as whole atoms;
 *                    huge pages map them, later chunks copy the offsets between the units
 *     page           single pages put together in vmalloc space: any memory will do, more TLB entries are needed
 *     fixed-unit     a unit of given size per CPU, mapped at one address (ia64): what is left of it is dynamic,
 *                    and static and reserved together must fit
 *     uniprocessor   plain memory; there is no other CPU to keep apart from
 *
 *     auto ─▶ embed ─▶ blocks too far apart for vmalloc space? ─▶ page, where the architecture can
 *
 * A plan is the geometry without addresses; booting it takes blocks of memory and yields `__per_cpu_offset[]`.
 * All of this is pure: memory is asked for through a function that the caller brings. Figures are bytes.
 */
import { assertUnreachable, fail, ok, type Result } from '../../../shared/result.ts';
import type { CpuId } from '../units.ts';
import { type CpuDistance, type GroupRule, groupCpus } from './cpu-groups.ts';
import { fitsVmalloc, groupBytes, placeUnits, type UnitPlacement } from './unit-offsets.ts';
import { layOutUniprocessor, layOutUnits, sizeSumBytes, type UnitLayout } from './unit-layout.ts';

export type FirstChunkMethod = 'embed' | 'page' | 'fixed-unit' | 'uniprocessor';

/** Everything that decides the geometry; `firstChunkSpec` fills it in for an architecture and a kernel. */
export interface FirstChunkSpec {
  readonly method: FirstChunkMethod;
  readonly pageSizeBytes: number;
  /** Of the static variables as laid out. */
  readonly staticBytes: number;
  readonly reservedBytes: number;
  readonly dynamicRequestBytes: number;
  readonly earlyDynamicBytes: number;
  readonly minUnitBytes: number;
  /** Of embed; the size of the unit for fixed-unit. */
  readonly atomBytes: number;
  /** At least one, distinct, ascending. */
  readonly possibleCpus: readonly CpuId[];
  /** Absent: all CPUs are one group. Not looked at by page and uniprocessor. */
  readonly distance?: CpuDistance | undefined;
  readonly groupRule: GroupRule;
  /** What static, reserved and dynamic part together must not exceed; fixed-unit has its unit as limit anyway. */
  readonly limitBytes?: number | undefined;
}

/**
 * The geometry of a first chunk. Errors: 'bad-input' when the parts do not fit into what is the limit, with the sum in the
 * sentence. Throws where the specification breaks what its comments say.
 */
export function planFirstChunk(spec: FirstChunkSpec): Result<UnitLayout> {
  const fault = specFault(spec);
  if (fault !== undefined) return fail('bad-input', fault);
  const layout = layOut(spec);
  const { limitBytes } = spec;
  if (limitBytes === undefined || sizeSumBytes(layout) <= limitBytes) return ok(layout);
  return fail('bad-input', tooLarge(layout, limitBytes));
}

/** What is wrong with the figures a person can set, in one sentence; undefined when nothing is. */
function specFault({
  method,
  staticBytes,
  reservedBytes,
  atomBytes,
  possibleCpus,
}: FirstChunkSpec): string | undefined {
  if (!Number.isSafeInteger(staticBytes) || staticBytes < 0) {
    return `the static part must be a whole number of bytes from 0 on, not ${staticBytes}`;
  }
  if (!Number.isSafeInteger(reservedBytes) || reservedBytes < 0) {
    return `the reserved part must be a whole number of bytes from 0 on, not ${reservedBytes}`;
  }
  if (method === 'uniprocessor' && possibleCpus.length !== 1) {
    return `a uniprocessor kernel has one possible CPU, not ${possibleCpus.length}`;
  }
  if (method !== 'fixed-unit' || staticBytes + reservedBytes <= atomBytes) return undefined;
  return tooLarge({ staticBytes, reservedBytes, dynamicBytes: 0 }, atomBytes);
}

function tooLarge(
  parts: { readonly staticBytes: number; readonly reservedBytes: number; readonly dynamicBytes: number },
  limitBytes: number,
): string {
  const { staticBytes, reservedBytes, dynamicBytes } = parts;
  const total = staticBytes + reservedBytes + dynamicBytes;
  const dynamic = dynamicBytes === 0 ? '' : ` + dynamic ${dynamicBytes}`;
  return (
    `the per-CPU area of a CPU holds ${limitBytes} bytes, but static ${staticBytes} + reserved ${reservedBytes}` +
    `${dynamic} = ${total} bytes are ${total - limitBytes} too many`
  );
}

function layOut(spec: FirstChunkSpec): UnitLayout {
  const { pageSizeBytes, possibleCpus, atomBytes } = spec;
  switch (spec.method) {
    case 'embed':
      return layOutUnits({ ...spec, groups: groupCpus(possibleCpus, spec.distance, spec.groupRule) });
    case 'page':
      // Nothing more than the early size is asked for; later chunks come from the same place anyway.
      return layOutUnits({ ...spec, dynamicRequestBytes: 0, atomBytes: pageSizeBytes, groups: [possibleCpus] });
    case 'fixed-unit':
      return layOutUnits({
        ...spec,
        dynamicRequestBytes: atomBytes - spec.staticBytes - spec.reservedBytes,
        earlyDynamicBytes: 0,
        minUnitBytes: atomBytes,
        groups: groupCpus(possibleCpus, spec.distance, spec.groupRule),
      });
    case 'uniprocessor': {
      const [cpu] = possibleCpus;
      if (cpu === undefined) throw new Error('a machine without CPUs has no first chunk');
      return layOutUniprocessor({ ...spec, cpu });
    }
    default:
      return assertUnreachable(spec.method);
  }
}

/** Takes a block of memory near `cpu`; undefined when there is none. Called once per group, in order. */
export type TakeBlock = (block: {
  readonly bytes: number;
  readonly alignBytes: number;
  readonly cpu: CpuId;
}) => number | undefined;

export interface BootRequest {
  readonly takeBlock: TakeBlock;
  readonly vmallocBytes: number;
  /** Whether pages are taken where embedding fails. */
  readonly fallsBackToPage: boolean;
  /** What the command line forced; it is named in the notice. */
  readonly forced?: 'embed' | 'page' | undefined;
  /** Address at which the static variables were linked; 0 on x86-64. */
  readonly linkedStart: number;
}

export interface BootedFirstChunk {
  readonly method: FirstChunkMethod;
  readonly layout: UnitLayout;
  readonly placement: UnitPlacement;
  /** What the kernel prints about it, without prefix. */
  readonly notices: readonly string[];
}

/**
 * Plans the first chunk and takes memory for it. Errors: those of `planFirstChunk`; 'out-of-memory' when a block is refused.
 * Blocks that were taken before a failure stay with the caller.
 */
export function bootFirstChunk(spec: FirstChunkSpec, request: BootRequest): Result<BootedFirstChunk> {
  const planned = planFirstChunk(spec);
  if (!planned.ok) return planned;
  const layout = planned.value;
  const placed = placeBlocks(layout, request);
  if (!placed.ok) return placed;
  const placement = placed.value;
  if (spec.method !== 'embed' || fitsVmalloc(placement, request.vmallocBytes)) {
    return ok({ method: spec.method, layout, placement, notices: [] });
  }
  const distance = placement.maxDistanceBytes.toString(16);
  const tooFar = `max_distance=0x${distance} too large for vmalloc space 0x${request.vmallocBytes.toString(16)}`;
  if (!request.fallsBackToPage) return ok({ method: 'embed', layout, placement, notices: [tooFar] });
  const pages = bootFirstChunk({ ...spec, method: 'page' }, request);
  if (!pages.ok) return pages;
  // -22 is EINVAL.
  const falling = `${request.forced ?? 'auto'} allocator failed (-22), falling back to page size`;
  return ok({ ...pages.value, notices: [tooFar, falling] });
}

function placeBlocks(layout: UnitLayout, { takeBlock, linkedStart }: BootRequest): Result<UnitPlacement> {
  const addresses: number[] = [];
  for (const [index, group] of layout.groups.entries()) {
    const [cpu] = group;
    if (cpu === undefined) throw new Error(`group ${index} begins with an unused unit`);
    const bytes = groupBytes(group, layout);
    const address = takeBlock({ bytes, alignBytes: layout.atomBytes, cpu });
    if (address === undefined) {
      return fail('out-of-memory', `no block of ${bytes} bytes for the per-CPU units of group ${index} (CPU ${cpu})`);
    }
    addresses.push(address);
  }
  return ok(placeUnits(layout, addresses, linkedStart));
}
