/**
 * From what CPUs have been seen to do with locks to problems in plain words.
 *
 * Orders are seen in the whole: if one CPU takes B under A and another one A under B, or by way of a third class, then both can
 * come to wait for each other, whether they ever have or not.
 *
 *     A ──▶ B      CPU 1, write: takes B under A
 *     ▲     │
 *     └─ C ◀┘      CPU 0, compaction: takes C under B;  CPU 2, read: takes A under C           one circle, told once
 */
import { assertUnreachable } from '../../../shared/result.ts';
import type { LockChain, LockProblem, LockReport } from '../../../shared/lock-report.ts';
import { LOCK_CLASS_COUNT, type LockClass } from '../cpu.ts';
import { OPERATION_WORDS } from '../operation.ts';
import { LOCK_CLASS_WORDS } from './lock-classes.ts';
import type { Chain, LockRecord, SeenProblem } from './lock-record.ts';

/** What the record says now; its CPUs may still run. */
export function lockReport(record: LockRecord): LockReport {
  const orders = allOrders(record);
  return {
    acquisitions: record.acquisitions(),
    orders: orders.length,
    problems: [
      ...circles(record, orders),
      ...record.problems().map(({ kind, lockClass, chain, before }) => ({
        kind,
        message: seenMessage(kind, className(lockClass)),
        chains: [chainOf(chain, doneThen(kind)), ...(before === undefined ? [] : [chainOf(before, 'uses the stream')])],
      })),
    ],
  };
}

interface Order {
  readonly outer: LockClass;
  readonly inner: LockClass;
}

function allOrders(record: LockRecord): readonly Order[] {
  const classes = Array.from({ length: LOCK_CLASS_COUNT }, (_, lockClass) => lockClass as LockClass);
  return classes.flatMap((outer) =>
    classes.filter((inner) => record.order(outer, inner) !== undefined).map((inner) => ({ outer, inner })),
  );
}

/** Each circle of orders once, a shortest one through every order that is in any. */
function circles(record: LockRecord, orders: readonly Order[]): readonly LockProblem[] {
  const told = new Set<string>();
  return orders.flatMap((order) => {
    const back = shortestWay(orders, order.inner, order.outer);
    if (back === undefined) return [];
    const circle = [order.outer, ...back.slice(0, -1)];
    const name = circle.toSorted((one, other) => one - other).join(' ');
    if (told.has(name)) return [];
    told.add(name);
    const chains = circle.flatMap((outer, at) => {
      const chain = record.order(outer, circle[at + 1] ?? order.outer);
      return chain === undefined ? [] : [chainOf(chain, undefined)];
    });
    const words = [...circle, order.outer].map((lockClass) => LOCK_CLASS_WORDS[lockClass]);
    return [{ kind: 'order' as const, message: `locks are taken in a circle: ${words.join(', then ')}`, chains }];
  });
}

/** Classes from `from` to `to`, both included, each taken under the one before; undefined when there is no way. */
function shortestWay(orders: readonly Order[], from: LockClass, to: LockClass): readonly LockClass[] | undefined {
  const ways: (readonly LockClass[])[] = [[from]];
  const seen = new Set<LockClass>([from]);
  for (const way of ways) {
    const last = way.at(-1);
    if (last === to) return way;
    for (const { outer, inner } of orders) {
      if (outer !== last || seen.has(inner)) continue;
      seen.add(inner);
      ways.push([...way, inner]);
    }
  }
  return undefined;
}

function className(lockClass: number | undefined): string {
  return lockClass === undefined ? 'unknown lock' : LOCK_CLASS_WORDS[lockClass as LockClass];
}

function seenMessage(kind: SeenProblem, lock: string): string {
  switch (kind) {
    case 'recursion':
      return `${withArticle(lock)} is waited for by the CPU that holds it`;
    case 'same-class':
      return `${withArticle(lock)} is taken under another ${lock}`;
    case 'sleeping':
      return lock === 'unknown lock'
        ? 'a CPU reschedules where it must not sleep'
        : `${withArticle(lock)}, which may sleep, is taken where sleeping is forbidden`;
    case 'allocating':
      return 'memory is asked for, which may sleep, where sleeping is forbidden';
    case 'stream':
      return lock === 'unknown lock'
        ? 'a stream is used without its buffer lock'
        : 'a stream is used under another lock, or by another CPU, than before';
    case 'left-held':
      return lock === 'unknown lock'
        ? 'an operation ends with preemption off'
        : `an operation ends with ${withArticle(lock)} held`;
    case 'not-held':
      return `${withArticle(lock)} is given back by a CPU that does not hold it`;
    default:
      return assertUnreachable(kind);
  }
}

function withArticle(lock: string): string {
  return `${/^[aeiou]/.test(lock) ? 'an' : 'a'} ${lock}`;
}

/** What happened at the end of the chain; undefined where its last class was taken. */
function doneThen(kind: SeenProblem): string | undefined {
  switch (kind) {
    case 'recursion':
    case 'same-class':
      return undefined;
    case 'sleeping':
    case 'allocating':
      return 'may sleep, with preemption off or under a spinning lock';
    case 'stream':
      return 'uses the stream';
    case 'left-held':
      return 'ends';
    case 'not-held':
      return 'gives it back';
    default:
      return assertUnreachable(kind);
  }
}

/** With what was done in the end, or with the last class as what was taken. */
function chainOf({ cpu, operation, classes }: Chain, then: string | undefined): LockChain {
  const words = classes.map((lockClass) => LOCK_CLASS_WORDS[lockClass]);
  const holding = then === undefined ? words.slice(0, -1) : words;
  return { cpu, operation: OPERATION_WORDS[operation], holding, then: then ?? `takes ${words.at(-1) ?? 'a lock'}` };
}
