import { describe, expect, it } from 'vitest';
import { base, replayText, TraceWriter } from './trace-text.ts';

describe('a line that stands twice', () => {
  it.each([
    ['an allocation', 2],
    ['a free', 4],
    ['a chunk’s making', 1],
  ])('is taken once: %s', async (_name, line) => {
    const whole = new TraceWriter().create('a').alloc('16/8', 'a', 0).alloc('16/8', 'a', 16).free('a', 0).text();
    const lines = whole.split('\n');
    lines.splice(line, 0, lines[line - 1] ?? '');
    const found = await replayText(lines.join('\n'));
    expect(found.doubledLines).toBe(1);
    expect(found.notes).toEqual([`1 line stands twice, one below the other, first line ${line + 1}: taken once`]);
    expect([found.events, found.lostEvents.proofCount, found.overall.matched]).toEqual([4, 0, 2]);
  });

  it('is no double when time, place or task differ, or when requests fail alike', async () => {
    const fail = '  sh-7    [000] .....   1.000001: percpu_alloc_percpu_fail: reserved=0 is_atomic=0 size=16 align=8';
    const free = (task: string, offset: number): string =>
      `  ${task}    [000] .....   1.000001: percpu_free_percpu: base_addr=${base('a')} off=${offset} ptr=1`;
    const found = await replayText([fail, fail, free('sh-7', 0), free('sh-8', 0), free('sh-8', 16)].join('\n'));
    expect([found.doubledLines, found.failures, found.frees]).toEqual([0, 2, 3]);
  });
});
