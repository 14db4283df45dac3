/** What keeps a profile in the form from being run, in one sentence. */
import { nounFor } from '../../shared/counted.ts';

/** Where a field's own sentence does not name it. */
const PLACES: readonly (readonly [prefix: string, place: string])[] = [
  ['workload.jobFile', 'fio job file'],
  ['workload.objects', 'Objects of a group'],
  ['workload.mixes', 'Mixes'],
  ['workload.data', 'Page data'],
  ['designs', 'Designs'],
  ['zram', 'zram'],
];

/** `Online CPUs must not exceed possible CPUs`, `fio job file: line 3, column 1: …, and 2 more fields`; undefined when nothing is wrong. */
export function formObstacle(errors: ReadonlyMap<string, readonly string[]>): string | undefined {
  const [first] = errors;
  if (first === undefined) return undefined;
  const [field, [message = 'a field is wrong']] = first;
  const place = PLACES.find(([prefix]) => field.startsWith(prefix))?.[1];
  const more = errors.size - 1;
  const others = more === 0 ? '' : `, and ${more} more ${nounFor(more, 'field')}`;
  return `${place === undefined ? '' : `${place}: `}${message}${others}`;
}
