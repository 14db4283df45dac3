import { describe, expect, it } from 'vitest';
import {
  classOf,
  HANDLE_BYTES,
  type SizeClasses,
  sizeClassesFor,
} from '../../../../src/main/machine/zram/size-classes.ts';
import { kernelCases, noKernelCases } from '../fixtures/kernel-cases.ts';

/** Linux 6.18, pages of 4096 and chains of 8: object bytes, pages and objects of every class, measured on a device. */
const KERNEL_CLASSES_4K = `
  32:1/128 48:3/256 64:1/64 80:5/256 96:3/128 112:7/256 128:1/32 144:7/199 160:5/128 176:4/93 192:3/64 208:3/59
  224:7/128 240:1/17 256:1/16 272:1/15 288:5/71 304:7/94 320:5/64 336:6/73 352:8/93 368:8/89 384:3/32 400:5/51
  416:6/59 432:7/66 448:7/64 464:5/44 480:2/17 496:4/33 512:1/8 528:4/31 544:2/15 560:7/51 576:1/7 592:8/55
  608:7/47 624:2/13 640:5/32 656:5/31 672:1/6 688:8/47 704:5/29 720:3/17 736:2/11 752:7/38 768:3/16 784:5/26
  816:1/5 832:8/39 848:5/24 864:7/33 880:8/37 896:7/32 912:7/31 928:5/22 944:3/13 960:4/17 976:6/25 992:8/33
  1024:1/4 1056:8/31 1072:5/19 1088:4/15 1104:3/11 1120:8/29 1136:5/18 1168:2/7 1184:7/24 1200:5/17 1216:3/10
  1232:7/23 1248:4/13 1280:5/16 1296:7/22 1360:1/3 1424:8/23 1440:6/17 1456:5/14 1488:4/11 1504:7/19 1536:3/8
  1552:8/21 1568:5/13 1584:7/18 1632:2/5 1680:7/17 1696:5/12 1712:8/19 1744:3/7 1792:7/16 1808:4/9 1856:5/11
  1888:6/13 1904:7/15 1920:8/17 2048:1/2 2176:8/15 2192:7/13 2224:6/11 2272:5/9 2336:4/7 2384:7/12 2448:3/5
  2512:8/13 2560:5/8 2592:7/11 2720:2/3 2864:7/10 2912:5/7 2976:8/11 3072:3/4 3184:7/9 3264:4/5 3408:5/6
  3504:6/7 3584:7/8 3632:8/9 4096:1/1`
  .trim()
  .split(/\s+/);

/** Classes and huge threshold by page size and chain length; the default chain of 8 was measured, the others derived. */
const THRESHOLDS = `
   page  chain  classes  threshold
   4096      4       69       3257
   4096      5       86       3401
   4096      6       94       3497
   4096      7      110       3577
   4096      8      119       3625
   4096      9      136       3673
   4096     10      141       3705
   4096     12      159       3769
   4096     16      192       3833
  16384      8      121      14553
  65536      8      123      58137`
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.trim().split(/\s+/).map(Number));

function listed(classes: SizeClasses): readonly string[] {
  return Array.from(
    classes.objectBytes,
    (size, index) => `${size}:${classes.pages[index] ?? 0}/${classes.objects[index] ?? 0}`,
  );
}

/** Object bytes of the class that serves `dataBytes`. */
function servedBy(classes: SizeClasses, dataBytes: number): number {
  return classes.objectBytes[classOf(classes, dataBytes)] ?? 0;
}

describe('the classes of 4096-byte pages', () => {
  const classes = sizeClassesFor(4096, 8);

  it('are the 119 that the kernel has', () => {
    expect(classes.count).toBe(119);
    expect(listed(classes)).toEqual(KERNEL_CLASSES_4K);
  });

  it('serve every size from just above the smaller class up to their own', () => {
    const sizes = Array.from(classes.objectBytes);
    for (let dataBytes = 1; dataBytes <= 4096; dataBytes++) {
      const total = Math.min(dataBytes + HANDLE_BYTES, 4096);
      expect(servedBy(classes, dataBytes), `${dataBytes} bytes`).toBe(sizes.find((size) => size >= total));
    }
  });

  it('send the sizes of the worked examples where the kernel sends them', () => {
    const examples = { 1: 32, 24: 32, 25: 48, 1560: 1568, 1561: 1584, 2700: 2720, 3624: 3632, 3625: 4096, 4096: 4096 };
    for (const [dataBytes, size] of Object.entries(examples)) expect(servedBy(classes, Number(dataBytes))).toBe(size);
  });

  it('refuse sizes that no object can have', () => {
    for (const dataBytes of [4097, 100_000, -8]) {
      expect(() => classOf(classes, dataBytes)).toThrow(`no size class for ${dataBytes} bytes`);
    }
  });

  it('keep the largest compressed size below the huge threshold', () => {
    expect(classes.hugeThresholdBytes).toBe(3625);
    expect(classes.objects[classOf(classes, 3624)]).toBe(9);
    expect(classes.objects[classOf(classes, 3625)]).toBe(1);
  });
});

describe('classes of any page size and chain length', () => {
  it('have the published number and huge threshold', () => {
    const built = THRESHOLDS.map(([page = 0, chain = 0]) => {
      const classes = sizeClassesFor(page, chain);
      return [page, chain, classes.count, classes.hugeThresholdBytes];
    });
    expect(built).toEqual(THRESHOLDS);
  });

  it('equal the kernel recording for 4, 16 and 64 KiB pages', (context) => {
    if (noKernelCases !== undefined) context.skip(noKernelCases);
    for (const [page, rows] of Object.entries(kernelCases().geometry)) {
      const expected = rows.map(([, size, pages, objects]) => `${size}:${pages}/${objects}`);
      const classes = sizeClassesFor(Number(page), 8);
      expect(listed(classes), `pages of ${page} bytes`).toEqual(expected);
      expect(Array.from(classes.kernelIndex), 'numbers').toEqual(rows.map(([index]) => index));
    }
  });

  it('never promise more than a zspage holds, and never waste a whole object', () => {
    for (const [page = 0, chain = 0] of THRESHOLDS) {
      const classes = sizeClassesFor(page, chain);
      for (let index = 0; index < classes.count; index++) {
        const zspageBytes = (classes.pages[index] ?? 0) * page;
        const size = classes.objectBytes[index] ?? 0;
        expect(classes.pages[index]).toBeLessThanOrEqual(chain);
        expect(Math.floor(zspageBytes / size), `objects of ${size} bytes`).toBe(classes.objects[index]);
      }
    }
  });

  it('use the fewest pages of those that waste least', () => {
    const classes = sizeClassesFor(4096, 8);
    for (let index = 0; index < classes.count; index++) {
      const size = classes.objectBytes[index] ?? 0;
      const wastes = [1, 2, 3, 4, 5, 6, 7, 8].map((pages) => (pages * 4096) % size);
      expect(wastes.indexOf(Math.min(...wastes)) + 1, `pages of class ${size}`).toBe(classes.pages[index]);
    }
  });

  it('have objects that begin on 8-byte borders, so that a header never crosses pages', () => {
    for (const page of [4096, 16384, 65536]) {
      for (const size of sizeClassesFor(page, 8).objectBytes) expect(size % 8).toBe(0);
    }
  });
});
