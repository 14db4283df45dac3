import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readTraceFile } from '../../../../src/main/evidence/percpu-trace/read-trace.ts';
import { temporaryFolder } from '../../lab/temporary-folder.ts';

/** Some 900 KB: several pieces, whose borders lie within lines. */
const LINES = 9000;
const text = Array.from(
  { length: LINES },
  (_, index) =>
    `            bash-5940    [000] d..1.   743.${String(index).padStart(6, '0')}: percpu_free_percpu: base_addr=00000000682ba6ef off=${4 * index} ptr=1`,
).join('\n');

async function offsetsOf(path: string): Promise<{ offsets: number[]; lines: number; cutShort: string | undefined }> {
  const offsets: number[] = [];
  const read = await readTraceFile(path, (event) => {
    if (event.kind === 'free') offsets.push(event.offsetBytes);
  });
  if (!read.ok) throw new Error(read.error.message);
  return { offsets, lines: read.value.lines, cutShort: read.value.cutShort };
}

describe('a trace file', () => {
  it('is read to its end in its order, plain and as gzip', async () => {
    const folder = temporaryFolder();
    const [plain, gzip] = [join(folder, 'trace.txt'), join(folder, 'trace.gz')];
    writeFileSync(plain, text);
    writeFileSync(gzip, gzipSync(text));
    const wanted = {
      offsets: Array.from({ length: LINES }, (_, index) => 4 * index),
      lines: LINES,
      cutShort: undefined,
    };
    expect(await offsetsOf(plain)).toEqual(wanted);
    expect(await offsetsOf(gzip)).toEqual(wanted);
  });

  it('of gzip that ends within is read as far as it goes', async () => {
    const path = join(temporaryFolder(), 'cut.gz');
    const whole = gzipSync(text);
    writeFileSync(path, whole.subarray(0, whole.length / 2));
    const { offsets, cutShort } = await offsetsOf(path);
    expect(cutShort).toContain('unexpected end of file');
    expect(offsets).toEqual(offsets.map((_, index) => 4 * index));
  });

  it('that is none is refused in one sentence', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sub'));
    for (const name of ['sub', 'absent']) {
      const read = await readTraceFile(join(folder, name), () => undefined);
      expect(read.ok ? '' : read.error.message).toContain(`cannot read ${join(folder, name)}`);
    }
  });

  it('may be left before its end, whose share was told', async () => {
    const path = join(temporaryFolder(), 'trace.txt');
    writeFileSync(path, text);
    const shares: number[] = [];
    const controller = new AbortController();
    const onShare = (share: number): void => {
      shares.push(share);
      if (shares.length === 2) controller.abort();
    };
    const read = await readTraceFile(path, () => undefined, { signal: controller.signal, onShare });
    expect(read.ok ? 'read' : read.error.code).toBe('cancelled');
    expect(shares).toHaveLength(2);
    expect(shares.every((share, index) => share > 0 && share < 1 && share > (shares[index - 1] ?? 0))).toBe(true);
  });
});
