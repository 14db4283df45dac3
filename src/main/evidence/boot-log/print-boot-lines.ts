/**
 * The boot lines about the per-CPU area exactly as a kernel prints them, blanks at the line's end included.
 *
 *     setup_percpu: NR_CPUS:320 nr_cpumask_bits:12 nr_cpu_ids:12 nr_node_ids:1
 *     percpu: Embedded 64 pages/cpu s225280 r8192 d28672 u262144
 *     pcpu-alloc: s225280 r8192 d28672 u262144 alloc=1*2097152
 *     pcpu-alloc: [0] 00 01 02 03 04 05 06 07 [0] 08 09 10 11 -- -- -- --
 */

/** What the lines state. Sizes in bytes. */
export interface BootFigures {
  readonly form: 'embed' | 'page' | 'none';
  readonly pageSizeBytes: number;
  readonly staticBytes: number;
  readonly reservedBytes: number;
  readonly dynamicBytes: number;
  readonly unitBytes: number;
  readonly atomBytes: number;
  readonly unitsPerAlloc: number;
  /** CPUs of each group's units; undefined for an unused unit. Whole allocs. */
  readonly groups: readonly (readonly (number | undefined)[])[];
  /** What x86 prints first; absent elsewhere. */
  readonly cpuCounts?:
    | { readonly nrCpus: number; readonly nrCpumaskBits: number; readonly nrCpuIds: number; readonly nrNodeIds: number }
    | undefined;
  /** `PERCPU:`, as up to Linux 4.5. */
  readonly capitals: boolean;
  /** `@address`, as up to Linux 4.20, without the `@`. */
  readonly address?: string | undefined;
}

/** All lines, without time stamps and line ends. */
export function printBootLines(figures: BootFigures): readonly string[] {
  const { cpuCounts } = figures;
  return [
    ...(cpuCounts === undefined
      ? []
      : [
          `setup_percpu: NR_CPUS:${cpuCounts.nrCpus} nr_cpumask_bits:${cpuCounts.nrCpumaskBits} ` +
            `nr_cpu_ids:${cpuCounts.nrCpuIds} nr_node_ids:${cpuCounts.nrNodeIds}`,
        ]),
    ...announcement(figures),
    allocationLine(figures),
    ...groupMapLines(figures.groups, figures.unitsPerAlloc),
  ];
}

function announcement(figures: BootFigures): readonly string[] {
  const { pageSizeBytes, staticBytes, reservedBytes, dynamicBytes } = figures;
  if (figures.form === 'none') return [];
  const pages = (staticBytes + reservedBytes + dynamicBytes) / pageSizeBytes;
  const name = figures.capitals ? 'PERCPU' : 'percpu';
  const address = figures.address === undefined ? '' : ` @${figures.address}`;
  const sizes = `s${staticBytes} r${reservedBytes} d${dynamicBytes}`;
  return figures.form === 'page'
    ? [`${name}: ${pages} ${pageSizeBytes / 1024}K pages/cpu${address} ${sizes}`]
    : [`${name}: Embedded ${pages} pages/cpu${address} ${sizes} u${figures.unitBytes}`];
}

function allocationLine(figures: BootFigures): string {
  const { staticBytes, reservedBytes, dynamicBytes, unitBytes, atomBytes, unitsPerAlloc } = figures;
  const atoms = (unitBytes * unitsPerAlloc) / atomBytes;
  return `pcpu-alloc: s${staticBytes} r${reservedBytes} d${dynamicBytes} u${unitBytes} alloc=${atoms}*${atomBytes}`;
}

/** Columns that the kernel wants to fill with a line of the map. */
const MAP_COLUMNS = 60;

/**
 * The group map's lines, each with `pcpu-alloc: ` before it and a blank after it. The number of allocs on a line is a power
 * of two; lines do not begin anew with a group.
 */
export function groupMapLines(
  groups: readonly (readonly (number | undefined)[])[],
  unitsPerAlloc: number,
): readonly string[] {
  const possibleCpus = groups.flat().filter((cpu) => cpu !== undefined).length;
  const cpuWidth = String(possibleCpus).length;
  const groupWidth = String(groups.length).length;
  const allocs = groups.flatMap((units, group) => {
    const head = `[${String(group).padStart(groupWidth, '0')}] `;
    return allocsOf(units, unitsPerAlloc).map((alloc) => head + alloc.map((cpu) => unitWord(cpu, cpuWidth)).join(''));
  });
  const perLine = allocsPerLine({ unitsPerAlloc, cpuWidth, groupWidth });
  return Array.from(
    { length: Math.ceil(allocs.length / perLine) },
    (_, line) => `pcpu-alloc: ${allocs.slice(line * perLine, (line + 1) * perLine).join('')}`,
  );
}

/** Largest power of two whose allocs fit into the columns; one at least. */
function allocsPerLine(widths: {
  readonly unitsPerAlloc: number;
  readonly cpuWidth: number;
  readonly groupWidth: number;
}): number {
  const allocColumns = widths.unitsPerAlloc * (widths.cpuWidth + 1) + widths.groupWidth + '[] '.length;
  return 2 ** Math.floor(Math.log2(Math.max(1, MAP_COLUMNS / allocColumns)));
}

function allocsOf(
  units: readonly (number | undefined)[],
  unitsPerAlloc: number,
): readonly (readonly (number | undefined)[])[] {
  const count = Math.ceil(units.length / unitsPerAlloc);
  return Array.from({ length: count }, (_, index) => units.slice(index * unitsPerAlloc, (index + 1) * unitsPerAlloc));
}

function unitWord(cpu: number | undefined, cpuWidth: number): string {
  return `${cpu === undefined ? '-'.repeat(cpuWidth) : String(cpu).padStart(cpuWidth, '0')} `;
}
