import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../../src/main/evidence/percpu-trace/trace-event.ts';
import { EventWindow } from '../../../../src/main/lab/replay/event-window.ts';
import { TimeOrder } from '../../../../src/main/lab/replay/time-order.ts';

const eventAt = (timeUs: number, line: number): TraceEvent => ({
  kind: 'free',
  line,
  timeUs,
  cpu: 0,
  task: 'bash-1',
  inInterrupt: false,
  base: 'b',
  offsetBytes: 0,
});

/** Times as told, and lines out of place; `lost` is a mark. */
function order(times: readonly (number | 'lost')[]): { told: (number | 'lost')[]; displaced: TimeOrder['displaced'] } {
  const told: (number | 'lost')[] = [];
  const timeOrder = new TimeOrder((event) => told.push(event.kind === 'lost' ? 'lost' : event.timeUs));
  for (const [index, time] of times.entries()) {
    timeOrder.take(time === 'lost' ? { kind: 'lost', line: index + 1, cpu: 0, count: 1 } : eventAt(time, index + 1));
  }
  timeOrder.finish();
  return { told, displaced: timeOrder.displaced };
}

describe('events', () => {
  it('that stand in the order of their times stay as they are', () => {
    expect(order([1, 2, 2, 3])).toEqual({ told: [1, 2, 2, 3], displaced: { count: 0, firstLine: undefined } });
  });

  it('out of place are put where they belong, and counted', () => {
    expect(order([1, 5, 3, 4, 7, 6])).toEqual({ told: [1, 3, 4, 5, 6, 7], displaced: { count: 3, firstLine: 3 } });
  });

  it('of an earlier recording behind a later one stay there', () => {
    expect(order([1_000_000, 5, 6])).toEqual({
      told: [1_000_000, 5, 6],
      displaced: { count: 0, firstLine: undefined },
    });
  });

  it('do not pass a mark of lost events', () => {
    expect(order([5, 'lost', 3]).told).toEqual([5, 'lost', 3]);
  });

  it('are all told, whatever their times, and sorted when none was moved further than seven lines', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { maxLength: 60 }), fc.array(fc.nat(6), { minLength: 8 }), (times, steps) => {
        const sorted = times.toSorted((a, b) => a - b);
        const moved = [...sorted];
        for (let index = 0; index + 7 < moved.length; index += 8) {
          const [time = 0] = moved.splice(index, 1);
          moved.splice(index + (steps[(index / 8) % steps.length] ?? 0), 0, time);
        }
        expect(order(moved).told).toEqual(sorted);
        expect(order(times).told.toSorted((a, b) => Number(a) - Number(b))).toEqual(sorted);
      }),
    );
  });
});

describe('a window of events', () => {
  type Step =
    { readonly kind: 'push' } | { readonly kind: 'shift' } | { readonly kind: 'replace'; readonly at: number };
  const steps = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant<Step>({ kind: 'push' }) },
      { weight: 3, arbitrary: fc.constant<Step>({ kind: 'shift' }) },
      { weight: 1, arbitrary: fc.nat(9).map((at): Step => ({ kind: 'replace', at })) },
    ),
    { maxLength: 5000, size: 'max' },
  );

  it('is an array, only that taking the first is cheap', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const window = new EventWindow<number>();
        const model: number[] = [];
        for (const [number, step] of all.entries()) {
          if (step.kind === 'push') {
            window.push(number);
            model.push(number);
          } else if (step.kind === 'shift') {
            expect(window.shift()).toBe(model.shift());
          } else if (step.at < model.length) {
            window.replace(step.at, 1, number, -number);
            model.splice(step.at, 1, number, -number);
          }
          expect(window.length).toBe(model.length);
          expect(window.at(1)).toBe(model[1]);
        }
        expect(window.items()).toEqual(model);
      }),
      { numRuns: 30 },
    );
  });
});
