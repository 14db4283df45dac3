import { describe, expect, it, vi } from 'vitest';
import { complete } from '../../../../src/main/machine/cpu.ts';
import { LiveCpu } from '../../../../src/main/engine/live/live-cpu.ts';
import { Lz4Codec } from '../../../../src/main/engine/codec/lz4.ts';
import { zramAfterwards } from '../../../../src/main/lab/zram/zram-afterwards.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import type { ZramProfile } from '../../../../src/shared/zram-profile.ts';
import { makeMachine } from '../../machine/fixtures/make-machine.ts';
import { auditMachine } from '../../machine/fixtures/pool-audit.ts';
import { blankPage } from '../../machine/fixtures/sized-pages.ts';

const SLOTS = 64;
/** Nobody cancels. */
const NEVER = new AbortController().signal;

/** Letters of a small alphabet behind random bytes: LZ4 leaves what zstd still shrinks. */
function textPage(seed: number) {
  const page = blankPage();
  const random = new Random(seed);
  for (let at = 0; at < 4096; at++) page.bytes[at] = 97 + random.nextBelow(4);
  random.fillBytes(page.bytes.subarray(0, seed === 0 ? 100 : 700));
  return page;
}

/** Two devices at rest with a page in every second slot, after writes and discards by a live CPU. */
function machineAtRest() {
  const machine = makeMachine({ devices: 2, diskSizeBytes: SLOTS * 4096, memoryBytes: 512 * 4096 });
  const { arena } = machine;
  const cpu = new LiveCpu(arena, cpuId(0), new Lz4Codec(arena.buffer, 4096));
  for (const device of machine.devices) {
    for (let slot = 0; slot < SLOTS; slot++) {
      // Two contents, so two size classes, each with holes after the discards.
      expect(complete(device.writeRequest(cpu, slot, [textPage(slot & 2)]))).toBe(IoStatus.done);
    }
    for (let slot = 0; slot < SLOTS; slot += 2) complete(device.discard(cpu, slot, 1));
  }
  return arena;
}

async function reportOf(zram: ZramProfile | undefined) {
  const arena = machineAtRest();
  const report = await zramAfterwards({ memory: arena, codec: { name: 'lz4' } }, zram, NEVER);
  auditMachine(arena);
  if (!report.ok) throw new Error(report.error.message);
  return report.value;
}

/** Columns of an mm_stat text. */
function columns(text: string): { readonly compressed: number; readonly used: number; readonly compacted: number } {
  const [, compressed = NaN, used = NaN, , , , compacted = NaN] = text.trim().split(/ +/).map(Number);
  return { compressed, used, compacted };
}

describe('the devices at the end of a sample', () => {
  it('are told as they are, and left so, when the profile asks for nothing', async () => {
    const { atEnd, afterwards } = await reportOf(undefined);
    expect(afterwards).toEqual([]);
    expect(atEnd).toHaveLength(2);
    const [first, second] = atEnd;
    expect(first).toEqual(second);
    expect(first?.ioStat).toBe('       0        0 0       32\n');
    expect(first?.debugStat).toBe('version: 1\n0        0\n');
    const pages = (first?.classes ?? []).reduce((sum, row) => sum + row.pagesUsed, 0);
    expect(columns(first?.mmStat ?? '').used).toBe(pages * 4096);
    expect((first?.classes ?? []).reduce((sum, row) => sum + row.usedObjects, 0)).toBe(SLOTS / 2);
  });

  it('lose to compaction what their class tables call freeable', async () => {
    const { atEnd, afterwards } = await reportOf({ afterwards: [{ do: 'compact' }] });
    const freeable = atEnd.flatMap(({ classes }) => classes).reduce((sum, row) => sum + row.freeablePages, 0);
    expect(freeable).toBeGreaterThan(0);
    expect(afterwards[0]?.pagesReleased).toBe(freeable);
    expect(columns(afterwards[0]?.devices[0]?.mmStat ?? '').compacted).toBe(freeable / 2);
  });

  it('are recompressed by the algorithms of the profile, step by step', async () => {
    const { atEnd, afterwards } = await reportOf({
      recompression: ['zstd', 'deflate'],
      afterwards: [{ do: 'recompress', type: 'idle' }, { do: 'idle' }, { do: 'recompress', type: 'idle', maxPages: 5 }],
    });
    expect(afterwards.map(({ pagesTried }) => pagesTried)).toEqual([0, 0, 10]);
    const [before, after] = [atEnd[0], afterwards[2]?.devices[0]].map((device) => columns(device?.mmStat ?? ''));
    expect(afterwards[2]?.pagesRecompressed).toBe(10);
    expect(after?.compressed).toBeLessThan(before?.compressed ?? 0);
  });

  it('may be recompressed by one algorithm alone', async () => {
    const { afterwards } = await reportOf({
      recompression: ['zstd', 'deflate'],
      afterwards: [
        { do: 'recompress', algorithm: 'deflate' },
        { do: 'recompress', algorithm: 'zstd' },
      ],
    });
    expect(afterwards[0]?.pagesTried).toBe(SLOTS);
    // zstd is of a lower priority than what made them now.
    expect(afterwards[1]?.pagesTried).toBeLessThan(SLOTS);
  });

  it('tell who made what is stored, before and after recompression', async () => {
    const { atEnd, afterwards } = await reportOf({
      recompression: ['zstd', 'deflate'],
      afterwards: [{ do: 'recompress', algorithm: 'zstd', maxPages: 5 }],
    });
    expect(atEnd[0]?.stored?.map(({ by, pages }) => [by, pages])).toEqual([['lz4', SLOTS / 2]]);
    const after = afterwards[0]?.devices[0];
    expect(after?.stored?.map(({ by, pages }) => [by, pages])).toEqual([
      ['lz4', SLOTS / 2 - 5],
      ['zstd', 5],
    ]);
    const bytes = (after?.stored ?? []).reduce((sum, share) => sum + share.bytes, 0);
    expect(bytes).toBe(columns(after?.mmStat ?? '').compressed);
  });

  it('come out the same however often the lab had something else to do meanwhile', async () => {
    const zram: ZramProfile = {
      recompression: ['zstd', 'deflate'],
      afterwards: [{ do: 'compact' }, { do: 'idle' }, { do: 'recompress', type: 'idle' }, { do: 'compact' }],
    };
    const atOnce = await reportOf(zram);
    // A clock that jumps: a turn is due at every lock.
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    const inPieces = await reportOf(zram);
    expect(clock.mock.calls.length).toBeGreaterThan(SLOTS);
    expect(inPieces).toEqual(atOnce);
  });

  it('are left in the middle of a step by who cancels', async () => {
    const zram: ZramProfile = { recompression: ['zstd'], afterwards: [{ do: 'recompress' }] };
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    const report = zramAfterwards({ memory: machineAtRest(), codec: { name: 'lz4' } }, zram, AbortSignal.abort());
    expect(await report).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('are reported as failed where the machine refuses', async () => {
    const report = await zramAfterwards(
      { memory: machineAtRest(), codec: { name: 'lz4' } },
      { afterwards: [{ do: 'recompress' }] },
      NEVER,
    );
    expect(report).toMatchObject({ ok: false, error: { code: 'bad-input', where: 'zram.afterwards' } });
  });
});
