/** Page data of five kinds, as files. */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Random } from '../../../../src/main/workload/random.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const PAGE = 4096;
const MIB = 2 ** 20;

export const DATA_SETS = ['a program', 'source text', 'random bytes', 'zeros', 'a mixture'] as const;
export type DataSet = (typeof DATA_SETS)[number];

/** The path of a file of that kind; it goes when the running test ends. */
export function dataFile(kind: DataSet): string {
  const path = join(temporaryFolder(), 'data');
  writeFileSync(path, contentsOf(kind));
  return path;
}

function contentsOf(kind: DataSet): Buffer {
  switch (kind) {
    case 'a program':
      return startOf(process.execPath, 8 * MIB);
    case 'source text':
      return startOf(createRequire(import.meta.url).resolve('typescript'), 4 * MIB);
    case 'random bytes': {
      const bytes = Buffer.alloc(2 * MIB);
      new Random(5).fillBytes(bytes);
      return bytes;
    }
    case 'zeros':
      return Buffer.alloc(2 * MIB);
    case 'a mixture':
      return mixture();
  }
}

/** Pages of all kinds shuffled together, words repeated over a whole page and half-empty pages among them. */
function mixture(): Buffer {
  const random = new Random(6);
  const text = contentsOf('source text');
  const program = contentsOf('a program');
  const pages = Array.from({ length: 1200 }, (_, page) => {
    const bytes = Buffer.alloc(PAGE);
    switch (page % 6) {
      case 0:
        text.copy(bytes, 0, (page * PAGE) % text.length);
        break;
      case 1:
        program.copy(bytes, 0, page * PAGE);
        break;
      case 2:
        random.fillBytes(bytes);
        break;
      case 3:
        bytes.fill(page, 0, PAGE);
        break;
      case 4:
        random.fillBytes(bytes.subarray(0, random.nextBelow(PAGE)));
        break;
      default:
        break;
    }
    return bytes;
  });
  random.shuffle(pages);
  return Buffer.concat(pages);
}

function startOf(path: string, bytes: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(bytes);
    return start.subarray(0, readSync(file, start, 0, bytes, 0));
  } finally {
    closeSync(file);
  }
}
