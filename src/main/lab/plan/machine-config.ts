/** From what a profile says of its machine to the numbers that boot needs. */
import type { BufferLayout } from '../../../shared/design.ts';
import { type PercpuSettings, usualPercpuSettings } from '../../../shared/percpu-settings.ts';
import type { MachineProfile } from '../../../shared/profile.ts';
import { fail, type Failure, ok, type Result } from '../../../shared/result.ts';
import type { MachineConfig } from '../../machine/memory/arena.ts';
import { ARCHITECTURE_TABLE } from '../../machine/percpu/architectures.ts';
import type { FirstChunkSpec } from '../../machine/percpu/first-chunk.ts';
import { firstChunkSpec } from '../../machine/percpu/first-chunk-preset.ts';
import { type KernelVersion, parseKernelVersion, USUAL_OPTIONS } from '../../machine/percpu/kernel-era.ts';
import type { PercpuConfig } from '../../machine/percpu/percpu-config.ts';
import { type CpuId, cpuId } from '../../machine/units.ts';

/** Chunks that the bookkeeping has room for where the workload does not ask for more. */
const USUAL_CHUNKS = 64;

/** What the workload needs of per-CPU memory. */
export interface PercpuNeeds {
  readonly maxChunks: number;
  readonly callSites: number;
}

/** Errors: 'bad-input' with the field, for an architecture that has no such pages. */
export function machineConfigOf(
  machine: MachineProfile,
  bufferLayout: BufferLayout,
  needs: PercpuNeeds = { maxChunks: USUAL_CHUNKS, callSites: 0 },
): Result<MachineConfig> {
  // Page tables are asked for by designs, not by every machine of a profile that says what they would be like.
  const { percpu: given, addressSpace: _, ...rest } = machine;
  const percpu = percpuConfigOf(given ?? usualPercpuSettings(machine.pageSizeBytes), machine, needs);
  return percpu.ok ? ok({ ...rest, bufferLayout, percpu: percpu.value }) : percpu;
}

/** The machine beside its per-CPU settings, as far as they depend on it. */
type PercpuMachine = Pick<MachineProfile, 'pageSizeBytes' | 'possibleCpus'>;

/** The numbers of an architecture and a kernel. Errors: 'bad-input' with the field. */
export function percpuConfigOf(
  settings: PercpuSettings,
  machine: PercpuMachine,
  needs: PercpuNeeds,
): Result<PercpuConfig> {
  const problem = settingsProblem(settings, machine);
  if (problem !== undefined) return problem;
  const version = parseKernelVersion(settings.kernel);
  if (version === undefined) {
    return fail('bad-input', `${settings.kernel} is no kernel version`, 'machine.percpu.kernel');
  }
  const spec = specOf(settings, machine, version);
  return ok({
    method: spec.method,
    otherStaticBytes: settings.otherStaticBytes,
    reservedBytes: spec.reservedBytes,
    dynamicRequestBytes: spec.dynamicRequestBytes,
    earlyDynamicBytes: spec.earlyDynamicBytes,
    minUnitBytes: spec.minUnitBytes,
    atomBytes: spec.atomBytes,
    limitBytes: settings.limitBytes ?? 0,
    // Where the architecture does not say how far CPUs are from each other, all of them are one group.
    nodes: spec.distance === undefined ? 1 : settings.nodes,
    ...needs,
  });
}

/** What the settings and the machine do not have in common; undefined when they go together. */
function settingsProblem(
  { architecture, firstChunk }: PercpuSettings,
  { pageSizeBytes, possibleCpus }: PercpuMachine,
): Failure | undefined {
  const { pageSizesBytes } = ARCHITECTURE_TABLE[architecture];
  if (!pageSizesBytes.includes(pageSizeBytes)) {
    const sentence = `${architecture} has pages of ${pageSizesBytes.join(', ')} bytes, not of ${pageSizeBytes}`;
    return fail('bad-input', sentence, 'machine.percpu.architecture');
  }
  if (firstChunk === 'uniprocessor' && possibleCpus !== 1) {
    const sentence = `a uniprocessor kernel has one possible CPU, not ${possibleCpus}`;
    return fail('bad-input', sentence, 'machine.percpu.firstChunk');
  }
  return undefined;
}

function specOf(
  { architecture, firstChunk, nodes, otherStaticBytes, reservedBytes }: PercpuSettings,
  { pageSizeBytes, possibleCpus }: PercpuMachine,
  version: KernelVersion,
): FirstChunkSpec {
  const preset = {
    architecture,
    version,
    options: USUAL_OPTIONS,
    pageSizeBytes,
    multiprocessor: firstChunk !== 'uniprocessor',
    reserve: 'modules',
    staticBytes: otherStaticBytes,
  } as const;
  const cpusPerNode = Math.ceil(possibleCpus / nodes);
  const cpus = {
    possibleCpus: Array.from({ length: possibleCpus }, (_, cpu) => cpuId(cpu)),
    nodeIds: nodes,
    nodeOf: (cpu: CpuId) => Math.floor(cpu / cpusPerNode),
  };
  const method = firstChunk === 'embed' || firstChunk === 'page' ? firstChunk : undefined;
  return firstChunkSpec(preset, cpus, { reservedBytes, method });
}
