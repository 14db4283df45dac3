/** A this-cpu workload as what the live engine is asked to do for each design. */
import { type AddressSpaceSettings, usualAddressSpace } from '../../../shared/address-space-settings.ts';
import { ACCESS_MODES, type AccessMode, type Design } from '../../../shared/design.ts';
import type { MachineProfile, Profile, ThisCpuWorkload } from '../../../shared/profile.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { MIX_OPERATIONS, type ThisCpuMix } from '../../../shared/this-cpu-profile.ts';
import type { PhasePlan } from '../../engine/live/sample-plan.ts';
import {
  additionsPerUnit,
  type MixStep,
  type StormMix,
  type StormPlan,
  turnsPerUnit,
} from '../../engine/live/storm/storm-plan.ts';
import type { MappedMachineConfig } from '../../machine/percpu/local-mapping/mapped-machine.ts';

/** The counters of a mix are words of 32 bits. */
const MOST_ADDITIONS = 2 ** 31 - 1;

/** The plan of each design. Errors: 'bad-input' where a design and the page tables do not go together. */
export function planStorms(
  { machine, designs, experiment }: Profile,
  workload: ThisCpuWorkload,
): Result<ReadonlyMap<Design, StormPlan>> {
  const addressSpace = addressSpaceOf(machine);
  const modes = designs.map(asAccessMode);
  if (addressSpace.window === 'none' && modes.includes('local-mapping')) {
    return fail('bad-input', 'design local-mapping needs a window', 'machine.addressSpace.window');
  }
  const { tasksPerCpu, tickOperations, balanceTicks, seed } = workload;
  const tasks = machine.onlineCpus * tasksPerCpu;
  const share = workload.operations / workload.mixes.length;
  const mixes = workload.mixes.map((mix): StormMix => {
    const steps = stepsOf(mix);
    const mostUnits = Math.floor(MOST_ADDITIONS / (Math.max(1, additionsPerUnit({ steps })) * tasks));
    const units = Math.ceil(share / (turnsPerUnit({ steps }) * tasks));
    const unitsPerTask = experiment.seconds === undefined ? Math.min(units, mostUnits) : mostUnits;
    return { name: mix.name, steps, batch: mix.batch, unitsPerTask };
  });
  const config = mappedConfigOf(machine, addressSpace);
  const plans = modes.map(
    (mode) =>
      [mode, { mode, machine: config, tasksPerCpu, tickOperations, balanceTicks, mixes, seed } as const] as const,
  );
  return ok(new Map<Design, StormPlan>(plans));
}

/** A phase for each mix. */
export function stormPhases({ mixes }: ThisCpuWorkload): readonly PhasePlan[] {
  return mixes.map(({ name }) => ({ kind: 'access', jobs: [name], measures: ['access'] }));
}

/** What the profile says of the page tables, or what is usual. */
export function addressSpaceOf({ addressSpace, pageSizeBytes }: MachineProfile): AddressSpaceSettings {
  return addressSpace ?? usualAddressSpace(pageSizeBytes);
}

function mappedConfigOf(machine: MachineProfile, addressSpace: AddressSpaceSettings): MappedMachineConfig {
  const { translation, tlb, window, firstChunk, tablesFor, unitBytes } = addressSpace;
  return {
    possibleCpus: machine.possibleCpus,
    onlineCpus: machine.onlineCpus,
    translation,
    memoryBytes: machine.memoryBytes,
    tlb: { ...tlb, cpusPerTlb: 1, isTagged: false },
    pgdTakesPage: false,
    mapping: { window, firstChunk, tablesFor, unitBytes, maxChunks: 1 },
  };
}

function stepsOf({ operations }: ThisCpuMix): readonly MixStep[] {
  return MIX_OPERATIONS.map((operation) => ({ operation, number: operations[operation] ?? 0 })).filter(
    ({ number }) => number > 0,
  );
}

/** Narrows a design to those of a this-cpu workload; the schema has seen to it that they are. */
function asAccessMode(design: Design): AccessMode {
  const mode = ACCESS_MODES.find((each) => each === design);
  if (mode === undefined) throw new Error(`a this-cpu workload has no design ${design}`);
  return mode;
}
