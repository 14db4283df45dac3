import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLogFile } from '../../../../src/main/lab/geometry/read-log-file.ts';
import { errorOf, valueOf } from '../small-lab.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const LINE = 'pcpu-alloc: [0] 0 1 ';

describe('a log file', () => {
  it.each<[string, Buffer]>([
    ['UTF-8', Buffer.from(LINE)],
    ['UTF-8 with its mark', Buffer.from(`\ufeff${LINE}`)],
    ['UTF-16 as Windows writes it', Buffer.from(`\ufeff${LINE}`, 'utf16le')],
    ['UTF-16 the other way round', Buffer.from(`\ufeff${LINE}`, 'utf16le').swap16()],
  ])('in %s is text', async (_, bytes) => {
    const path = join(temporaryFolder(), 'dmesg.txt');
    writeFileSync(path, bytes);
    expect(valueOf(await readLogFile(path))).toBe(LINE);
  });

  it('with bytes that are no text keeps the rest', async () => {
    const path = join(temporaryFolder(), 'dmesg.txt');
    writeFileSync(path, Buffer.concat([Buffer.from([0x80, 0xff, 0x0a]), Buffer.from(LINE)]));
    expect(valueOf(await readLogFile(path)).endsWith(`\n${LINE}`)).toBe(true);
  });

  it('that is not there, or a folder, is said', async () => {
    const folder = temporaryFolder();
    const none = join(folder, 'none');
    expect(errorOf(await readLogFile(none))).toEqual({
      code: 'not-found',
      message: `${none} does not exist`,
      where: none,
    });
    expect(errorOf(await readLogFile(folder))).toEqual({
      code: 'bad-input',
      message: `${folder} cannot be read: EISDIR`,
      where: folder,
    });
  });
});
