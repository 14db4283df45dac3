/** When a running machine was looked at, in words. */
import type { RunningMoment } from '../../shared/contract.ts';
import { DESIGN_WORDS } from '../../shared/design.ts';
import { formatDuration } from '../format/duration.ts';
import { PHASE_WORDS } from './labels.ts';

/** `single mutex, repetition 2 of 6, writing, after 3.1 s` */
export function runningMomentWords({ design, repetition, repetitions, phase, atMs }: RunningMoment): string {
  const block = repetition === 0 ? 'warm-up' : `repetition ${repetition} of ${repetitions}`;
  return `${DESIGN_WORDS[design].title}, ${block}, ${PHASE_WORDS[phase]}, after ${formatDuration(atMs / 1000)}`;
}
