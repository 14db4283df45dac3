import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CountingPauses } from '../../../../src/main/lab/mapping/counting-pauses.ts';

let nowMs = 0;

beforeEach(() => {
  nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
});

/** Whether others had the thread during one pause. */
async function isShared(pauses: CountingPauses): Promise<boolean> {
  let others = false;
  const waiting = setImmediate(() => {
    others = true;
  });
  await pauses.next();
  clearImmediate(waiting);
  return others;
}

describe('a pause of a count', () => {
  it('lets others have the thread when it was kept for 20 ms, and from then on anew', async () => {
    const pauses = new CountingPauses(new AbortController().signal);
    expect(await isShared(pauses)).toBe(false);
    nowMs = 19;
    expect(await isShared(pauses)).toBe(false);
    nowMs = 20;
    expect(await isShared(pauses)).toBe(true);
    nowMs = 39;
    expect(await isShared(pauses)).toBe(false);
    nowMs = 40;
    expect(await isShared(pauses)).toBe(true);
  });

  it('tells of an abort, also of one that came from those who had the thread', async () => {
    const abort = new AbortController();
    const pauses = new CountingPauses(abort.signal);
    expect(await pauses.next()).toBe(true);
    setImmediate(() => abort.abort());
    nowMs = 20;
    expect(await pauses.next()).toBe(false);
    expect(await pauses.next()).toBe(false);
  });
});
