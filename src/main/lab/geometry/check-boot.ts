/**
 * Computes the geometry of one boot from what its log states, and compares it with what was printed.
 *
 *     taken from the log                              computed and compared
 *     static, reserved, dynamic bytes                 dynamic part fills whole pages, and is what the kernel's constants give
 *                                                     where the release is named; pages per CPU
 *     atom size (M of alloc=N*M)                      atoms per alloc (N)
 *     which CPUs there are and which are grouped      unit size, units per alloc, number and order of groups, order of
 *                                                     CPUs, unused units, the map's lines
 */
import type { Allocation, LoggedBoot } from '../../evidence/boot-log/boot-log.ts';
import { groupMapLines } from '../../evidence/boot-log/print-boot-lines.ts';
import { layOutUniprocessor, layOutUnits, type UnitLayout } from '../../machine/percpu/unit-layout.ts';
import { cpuId, roundUp } from '../../machine/units.ts';
import { compareFigures } from './compare-figures.ts';
import { checkDynamicPart } from './dynamic-part.ts';
import { type Findings, noFindings } from './findings.ts';
import { counted } from '../../../shared/counted.ts';
import type {
  BootCheck,
  DynamicPartCheck,
  GeometryFigures,
  GeometryNumber,
  GeometryVerdict,
} from '../../../shared/geometry-check.ts';
import { givesPageSize, methodOf, minUnitCandidates, pageSizeOf } from './layout-inputs.ts';
import { printedFigures } from './printed-figures.ts';
import { type ShownCpus, shownCpus } from './shown-cpus.ts';

/** Checks one boot. Pure, never throws for anything a log may hold. */
export function checkBoot(boot: LoggedBoot): BootCheck {
  const findings = noFindings();
  const printed = printedFigures(boot);
  compareStatements(boot, findings);
  const { computed, dynamicPart, takenFromLog } = compute(boot, printed, findings);
  compareFigures(boot, { computed, printed }, findings);
  findings.notes.push(...boot.fallback.map(({ value }) => `the kernel says: ${value}`));
  return {
    line: boot.line,
    ...(boot.kernelRelease === undefined ? {} : { kernelRelease: boot.kernelRelease }),
    verdict: verdictOf(findings),
    computed,
    printed,
    takenFromLog,
    ...findings,
    dynamicPart,
  };
}

function verdictOf({ differences, missing }: Findings): GeometryVerdict {
  if (differences.length > 0) return 'differs';
  return missing.length > 0 ? 'incomplete' : 'match';
}

/** The line of pages and the `pcpu-alloc:` line state the same sizes. */
function compareStatements({ announcement, allocation }: LoggedBoot, findings: Findings): void {
  if (announcement === undefined || allocation === undefined) return;
  const pairs: readonly (readonly [string, number, number | undefined])[] = [
    ['static part', allocation.staticBytes, announcement.staticBytes],
    ...(announcement.form === 'embed-2.6.30'
      ? []
      : ([
          ['reserved part', allocation.reservedBytes, announcement.reservedBytes],
          ['dynamic part', allocation.dynamicBytes, announcement.dynamicBytes],
        ] as const)),
    ...(announcement.form === 'embed' ? ([['unit', allocation.unitBytes, announcement.unitBytes]] as const) : []),
  ];
  for (const [figure, value, announced] of pairs) {
    if (announced === undefined || announced === value) continue;
    const computed = `${value} (as in line ${allocation.line})`;
    findings.differences.push({ figure, computed, printed: String(announced), line: announcement.line });
  }
}

interface Computation {
  readonly computed: GeometryFigures;
  readonly dynamicPart: DynamicPartCheck;
  readonly takenFromLog: readonly GeometryNumber[];
}

/** The figures that follow from the log; fewer where it does not state enough. */
function compute(boot: LoggedBoot, printed: GeometryFigures, findings: Findings): Computation {
  const { staticBytes, reservedBytes, dynamicBytes } = printed;
  const cpus = shownCpus(boot, findings);
  if (boot.allocation === undefined)
    findings.missing.push(
      'the sizes (pcpu-alloc: s… alloc=N*M) are not in the log; consoles may leave out what dmesg has',
    );
  if (staticBytes === undefined || reservedBytes === undefined || dynamicBytes === undefined) {
    const dynamicPart = { outcome: 'not-checked', reason: 'the log does not state the parts' } as const;
    return staticBytes === undefined
      ? { computed: {}, dynamicPart, takenFromLog: [] }
      : { computed: { staticBytes }, dynamicPart, takenFromLog: ['staticBytes'] };
  }
  const sizeSum = staticBytes + reservedBytes + dynamicBytes;
  const pageSizeBytes = pageSizeOf(boot, sizeSum, findings);
  const parts = { method: methodOf(boot, printed), pageSizeBytes, staticBytes, reservedBytes, dynamicBytes };
  for (const [name, value] of Object.entries({ staticBytes, reservedBytes, dynamicBytes })) {
    findings.inputs.push({ name: name.replace('Bytes', ' part'), value: String(value), source: 'the log' });
  }
  const sum = roundUp(sizeSum, pageSizeBytes);
  const sizes = { staticBytes, reservedBytes, dynamicBytes: sum - staticBytes - reservedBytes };
  const perCpu = printed.pagesPerCpu === undefined ? {} : { pagesPerCpu: sum / pageSizeBytes };
  const computed = { ...sizes, ...perCpu, ...unitFigures(boot, { ...parts, cpus }, findings) };
  const dynamicPart = checkDynamicPart(parts, boot.kernelRelease);
  return { computed, dynamicPart, takenFromLog: takenFrom(boot, dynamicPart) };
}

