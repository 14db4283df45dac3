/**
 * Reads boot logs: `dmesg`, syslog, journal, console captures, mails; several boots in one text are told apart.
 *
 *     text ─ log-messages ─▶ messages ─ one reader per kind ─▶ boots
 *
 * A boot begins with `Linux version`, or with a message of a kind that the boot in hand already has.
 */
import type { MalformedLogLine } from '../../../shared/geometry-check.ts';
import type {
  Allocation,
  Announcement,
  BootLog,
  CpuCounts,
  LoggedAlloc,
  LoggedBoot,
  MapLine,
  Stated,
} from './boot-log.ts';
import { type LogMessage, readLogMessages } from './log-messages.ts';

/** A boot while it is being read. */
interface Draft {
  line: number;
  kernelRelease?: string;
  cpuCounts?: CpuCounts;
  otherNrCpuIds?: Stated<number>;
  announcement?: Announcement;
  allocation?: Allocation;
  readonly map: MapLine[];
  readonly fallback: Stated<string>[];
}

/** Never throws. Boots that say nothing about the per-CPU area are left out. */
export function parseBootLog(text: string): BootLog {
  const reader = new BootReader();
  for (const message of readLogMessages(text)) reader.read(message);
  return { boots: reader.drafts.filter(saysAnything), malformed: reader.malformed };
}

function saysAnything(draft: LoggedBoot): boolean {
  const { cpuCounts, announcement, allocation, map } = draft;
  return cpuCounts !== undefined || announcement !== undefined || allocation !== undefined || map.length > 0;
}

class BootReader {
  readonly drafts: Draft[] = [];
  readonly malformed: MalformedLogLine[] = [];

  read(message: LogMessage): void {
    switch (message.kind) {
      case 'version':
        this.#begin(message.line).kernelRelease = /^Linux version (\S+)/.exec(message.text)?.[1] ?? '';
        break;
      case 'cpu-counts':
        this.#readCpuCounts(message);
        break;
      case 'cpu-ids':
        this.#readCpuIds(message);
        break;
      case 'announcement':
        this.#readAnnouncement(message);
        break;
      case 'alloc':
        this.#readAlloc(message);
        break;
      case 'fallback':
        this.#current(message.line).fallback.push({ line: message.line, value: message.text.replace(/^\w+: /, '') });
    }
  }

  #readCpuCounts(message: LogMessage): void {
    const counts = readCpuCounts(message);
    if (counts === undefined) {
      this.#malform(message, 'does not give NR_CPUS, nr_cpumask_bits, nr_cpu_ids and nr_node_ids');
      return;
    }
    const current = this.#current(message.line);
    const isLate = current.cpuCounts ?? current.announcement ?? current.allocation;
    (isLate === undefined ? current : this.#begin(message.line)).cpuCounts = counts;
  }

  #readCpuIds(message: LogMessage): void {
    const count = /nr_cpu_ids=(\d{1,7})(?!\d)|CPUs=(\d{1,7})(?!\d)(?!.*nr_cpu_ids)/.exec(message.text);
    const value = Number(count?.[1] ?? count?.[2]);
    const boot = this.drafts.at(-1);
    if (boot !== undefined && value > 0) boot.otherNrCpuIds ??= { line: message.line, value };
  }

  #readAnnouncement(message: LogMessage): void {
    const announcement = readAnnouncement(message);
    if (announcement === undefined) {
      this.#malform(message, 'is no line of pages per CPU that a kernel prints');
      return;
    }
    const current = this.#current(message.line);
    const isLate = current.announcement ?? current.allocation;
    (isLate === undefined ? current : this.#begin(message.line)).announcement = announcement;
  }

  #readAlloc(message: LogMessage): void {
    if (/^pcpu-alloc:(?: \[|$)/.test(message.text)) {
      this.#readMapLine(message);
      return;
    }
    const allocation = readAllocation(message);
    if (allocation === undefined) {
      this.#malform(message, 'has neither the sizes s r d u alloc=N*M nor a group map');
      return;
    }
    const current = this.#current(message.line);
    (current.allocation === undefined && current.map.length === 0 ? current : this.#begin(message.line)).allocation =
      allocation;
  }

  #readMapLine(message: LogMessage): void {
    const printed = message.text.replace(/^pcpu-alloc: ?/, '');
    const { map } = this.#current(message.line);
    const text = withoutCutNumber(printed, map[0]?.allocs[0]?.width);
    const allocs = readAllocs(text);
    if (allocs === undefined) this.#malform(message, 'is no group map: [group] and then CPUs or dashes');
    else {
      if (text === '' || text !== printed)
        this.#malform(message, 'is cut: CPU numbers are missing, or one of its digits');
      if (allocs.length > 0) map.push({ line: message.line, text, allocs });
    }
  }

  #current(line: number): Draft {
    return this.drafts.at(-1) ?? this.#begin(line);
  }

  #begin(line: number): Draft {
    const draft: Draft = { line, map: [], fallback: [] };
    this.drafts.push(draft);
    return draft;
  }

  #malform({ line, text }: LogMessage, problem: string): void {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    this.malformed.push({ line, message: `'${shown}' ${problem}` });
  }
}

