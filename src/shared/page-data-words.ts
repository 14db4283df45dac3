/** What the pages of a fio workload are made of, in words that tell runs apart. */
import type { DataSource } from './profile.ts';
import { assertUnreachable } from './result.ts';

/** In full: `files /data/a.bin, /data/b.bin`. */
export function pageDataWords(data: DataSource): string {
  switch (data.kind) {
    case 'job':
      return "the job's own pages";
    case 'files':
      return `files ${data.paths.join(', ')}`;
    case 'generator':
      return `generated: ${generatorWords(data)}`;
    default:
      return assertUnreachable(data);
  }
}

/** For lists, with files by their names alone: `a.bin + 1 more`. */
export function pageDataTitle(data: DataSource): string {
  switch (data.kind) {
    case 'job':
      return "job's own pages";
    case 'files':
      return filesTitle(data.paths);
    case 'generator':
      return pageDataWords(data);
    default:
      return assertUnreachable(data);
  }
}

function filesTitle([first = '', ...others]: readonly string[]): string {
  const name = first.split(/[/\\]/).findLast((part) => part !== '') ?? first;
  return others.length === 0 ? name : `${name} + ${others.length} more`;
}

function generatorWords(data: Extract<DataSource, { kind: 'generator' }>): string {
  const { zeroPercent, samePercent, randomPercent, compressPercent } = data;
  const kinds = `${zeroPercent} % zero, ${samePercent} % same-filled, ${randomPercent} % random pages`;
  const rest = 100 - zeroPercent - samePercent - randomPercent;
  return rest === 0 ? kinds : `${kinds}, ${rest} % with ${compressPercent} % compressible`;
}
