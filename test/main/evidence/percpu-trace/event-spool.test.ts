import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EventSpool } from '../../../../src/main/evidence/percpu-trace/event-spool.ts';
import type { TraceEvent } from '../../../../src/main/evidence/percpu-trace/trace-event.ts';

function openSpool(): EventSpool {
  const opened = EventSpool.open();
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(() => opened.value.close());
  return opened.value;
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
  line: fc.nat(),
  timeUs: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e15, noNaN: true })),
  cpu: fc.nat(65535),
  task: latin,
  inInterrupt: fc.boolean(),
};
const request = {
  isReserved: fc.boolean(),
  isAtomic: fc.boolean(),
  sizeBytes: fc.integer({ min: 1, max: 65536 }),
  alignBytes: fc.constantFrom(1, 4, 64, 4096),
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
    line: fc.nat(),
    cpu: fc.nat(65535),
    count: fc.option(fc.nat(), { nil: undefined }),
  }),
);

describe('events in a file', () => {
  it('come back as they were, and in their order, as often as they are read', () => {
    fc.assert(
      fc.property(fc.array(events), (all) => {
        const opened = EventSpool.open();
        if (!opened.ok) throw new Error(opened.error.message);
        const spool = opened.value;
        for (const event of all) spool.write(event);
        expect(spool.finish().ok).toBe(true);
        expect(readAll(spool)).toEqual(all);
        expect(readAll(spool)).toEqual(all);
        spool.close();
      }),
    );
  });

  it('may be many, with more names than are remembered at once', () => {
    const spool = openSpool();
    const event = (index: number): TraceEvent => ({
      kind: 'free',
      line: index,
      timeUs: index / 3,
      cpu: index % 7,
      task: `task-${index % 90_000}`,
      inInterrupt: index % 2 === 0,
      base: `base-${index % 11}`,
      offsetBytes: 4 * index,
    });
    for (let index = 0; index < 200_000; index++) spool.write(event(index));
    expect(spool.finish().ok).toBe(true);
    let index = 0;
    let wrong = 0;
    const shares = [
      ...spool.read((read) => {
        const wanted = event(index);
        if (wanted.kind !== 'free' || read.kind !== 'free') wrong += 1;
        else if (read.task !== wanted.task || read.base !== wanted.base || read.line !== index) wrong += 1;
        index += 1;
      }),
    ];
    expect(shares.at(-1)).toBe(1);
    expect([index, wrong]).toEqual([200_000, 0]);
  });

  it('are gone with the file when it is closed', () => {
    const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('percpu-lab-events-'));
    const before = new Set(folders());
    const opened = EventSpool.open();
    if (!opened.ok) throw new Error(opened.error.message);
    const [made = ''] = folders().filter((name) => !before.has(name));
    expect(existsSync(`${tmpdir()}/${made}/events`)).toBe(true);
    opened.value.close();
    expect(existsSync(`${tmpdir()}/${made}`)).toBe(false);
  });
});
