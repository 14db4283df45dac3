import { compressSync, uncompressSync } from 'lz4-napi';
import { expect, it } from 'vitest';
import { makeLeftoverCollector } from '../../../../src/main/engine/live/free-leftovers.ts';

it('frees the native memory behind what the codec has allocated', async () => {
  const freeLeftovers = makeLeftoverCollector();
  const page = compressSync(Buffer.alloc(4096, 'leftover'));
  await freeLeftovers();
  const before = process.memoryUsage().external;
  for (let each = 0; each < 2000; each++) uncompressSync(page);
  const left = process.memoryUsage().external - before;
  await freeLeftovers();
  expect(left).toBeGreaterThan(4e6);
  expect(process.memoryUsage().external - before).toBeLessThan(left / 4);
});
