import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pageSetFromFiles } from '../../../../src/main/workload/data/page-set-from-files.ts';
import { spreadOrder } from '../../../../src/main/workload/data/spread-order.ts';
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

  it('puts pages into an order of which every stretch is like the whole where that is wanted', async () => {
    // Pages 0 to 12 of three files, the last of each filled up with zeros.
    const paths = [letters('a', 'a', 4 * 4096 + 1), letters('b', 'b', 3 * 4096), letters('c', 'c', 4 * 4096 + 4095)];
    const set = built(await pageSetFromFiles(paths, { ...limits, spreadPiecePages: 1 }));
    const whole = pagesOf(bytesOf(built(await pageSetFromFiles(paths, limits))));
    const inPlace = [0, 8, 3, 11, 6, 1, 9, 4, 12, 7, 2, 10, 5];
    expect(inPlace.map((page) => String.fromCharCode(whole[page]?.[0] ?? 0)).join('')).toBe('acacbacacbacb');
    expect(pagesOf(bytesOf(set))).toEqual(inPlace.map((page) => whole[page]));
    expect(set.description).toBe(
      '3 files, all 49152 bytes, taken in steps spread evenly over them instead of in order',
    );
  });

  it('spreads files of which the limit cuts the last, and which come in several pieces', async () => {
    const bytes = randomBytes(5 * 2 ** 19 + 1234);
    const path = join(folder, 'large');
    writeFileSync(path, bytes);
    const maxBytes = 600 * 4096;
    const set = built(await pageSetFromFiles([path], { ...limits, maxBytes, spreadPiecePages: 7 }));
    const placeOf = spreadOrder({ count: 600, piecePages: 7 });
    const pages = pagesOf(bytesOf(set));
    for (let page = 0; page < 600; page++) {
      expect(bytes.compare(pages[placeOf(page)] ?? new Uint8Array(0), 0, 4096, page * 4096, (page + 1) * 4096)).toBe(0);
    }
  });

  it('has of two unlike parts nearly their shares in every stretch', async () => {
    const paths = [letters('hard', 'h', 400 * 4096), letters('easy', 'e', 1600 * 4096)];
    const set = built(await pageSetFromFiles(paths, { ...limits, maxBytes: 1 << 30, spreadPiecePages: 1 }));
    const hard = pagesOf(bytesOf(set)).map((page) => (page[0] === 0x68 ? 1 : 0));
    const stretch = fc.record({ from: fc.nat(1999), pages: fc.integer({ min: 1, max: 2000 }) });
    fc.assert(
      fc.property(stretch, ({ from, pages }) => {
        let found = 0;
        for (let at = from; at < from + pages; at++) found += hard[at % 2000] ?? 0;
        // Half of what the logarithm of the pages would allow: see the order's own tests.
        expect(Math.abs(found - pages / 5)).toBeLessThan((1 + Math.log(2000)) / 2);
      }),
    );
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
    const wanted = { ...limits, maxBytes: 1 << 30, spreadPiecePages: 1, signal: abort.signal, onProgress };
    const during = await pageSetFromFiles([path], wanted);
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
