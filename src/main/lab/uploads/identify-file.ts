/** Says what a file of a user's is, by the first words in it that only one kind of file has. */
import { createReadStream, openSync, readSync, closeSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { EvidenceKind } from '../../../shared/evidence-contract.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';

/** Bytes of text that are looked through: the per-CPU lines of a boot are near its beginning, those of a trace everywhere. */
const LOOKED_THROUGH_BYTES = 256 * 2 ** 20;
/** A mark is shorter; so much of a piece is looked at again together with the next. */
const OVERLAP = 128;

const MARKS: readonly (readonly [EvidenceKind, RegExp])[] = [
  ['trace', /percpu_(?:alloc_percpu|alloc_percpu_fail|free_percpu|create_chunk|destroy_chunk):/],
  ['percpu-stats', /Percpu Memory Statistics/],
  ['boot-log', /pcpu-alloc:|(?:percpu|PERCPU): +(?:Embedded|\d+)|setup_percpu|Linux version \d/],
];

/** Errors: 'bad-input' for what is none of them and for damaged gzip files. `name` is what sentences call the file. */
export async function identifyFile(path: string, name: string): Promise<Result<EvidenceKind>> {
  const head = firstBytes(path);
  if (head.length === 0) return fail('bad-input', `${name} is empty`, name);
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const encoding = encodingOf(head);
  if (!isGzip && encoding === 'latin1' && head.includes(0)) return fail('bad-input', `${name} is no text`, name);
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const pieces: AsyncIterable<Uint8Array> = isGzip ? file.pipe(createGunzip({ chunkSize: 256 * 1024 })) : file;
  try {
    const kind = await findMark(pieces, encoding);
    return kind === undefined ? fail('bad-input', nothingInIt(name), name) : ok(kind);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail('bad-input', `${name} is a damaged gzip file: ${reason}`, name);
  } finally {
    file.destroy();
  }
}

function nothingInIt(name: string): string {
  return (
    `${name} is no boot log (no line with setup_percpu, percpu: or pcpu-alloc:), ` +
    'no trace of percpu events and no percpu_stats'
  );
}

async function findMark(pieces: AsyncIterable<Uint8Array>, encoding: string): Promise<EvidenceKind | undefined> {
  const decoder = new TextDecoder(encoding);
  let rest = '';
  let looked = 0;
  for await (const piece of pieces) {
    const text = rest + decoder.decode(piece, { stream: true });
    const [found] = MARKS.map(([kind, mark]) => ({ kind, at: text.search(mark) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at);
    if (found !== undefined) return found.kind;
    rest = text.slice(-OVERLAP);
    looked += piece.length;
    if (looked > LOOKED_THROUGH_BYTES) return undefined;
  }
  return undefined;
}

function encodingOf(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'latin1';
}

function firstBytes(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(4096);
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}
