import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveCpu } from '../../../../src/main/engine/live/live-cpu.ts';
import type { ObjectSpan } from '../../../../src/main/machine/codec.ts';
import type { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { FrameKind, ZoneW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames, PageFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { cpuId, lockWord, NO_HANDLE, poolHandle, type PoolHandle } from '../../../../src/main/machine/units.ts';
import type { PoolRequest } from '../../../../src/main/machine/zram/pool.ts';
import { Zsmalloc } from '../../../../src/main/machine/zram/zsmalloc.ts';
import { fullnessGroup } from '../../../../src/main/machine/zram/zspages.ts';
import { emptySpan } from '../../../../src/main/machine/zram/object-span.ts';
import { machineConfig, makeMachine } from '../fixtures/make-machine.ts';
import { poolPages } from '../fixtures/mm-stat.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditFrames, drawPool } from '../fixtures/pool-audit.ts';
import { SizedCodec } from '../fixtures/sized-pages.ts';

/** For nobody in particular: compaction has tests of its own. */
function request(bytes: number): PoolRequest {
  return { bytes, owner: lockWord(1), maySleep: true, span: emptySpan() };
}

/** A pool of device 0 and letters for its objects: `alloc(2700, 'abc')` allocates three, `free('b')` frees the second. */
class PoolUnderTest {
  readonly arena: Arena;
  readonly pool: Zsmalloc;
  readonly #cpu: OneCpu;
  readonly #handles = new Map<string, PoolHandle>();

  constructor(changes: Parameters<typeof makeMachine>[0] = {}) {
    this.arena = makeMachine({ bufferLayout: 'single-mutex', ...changes }).arena;
    this.pool = new Zsmalloc(this.arena, new PageFrames(this.arena), 0);
    this.#cpu = new OneCpu(this.arena);
  }

  alloc(bytes: number, letters: string): void {
    for (const letter of letters) this.#handles.set(letter, this.allocate(bytes));
  }

  allocate(bytes: number): PoolHandle {
    return this.#cpu.run((cpu) => this.pool.allocate(cpu, request(bytes)));
  }

  release(handle: PoolHandle): void {
    this.#cpu.run((cpu) => this.pool.free(cpu, handle));
  }

  free(letters: string): void {
    for (const letter of letters) this.release(this.handle(letter));
  }

  handle(letter: string): PoolHandle {
    return this.#handles.get(letter) ?? NO_HANDLE;
  }

  span(handle: PoolHandle, bytes: number): ObjectSpan {
    const span = emptySpan();
    this.pool.locate(handle, bytes, span);
    return span;
  }

  get pages(): number {
    return poolPages(this.arena);
  }

  get drawing(): string {
    return drawPool(this.arena);
  }
}

describe('fullness groups', () => {
  it('are 0 for empty, 11 for full, and tenths of use in between', () => {
    const drawn = (objects: number) =>
      Array.from({ length: objects + 1 }, (_, used) => fullnessGroup(used, objects)).join(' ');
    expect(drawn(1)).toBe('0 11');
    expect(drawn(2)).toBe('0 6 11');
    expect(drawn(3)).toBe('0 4 7 11');
    expect(drawn(9)).toBe('0 2 3 4 5 6 7 8 9 11');
    expect(drawn(13)).toBe('0 1 2 3 4 4 5 6 7 7 8 9 10 11');
  });
});

describe('allocation', () => {
  it('takes all pages of a zspage with its first object and none with the others (example A)', () => {
    const pool = new PoolUnderTest();
    const pages: number[] = [];
    for (let count = 1; count <= 14; count++) {
      pool.allocate(1560);
      pages.push(pool.pages);
    }
    expect(pages.join(' ')).toBe('5 5 5 5 5 5 5 5 5 5 5 5 5 10');
    expect(pool.drawing).toBe('1568 5/13  1:[x............] 11:[xxxxxxxxxxxxx]');
  });

  it('prefers the fullest zspage that has room', () => {
    const pool = new PoolUnderTest();
    pool.alloc(3624, 'abcdefghi');
    pool.alloc(3624, 'jklmnopqr');
    pool.free('abcde');
    pool.free('lm');
    expect(pool.drawing).toBe('3632 8/9  5:[.....xxxx] 8:[xx..xxxxx]');
    pool.alloc(3624, 's');
    expect(pool.drawing).toBe('3632 8/9  5:[.....xxxx] 9:[xx.xxxxxx]');
  });

  it('takes among equals the zspage that entered its group last (example C)', () => {
    const pool = new PoolUnderTest();
    pool.alloc(2700, 'abcdefghi');
    expect(pool.pages).toBe(6);
    pool.free('a');
    pool.free('d');
    expect(pool.drawing).toBe('2720 2/3  7:[.xx] 7:[.xx] 11:[xxx]');
    pool.alloc(2700, 't');
    expect(pool.handle('t')).toBe(pool.handle('d'));
    pool.free('bc');
    expect(pool.pages).toBe(4);
    expect(pool.drawing).toBe('2720 2/3  11:[xxx] 11:[xxx]');
  });

  it('hands out the object freed last first, then those never used in ascending order', () => {
    const pool = new PoolUnderTest();
    pool.alloc(1560, 'abcde');
    pool.free('bd');
    const order = [pool.handle('d'), pool.handle('b')];
    expect([pool.allocate(1560), pool.allocate(1560)]).toEqual(order);
    expect(pool.allocate(1560)).toBe(pool.handle('e') + 1);
  });

  it('keeps sizes of one class together and those of different classes apart', () => {
    const pool = new PoolUnderTest();
    pool.alloc(1553, 'a');
    pool.alloc(1560, 'b');
    pool.alloc(1561, 'c');
    pool.alloc(24, 'd');
    expect(pool.drawing.split('\n').map((line) => line.replace(/\.{3,}/, '…'))).toEqual([
      `32 1/128  1:[x…]`,
      `1568 5/13  2:[xx…]`,
      `1584 7/18  1:[x…]`,
    ]);
  });

  it('never answers with handle 0, even for the very first object', () => {
    expect(new PoolUnderTest().allocate(24)).not.toBe(NO_HANDLE);
  });

  it('answers with no handle, and takes nothing, when the zspage does not fit the memory', () => {
    const pool = new PoolUnderTest({ memoryBytes: 32 * 4096, diskSizeBytes: 4096, possibleCpus: 1, onlineCpus: 1 });
    let allocated = 0;
    while (pool.allocate(3624) !== NO_HANDLE) allocated += 1;
    // 32 frames less frame 0, one of slots, 2 of buffer and 5 of work memory are 23: two zspages of 8 pages.
    expect(allocated).toBe(18);
    expect(pool.pages).toBe(16);
    const before = pool.drawing;
    expect(pool.allocate(3624)).toBe(NO_HANDLE);
    expect(pool.drawing).toBe(before);
    auditFrames(pool.arena);
    // Smaller zspages still fit.
    expect(pool.allocate(4096)).not.toBe(NO_HANDLE);
  });

  it('refuses a size that no object can have', () => {
    expect(() => new PoolUnderTest().allocate(4097)).toThrow('no size class for 4097 bytes');
  });
});

describe('freeing', () => {
  it('gives an empty zspage back at once', () => {
    const pool = new PoolUnderTest();
    const free = countFrames(pool.arena)[FrameKind.free];
    pool.alloc(3624, 'abcdefghi');
    pool.free('abcdefgh');
    expect(pool.pages).toBe(8);
    pool.free('i');
    expect(pool.pages).toBe(0);
    expect(pool.drawing).toBe('');
    expect(countFrames(pool.arena)[FrameKind.free]).toBe(free);
    auditFrames(pool.arena);
  });

  it('gives an empty zspage back at the first attempt, when nobody has the zone', () => {
    const pool = new PoolUnderTest();
    const cpu = new LiveCpu(pool.arena, cpuId(0), new SizedCodec(pool.arena));
    const free = countFrames(pool.arena)[FrameKind.free];
    pool.alloc(1560, 'ab');
    pool.alloc(4096, 'c');
    const freed = ['a', 'b', 'c'].map((letter) => pool.pool.tryFree(cpu, pool.handle(letter)));
    expect(freed).toEqual([true, true, true]);
    expect(pool.pages).toBe(0);
    expect(pool.drawing).toBe('');
    expect(countFrames(pool.arena)[FrameKind.free]).toBe(free);
    auditFrames(pool.arena);
  });

  it('does nothing at an attempt for which it needs the zone while somebody has it', () => {
    const pool = new PoolUnderTest();
    const cpu = new LiveCpu(pool.arena, cpuId(0), new SizedCodec(pool.arena));
    pool.alloc(1560, 'ab');
    new PageFrames(pool.arena).tryLock(cpu);
    expect(pool.pool.tryFree(cpu, pool.handle('a')), 'not the last of its zspage').toBe(true);
    const before = Buffer.from(pool.arena.bytes);
    expect(pool.pool.tryFree(cpu, pool.handle('b'))).toBe(false);
    expect(before.equals(pool.arena.bytes), 'every byte of the machine as before').toBe(true);
  });

  it('does not move a zspage that stays in its group', () => {
    const pool = new PoolUnderTest();
    // 13 objects: 5 and 4 in use are both group 4, so the second zspage stays behind the first.
    pool.alloc(1560, 'abcdefghijklm');
    pool.alloc(1560, 'nopqrstuvwxyz');
    pool.free('stuvwxyz');
    pool.free('fghijklm');
    const order = pool.drawing;
    expect(order).toBe('1568 5/13  4:[xxxxx........] 4:[xxxxx........]');
    pool.free('r');
    pool.alloc(1560, 'f');
    expect(pool.handle('f') >> 8).toBe(pool.handle('a') >> 8);
  });

  it('throws when the object is already free', () => {
    const pool = new PoolUnderTest();
    pool.alloc(2700, 'ab');
    pool.free('a');
    expect(() => {
      pool.free('a');
    }).toThrow(`pool object ${pool.handle('a')} is freed while its header says`);
  });

  it('throws when the zspage of the object is gone', () => {
    const pool = new PoolUnderTest();
    pool.alloc(4096, 'a');
    pool.free('a');
    expect(() => {
      pool.free('a');
    }).toThrow("which is not the pool's");
  });

  it('throws for a handle that was never given', () => {
    const pool = new PoolUnderTest();
    expect(() => {
      pool.release(poolHandle(1));
    }).toThrow('handle 1 names frame 0');
  });

  it('throws when the header in front of the object was overwritten', () => {
    const pool = new PoolUnderTest();
    pool.alloc(2700, 'ab');
    pool.arena.bytes.fill(0xee, pool.span(pool.handle('a'), 1).first - 8, pool.span(pool.handle('a'), 1).first);
    expect(() => {
      pool.free('a');
    }).toThrow('is freed while its header says');
  });
});

describe('locate', () => {
  it('puts data behind an 8-byte header, and at the very start of a page that is the objects alone', () => {
    const pool = new PoolUnderTest();
    pool.alloc(2700, 'a');
    pool.alloc(4096, 'h');
    const pageStart = (address: number): number => (address - pool.arena.geometry.frames) % 4096;
    expect(pageStart(pool.span(pool.handle('a'), 2700).first)).toBe(8);
    expect(pageStart(pool.span(pool.handle('h'), 4096).first)).toBe(0);
    expect(pool.span(pool.handle('h'), 4096)).toMatchObject({ firstBytes: 4096, restBytes: 0 });
  });

  it('splits an object that crosses a page into two runs', () => {
    const pool = new PoolUnderTest();
    pool.alloc(2700, 'abc');
    // Object 1 lies at [2720, 5440) of two pages: data from 2728, 1368 bytes up to the border.
    expect(pool.span(pool.handle('b'), 2700)).toMatchObject({ firstBytes: 1368, restBytes: 1332 });
    expect(pool.span(pool.handle('a'), 2700)).toMatchObject({ firstBytes: 2700, restBytes: 0 });
    // Object 2 lies at [5440, 8160): wholly in the second page.
    expect(pool.span(pool.handle('c'), 2700)).toMatchObject({ firstBytes: 2700, restBytes: 0 });
  });

  it('keeps what is written through it until the object is freed, whatever happens to the neighbours', () => {
    const pool = new PoolUnderTest();
    pool.alloc(1560, 'abcdefghijklm');
    const { first, firstBytes, rest, restBytes } = pool.span(pool.handle('c'), 1560);
    pool.arena.bytes.fill(0x5a, first, first + firstBytes);
    pool.arena.bytes.fill(0xa5, rest, rest + restBytes);
    pool.free('bdefg');
    pool.alloc(1560, 'nopqr');
    for (let at: number = first; at < first + firstBytes; at++) expect(pool.arena.bytes[at]).toBe(0x5a);
    for (let at: number = rest; at < rest + restBytes; at++) expect(pool.arena.bytes[at]).toBe(0xa5);
  });

  it('gives no two objects of a zspage a common byte, in any class of any page size', () => {
    for (const pageSizeBytes of [4096, 16384, 65536]) {
      const pool = new PoolUnderTest({ pageSizeBytes, memoryBytes: 64 * pageSizeBytes });
      const { count, objectBytes, objects } = pool.arena.sizeClasses;
      for (let index = 0; index < count; index += 7) {
        const total = objects[index] ?? 0;
        const bytes = Math.min((objectBytes[index] ?? 0) - (total === 1 ? 0 : 8), pageSizeBytes);
        const handles = Array.from({ length: total }, () => pool.allocate(bytes));
        const used = new Set<number>();
        let spanned = 0;
        for (const handle of handles) {
          const { first, firstBytes, rest, restBytes } = pool.span(handle, bytes);
          // Every eighth byte suffices: objects begin and end on 8-byte borders.
          for (let at: number = first; at < first + firstBytes; at += 8) used.add(at >> 3);
          for (let at: number = rest; at < rest + restBytes; at += 8) used.add(at >> 3);
          spanned += Math.ceil(firstBytes / 8) + Math.ceil(restBytes / 8);
        }
        expect(used.size, `objects of ${bytes} bytes`).toBe(spanned);
        for (const handle of handles) pool.release(handle);
      }
      expect(pool.pages).toBe(0);
    }
  });
});

describe('pools of several devices', () => {
  it('share the memory but no zspage', () => {
    const { arena } = makeMachine({ devices: 2, bufferLayout: 'single-mutex' });
    const frames = new PageFrames(arena);
    const [first, second] = [new Zsmalloc(arena, frames, 0), new Zsmalloc(arena, frames, 1)];
    const cpu = new OneCpu(arena);
    const a = cpu.run((on) => first.allocate(on, request(2700)));
    const b = cpu.run((on) => second.allocate(on, request(2700)));
    expect([poolPages(arena, 0), poolPages(arena, 1)]).toEqual([2, 2]);
    expect(drawPool(arena, 0)).toBe('2720 2/3  4:[x..]');
    expect(drawPool(arena, 1)).toBe('2720 2/3  4:[x..]');
    expect(a).not.toBe(b);
    cpu.run((on) => first.free(on, a));
    expect([poolPages(arena, 0), poolPages(arena, 1)]).toEqual([0, 2]);
  });
});

describe('the handle', () => {
  it('has room for 16 GiB of memory in pages of every size', () => {
    for (const pageSizeBytes of [4096, 16384, 65536]) {
      const { sizeClasses } = makeMachine({ pageSizeBytes }).arena;
      const objectBits = Math.ceil(Math.log2(Math.max(...sizeClasses.objects)));
      expect((2 ** 34 / pageSizeBytes) * 2 ** objectBits).toBeLessThanOrEqual(2 ** 31);
    }
  });

  it('refuses a memory whose frames it cannot name', () => {
    const { arena } = makeMachine();
    const huge = Object.create(arena, { frameCount: { value: 2 ** 24 } }) as Arena;
    expect(() => new Zsmalloc(huge, new PageFrames(arena), 0)).toThrow('16777216 frames do not fit a 31-bit handle');
  });
});

describe('a pool against a model of live objects', () => {
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('allocate' as const), bytes: fc.integer({ min: 1, max: 4096 }) }),
    },
    // Few sizes fill whole zspages.
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('allocate' as const), bytes: fc.constantFrom(1560, 2700, 3624) }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('free' as const), which: fc.nat(1000) }) },
  );

  it('keeps every byte of every live object, and returns all memory when the last is freed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const pool = new PoolUnderTest({ memoryBytes: 96 * 4096, diskSizeBytes: machineConfig().pageSizeBytes });
        const free = countFrames(pool.arena)[FrameKind.free];
        const live: { readonly handle: PoolHandle; readonly bytes: number; readonly fill: number }[] = [];
        const write = ({ handle, bytes, fill }: (typeof live)[number]): void => {
          const { first, firstBytes, rest, restBytes } = pool.span(handle, bytes);
          pool.arena.bytes.fill(fill, first, first + firstBytes);
          pool.arena.bytes.fill(fill, rest, rest + restBytes);
        };
        const isIntact = ({ handle, bytes, fill }: (typeof live)[number]): boolean => {
          const { first, firstBytes, rest, restBytes } = pool.span(handle, bytes);
          const { bytes: memory } = pool.arena;
          const runs = [memory.subarray(first, first + firstBytes), memory.subarray(rest, rest + restBytes)];
          return runs.every((run) => run.every((byte) => byte === fill));
        };
        for (const [index, each] of steps.entries()) {
          if (each.do === 'allocate') {
            const handle = pool.allocate(each.bytes);
            if (handle === NO_HANDLE) continue;
            expect(live.some((object) => object.handle === handle)).toBe(false);
            const object = { handle, bytes: each.bytes, fill: index & 0xff };
            live.push(object);
            write(object);
          } else {
            const [object] = live.splice(each.which % Math.max(1, live.length), 1);
            if (object === undefined) continue;
            expect(isIntact(object)).toBe(true);
            pool.release(object.handle);
          }
        }
        for (const object of live) expect(isIntact(object)).toBe(true);
        expect(pool.drawing.split('').filter((letter) => letter === 'x')).toHaveLength(live.length);
        for (const object of live) pool.release(object.handle);
        expect(pool.pages).toBe(0);
        expect(pool.arena.word(pool.arena.zoneWord() + ZoneW.byKind + FrameKind.pool)).toBe(0);
        expect(countFrames(pool.arena)[FrameKind.free]).toBe(free);
      }),
      { numRuns: 60 },
    );
  });
});
