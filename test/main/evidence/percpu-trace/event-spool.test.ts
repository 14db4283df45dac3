import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EventSpool } from '../../../../src/main/evidence/percpu-trace/event-spool.ts';
import type { TraceEvent } from '../../../../src/main/evidence/percpu-trace/trace-event.ts';

function spoolWith(keptBlocks: number): EventSpool {
  const spool = new EventSpool(keptBlocks);
  onTestFinished(() => spool.close());
  return spool;
}

function readAll(spool: EventSpool): TraceEvent[] {
  const events: TraceEvent[] = [];
  for (const share of spool.read((event) => events.push(event))) expect(share).toBeGreaterThan(0);
  return events;
}

const latin = fc.string({
  unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
const origin = {
  line: fc.oneof(fc.nat(3000), fc.nat(2 ** 40)),
  timeUs: fc.oneof(fc.nat(1e6), fc.maxSafeNat(), fc.double({ min: 0, max: 1e15, noNaN: true })),
  cpu: fc.nat(65535),
  task: latin,
  inInterrupt: fc.boolean(),
};
const request = {
  isReserved: fc.boolean(),
  isAtomic: fc.boolean(),
  sizeBytes: fc.integer({ min: 1, max: 65536 }),
  alignBytes: fc.constantFrom(1, 4, 64, 4096, 65536),
};
const place = { base: latin, offsetBytes: fc.nat(2 ** 28 - 1) };
const events: fc.Arbitrary<TraceEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('alloc' as const),
    ...origin,
    ...request,
    ...place,
    callSite: fc.option(latin, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('fail' as const), ...origin, ...request }),
  fc.record({ kind: fc.constant('free' as const), ...origin, ...place }),
  fc.record({ kind: fc.constantFrom('create' as const, 'destroy' as const), ...origin, base: latin }),
  fc.record({
    kind: fc.constant('lost' as const),
    line: fc.oneof(fc.nat(3000), fc.nat(2 ** 40)),
    cpu: fc.nat(65535),
    count: fc.option(fc.maxSafeNat(), { nil: undefined }),
  }),
);

/** So many events, of three blocks and more. */
const MANY = 200_000;

function manyEvents(index: number): TraceEvent {
  return {
    kind: 'free',
    line: index,
    timeUs: index / 4,
    cpu: index % 7,
    task: `task-${index % 90_000}`,
    inInterrupt: index % 2 === 0,
    base: `base-${index % 11}`,
    offsetBytes: 4 * index,
  };
}

function foldersOfSpools(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('percpu-lab-events-'));
}

describe('events that were put away', () => {
  it('come back as they were, and in their order, as often as they are read', () => {
    fc.assert(
      fc.property(fc.array(events), fc.nat(1), (all, keptBlocks) => {
        const spool = new EventSpool(keptBlocks);
        for (const event of all) spool.write(event);
        expect(spool.finish().ok).toBe(true);
        expect(readAll(spool)).toEqual(all);
        expect(readAll(spool)).toEqual(all);
        spool.close();
      }),
    );
  });

  it.each([0, 1, 1000])('may be many, with more names than have a number at once, with %i blocks in memory', (kept) => {
    const spool = spoolWith(kept);
    for (let index = 0; index < MANY; index++) spool.write(manyEvents(index));
    expect(spool.finish().ok).toBe(true);
    let index = 0;
    let wrong = 0;
    const shares = [
      ...spool.read((read) => {
        const wanted = manyEvents(index);
        if (!isDeepStrictEqual(read, wanted)) wrong += 1;
        index += 1;
      }),
    ];
    expect(shares.length).toBeGreaterThan(3);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    expect([index, wrong]).toEqual([MANY, 0]);
  });

  it('make no file while they fit in memory', () => {
    const before = foldersOfSpools();
    const spool = spoolWith(1);
    spool.write(manyEvents(0));
    expect(spool.finish().ok).toBe(true);
    expect(foldersOfSpools()).toEqual(before);
  });

  it('are gone with the file when it is closed', () => {
    const before = new Set(foldersOfSpools());
    const spool = spoolWith(0);
    spool.write(manyEvents(0));
    spool.finish();
    const [made = ''] = foldersOfSpools().filter((name) => !before.has(name));
    expect(existsSync(`${tmpdir()}/${made}/events`)).toBe(true);
    spool.close();
    expect(existsSync(`${tmpdir()}/${made}`)).toBe(false);
  });

  it('say so when there is no room for the file', () => {
    const folder = process.env['TMPDIR'];
    onTestFinished(() => {
      if (folder === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = folder;
    });
    const spool = spoolWith(0);
    spool.write(manyEvents(0));
    process.env['TMPDIR'] = '/nowhere/at/all';
    const finished = spool.finish();
    expect(finished.ok ? '' : finished.error.message).toContain('cannot be put away in /nowhere/at/all');
  });
});
