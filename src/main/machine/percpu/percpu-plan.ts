/**
 * What follows from a machine's per-CPU configuration before any memory is taken: the first chunk's layout, which CPU has
 * which unit, and the size of the allocator's bookkeeping. Pure; every thread computes the same from the arena's header.
 *
 *     config ─▶ planFirstChunk ─▶ units [ CPU 0 ][ CPU 2 ][ — ][ CPU 1 ] … ─▶ geometry of chunks ─▶ bytes of the chunk region
 */
import type { BufferLayout } from '../../../shared/design.ts';
import { type Failure, ok, type Result } from '../../../shared/result.ts';
import { type CpuId, cpuId } from '../units.ts';
import type { RegionCapacity } from './chunks/chunk-layout.ts';
import type { PercpuGeometry } from './chunks/percpu-geometry.ts';
import { LOCAL_DISTANCE, REMOTE_DISTANCE } from './cpu-groups.ts';
import { type FirstChunkSpec, planFirstChunk } from './first-chunk.ts';
import type { PercpuConfig } from './percpu-config.ts';
import { completeVariant, type ZramVariant } from '../zram/zram-variant.ts';
import { layOutStatic, machineVariables, type MachineVariable, type StaticLayout } from './static-variables.ts';
import type { UnitLayout } from './unit-layout.ts';

/** The part of a machine's configuration that decides its per-CPU memory. */
export interface PercpuMachine {
  readonly possibleCpus: number;
  readonly pageSizeBytes: number;
  readonly bufferLayout: BufferLayout;
  readonly percpu: PercpuConfig;
  readonly zram?: ZramVariant;
}

export interface PercpuPlan {
  readonly spec: FirstChunkSpec;
  readonly layout: UnitLayout;
  readonly statics: StaticLayout<MachineVariable>;
  readonly geometry: PercpuGeometry;
  readonly capacity: RegionCapacity;
  /** By unit, in the order of addresses: whose it is; undefined is an unused unit. */
  readonly cpuOfUnit: readonly (CpuId | undefined)[];
  /** By possible CPU. */
  readonly unitOfCpu: readonly number[];
}

/** Errors: 'bad-input' where static, reserved and dynamic part do not fit the limit, with `where` 'machine.percpu'. */
export function planPercpu(machine: PercpuMachine): Result<PercpuPlan> {
  const { possibleCpus, pageSizeBytes, bufferLayout, percpu } = machine;
  const { protection } = completeVariant(machine);
  const statics = layOutStatic(
    machineVariables({ bufferLayout, protection, otherStaticBytes: percpu.otherStaticBytes }),
    pageSizeBytes,
  );
  const spec = specOf(machine, statics.staticBytes);
  const planned = planFirstChunk(spec);
  if (!planned.ok) return atField(planned);
  const layout = planned.value;
  const cpuOfUnit = layout.groups.flat();
  const unitOfCpu = Array.from({ length: possibleCpus }, (_, cpu) => cpuOfUnit.indexOf(cpuId(cpu)));
  const { unitBytes, staticBytes, reservedBytes, dynamicBytes: dynBytes, atomBytes, allocBytes } = layout;
  return ok({
    spec,
    layout,
    statics,
    geometry: {
      ...{ pageSizeBytes, unitBytes, staticBytes, reservedBytes, dynBytes, atomBytes, allocBytes },
      possibleCpus,
      units: cpuOfUnit.length,
    },
    capacity: { maxChunks: percpu.maxChunks, mappedUnits: cpuOfUnit.length, callSites: percpu.callSites },
    cpuOfUnit,
    unitOfCpu,
  });
}

function atField(failure: Failure): Failure {
  return { ...failure, error: { ...failure.error, where: 'machine.percpu' } };
}

function specOf({ possibleCpus, pageSizeBytes, percpu }: PercpuMachine, staticBytes: number): FirstChunkSpec {
  const cpusPerNode = Math.ceil(possibleCpus / percpu.nodes);
  const nodeOf = (cpu: CpuId): number => Math.floor(cpu / cpusPerNode);
  return {
    method: percpu.method,
    pageSizeBytes,
    staticBytes,
    reservedBytes: percpu.reservedBytes,
    dynamicRequestBytes: percpu.dynamicRequestBytes,
    earlyDynamicBytes: percpu.earlyDynamicBytes,
    minUnitBytes: percpu.minUnitBytes,
    atomBytes: percpu.atomBytes,
    possibleCpus: Array.from({ length: possibleCpus }, (_, cpu) => cpuId(cpu)),
    distance:
      percpu.nodes === 1 ? undefined : (from, to) => (nodeOf(from) === nodeOf(to) ? LOCAL_DISTANCE : REMOTE_DISTANCE),
    groupRule: 'seed',
    limitBytes: percpu.limitBytes === 0 ? undefined : percpu.limitBytes,
  };
}
