import { describe, expect, it } from 'vitest';
import { addressRegions, contains } from '../../../../src/main/machine/memory/address-regions.ts';
import { pageGeometry } from '../../../../src/main/machine/memory/page-geometry.ts';
import { virtualAddress } from '../../../../src/main/machine/units.ts';
import { printAddress, TRANSLATIONS } from '../../../../src/shared/address-space.ts';

const MIB = 2 ** 20;
const sizes = { chunkBytes: 480 * MIB, windowBytes: 480 * MIB };

describe('address regions', () => {
  it('put the linear map, modules and vmalloc where arm64 with 48 bits has them', () => {
    // Documentation/arch/arm64/memory.rst: ffff000000000000, ffff800000000000, ffff800080000000.
    const geometry = pageGeometry('4k-48');
    const { linear, modules, vmalloc } = addressRegions(geometry, sizes);
    expect([linear, modules, vmalloc].map(({ start }) => printAddress(geometry.vaBits, start))).toEqual([
      '0xffff000000000000',
      '0xffff800000000000',
      '0xffff800080000000',
    ]);
  });

  it('follow each other without overlap, in every translation', () => {
    for (const name of TRANSLATIONS) {
      const { linear, modules, vmalloc, chunks, window } = addressRegions(pageGeometry(name), sizes);
      const inOrder = [linear, modules, vmalloc, chunks, window];
      for (const [index, region] of inOrder.entries()) {
        expect(region.end).toBeGreaterThan(region.start);
        if (index > 0) expect(region.start).toBe(inOrder[index - 1]?.end);
      }
    }
  });

  it('give the window top-level entries of its own', () => {
    for (const name of TRANSLATIONS) {
      const geometry = pageGeometry(name);
      const { window } = addressRegions(geometry, sizes);
      expect(window.start % geometry.pgdSpanBytes).toBe(0);
      expect((window.end - window.start) % geometry.pgdSpanBytes).toBe(0);
      expect(window.end - window.start).toBeGreaterThanOrEqual(sizes.windowBytes);
    }
  });

  it('leave out a window that nobody wants', () => {
    const { window } = addressRegions(pageGeometry('4k-48'), { chunkBytes: MIB, windowBytes: 0 });
    expect(contains(window, window.start)).toBe(false);
  });

  it('refuse ranges that leave no vmalloc space', () => {
    // 39 bits: 256 GiB above the linear map.
    expect(() => addressRegions(pageGeometry('4k-39'), { chunkBytes: 2 ** 37, windowBytes: 2 ** 37 })).toThrow(
      'leave no vmalloc space in 39 bits',
    );
  });

  it('contain their first address and not their end', () => {
    const range = { start: virtualAddress(4096), end: virtualAddress(8192) };
    expect([4095, 4096, 8191, 8192].map((address) => contains(range, virtualAddress(address)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});
