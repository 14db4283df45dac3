import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TABLES_FOR, TRANSLATIONS } from '../../../../src/shared/address-space.ts';
import { pageBytesOf } from '../../../../src/shared/address-space-settings.ts';
import { BUFFER_LAYOUTS, STREAM_PROTECTIONS } from '../../../../src/shared/design.ts';
import { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { ARENA_VERSION, HeaderW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { cpuId, frameNumber } from '../../../../src/main/machine/units.ts';
import { ALLOCATION_STAGES, FREE_ORDERS, ZSPAGE_PAGES } from '../../../../src/shared/zram-profile.ts';
import { machineConfig, makeMachine } from '../fixtures/make-machine.ts';

describe('attach', () => {
  it('sees the machine that was booted', () => {
    const { arena } = makeMachine({ possibleCpus: 6, onlineCpus: 3, devices: 2 });
    const attached = Arena.attach(arena.buffer);
    expect(attached.config).toEqual(arena.config);
    expect(attached.geometry).toEqual(arena.geometry);
    expect([attached.frameCount, attached.slotCount]).toEqual([arena.frameCount, arena.slotCount]);
  });

  it('restores any configuration from the header alone', () => {
    fc.assert(
      fc.property(
        fc.record({
          possibleCpus: fc.integer({ min: 1, max: 64 }),
          onlineCpus: fc.integer({ min: 1, max: 64 }),
          pageSizeBytes: fc.constantFrom(4096, 16384, 65536),
          devices: fc.integer({ min: 1, max: 4 }),
          bufferLayout: fc.constantFrom(...BUFFER_LAYOUTS),
          zram: fc.record({
            zspagePages: fc.integer(ZSPAGE_PAGES),
            freeOrder: fc.constantFrom(...FREE_ORDERS),
            allocationStages: fc.constantFrom(...ALLOCATION_STAGES),
            protection: fc.constantFrom(...STREAM_PROTECTIONS),
            maxStreams: fc.integer({ min: 1, max: 64 }),
            algorithms: fc.integer({ min: 1, max: 4 }),
          }),
          tables: fc.option(
            fc.record({
              window: fc.constantFrom('none' as const, 'same-offset' as const),
              tablesFor: fc.constantFrom(...TABLES_FOR),
              tlb: fc.record({ entries: fc.constantFrom(16, 64), ways: fc.constantFrom(1, 4) }),
            }),
            { nil: undefined },
          ),
        }),
        ({ pageSizeBytes, tables, ...rest }) => {
          const translation = TRANSLATIONS.find((name) => pageBytesOf(name) === pageSizeBytes) ?? '4k-48';
          const addressSpace = tables === undefined ? undefined : { translation, ...tables };
          const config = machineConfig({ pageSizeBytes, memoryBytes: 8 * pageSizeBytes, addressSpace, ...rest });
          const formatted = Arena.format(new SharedArrayBuffer(Arena.bytesFor(config)), config);
          formatted.seal();
          expect(Arena.attach(formatted.buffer).config).toEqual(config);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('refuses a buffer that holds no machine', () => {
    const refusal = 'the buffer holds no machine of this version';
    for (const bytes of [0, 8, 256, 4096]) {
      expect(() => Arena.attach(new SharedArrayBuffer(bytes)), `${bytes} zero bytes`).toThrow(refusal);
    }
    const noise = new SharedArrayBuffer(4096);
    new Uint8Array(noise).fill(0xa5);
    expect(() => Arena.attach(noise)).toThrow(refusal);
  });

  it('refuses a machine of another version', () => {
    const { arena } = makeMachine();
    arena.words[HeaderW.version] = ARENA_VERSION + 1;
    expect(() => Arena.attach(arena.buffer)).toThrow('the buffer holds no machine of this version');
  });

  it('refuses a machine that was not booted to the end', () => {
    const config = machineConfig();
    const formatted = Arena.format(new SharedArrayBuffer(Arena.bytesFor(config)), config);
    expect(() => Arena.attach(formatted.buffer)).toThrow('the buffer holds no machine of this version');
    formatted.seal();
    expect(() => Arena.attach(formatted.buffer)).not.toThrow();
  });

  it('refuses a design that it does not know', () => {
    const { arena } = makeMachine();
    arena.words[HeaderW.bufferLayout] = 99;
    expect(() => Arena.attach(arena.buffer)).toThrow('unknown buffer layout 99');
  });

  it('refuses a buffer that is shorter than the machine whose header it has', () => {
    const { arena } = makeMachine();
    const cut = new SharedArrayBuffer(arena.buffer.byteLength - 4096);
    new Uint8Array(cut).set(arena.bytes.subarray(0, cut.byteLength));
    expect(() => Arena.attach(cut)).toThrow(`${cut.byteLength} bytes is smaller than ${arena.buffer.byteLength}`);
  });

  it('takes a copy of the bytes for the same machine', () => {
    const { arena } = makeMachine({ devices: 2 });
    const copy = new SharedArrayBuffer(arena.buffer.byteLength);
    new Uint8Array(copy).set(arena.bytes);
    expect(Arena.attach(copy).config).toEqual(arena.config);
  });
});

describe('format', () => {
  it('refuses a buffer that is too small', () => {
    const config = machineConfig();
    const bytes = Arena.bytesFor(config);
    expect(() => Arena.format(new SharedArrayBuffer(bytes - 8), config)).toThrow(
      `arena of ${bytes - 8} bytes is smaller than ${bytes}`,
    );
  });

  it('clears everything in front of the page frames and leaves the frames as they are', () => {
    const config = machineConfig();
    const buffer = new SharedArrayBuffer(Arena.bytesFor(config));
    new Uint8Array(buffer).fill(0xff);
    const arena = Arena.format(buffer, config);
    const { zone, frames } = arena.geometry;
    expect(arena.bytes.subarray(zone, frames).every((byte) => byte === 0)).toBe(true);
    expect(arena.bytes.subarray(frames).every((byte) => byte === 0xff)).toBe(true);
    expect(arena.words[HeaderW.magic]).toBe(0);
  });

  it('uses no more of a larger buffer than it needs', () => {
    const config = machineConfig();
    const needed = Arena.bytesFor(config);
    const buffer = new SharedArrayBuffer(needed + 4096);
    const arena = Arena.format(buffer, config);
    expect(arena.frameAddress(frameNumber(arena.frameCount))).toBe(needed);
  });
});

describe('sizes', () => {
  it('drop a rest of memory that fills no frame', () => {
    const { arena } = makeMachine({ memoryBytes: 100 * 4096 + 4095 });
    expect(arena.frameCount).toBe(100);
  });

  it('round the disk up to whole pages', () => {
    const { arena } = makeMachine({ diskSizeBytes: 10 * 4096 + 1 });
    expect(arena.slotCount).toBe(11);
  });
});

describe('addresses', () => {
  const { arena } = makeMachine({ devices: 3 });

  it('of frames follow one another page by page up to the end of the arena', () => {
    expect(arena.frameAddress(frameNumber(0))).toBe(arena.geometry.frames);
    expect(arena.frameAddress(frameNumber(7)) - arena.frameAddress(frameNumber(6))).toBe(4096);
    expect(arena.frameAddress(frameNumber(arena.frameCount))).toBe(arena.buffer.byteLength);
  });

  it('of blocks are within their regions', () => {
    expect(arena.cpuWord(cpuId(0)) * 4).toBe(arena.geometry.cpuBlocks);
    expect(arena.cpuWord(cpuId(4)) * 4).toBe(arena.geometry.deviceCounters);
    expect(arena.deviceWord(3) * 4).toBe(arena.geometry.poolClasses);
    expect(arena.poolClassWord(0) * 4).toBe(arena.geometry.poolClasses);
    expect(arena.poolClassWord(3) * 4).toBe(arena.geometry.zone);
    expect(arena.zoneWord() * 4).toBe(arena.geometry.zone);
    expect(arena.descriptorWord(frameNumber(0)) * 4).toBe(arena.geometry.frameDescriptors);
  });

  it('outside the arena throw instead of reading nothing', () => {
    expect(() => arena.word(arena.words.length)).toThrow(`word ${arena.words.length} lies outside the arena`);
    expect(() => arena.word(-1)).toThrow('word -1 lies outside the arena');
    expect(() => arena.double(arena.doubles.length)).toThrow('lies outside the arena');
  });
});
