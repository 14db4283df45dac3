/** Against the figures that the proposal of 2026 gives for 160 CPUs, worked out table by table in a simulated memory. */
import { describe, expect, it } from 'vitest';
import { localTableBytes, type LocalWindow } from '../../../../src/main/lab/replay/local-window.ts';
import { replayReadings } from '../../../../src/main/lab/replay/replay-trace.ts';
import { TraceParser } from '../../../../src/main/evidence/percpu-trace/trace-parser.ts';
import type { MachineCost } from '../../../../src/shared/replay-report.ts';
import { ok } from '../../../../src/shared/result.ts';
import { TraceWriter } from './trace-text.ts';

const UNIT = 192 * 1024;
const packed = (possibleCpus: number): LocalWindow => ({ possibleCpus, unitBytes: UNIT, strideBytes: UNIT });
const sameOffset = (possibleCpus: number): LocalWindow => ({
  possibleCpus,
  unitBytes: UNIT,
  strideBytes: UNIT * possibleCpus,
});
const chunks = (count: number): number[] => Array.from({ length: count }, (_, place) => place);
const kib = (window: LocalWindow, count: number): number => localTableBytes(window, chunks(count)) / 1024;

describe('private page tables of 48-bit addresses and 4 KiB pages', () => {
  it('of five chunks of 192 KiB are the published ones, for any number of CPUs', () => {
    const published = [
      [8, 124, 220],
      [64, 1020, 2044],
      [160, 2556, 5116],
      [256, 4092, 8188],
      [512, 8188, 16380],
    ] as const;
    for (const [cpus, packedKib, sameOffsetKib] of published) {
      expect([cpus, kib(packed(cpus), 5), kib(sameOffset(cpus), 5)]).toEqual([cpus, packedKib, sameOffsetKib]);
    }
  });

  it('of eleven chunks more, those of 10,000 cgroups, grow by the published figures', () => {
    expect(kib(packed(160), 16) - kib(packed(160), 5)).toBe(640);
    expect(kib(sameOffset(160), 16) - kib(sameOffset(160), 5)).toBe(7040);
  });

  it('of no chunk are the top-level tables alone', () => {
    expect(kib(sameOffset(160), 0)).toBe(636);
  });

  it('count a unit that straddles two tables twice', () => {
    const window = { possibleCpus: 1, unitBytes: 2 ** 21, strideBytes: 3 * 2 ** 20 };
    // Chunk 1 lies at 3 to 5 MiB: tables 1 and 2 of the last level.
    expect(localTableBytes(window, [1])).toBe((2 + 1 + 1) * 4096);
  });
});

describe('the same requests on another machine', () => {
  async function costs(otherMachine: object): Promise<readonly MachineCost[] | string> {
    const trace = new TraceWriter().create('a').allocMany('32768/4096', 'a', 0, 32).create('b').alloc('64/8', 'b', 0);
    trace.free('b', 0).free('a', 0);
    const replayed = await replayReadings({
      name: 'text',
      read: (onEvent) => {
        const parser = new TraceParser(onEvent);
        parser.push(Buffer.from(trace.text()));
        return Promise.resolve(ok(parser.end()));
      },
      stats: undefined,
      boot: undefined,
      otherMachine,
    });
    return replayed.ok ? replayed.value.machines : replayed.error.message;
  }

  it('with a local mapping have tables and address space on top, and the same pages', async () => {
    const [mapped, plain] = await Promise.all(
      ['local-mapping', 'segment'].map(async (accessMode) => {
        const machines = await costs({ possibleCpus: 8, accessMode });
        if (typeof machines === 'string') throw new Error(machines);
        return machines[1];
      }),
    );
    expect(mapped).toMatchObject({ possibleCpus: 8, accessMode: 'local-mapping', chunksPeak: 2 });
    // Three chunks of 8 units of 1 MiB each, the first one included: three last-level tables, one of each other level.
    expect(mapped?.localTableBytesPeak).toBe(7 * 4096 + 8 * 5 * 4096);
    expect(mapped?.localAddressSpaceBytesPeak).toBe(3 * 2 ** 20);
    expect(plain).toEqual({
      ...mapped,
      accessMode: 'segment',
      localTableBytesPeak: 0,
      localTableBytesAtEnd: 0,
      localAddressSpaceBytesPeak: 0,
    });
  });

  it('have their memory told over time', async () => {
    const machines = await costs({ possibleCpus: 16 });
    if (typeof machines === 'string') throw new Error(machines);
    const [recorded, other] = machines;
    expect(other?.memory.length).toBe(recorded?.memory.length);
    const peak = (cost: MachineCost | undefined): number =>
      Math.max(...(cost?.memory ?? []).map(({ liveBytes }) => liveBytes));
    expect(peak(recorded)).toBe((32 * 32768 + 64) * (recorded?.possibleCpus ?? 0));
    expect(peak(other)).toBe((32 * 32768 + 64) * 16);
  });

  it('are refused units that are no pages', async () => {
    expect(await costs({ unitBytes: 5000 })).toMatch(/^a unit of 5000 bytes is no number of pages/);
  });
});
