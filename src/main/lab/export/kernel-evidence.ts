/**
 * What a kernel would have printed on the machines of a run: for each design the boot lines about its per-CPU area, and
 * percpu_stats at the fullest moment of a percpu workload. The lab's own readers of such text (`geometry --check`,
 * `replay --dmesg --stats`) take them like any other kernel's.
 */
import type { KernelText } from '../../../shared/contract.ts';
import { bootsPercpuMachines } from '../../../shared/booted-machines.ts';
import type { Design } from '../../../shared/design.ts';
import { usualPercpuSettings, type PercpuSettings } from '../../../shared/percpu-settings.ts';
import type { PercpuStats } from '../../../shared/percpu-stats.ts';
import { assertUnreachable, ok, type Result } from '../../../shared/result.ts';
import type { RunRecord } from '../../../shared/run-record.ts';
import { type BootFigures, printBootLines } from '../../evidence/boot-log/print-boot-lines.ts';
import { printPercpuStats } from '../../evidence/percpu-trace/stats-text.ts';
import type { FirstChunkMethod } from '../../machine/percpu/first-chunk.ts';
import { isSince, parseKernelVersion } from '../../machine/percpu/kernel-era.ts';
import { planPercpu, type PercpuMachine } from '../../machine/percpu/percpu-plan.ts';
import { designMachine } from '../plan/plan-profile.ts';

/** In the order of the profile's designs; none where no machine of the lab booted. Errors: those of planning a machine; a profile that ran has none. */
export function kernelEvidence(record: RunRecord): Result<readonly KernelText[]> {
  if (!bootsPercpuMachines(record)) return ok([]);
  const { profile, designs } = record;
  const texts: KernelText[] = [];
  const settings = profile.machine.percpu ?? usualPercpuSettings(profile.machine.pageSizeBytes);
  for (const design of profile.designs) {
    const machine = designMachine(profile, design);
    if (!machine.ok) return machine;
    const lines = machineBootLines(machine.value, settings);
    if (!lines.ok) return lines;
    const text = lines.value.map((line) => `[    0.000000] ${line}\n`).join('');
    texts.push({ design, kind: 'boot-lines', fileName: `${design}.dmesg`, text });
    const stats = designs.find((summary) => summary.design === design)?.percpu?.statsAtFull;
    if (stats !== undefined) texts.push(percpuStatsText(design, stats));
  }
  return ok(texts);
}

/** percpu_stats of a design's machine as the file that debugfs has. */
export function percpuStatsText(design: Design, stats: PercpuStats): KernelText {
  return { design, kind: 'percpu-stats', fileName: `${design}.percpu_stats`, text: printPercpuStats(stats) };
}

/**
 * The lines that a kernel with these settings prints at boot. The address that kernels up to 4.20 print is left out: it
 * says where the memory lies, not how it is shared out. Errors: those of `planPercpu`.
 */
function machineBootLines(machine: PercpuMachine, settings: PercpuSettings): Result<readonly string[]> {
  const planned = planPercpu(machine);
  if (!planned.ok) return planned;
  const { layout } = planned.value;
  const { pageSizeBytes, staticBytes, reservedBytes, dynamicBytes, unitBytes, atomBytes, unitsPerAlloc, groups } =
    layout;
  const version = parseKernelVersion(settings.kernel);
  const { possibleCpus } = machine;
  return ok(
    printBootLines({
      form: formOf(machine.percpu.method),
      ...{ pageSizeBytes, staticBytes, reservedBytes, dynamicBytes, unitBytes, atomBytes, unitsPerAlloc, groups },
      ...(settings.architecture.startsWith('x86')
        ? {
            cpuCounts: {
              // This kernel was built for the CPUs that there are.
              ...{ nrCpus: possibleCpus, nrCpumaskBits: possibleCpus, nrCpuIds: possibleCpus },
              nrNodeIds: settings.nodes,
            },
          }
        : {}),
      capitals: version !== undefined && !isSince(version, '4.6'),
    }),
  );
}

function formOf(method: FirstChunkMethod): BootFigures['form'] {
  switch (method) {
    case 'embed':
    case 'page':
      return method;
    case 'fixed-unit':
    case 'uniprocessor':
      return 'none';
    default:
      return assertUnreachable(method);
  }
}
