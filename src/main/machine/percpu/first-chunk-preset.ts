/**
 * The first chunk of a named architecture and kernel:
 *
 *     architecture (architectures.ts) ─┐
 *     kernel version and options ──────┼─▶ FirstChunkSpec ─▶ planFirstChunk
 *     nodes of the CPUs ───────────────┤
 *     command line ────────────────────┘
 *
 * All sizes in bytes.
 */
import type { ArchitectureName } from '../../../shared/percpu-settings.ts';
import type { CpuId } from '../units.ts';
import { ARCHITECTURE_TABLE, type Architecture } from './architectures.ts';
import { type CpuDistance, LOCAL_DISTANCE, REMOTE_DISTANCE } from './cpu-groups.ts';
import type { FirstChunkMethod, FirstChunkSpec } from './first-chunk.ts';
import type { FirstChunkParameters } from './first-chunk-parameters.ts';
import { defaultReserve2008Bytes, eraConstants, type KernelOptions, type KernelVersion } from './kernel-era.ts';

/** Which CPU sits on which node, and how far the nodes are from each other. */
export interface Topology {
  /** Ascending. */
  readonly possibleCpus: readonly CpuId[];
  /** Node ids in use, nodes without CPUs included. */
  readonly nodeIds: number;
  readonly nodeOf: (cpu: CpuId) => number;
  /** As in ACPI's SLIT: 10 is the node itself. Absent: 10 and 20. */
  readonly nodeDistance?: ((from: number, to: number) => number) | undefined;
}

export interface FirstChunkPreset {
  readonly architecture: ArchitectureName;
  readonly version: KernelVersion;
  /** Their word size is the architecture's, whatever stands there. */
  readonly options: KernelOptions;
  /** Absent: the architecture's usual one. */
  readonly pageSizeBytes?: number | undefined;
  /** A kernel built for several CPUs (CONFIG_SMP), however many there are. */
  readonly multiprocessor: boolean;
  /** `2008`: the reserve is 2500 machine words unless `percpu=` says otherwise, and always a part of its own. */
  readonly reserve: 'modules' | '2008';
  readonly staticBytes: number;
}

/** The specification for `planFirstChunk`. Pure. */
export function firstChunkSpec(
  preset: FirstChunkPreset,
  topology: Topology,
  parameters: FirstChunkParameters,
): FirstChunkSpec {
  const architecture = ARCHITECTURE_TABLE[preset.architecture];
  const { wordBits } = architecture;
  const pageSizeBytes = preset.pageSizeBytes ?? architecture.pageSizesBytes[0];
  if (pageSizeBytes === undefined) throw new Error(`${preset.architecture} has no page size`);
  const constants = eraConstants(preset.version, { ...preset.options, wordBits }, pageSizeBytes);
  const ownReserve =
    preset.reserve === '2008'
      ? (parameters.reservedBytes ?? defaultReserve2008Bytes(wordBits))
      : parameters.reservedBytes;
  const inDynamic = ownReserve === undefined && architecture.moduleReserve === 'dynamic';
  return {
    method: methodOf(preset, architecture, topology, parameters),
    pageSizeBytes,
    staticBytes: preset.staticBytes,
    reservedBytes: ownReserve ?? (inDynamic ? 0 : constants.moduleReserveBytes),
    dynamicRequestBytes: constants.dynamicReserveBytes + (inDynamic ? constants.moduleReserveBytes : 0),
    earlyDynamicBytes: constants.earlyDynamicBytes,
    minUnitBytes: constants.minUnitBytes,
    atomBytes: architecture.fixedUnitBytes ?? architecture.atomBytes(pageSizeBytes, preset.version),
    possibleCpus: topology.possibleCpus,
    distance: distanceOf(architecture, topology),
    groupRule: constants.groupRule,
  };
}

function methodOf(
  preset: FirstChunkPreset,
  architecture: Architecture,
  topology: Topology,
  parameters: FirstChunkParameters,
): FirstChunkMethod {
  if (!preset.multiprocessor) return 'uniprocessor';
  if (architecture.fixedUnitBytes !== undefined) return 'fixed-unit';
  if (parameters.method !== undefined) return parameters.method;
  const { pageFromNodeIds } = architecture;
  return pageFromNodeIds !== undefined && topology.nodeIds >= pageFromNodeIds ? 'page' : 'embed';
}

function distanceOf(architecture: Architecture, topology: Topology): CpuDistance | undefined {
  const { nodeOf } = topology;
  const same = (from: number, to: number): number => (from === to ? LOCAL_DISTANCE : REMOTE_DISTANCE);
  switch (architecture.distance) {
    case 'none':
      return undefined;
    case 'same-node':
      return (from, to) => same(nodeOf(from), nodeOf(to));
    case 'node-distance': {
      const nodeDistance = topology.nodeDistance ?? same;
      return (from, to) => nodeDistance(nodeOf(from), nodeOf(to));
    }
  }
}
