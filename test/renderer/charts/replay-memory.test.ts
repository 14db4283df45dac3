import { expect, test } from 'vitest';
import { buildReplayMemoryOption } from '../../../src/renderer/charts/build-replay-memory-option.ts';
import { sampleReport } from '../sample-evidence.ts';
import { chartTokens } from '../theme/read-theme.ts';
import { draw } from './drawn-texts.ts';

const tokens = chartTokens('light');

test('memory over a trace has bytes on the left, chunks on the right and seconds below', () => {
  const memory = [
    { timeUs: 0, populatedBytes: 0, liveBytes: 0, chunks: 2 },
    { timeUs: 8e6, populatedBytes: 12 * 2 ** 20, liveBytes: 2 ** 20, chunks: 8 },
  ];
  const { texts, svg } = draw(buildReplayMemoryOption(memory, tokens));
  expect(texts).toEqual(expect.arrayContaining(['0 B', '12 MiB', '12', '0 s', '6.00 s']));
  for (const color of [tokens.memoryPercpu, tokens.memoryPool, tokens.textDim])
    expect(svg).toContain(`stroke="${color}"`);
});

test('a trace of an instant, and one of nothing, have axes as well', () => {
  expect(draw(buildReplayMemoryOption(sampleReport().memory.slice(0, 1), tokens)).texts).toContain('0 B');
  expect(draw(buildReplayMemoryOption([], tokens)).texts).toContain('0 B');
});
