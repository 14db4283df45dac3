/**
 * What fio replaces before it reads a value: ${NAME} from the environment, then $pagesize, $mb_memory and $ncpus; where
 * one of these three occurred and an operator stands in the value, the whole value is worked out as integers.
 */
import type { FioJobContext } from './fio-job.ts';
import { read, unreadable, type Reading } from './reading.ts';

/** Replaces every ${NAME}; an unset name gives nothing, an unclosed one stays. */
export function expandEnvironment(text: string, environment: FioJobContext['environment']): string {
  return text.replace(/\$\{([^}]*)\}/g, (_, name: string) => environment[name] ?? '');
}

/** Works out + - * / of integers with the usual precedence, division cutting off; undefined when it cannot be done. */
function workOut(text: string): number | undefined {
  const tokens = text.match(/[0-9]+|[-+*/]|[^\s0-9*/+-]+/g) ?? [];
  let at = 0;
  const factor = (): number => {
    const token = tokens[at++];
    if (token === '-') return -factor();
    return token !== undefined && /^[0-9]+$/.test(token) ? Number(token) : Number.NaN;
  };
  const term = (): number => {
    let value = factor();
    while (tokens[at] === '*' || tokens[at] === '/') {
      value = tokens[at++] === '*' ? value * factor() : Math.trunc(value / factor());
    }
    return value;
  };
  let value = term();
  while (tokens[at] === '+' || tokens[at] === '-') value = tokens[at++] === '+' ? value + term() : value - term();
  return at === tokens.length && Number.isSafeInteger(value) ? value : undefined;
}

/** The value with fio's three keywords replaced and its arithmetic done. */
export function expandKeywords(value: string, context: FioJobContext): Reading<string> {
  const expanded = value
    .replaceAll('$pagesize', String(context.pageSizeBytes))
    .replaceAll('$mb_memory', String(context.memoryMegabytes))
    .replaceAll('$ncpus', String(context.cpus));
  if (expanded === value || !/[-+*/]/.test(expanded)) return read(expanded);
  const result = workOut(expanded);
  if (result === undefined) return unreadable(`cannot be worked out: '${expanded}' is not a sum of plain integers`);
  return read(String(result));
}
