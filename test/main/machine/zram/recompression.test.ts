import { describe, expect, it } from 'vitest';
import type { Codec, IoPage, ObjectSpan } from '../../../../src/main/machine/codec.ts';
import type { Arena, MachineConfig } from '../../../../src/main/machine/memory/arena.ts';
import { DeviceW, FrameKind } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { Interleaver } from '../../../../src/main/engine/interleaved/interleaver.ts';
import type { Suspending } from '../../../../src/main/machine/cpu.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { cpuId, type PhysicalAddress } from '../../../../src/main/machine/units.ts';
import { readDeviceStatistics } from '../../../../src/main/machine/zram/device-statistics.ts';
import { blockStateText } from '../../../../src/main/machine/zram/device-texts.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import type { RecompressionRequest } from '../../../../src/main/machine/zram/recompression.ts';
import { CURRENT_ZRAM } from '../../../../src/main/machine/zram/zram-variant.ts';
import { BUFFER_LAYOUTS } from '../../../../src/shared/design.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { mmStat, poolPagesMax, setLimit } from '../fixtures/mm-stat.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditMachine } from '../fixtures/pool-audit.ts';
import { samePage, sizedPage } from '../fixtures/sized-pages.ts';

/** Brings a `sizedPage` to a share of its size, or to what the test says for its tag, and keeps which pages it was asked. */
class ShrinkingCodec implements Codec {
  readonly name: string;
  readonly asked: number[] = [];
  readonly #arena: Arena;
  readonly #sizeFor: (size: number, tag: number) => number;

  constructor(arena: Arena, name: string, sizeFor: (size: number, tag: number) => number) {
    this.name = name;
    this.#arena = arena;
    this.#sizeFor = sizeFor;
  }

  compress(page: IoPage, target: PhysicalAddress): number {
    const [size = 0, tag = 0] = page.words;
    this.asked.push(tag);
    const length = this.#sizeFor(size, tag);
    const { bytes } = this.#arena;
    bytes.fill(tag & 0xff, target, target + length);
    Buffer.from(bytes.buffer).writeInt32LE(size, target);
    Buffer.from(bytes.buffer).writeInt32LE(tag, target + 4);
    Buffer.from(bytes.buffer).write(this.name, target + 8, 2, 'latin1');
    return length;
  }

