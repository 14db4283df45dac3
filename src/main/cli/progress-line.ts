/** Progress of a run on standard error: one line that is overwritten on a screen, a line a sample elsewhere. */
import type { RunEvent, RunProgress } from '../../shared/contract.ts';
import { DESIGN_WORDS } from '../../shared/design.ts';
import type { Sample } from '../../shared/run-record.ts';
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

/** `write 412.3 MB/s, read - MB/s`, or `create 812345 operations/s, destroy 923456 operations/s` */
function sampleRates({ write, read, create, destroy, percpu }: Sample): string {
  if (percpu === undefined) {
    const rate = (figures: typeof write): string => figures?.megabytesPerSecond.toFixed(1) ?? '-';
    return `write ${rate(write)} MB/s, read ${rate(read)} MB/s`;
  }
  const rate = (figures: typeof create): string => figures?.operationsPerSecond.toFixed(0) ?? '-';
  return `create ${rate(create)} operations/s, destroy ${rate(destroy)} operations/s`;
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

function progressRate({ megabytesPerSecond, operationsPerSecond }: RunProgress): string | undefined {
  const megabytes = megabytesPerSecond.write ?? megabytesPerSecond.read;
  if (megabytes !== undefined) return `${megabytes.toFixed(0)} MB/s`;
  const operations = operationsPerSecond.create ?? operationsPerSecond.destroy;
  return operations === undefined ? undefined : `${operations.toFixed(0)} operations/s`;
}
