import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOutStatic, machineVariables } from '../../../../src/main/machine/percpu/static-variables.ts';

/** A unit as a row of letters, one a byte, `.` for padding. */
function drawUnit(text: string): string {
  const variables = text
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', size, align] = line.trim().split(/\s+/);
      return { name, sizeBytes: Number(size), alignBytes: Number(align) };
    });
  const { offsets, staticBytes } = layOutStatic(variables, 4096);
  const unit = new Array<string>(staticBytes).fill('.');
  for (const { name, sizeBytes } of variables) unit.fill(name, offsets[name], (offsets[name] ?? 0) + sizeBytes);
  return unit.join('');
}

describe('static variables', () => {
  it('lie in the order given, each on its alignment', () => {
    expect(
      drawUnit(`
        a 1 1
        b 4 4
        c 2 2
        d 8 8`),
    ).toBe('a...bbbbcc......dddddddd');
  });

  it('need no padding where they fit as they come', () => {
    expect(
      drawUnit(`
        a 4 4
        b 4 4
        c 8 8`),
    ).toBe('aaaabbbbcccccccc');
  });

  it('take no memory when there are none', () => {
    expect(layOutStatic([], 4096)).toEqual({ offsets: {}, staticBytes: 0 });
  });

  it('may not ask for an alignment that a unit cannot keep', () => {
    for (const alignBytes of [3, 8192, 0, -4]) {
      expect(() => layOutStatic([{ name: 'a', sizeBytes: 1, alignBytes }], 4096)).toThrow(
        `per-CPU variable a: alignment ${alignBytes} is no power of two up to a page`,
      );
    }
  });

  it('never overlap and are always aligned', () => {
    const sizes = fc.integer({ min: 1, max: 9000 });
    const aligns = fc.integer({ min: 0, max: 12 }).map((power) => 2 ** power);
    fc.assert(
      fc.property(fc.array(fc.tuple(sizes, aligns), { maxLength: 12 }), (drawn) => {
        const variables = drawn.map(([sizeBytes, alignBytes], index) => ({ name: `v${index}`, sizeBytes, alignBytes }));
        const layout = layOutStatic(variables, 4096);
        let end = 0;
        for (const { name, sizeBytes, alignBytes } of variables) {
          const offset = layout.offsets[name] ?? -1;
          expect(offset % alignBytes).toBe(0);
          expect(offset).toBeGreaterThanOrEqual(end);
          expect(offset - end).toBeLessThan(alignBytes);
          end = offset + sizeBytes;
        }
        expect(layout.staticBytes).toBe(end);
      }),
    );
  });
});

describe("a machine's variables", () => {
  it('are the two pointers of the 2010 patch under per-cpu-global, and what stands for the rest of the kernel', () => {
    const variables = machineVariables({
      bufferLayout: 'per-cpu-global',
      protection: 'preemption-off',
      otherStaticBytes: 1000,
    });
    const { offsets, staticBytes } = layOutStatic(variables, 4096);
    expect(offsets).toEqual({ compress_buffer: 0, compress_workmem: 8, other: 16 });
    expect(staticBytes).toBe(1016);
  });

  it('are the rest of the kernel alone under single-mutex', () => {
    const variables = machineVariables({ bufferLayout: 'single-mutex', protection: 'mutex', otherStaticBytes: 1000 });
    expect(layOutStatic(variables, 4096)).toEqual({ offsets: { other: 0 }, staticBytes: 1000 });
  });
});
