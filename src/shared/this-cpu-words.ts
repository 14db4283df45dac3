/** Words for what this-cpu workloads and counted page tables come to, as text report and dashboard show them. */
import type { DesignWords } from './design.ts';
import type { MappingEvent } from './mapping-report.ts';
import type { WrongTotals } from './run-record.ts';
import type { PaperMachine } from './paper-machine.ts';
import type { PaperFigure } from './this-cpu-profile.ts';
import type { AccessCounter } from './this-cpu-report.ts';

/** Heads of tables and what hovering over them says. */
export const ACCESS_COUNTER_WORDS: Readonly<Record<AccessCounter, DesignWords>> = {
  operations: {
    title: 'this_cpu operations',
    explanation: 'Operations that CPUs finished, those included that move batches or had to be repeated.',
  },
  preemptPairs: { title: 'preempt-off pairs', explanation: 'Preemption switched off and on again.' },
  rescheduleChecks: {
    title: 'reschedule checks',
    explanation: 'Looks, when preemption goes on again, at whether another task waits for the CPU.',
  },
  offsetReads: { title: 'offset reads', explanation: "Reads of the register that holds the CPU's per-CPU offset." },
  notes: { title: 'notes', explanation: 'Registers noted so that the exit of an exception can rewrite the address.' },
  fixups: { title: 'fix-ups', explanation: 'Addresses that the exit of an exception did rewrite.' },
  windowAccesses: { title: 'window accesses', explanation: 'Accesses through the window of the local mapping.' },
  atomics: { title: 'atomic instructions', explanation: 'Atomic read-modify-write instructions.' },
  strayAccesses: {
    title: 'stray accesses',
    explanation: "Accesses that reached another CPU's copy: the task had been moved after it read the offset.",
  },
  tlbHits: { title: 'TLB hits', explanation: 'Addresses that the translation cache of the CPU knew.' },
  tlbMisses: { title: 'TLB misses', explanation: 'Addresses that had to be looked up in the page tables.' },
  walkSteps: { title: 'walk steps', explanation: 'Page-table entries read by these look-ups.' },
  switches: { title: 'switches', explanation: 'Tasks that another one took over from, at a tick.' },
  migrations: { title: 'migrations', explanation: 'Tasks that the balancer sent to another CPU.' },
};

export const PAPER_FIGURE_WORDS: Readonly<Record<PaperFigure, string>> = {
  pgdBytes: 'Top-level tables beside the first',
  windowSpaceAtRestBytes: 'Address space of the window, at rest',
  windowSpaceAddedBytes: 'Address space that comes on top',
  tablesAtRestBytes: 'Private tables below the window, at rest',
  tablesAddedBytes: 'Private tables that come on top',
};

export const MAPPING_EVENT_WORDS: Readonly<Record<MappingEvent, string>> = {
  'chunk-created': 'chunk created, one page',
  'pages-populated': 'its other pages populated',
  'chunk-destroyed': 'chunk destroyed',
  'cpu-down': 'CPU taken away',
  'cpu-up': 'CPU brought up',
};

/** `exact`, or how far the counters are from what was issued: updates that were overwritten, or that came back. */
export function totalWords(issued: number, counted: number): string {
  if (issued === counted) return 'exact';
  const difference = Math.abs(counted - issued).toLocaleString('en-US');
  return `${difference} ${counted < issued ? 'lost' : 'too many'}`;
}

/** `lost 12 of 4096 additions`, what a design whose result is wrong did. */
export function wrongTotalWords(
  { issued, lost, extra }: WrongTotals,
  write: (count: number) => string = String,
): string {
  return lost > 0
    ? `lost ${write(lost)} of ${write(issued)} additions`
    : `counted ${write(extra)} more than its ${write(issued)} additions`;
}

/** What the figures beside the paper's are of, in a sentence: the machine, and which of its properties are the profile's input. */
export function paperMachineWords(machine: PaperMachine, occasion: string): string {
  const { translation, cpus, unitBytes, chunksAtRest, chunksGrown } = machine;
  const chunks = `${chunksAtRest} chunks of ${unitBytes / 1024} KiB at rest and ${chunksGrown - chunksAtRest} more with ${occasion}`;
  return `Built with ${translation} tables for ${cpus} CPUs, ${chunks}; CPUs, unit and chunks are input, after the paper.`;
}
