/** Progress of a run on standard error: one line that is overwritten on a screen, a line a sample elsewhere. */
import type { RunEvent, RunProgress } from '../../shared/contract.ts';
import { DESIGN_WORDS } from '../../shared/design.ts';
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
        const { design, repetition, write, read } = event.sample;
        const rate = (figures: typeof write): string => figures?.megabytesPerSecond.toFixed(1) ?? '-';
        terminal.err(
          `${DESIGN_WORDS[design].title}, repetition ${repetition}: write ${rate(write)} MB/s, read ${rate(read)} MB/s\n`,
        );
      }
      return;
    case 'finished':
      if (terminal.isInteractive) terminal.err(CLEAR_LINE);
  }
}

/** `37 %  per-CPU, global  repetition 3 of 8  write  412 MB/s  about 21 s left` */
function progressText(progress: RunProgress): string {
  const { design, repetition, repetitions, phase, fraction, secondsLeft, megabytesPerSecond } = progress;
  const rate = megabytesPerSecond.write ?? megabytesPerSecond.read;
  return [
    `${(fraction * 100).toFixed(0)} %`,
    DESIGN_WORDS[design].title,
    repetition === 0 ? 'warm-up' : `repetition ${repetition} of ${repetitions}`,
    phase,
    ...(rate === undefined ? [] : [`${rate.toFixed(0)} MB/s`]),
    ...(secondsLeft === undefined ? [] : [`about ${Math.ceil(secondsLeft)} s left`]),
  ].join('  ');
}