/** Up to 15 digits: whatever a kernel prints, and exact as a number. */
const N = '(\\d{1,15})';
const ADDRESS = '(?:@ ?(?:\\(_*ptrval_*\\)|(?:0x)?[\\da-f]+) )?';
const SIZES = `s${N} r${N} d${N}`;
const CPU_COUNTS = new RegExp(`NR_CPUS:${N} nr_cpumask_bits:${N} nr_cpu_ids:${N} nr_node_ids:${N}(?!\\d)`);
const EMBED = new RegExp(`^(percpu|PERCPU): Embedded ${N} pages/cpu ${ADDRESS}${SIZES}(?: u${N})?$`);
const PAGE = new RegExp(`^(percpu|PERCPU): ${N} ${N}[Kk] pages/cpu ${ADDRESS}${SIZES}$`);
const EMBED_2_6_30 = new RegExp(`^(percpu|PERCPU): Embedded ${N} pages at [\\da-f]+, static data ${N} bytes$`);
const ALLOCATION = new RegExp(`^pcpu-alloc: ${SIZES} u${N} alloc=${N}\\*${N}$`);

/** The numbers of an expression that matched; all its groups but the optional ones of ours are digits. */
function figures(match: RegExpExecArray, from: number): readonly (number | undefined)[] {
  return match.slice(from).map((digits: string | undefined) => (digits === undefined ? undefined : Number(digits)));
}

function readCpuCounts({ line, text }: LogMessage): CpuCounts | undefined {
  const match = CPU_COUNTS.exec(text);
  if (match === null) return undefined;
  const [nrCpus = 0, nrCpumaskBits = 0, nrCpuIds = 0, nrNodeIds = 0] = figures(match, 1);
  return { line, nrCpus, nrCpumaskBits, nrCpuIds, nrNodeIds };
}

function readAnnouncement({ line, text }: LogMessage): Announcement | undefined {
  const capitals = text.startsWith('PERCPU');
  const embed = EMBED.exec(text);
  if (embed !== null) {
    const [pagesPerCpu = 0, staticBytes = 0, reservedBytes = 0, dynamicBytes = 0, unitBytes] = figures(embed, 2);
    return { form: 'embed', line, pagesPerCpu, staticBytes, reservedBytes, dynamicBytes, unitBytes, capitals };
  }
  const page = PAGE.exec(text);
  if (page !== null) {
    const [pagesPerCpu = 0, kibibytes = 0, staticBytes = 0, reservedBytes = 0, dynamicBytes = 0] = figures(page, 2);
    const pageSizeBytes = kibibytes * 1024;
    return { form: 'page', line, pagesPerCpu, pageSizeBytes, staticBytes, reservedBytes, dynamicBytes, capitals };
  }
  const old = EMBED_2_6_30.exec(text);
  if (old === null) return undefined;
  const [pagesPerCpu = 0, staticBytes = 0] = figures(old, 2);
  return { form: 'embed-2.6.30', line, pagesPerCpu, staticBytes, capitals };
}

function readAllocation({ line, text }: LogMessage): Allocation | undefined {
  const match = ALLOCATION.exec(text);
  if (match === null) return undefined;
  const [staticBytes = 0, reservedBytes = 0, dynamicBytes = 0, unitBytes = 0, atoms = 0, atomBytes = 0] = figures(
    match,
    1,
  );
  return { line, staticBytes, reservedBytes, dynamicBytes, unitBytes, atoms, atomBytes };
}

/**
 * A map line whose last CPU has fewer digits than it should, without that piece of a number. Kernels pad all to the same
 * `width`: as in the lines before, or else as this line begins.
 */
function withoutCutNumber(text: string, width: number | undefined): string {
  const wanted = width ?? /^\[\d+\] (\d+|-+) /.exec(text)?.[1]?.length ?? 0;
  const last = /(?:\[\d+\] )?(\d+|-+)$/.exec(text);
  if (last === null || (last[1] ?? '').length >= wanted) return text;
  return text.slice(0, last.index).trimEnd();
}

/** `[0] 00 01 -- [1] 02 …`; undefined when it is anything else. */
function readAllocs(text: string): readonly LoggedAlloc[] | undefined {
  if (text === '') return [];
  if (!/^(?:\[\d{1,5}\](?: (?:\d{1,7}|-{1,7}))+(?: |$))+$/.test(text)) return undefined;
  return [...text.matchAll(/\[(\d+)\]([^[]*)/g)].map((match) => {
    const units = (match[2] ?? '').trim().split(' ');
    return {
      group: Number(match[1]),
      units: units.map((unit) => (unit.startsWith('-') ? undefined : Number(unit))),
      width: Math.max(...units.map((unit) => unit.length)),
    };
  });
}