/** The dynamic part follows from the kernel's constants or from nothing; pages per CPU not where they gave the page size. */
function takenFrom(boot: LoggedBoot, { outcome }: DynamicPartCheck): readonly GeometryNumber[] {
  return [
    'staticBytes',
    'reservedBytes',
    ...(outcome === 'explained' ? [] : (['dynamicBytes'] as const)),
    ...(givesPageSize(boot) ? (['pagesPerCpu'] as const) : []),
    'atomBytes',
  ];
}

/** No kernel maps itself in larger pages: 64 KiB pages have huge ones of 512 MiB. */
const LARGEST_ATOM_BYTES = 2 ** 30;

interface LayoutInputs {
  readonly method: 'embed' | 'page' | 'uniprocessor';
  readonly pageSizeBytes: number;
  readonly staticBytes: number;
  readonly reservedBytes: number;
  readonly dynamicBytes: number;
  readonly cpus: ShownCpus | undefined;
}

/** Unit, alloc and map; those that need all CPUs only where all are shown. */
function unitFigures(boot: LoggedBoot, inputs: LayoutInputs, findings: Findings): GeometryFigures {
  const { allocation } = boot;
  if (allocation === undefined) return {};
  const { atomBytes } = allocation;
  findings.inputs.push({ name: 'atom', value: String(atomBytes), source: `line ${allocation.line}` });
  if (atomBytes === 0 || atomBytes % inputs.pageSizeBytes !== 0 || atomBytes > LARGEST_ATOM_BYTES) {
    const computed = `whole pages of ${inputs.pageSizeBytes}, at most ${LARGEST_ATOM_BYTES}`;
    findings.differences.push({ figure: 'atom', computed, printed: String(atomBytes), line: allocation.line });
    return {};
  }
  const layout = bestLayout(boot, { ...inputs, allocation }, findings);
  const alloc = { atoms: layout.allocBytes / layout.atomBytes, atomBytes: layout.atomBytes };
  if (inputs.cpus?.complete !== true) return alloc;
  const count = inputs.cpus.groups.flat().length;
  const source = `the map: ${counted(inputs.cpus.groups.length, 'group')}`;
  findings.inputs.push({ name: 'possible CPUs', value: String(count), source });
  const mapLines = groupMapLines(layout.groups, layout.unitsPerAlloc).map(mapText);
  return { ...alloc, unitBytes: layout.unitBytes, groupMap: layout.groups, mapLines };
}

function mapText(line: string): string {
  return line.replace('pcpu-alloc: ', '').trimEnd();
}

/** The layout with the smallest unit that the kernel had; of several that it may have had, the one that was printed. */
function bestLayout(
  boot: LoggedBoot,
  inputs: LayoutInputs & { readonly allocation: Allocation },
  findings: Findings,
): UnitLayout {
  const layouts = minUnitCandidates(boot).map(({ bytes, source }) => ({
    layout: layOut(inputs, bytes),
    input: { name: 'minimum unit', value: String(bytes), source },
  }));
  const best = layouts.find(({ layout }) => layout.unitBytes === inputs.allocation.unitBytes) ?? layouts[0];
  if (best === undefined) throw new Error('no minimum unit to lay out with');
  findings.inputs.push(best.input);
  return best.layout;
}

function layOut(inputs: LayoutInputs & { readonly allocation: Allocation }, minUnitBytes: number): UnitLayout {
  const { method, pageSizeBytes, staticBytes, reservedBytes, dynamicBytes, cpus } = inputs;
  // Without a map one CPU stands for all; nothing that depends on their number is used then.
  const groups = cpus?.groups ?? [[cpuId(0)]];
  const [cpu] = groups.flat();
  if (method === 'uniprocessor' && cpu !== undefined && groups.flat().length === 1) {
    return layOutUniprocessor({ pageSizeBytes, dynamicRequestBytes: dynamicBytes, minUnitBytes, cpu });
  }
  return layOutUnits({
    pageSizeBytes,
    staticBytes,
    reservedBytes,
    dynamicRequestBytes: dynamicBytes,
    earlyDynamicBytes: 0,
    minUnitBytes,
    atomBytes: method === 'page' ? pageSizeBytes : inputs.allocation.atomBytes,
    groups: method === 'page' ? [[...groups.flat()].sort((a, b) => a - b)] : groups,
  });
}
