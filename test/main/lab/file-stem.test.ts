import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileStem } from '../../../src/main/lab/file-stem.ts';

describe('fileStem', () => {
  it.each([
    ['seed-2010', 'seed-2010'],
    ['My Run: 2 CPUs (zram)', 'my-run-2-cpus-zram'],
    ['../../etc/passwd', 'etc-passwd'],
    ['.hidden', 'hidden'],
    ['Größe übung', 'größe-übung'],
    ['测试 1', '测试-1'],
    ['   ', 'profile'],
    ['💥', 'profile'],
    ['CON', 'con-profile'],
    ['Com1', 'com1-profile'],
    ['COM¹', 'com1-profile'],
    ['nul.txt', 'nul-txt'],
    ['console', 'console'],
    ['trailing. ', 'trailing'],
  ])('turns %j into %j', (name, stem) => {
    expect(fileStem(name, 'profile')).toBe(stem);
  });

  it('is the same for one name in two Unicode compositions', () => {
    expect(fileStem('é', 'x')).toBe(fileStem('e\u0301', 'x'));
  });

  it('is short, stable and free of what any file system forbids, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
        const stem = fileStem(name, 'profile');
        expect(Buffer.byteLength(stem)).toBeLessThanOrEqual(120 + '-profile'.length);
        expect(stem).toMatch(/^[^\p{Cc}/\\<>:"|?*. ]+$/u);
        expect(fileStem(stem, 'profile')).toBe(stem);
      }),
      { numRuns: 500 },
    );
  });
});
