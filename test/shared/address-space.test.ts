import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress, printAddress } from '../../src/shared/address-space.ts';

describe('addresses of the kernel’s half', () => {
  it('are printed as a kernel does', () => {
    // Documentation/arch/arm64/memory.rst: where the upper half and its vmalloc space begin.
    expect(printAddress(48, 0)).toBe('0xffff000000000000');
    expect(printAddress(48, 2 ** 47 + 2 ** 31)).toBe('0xffff800080000000');
    expect(printAddress(39, 0)).toBe('0xffffff8000000000');
    expect(printAddress(52, 0)).toBe('0xfff0000000000000');
  });

  it('are read back from what was printed, to the last byte', () => {
    fc.assert(
      fc.property(fc.constantFrom(39, 47, 48, 52), fc.bigInt({ min: 0n, max: 2n ** 52n - 1n }), (vaBits, random) => {
        const offset = Number(random % 2n ** BigInt(vaBits));
        expect(parseAddress(vaBits, printAddress(vaBits, offset))).toBe(offset);
      }),
    );
  });

  it('are read without 0x and with underscores, and nothing else is', () => {
    expect(parseAddress(48, ' ffff_8000_8000_0000 ')).toBe(2 ** 47 + 2 ** 31);
    for (const text of ['', '0x', '12g4', '-1', '0x1234', 'fffeffffffffffff', '1ffff000000000000', 'ffff 0000']) {
      expect(parseAddress(48, text), text).toBeUndefined();
    }
  });
});
