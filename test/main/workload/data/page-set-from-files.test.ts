import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pageSetFromFiles } from '../../../../src/main/workload/data/page-set-from-files.ts';
import { built, bytesOf, pagesOf } from './page-measures.ts';

const limits = { pageSizeBytes: 4096, maxBytes: 1 << 20 };
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'page-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A file of `bytes` times the letter. */
function letters(name: string, letter: string, bytes: number): string {
  const path = join(folder, name);
  writeFileSync(path, letter.repeat(bytes));
  return path;
}

/** First letter of each page. */
async function order(paths: readonly string[], maxBytes = limits.maxBytes): Promise<string> {
  const set = built(await pageSetFromFiles(paths, { ...limits, maxBytes }));
  return pagesOf(bytesOf(set))
    .map((page) => String.fromCharCode(page[0] ?? 0))
    .join('');
}

async function failure(paths: readonly string[]): Promise<string> {
  const result = await pageSetFromFiles(paths, limits);
  return result.ok ? 'no failure' : `${result.error.code}: ${result.error.message}`;
}

describe('pageSetFromFiles', () => {
  it('takes files in the order given and fills up the last page of each with zeros', async () => {
    const paths = [letters('b', 'b', 5000), letters('a', 'a', 4096)];
    const set = built(await pageSetFromFiles(paths, limits));
    expect(set.count).toBe(3);
    expect(Buffer.from(bytesOf(set)).toString()).toBe(
      'b'.repeat(5000) + '\0'.repeat(2 * 4096 - 5000) + 'a'.repeat(4096),
    );
    expect(set.description).toBe('2 files, all 9096 bytes');
  });

  it('walks folders in name order, upper case before lower case, and passes over empty files', async () => {
    mkdirSync(join(folder, 'm'));
    letters('m/2', '2', 10);
    letters('m/1', '1', 10);
    letters('z', 'z', 10);
    letters('B', 'B', 10);
    letters('a', 'a', 10);
    letters('empty', '', 0);
    expect(await order([folder])).toBe('Ba12z');
  });

  it('does not follow links inside a folder, so cycles and what lies outside are not read', async () => {
    mkdirSync(join(folder, 'inner'));
    letters('outside', 'x', 10);
    letters('inner/own', 'o', 10);
    symlinkSync('..', join(folder, 'inner/cycle'));
    symlinkSync('../outside', join(folder, 'inner/link'));
    expect(await order([join(folder, 'inner')])).toBe('o');
  });

  it('follows a link that was picked itself', async () => {
    letters('target', 't', 10);
    symlinkSync('target', join(folder, 'link'));
    expect(await order([join(folder, 'link')])).toBe('t');
  });

  it('takes the first pages up to the limit and says how much it left out', async () => {
    const paths = [letters('a', 'a', 6000), letters('b', 'b', 9000), letters('c', 'c', 1)];
    const set = built(await pageSetFromFiles(paths, { ...limits, maxBytes: 3 * 4096 + 100 }));
    expect(set.count).toBe(3);
    expect(set.description).toBe('2 files of 3, the first 10096 of 15001 bytes');
  });

  it('reports progress up to the whole', async () => {
    const seen: number[] = [];
    const path = letters('big', 'x', (5 << 20) / 2);
    const onProgress = ({ bytesRead, bytesTotal }: { bytesRead: number; bytesTotal: number }) =>
      void seen.push(bytesRead / bytesTotal);
    built(await pageSetFromFiles([path], { ...limits, maxBytes: 1 << 30, onProgress }));
    expect(seen.length).toBeGreaterThan(1);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
  });

  it('stops when cancelled, before reading and in the middle of a file', async () => {
    const path = letters('big', 'x', 5 << 20);
    const before = await pageSetFromFiles([path], { ...limits, signal: AbortSignal.abort() });
    expect(before.ok ? '' : before.error.code).toBe('cancelled');

    const abort = new AbortController();
    let pieces = 0;
    const onProgress = () => {
      pieces++;
      abort.abort();
    };
    const during = await pageSetFromFiles([path], { ...limits, maxBytes: 1 << 30, signal: abort.signal, onProgress });
    expect(during.ok ? '' : during.error.code).toBe('cancelled');
    expect(pieces).toBe(1);
  });

  it('names the path that is missing, empty or no file', async () => {
    const missing = join(folder, 'missing');
    const empty = letters('empty', '', 0);
    mkdirSync(join(folder, 'bare'));
    expect(await failure([missing])).toBe(`not-found: '${missing}' does not exist`);
    expect(await failure([join(empty, 'below')])).toBe(`not-found: '${join(empty, 'below')}' does not exist`);
    expect(await failure([empty])).toBe(`bad-input: '${empty}' holds no data`);
    expect(await failure([join(folder, 'bare')])).toBe(`bad-input: '${join(folder, 'bare')}' holds no data`);
    expect(await failure(['/dev/null'])).toBe("bad-input: '/dev/null' is neither a file nor a folder");
    expect(await failure([])).toBe('bad-input: No data file was given');
  });

  it('names the path that may not be read', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may read everything');
    const secret = letters('secret', 's', 10);
    chmodSync(secret, 0);
    expect(await failure([folder])).toBe(`bad-input: '${secret}' may not be read by this user`);
  });

  it('throws when the limit is less than a page', async () => {
    await expect(pageSetFromFiles([folder], { ...limits, maxBytes: 4095 })).rejects.toThrow(RangeError);
  });
});
