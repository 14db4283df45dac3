import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CpuId,
  cpuId,
  frameNumber,
  type FrameNumber,
  percpuPtr,
  type PercpuPtr,
  type PhysicalAddress,
  physicalAddress,
  roundUp,
} from '../../../src/main/machine/units.ts';

describe('brands', () => {
  it('cost nothing at run time', () => {
    expect([cpuId(3), frameNumber(3), physicalAddress(3), percpuPtr(3)]).toEqual([3, 3, 3, 3]);
  });

  it('do not compile when mixed', () => {
    const takesCpu = (cpu: CpuId): number => cpu;
    const takesFrame = (frame: FrameNumber): number => frame;
    const takesAddress = (address: PhysicalAddress): number => address;
    const takesPtr = (ptr: PercpuPtr): number => ptr;
    // @ts-expect-error a bare number is no CPU
    takesCpu(1);
    // @ts-expect-error an address is no frame number
    takesFrame(physicalAddress(1));
    // @ts-expect-error a per-CPU pointer is never dereferenced
    takesAddress(percpuPtr(1));
    // @ts-expect-error a sum of a pointer and a number is a bare number again
    takesPtr(percpuPtr(1) + 1);
    expect(takesCpu(cpuId(1))).toBe(1);
  });
});

describe('roundUp', () => {
  it('gives the smallest multiple that is not below', () => {
    expect([0, 1, 4095, 4096, 4097].map((value) => roundUp(value, 4096))).toEqual([0, 4096, 4096, 4096, 8192]);
    fc.assert(
      fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 65536 }), (value, step) => {
        const rounded = roundUp(value, step);
        expect(rounded % step).toBe(0);
        expect(rounded - value).toBeGreaterThanOrEqual(0);
        expect(rounded - value).toBeLessThan(step);
      }),
    );
  });
});
