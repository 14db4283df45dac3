/** Progress of a run on standard error: one line that is overwritten on a screen, a line a sample elsewhere. */
import type { RunEvent, RunProgress } from '../../shared/contract.ts';
import { DESIGN_WORDS } from '../../shared/design.ts';
import { type Direction, DIRECTIONS, type Sample, THROUGHPUT_OF } from '../../shared/run-record.ts';
import { THROUGHPUT_WORDS } from '../../shared/throughput-words.ts';
import type { Terminal } from './terminal.ts';

const CLEAR_LINE = '\r\x1b[K';

/** Shows `event`; call it for each event of the run. */
export function showProgress(terminal: Terminal, event: RunEvent): void {
  switch (event.kind) {
    case 'started':
      return;
    case 'progress':
      if (terminal.isInteractive) terminal.err(`${CLEAR_LINE}${progressText(event.progress)}`);
      return;
    case 'sample':
      if (!terminal.isInteractive) {
        const { design, repetition } = event.sample;
        terminal.err(`${DESIGN_WORDS[design].title}, repetition ${repetition}: ${sampleRates(event.sample)}\n`);
      }
      return;
    case 'finished':
      if (terminal.isInteractive) terminal.err(CLEAR_LINE);
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
function progressText(progress: RunProgress): string {
  const { design, repetition, repetitions, phase, fraction, secondsLeft } = progress;
  const rate = progressRate(progress);
  return [
    `${(fraction * 100).toFixed(0)} %`,
    DESIGN_WORDS[design].title,
    repetition === 0 ? 'warm-up' : `repetition ${repetition} of ${repetitions}`,
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
