/**
 * Which CPUs a group map shows, and whether it can be all of them: a log may have lost lines, and a kernel may have CPU
 * numbers that are not possible. Both look alike, so what tells them apart is looked for, and where nothing does, said so.
 */
import type { LoggedBoot } from '../../evidence/boot-log/boot-log.ts';
import { cpuId, type CpuId } from '../../machine/units.ts';
import type { CpuGroups } from '../../machine/percpu/cpu-groups.ts';
import { isSince, parseKernelVersion } from '../../machine/percpu/kernel-era.ts';
import type { Findings } from './findings.ts';
import { allocsOf } from './printed-figures.ts';

export interface ShownCpus {
  /** As kernels number them: CPUs ascending, groups by their lowest CPU. */
  readonly groups: CpuGroups;
  /** Whether what follows from the CPUs can be compared with what was printed. */
  readonly complete: boolean;
}

/** The CPUs of the map; undefined when there is none. Adds what is odd to `findings`. */
export function shownCpus(boot: LoggedBoot, findings: Findings): ShownCpus | undefined {
  const groupOf = new Map<number, number>();
  for (const { group, units } of allocsOf(boot)) {
    for (const cpu of units) {
      if (cpu === undefined) continue;
      if (groupOf.has(cpu)) {
        findings.differences.push({ figure: `units of CPU ${cpu}`, computed: '1', printed: 'more than 1' });
      } else groupOf.set(cpu, group);
    }
  }
  if (groupOf.size === 0) {
    findings.missing.push('the group map (pcpu-alloc: [0] …) is not in the log');
    return undefined;
  }
  const cpus = [...groupOf.keys()].sort((a, b) => a - b);
  const groups = new Map<number, CpuId[]>();
  for (const cpu of cpus) {
    const members = groups.get(groupOf.get(cpu) ?? 0) ?? [];
    members.push(cpuId(cpu));
    groups.set(groupOf.get(cpu) ?? 0, members);
  }
  compareNodes(boot, groups.size, findings);
  return { groups: [...groups.values()], complete: isComplete(boot, cpus, findings) };
}

function compareNodes(boot: LoggedBoot, groups: number, { differences }: Findings): void {
  const { cpuCounts } = boot;
  if (cpuCounts === undefined || groups <= cpuCounts.nrNodeIds) return;
  differences.push({
    figure: 'groups',
    computed: `at most ${cpuCounts.nrNodeIds}, one per node`,
    printed: String(groups),
    line: cpuCounts.line,
  });
}

/** `cpus` ascending, not empty. */
function isComplete(boot: LoggedBoot, cpus: readonly number[], findings: Findings): boolean {
  const counts = [lacksDigits(boot, cpus), lacksHighest(boot, cpus, findings), lacksBetween(boot, cpus, findings)];
  const reasons = counts.filter((reason) => reason !== undefined);
  findings.missing.push(...reasons);
  return reasons.length === 0;
}

/** CPU numbers are as wide as the number of possible CPUs, so a wide one tells of more CPUs than are shown. */
function lacksDigits(boot: LoggedBoot, cpus: readonly number[]): string | undefined {
  const width = Math.max(...allocsOf(boot).map((alloc) => alloc.width));
  if (width <= String(cpus.length).length) return undefined;
  return `CPU numbers have ${width} digits, so ${10 ** (width - 1)} or more are possible; the map shows ${cpus.length}`;
}

function lacksHighest(boot: LoggedBoot, cpus: readonly number[], findings: Findings): string | undefined {
  const stated = statedCpuIds(boot);
  const shown = (cpus.at(-1) ?? 0) + 1;
  if (stated === undefined || shown === stated.value) return undefined;
  if (shown > stated.value) {
    const { line, value } = stated;
    findings.differences.push({ figure: 'nr_cpu_ids', computed: `at least ${shown}`, printed: String(value), line });
    return undefined;
  }
  if (mayBeForced(boot)) {
    findings.notes.push(
      `nr_cpu_ids is NR_CPUS, ${stated.value}, and the map ends with CPU ${shown - 1}: taken for CONFIG_FORCE_NR_CPUS`,
    );
    return undefined;
  }
  return `the map ends with CPU ${shown - 1}, but nr_cpu_ids is ${stated.value}`;
}

/** Kernels from 6.1 on can be built to have nr_cpu_ids = NR_CPUS whatever is possible. */
function mayBeForced({ cpuCounts, kernelRelease, announcement }: LoggedBoot): boolean {
  if (cpuCounts === undefined || cpuCounts.nrCpuIds !== cpuCounts.nrCpus) return false;
  const version = kernelRelease === undefined ? undefined : parseKernelVersion(kernelRelease);
  return version === undefined ? announcement?.capitals === false : isSince(version, '6.1');
}

function lacksBetween(boot: LoggedBoot, cpus: readonly number[], { notes }: Findings): string | undefined {
  const gaps = gapsBetween(cpus);
  const [first] = gaps;
  if (first === undefined) return undefined;
  const words = gaps.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
  if (statedCpuIds(boot) === undefined || mayHaveGroups(boot) || gaps.some((gap) => isBetweenLines(boot, gap))) {
    return `CPUs ${words} are not in the map: not possible, or a line of the map is lost`;
  }
  notes.push(`CPUs ${words} are not in the map: taken as not possible`);
  return undefined;
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

function gapsBetween(cpus: readonly number[]): readonly Gap[] {
  return cpus.flatMap((cpu, index) => {
    const from = index === 0 ? 0 : (cpus[index - 1] ?? 0) + 1;
    return cpu > from ? [{ from, to: cpu - 1 }] : [];
  });
}

/** Whether there may be groups, whose lines hold any CPUs; of one group the lines hold ascending ones. */
function mayHaveGroups(boot: LoggedBoot): boolean {
  return (boot.cpuCounts?.nrNodeIds ?? 1) > 1 || allocsOf(boot).some(({ group }) => group > 0);
}

/** Whether the CPU after the gap begins a line of the map, as it would if a whole line of one group were lost. */
function isBetweenLines(boot: LoggedBoot, gap: Gap): boolean {
  return boot.map.some(({ allocs }) => allocs[0]?.units[0] === gap.to + 1);
}

/** nr_cpu_ids as x86 states it at once, or as RCU or SLUB state it later. */
function statedCpuIds(boot: LoggedBoot): { readonly line: number; readonly value: number } | undefined {
  const { cpuCounts, otherNrCpuIds } = boot;
  return cpuCounts === undefined ? otherNrCpuIds : { line: cpuCounts.line, value: cpuCounts.nrCpuIds };
}
