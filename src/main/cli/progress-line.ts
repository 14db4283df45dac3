/** Progress of a run on standard error: one line that is overwritten on a screen, a line a sample elsewhere. */
import type { RunEvent, RunProgress } from '../../shared/contract.ts';
import { firstBlockWords } from '../../shared/first-block.ts';
import { type Design, DESIGN_WORDS } from '../../shared/design.ts';
import type { Profile } from '../../shared/profile.ts';
import { assertUnreachable } from '../../shared/result.ts';
import { type Direction, DIRECTIONS, type Sample, THROUGHPUT_OF } from '../../shared/run-record.ts';
import { THROUGHPUT_WORDS } from '../../shared/throughput-words.ts';
import type { Terminal } from './terminal.ts';

const CLEAR_LINE = '\r\x1b[K';

/** Shows the events of one run: to be called with each of them in turn. */
export function progressOf(terminal: Terminal): (event: RunEvent) => void {
  return terminal.isInteractive ? overwrittenLine(terminal) : linePerSample(terminal);
}

function overwrittenLine(terminal: Terminal): (event: RunEvent) => void {
  let firstBlock = '';
  return (event) => {
    if (event.kind === 'started') firstBlock = firstBlockWords(event.profile.workload);
    if (event.kind === 'progress') terminal.err(`${CLEAR_LINE}${progressText(event.progress, firstBlock)}`);
    if (event.kind === 'finished') terminal.err(CLEAR_LINE);
  };
}

function linePerSample(terminal: Terminal): (event: RunEvent) => void {
  const line = (text: string): void => {
    terminal.err(`${text}\n`);
  };
  let firstBlock = '';
  const told = new Set<Design>();
  return (event) => {
    switch (event.kind) {
      case 'started':
        line(beginning(event.profile));
        firstBlock = firstBlockWords(event.profile.workload);
        return;
      case 'progress': {
        // Once of each design; how often it takes turns with the others shows only afterwards.
        const { phase, repetition, design } = event.progress;
        if (phase === 'prepare' || repetition > 0 || told.has(design)) return;
        told.add(design);
        line(`${DESIGN_WORDS[design].title}, ${firstBlock}`);
        return;
      }
      case 'sample': {
        const { design, repetition } = event.sample;
        line(`${DESIGN_WORDS[design].title}, repetition ${repetition}: ${sampleRates(event.sample)}`);
        return;
      }
      case 'finished':
        return;
      default:
        assertUnreachable(event);
    }
  };
}

/** What comes before the first sample. */
function beginning({ workload }: Profile): string {
  switch (workload.kind) {
    case 'fio':
      return 'loading data';
    case 'percpu':
      return 'starting';
    case 'this-cpu':
      return workload.counting === undefined ? 'starting' : 'counting page tables';
    default:
      return assertUnreachable(workload);
  }
}

/** What the sample ran: `write 412.3 MB/s, read 823.1 MB/s`, or `create 812345 objects/s`. */
function sampleRates(sample: Sample): string {
  return DIRECTIONS.flatMap((direction) => {
    const figures = sample[direction];
    return figures === undefined ? [] : [`${direction} ${rateText(direction, figures[THROUGHPUT_OF[direction]])}`];
  }).join(', ');
}

function rateText(direction: Direction, rate: number): string {
  const { unit, digits } = THROUGHPUT_WORDS[direction];
  return `${rate.toFixed(digits)} ${unit}`;
}

/** `37 %  per-CPU, global  repetition 3 of 8  write  412 MB/s  about 21 s left` */
function progressText(progress: RunProgress, firstBlock: string): string {
  const { design, repetition, repetitions, phase, fraction, secondsLeft } = progress;
  const rate = progressRate(progress);
  return [
    `${(fraction * 100).toFixed(0)} %`,
    DESIGN_WORDS[design].title,
    repetition === 0 ? firstBlock : `repetition ${repetition} of ${repetitions}`,
    phase,
    ...(rate === undefined ? [] : [rate]),
    ...(secondsLeft === undefined ? [] : [`about ${Math.ceil(secondsLeft)} s left`]),
  ].join('  ');
}

/** Of the first direction that moved since the event before; a mixed phase is told by its writes. */
function progressRate(progress: RunProgress): string | undefined {
  for (const direction of DIRECTIONS) {
    const rate = progress[THROUGHPUT_OF[direction]][direction];
    if (rate !== undefined) return rateText(direction, rate);
  }
  return undefined;
}
