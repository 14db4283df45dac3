import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BookedRegion, firstChunkParts } from '../../../../src/main/machine/percpu/first-chunk-parts.ts';
import { layOutUnits, sizeSumBytes } from '../../../../src/main/machine/percpu/unit-layout.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';

function layout(staticBytes: number, reservedBytes: number, dynamicRequestBytes: number) {
  return layOutUnits({
    pageSizeBytes: 4096,
    staticBytes,
    reservedBytes,
    dynamicRequestBytes,
    earlyDynamicBytes: 0,
    minUnitBytes: 32_768,
    atomBytes: 2 ** 21,
    groups: [[cpuId(0), cpuId(1)]],
  });
}

/** Start and end, then the page it begins in, its pages, and the bytes at both ends that are never handed out. */
function draw({ startBytes, endBytes, baseBytes, pages, startOffsetBytes, endOffsetBytes }: BookedRegion): string {
  return `[${startBytes}, ${endBytes}) page ${baseBytes / 4096} +${pages}: ${startOffsetBytes} … ${endOffsetBytes}`;
}

describe('the parts of the first chunk', () => {
  it('of a 6.18 kernel with percpu_stats are those that it printed', () => {
    // Embedded 53 pages/cpu s185560 r0 d31528: the first 16-byte request got offset 1240 of a region of 8 pages.
    const parts = firstChunkParts(layout(185_560, 0, 28_672));
    expect(parts.staticEndBytes).toBe(185_560);
    expect(parts.reserved).toBeUndefined();
    expect(draw(parts.dynamic)).toBe('[185560, 217088) page 45 +8: 1240 … 0');
  });

  it('overlap in the page in which the reserved one ends', () => {
    const parts = firstChunkParts(layout(144_408, 8192, 28_672));
    expect(parts.reserved && draw(parts.reserved)).toBe('[144408, 152600) page 35 +3: 1048 … 3048');
    expect(draw(parts.dynamic)).toBe('[152600, 184320) page 37 +8: 1048 … 0');
  });

  it('stretch the static one to whole 4 bytes at the dynamic one’s cost', () => {
    const parts = firstChunkParts(layout(4097, 0, 4096));
    expect(parts.staticEndBytes).toBe(4100);
    expect(draw(parts.dynamic)).toBe('[4100, 12288) page 1 +2: 4 … 0');
  });

  it('that end at page borders keep nothing back', () => {
    const parts = firstChunkParts(layout(8192, 8192, 20_480));
    expect(parts.reserved && draw(parts.reserved)).toBe('[8192, 16384) page 2 +2: 0 … 0');
    expect(draw(parts.dynamic)).toBe('[16384, 36864) page 4 +5: 0 … 0');
  });

  it('always cover the size sum, each region in whole pages', () => {
    fc.assert(
      fc.property(fc.nat(300_000), fc.nat(70_000), fc.nat(120_000), (staticBytes, reservedBytes, request) => {
        const asked = layout(staticBytes, reservedBytes, request + 4);
        const { staticEndBytes, reserved, dynamic } = firstChunkParts(asked);
        expect(staticEndBytes % 4).toBe(0);
        expect(reserved?.startBytes ?? dynamic.startBytes).toBe(staticEndBytes);
        expect(reserved?.endBytes ?? dynamic.startBytes).toBe(dynamic.startBytes);
        expect(dynamic.endBytes).toBe(sizeSumBytes(asked));
        for (const region of reserved === undefined ? [dynamic] : [reserved, dynamic]) {
          expect(region.baseBytes % 4096).toBe(0);
          expect(region.startOffsetBytes).toBeLessThan(4096);
          expect(region.endOffsetBytes).toBeLessThan(4096);
          const covered = region.startOffsetBytes + (region.endBytes - region.startBytes) + region.endOffsetBytes;
          expect(covered).toBe(region.pages * 4096);
        }
      }),
    );
  });
});