  decompress({ first, firstBytes, rest, restBytes }: Readonly<ObjectSpan>, page: IoPage): boolean {
    const { bytes } = this.#arena;
    const object = Buffer.concat([bytes.subarray(first, first + firstBytes), bytes.subarray(rest, rest + restBytes)]);
    const [size, tag] = [object.readInt32LE(0), object.readInt32LE(4)];
    if (object.toString('latin1', 8, 10) !== this.name.slice(0, 2)) return false;
    if (object.length !== this.#sizeFor(size, tag)) return false;
    if (!object.subarray(10).every((byte) => byte === (tag & 0xff))) return false;
    page.bytes.set(sizedPage(size, tag, page.bytes.length).bytes);
    return true;
  }
}

/** Half and a quarter of the primary's size, unless the page's tag is above 900: those never shrink. */
const shrinkTo = (share: number) => (size: number, tag: number) => (tag > 900 ? size : Math.ceil(size * share));

function recompressible(changes: Partial<MachineConfig> = {}, shares: readonly number[] = [0.5, 0.25]) {
  const algorithms = 1 + shares.length;
  const machine = makeMachine({ zram: { ...CURRENT_ZRAM, algorithms }, ...changes });
  const { arena } = machine;
  const device = machine.device(0);
  const names = ['half', 'quarter', 'eighth'];
  const recompressors = shares.map((share, at) => new ShrinkingCodec(arena, names[at] ?? '', shrinkTo(share)));
  const cpu = new OneCpu(arena, new ShrinkingCodec(arena, 'primary', (size) => size), recompressors);
  const written = new Map<number, IoPage>();
  return {
    arena,
    device,
    cpu,
    recompressors,
    /** SLOT:SIZE or SLOT:SIZE:TAG; the slot is the tag otherwise. */
    write: (list: string): void => {
      for (const item of list.split(' ')) {
        const [slot = 0, size = 0, tag = slot] = item.split(':').map(Number);
        const page = size === 0 ? samePage(tag, 1) : sizedPage(size, tag);
        expect(cpu.write(device, slot, page)).toBe(IoStatus.done);
        written.set(slot, page);
      }
    },
    markIdle: (): void => {
      cpu.run((on) => device.controls.markIdle(on));
    },
    recompress: (request: RecompressionRequest = {}) => {
      const outcome = cpu.run((on) => device.controls.recompress(on, request));
      auditMachine(arena);
      return outcome;
    },
    expectAllReadable: (): void => {
      for (const [slot, page] of written) {
        expect(cpu.read(device, slot).equals(page.bytes), `slot ${slot}`).toBe(true);
      }
    },
    states: (): string => blockStateText(arena, 0).replaceAll(/ +([0-9]+) +0\.000000 /g, '$1:'),
  };
}

describe.each(BUFFER_LAYOUTS)('recompression under %s', (bufferLayout) => {
  it('stores pages anew with the next codec, and everything reads as before', () => {
    const under = recompressible({ bufferLayout });
    under.write('0:3000 1:2000 2:4100 3:0');
    expect(under.recompress()).toEqual({ ok: true, value: { tried: 3, recompressed: 3, incompressible: 0 } });
    const { compressedBytes, hugePages, hugePagesSince, pagesStored, samePages } = readDeviceStatistics(under.arena, 0);
    expect(compressedBytes).toBe(1500 + 1000 + 2050);
    expect({ hugePages, hugePagesSince, pagesStored, samePages }).toEqual({
      hugePages: 0,
      hugePagesSince: 1,
      pagesStored: 4,
      samePages: 1,
    });
    expect(under.states()).toBe('0:....r.\n1:....r.\n2:....r.\n3:s.....\n');
    under.expectAllReadable();
  });

  it('gives its page back and leaves no page of the pool when all is discarded', () => {
    const under = recompressible({ bufferLayout });
    const free = countFrames(under.arena)[FrameKind.free];
    under.write('0:3000 1:2000 2:4100');
    under.recompress();
    under.cpu.discard(under.device, 0, 3);
    auditMachine(under.arena);
    expect(countFrames(under.arena)[FrameKind.free]).toBe(free);
  });
});

describe('the order of recompression', () => {
  it('serves the largest bucket of 64 bytes first, and within one the highest slot', () => {
    const under = recompressible();
    under.write('0:1000 1:3000 2:3001 3:1023 4:2000');
    under.recompress();
    expect(under.recompressors[0]?.asked).toEqual([2, 1, 4, 3, 0]);
  });

  it('ends after max_pages tries, successful or not, and forgets the other candidates', () => {
    const under = recompressible();
    under.write('0:1000 1:3000:901 2:2000 3:1500');
    expect(under.recompress({ maxPages: 2 })).toMatchObject({
      value: { tried: 2, recompressed: 1, incompressible: 1 },
    });
    expect(under.states()).toBe('0:......\n1:.....n\n2:....r.\n3:......\n');
  });

  it('tries a page with each codec above its own in turn', () => {
    const under = recompressible({}, [1, 0.5, 0.25]);
    under.write('0:2000');
    expect(under.recompress()).toMatchObject({ value: { recompressed: 1 } });
    expect(under.recompressors.map((codec) => codec.asked)).toEqual([[0], [0], []]);
    expect(under.recompress()).toMatchObject({ value: { recompressed: 1 } });
    expect(under.recompressors.map((codec) => codec.asked)).toEqual([[0], [0], [0]]);
    expect(readDeviceStatistics(under.arena, 0).compressedBytes).toBe(500);
    // Nothing is above the last one.
    expect(under.recompress()).toMatchObject({ value: { tried: 0 } });
    under.expectAllReadable();
  });
});

describe('a recompressed page', () => {
  it('must come to a smaller size class, not only to fewer bytes', () => {
    const under = recompressible({}, []);
    const { arena, device } = under;
    // 2800 and 2720 need 2808 and 2728 bytes: one class, of 2864.
    const codec = new ShrinkingCodec(arena, 'less', () => 2720);
    const cpu = new OneCpu(arena, new ShrinkingCodec(arena, 'primary', (size) => size), [codec]);
    cpu.write(device, 0, sizedPage(2800, 0));
    const result = cpu.run((on) => device.controls.recompress(on, {}));
    expect(result).toEqual({ ok: true, value: { tried: 1, recompressed: 0, incompressible: 1 } });
    expect(readDeviceStatistics(arena, 0).compressedBytes).toBe(2800);
  });

  it('is not tried again once it is incompressible, until it is written anew', () => {
    const under = recompressible();
    under.write('0:3000:901');
    expect(under.recompress()).toMatchObject({ value: { tried: 1, incompressible: 1 } });
    expect(under.recompress()).toMatchObject({ value: { tried: 0 } });
    under.write('0:3000:5');
    expect(under.states()).toBe('0:......\n');
    expect(under.recompress()).toMatchObject({ value: { recompressed: 1 } });
  });

  it('is primary again when it is written anew', () => {
    const under = recompressible();
    under.write('0:3000');
    under.recompress();
    under.write('0:3000:7');
    expect(under.states()).toBe('0:......\n');
    under.expectAllReadable();
  });

  it('ignores the memory limit and does not raise the high-water mark', () => {
    const under = recompressible();
    under.write('0:3600 1:3600');
    setLimit(under.arena, 1);
    const before = poolPagesMax(under.arena);
    expect(under.recompress()).toMatchObject({ value: { recompressed: 2 } });
    expect(poolPagesMax(under.arena)).toBe(before);
    expect(mmStat(under.arena)[2]).toBeLessThan(8 * 4096);
  });

  it('stays as it was when memory does not suffice for the new one', () => {
    // 1500 bytes need a zspage of 3 pages; two are left when the pass has taken its own.
    const under = recompressible({ memoryBytes: 4096 * 40, possibleCpus: 1, onlineCpus: 1 }, [0.5]);
    under.write('0:3000');
    const free = countFrames(under.arena)[FrameKind.free] ?? 0;
    for (let slot = 10; slot < 10 + free - 3; slot++) under.write(`${slot}:4096:${950 + slot}`);
    expect(countFrames(under.arena)[FrameKind.free]).toBe(3);
    expect(under.recompress()).toMatchObject({ error: { code: 'out-of-memory' } });
    expect(under.states().split('\n')[0]).toBe('0:......');
    under.expectAllReadable();
  });
});

describe('a CPU without a buffer', () => {
  it('recompresses nothing, says so, and leaves all as it was', () => {
    const under = recompressible({ bufferLayout: 'per-cpu-global', possibleCpus: 2, onlineCpus: 1 });
    under.write('0:3000 1:2000');
    const { arena, device, recompressors } = under;
    const codec = new ShrinkingCodec(arena, 'primary', (size) => size);
    const engine = new Interleaver({ arena, random: new Random(1), codec, recompressors, switchChance: 0 });
    const offline = engine.cpu(cpuId(1));
    const outcomes: unknown[] = [];
    function* recompress(): Suspending<void> {
      outcomes.push(yield* device.controls.recompress(offline, {}));
    }
    engine.spawn(offline, 'recompress', recompress());
    engine.run();
    expect(outcomes).toMatchObject([{ error: { code: 'unavailable', message: 'CPU 1 has no compression buffer' } }]);
    auditMachine(arena);
    expect(under.states()).toBe('0:......\n1:......\n');
    expect(under.recompress()).toMatchObject({ value: { recompressed: 2 } });
  });
});

describe('what is recompressed', () => {
  const PAGES = '0:3000 1:4000 2:2000 3:4000 4:0';

  it('are idle pages alone, huge ones alone, or those that are both', () => {
    const tried = (type: RecompressionRequest['type']): readonly number[] => {
      const under = recompressible();
      under.write(PAGES);
      under.markIdle();
      under.write('2:2000 3:4000');
      under.recompress({ type: type ?? 'all' });
      return (under.recompressors[0]?.asked ?? []).toSorted((a, b) => a - b);
    };
    expect(tried('all')).toEqual([0, 1, 2, 3]);
    expect(tried('idle')).toEqual([0, 1]);
    expect(tried('huge')).toEqual([1, 3]);
    expect(tried('huge_idle')).toEqual([1]);
  });

  it('loses its idle mark', () => {
    const under = recompressible();
    under.write('0:3000 1:2000:901');
    under.markIdle();
    under.recompress();
    expect(under.states()).toBe('0:....r.\n1:.....n\n');
  });

  it('is at least the threshold, and must come below it', () => {
    const under = recompressible();
    under.write('0:3400 1:2000 2:1500');
    expect(under.recompress({ thresholdBytes: 1600 })).toMatchObject({ value: { tried: 2, recompressed: 2 } });
    // 3400 became 1700 with the first codec, which is not below 1600, and 850 with the second.
    expect(readDeviceStatistics(under.arena, 0).compressedBytes).toBe(850 + 1000 + 1500);
  });

  it('may be left to one codec, by priority or name', () => {
    const under = recompressible();
    under.write('0:2000 1:3000:901');
    expect(under.recompress({ priority: 1 })).toMatchObject({
      value: { tried: 2, recompressed: 1, incompressible: 0 },
    });
    expect(under.states()).toBe('0:....r.\n1:......\n');
    expect(under.recompress({ algorithm: 'quarter' })).toMatchObject({
      value: { tried: 2, recompressed: 1, incompressible: 1 },
    });
    expect(under.recompressors.map((codec) => codec.asked.length)).toEqual([2, 2]);
    under.expectAllReadable();
  });
});

describe('a recompression is refused', () => {
  const under = recompressible();

  it.each([
    [{ thresholdBytes: 3625 }, 'the threshold of 3625 bytes must be below 3625'],
    [{ priority: 3 }, 'the device recompresses with no priority 3'],
    [{ priority: 0 }, 'the device recompresses with no priority 0'],
    [{ algorithm: 'lzo' }, 'the device recompresses with no algorithm lzo'],
    [{ algorithm: 'primary' }, 'the device recompresses with no algorithm primary'],
  ])('for %o', (request, message) => {
    expect(under.recompress(request)).toMatchObject({ ok: false, error: { code: 'bad-input', message } });
  });

  it('where there is no second algorithm', () => {
    expect(recompressible({}, []).recompress()).toMatchObject({
      error: { code: 'bad-input', message: 'the device has no algorithm beside its primary one' },
    });
  });

  it('while another pass runs', () => {
    const word = under.arena.deviceWord(0) + DeviceW.postProcessing;
    under.arena.words[word] = 1;
    expect(under.recompress()).toMatchObject({ error: { code: 'busy' } });
    under.arena.words[word] = 0;
    expect(under.recompress()).toMatchObject({ ok: true });
  });
});
