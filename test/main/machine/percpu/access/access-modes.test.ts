import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modify, THIS_CPU_OPERATIONS } from '../../../../../src/main/machine/percpu/access/operations.ts';
import type { TaskProgram } from '../../../../../src/main/machine/percpu/access/run-tasks.ts';
import type { ThisCpuRequest } from '../../../../../src/main/machine/percpu/access/this-cpu-steps.ts';
import type { PercpuPtr } from '../../../../../src/main/machine/units.ts';
import { ACCESS_MODES, type AccessMode } from '../../../../../src/shared/design.ts';
import { runInterleaved } from './interleaved-tasks.ts';

const EXACT = ACCESS_MODES.filter((mode) => mode !== 'unprotected');
const WIDTHS = [32, 64] as const;
type Width = (typeof WIDTHS)[number];

/** Every task does the same operation so many times. */
function repeat(times: number, request: (task: number, turn: number) => Omit<ThisCpuRequest, 'pointer'>) {
  return (pointer: PercpuPtr): TaskProgram => {
    const done = new Map<number, number>();
    return {
      next: (task) => {
        const turn = done.get(task) ?? 0;
        done.set(task, turn + 1);
        return turn === times ? undefined : { ...request(task, turn), pointer };
      },
    };
  };
}

/** A copy as the operations of that width see it. */
function seenAs(width: Width, copies: readonly bigint[]): readonly bigint[] {
  return copies.map((copy) => BigInt.asIntN(width, copy));
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((added, value) => added + value, 0n);
}

const anyRun = fc.record({
  cpus: fc.integer({ min: 1, max: 4 }),
  tasks: fc.integer({ min: 1, max: 8 }),
  seed: fc.nat(),
  interrupts: fc.integer({ min: 1, max: 200 }),
  width: fc.constantFrom(...WIDTHS),
});

describe.each(EXACT)('%s', (mode: AccessMode) => {
  it('loses no addition, whatever interrupts and migrations do', () => {
    fc.assert(
      fc.property(anyRun, fc.constantFrom('add' as const, 'add_return' as const), (run, operation) => {
        const program = repeat(25, (task) => ({ operation, widthBits: run.width, operand: BigInt(task + 1) }));
        const { copies, figures } = runInterleaved({ ...run, mode, program });
        expect(figures.strayAccesses).toBe(0);
        const expected = 25 * ((run.tasks * (run.tasks + 1)) / 2);
        expect(sum(seenAs(run.width, copies))).toBe(BigInt(expected));
      }),
      { numRuns: 25 },
    );
  });

  it('loses no increment made by read and cmpxchg, tried again until it succeeds', () => {
    const program =
      (width: Width) =>
      (pointer: PercpuPtr): TaskProgram => {
        const state = new Map<number, { left: number; expected: bigint | undefined }>();
        return {
          next: (task, result) => {
            const own = state.get(task) ?? { left: 15, expected: undefined };
            state.set(task, own);
            if (own.expected === undefined) {
              if (result === undefined) return { operation: 'read', widthBits: width, pointer, operand: 0n };
              own.expected = result;
              return { operation: 'cmpxchg', widthBits: width, pointer, operand: result + 1n, expected: result };
            }
            if (result === own.expected) own.left -= 1;
            own.expected = undefined;
            return own.left === 0 ? undefined : { operation: 'read', widthBits: width, pointer, operand: 0n };
          },
        };
      };
    // After a cmpxchg comes a read, whose result begins the next attempt.
    fc.assert(
      fc.property(anyRun, (run) => {
        const { copies } = runInterleaved({ ...run, mode, program: program(run.width) });
        expect(sum(seenAs(run.width, copies))).toBe(BigInt(15 * run.tasks));
      }),
      { numRuns: 15 },
    );
  });

  it('hands every value of xchg to exactly one taker', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const taken: bigint[] = [];
        const program = (pointer: PercpuPtr): TaskProgram => {
          const inner = repeat(10, (task, turn) => ({
            operation: 'xchg',
            widthBits: run.width,
            operand: BigInt(1 + task * 10 + turn),
          }))(pointer);
          return {
            next: (task, result) => {
              if (result !== undefined) taken.push(result);
              return inner.next(task, result);
            },
          };
        };
        const { copies } = runInterleaved({ ...run, mode, program });
        const left = seenAs(run.width, copies);
        const values = [...taken, ...left].filter((value) => value !== 0n).toSorted((a, b) => Number(a - b));
        expect(values).toEqual(Array.from({ length: 10 * run.tasks }, (_, index) => BigInt(index + 1)));
        expect([...taken, ...left].length).toBe(10 * run.tasks + run.cpus);
      }),
      { numRuns: 15 },
    );
  });

  it('loses no bit set by or, and none cleared by and', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const bit = (task: number, turn: number): bigint => 1n << BigInt((task * 7 + turn) % 31);
        const ors = repeat(7, (task, turn) => ({ operation: 'or', widthBits: run.width, operand: bit(task, turn) }));
        const wanted = Array.from({ length: run.tasks }, (_, task) =>
          Array.from({ length: 7 }, (_unused, turn) => bit(task, turn)),
        ).flat();
        const set = wanted.reduce((all, each) => all | each, 0n);
        const after = seenAs(run.width, runInterleaved({ ...run, mode, program: ors }).copies);
        expect(after.reduce((all, copy) => all | copy, 0n)).toBe(set);
        const ands = repeat(7, (task, turn) => ({ operation: 'and', widthBits: run.width, operand: ~bit(task, turn) }));
        const kept = seenAs(run.width, runInterleaved({ ...run, mode, program: ands, initial: -1n }).copies);
        expect(kept.reduce((all, copy) => all & copy, -1n)).toBe(~set);
      }),
      { numRuns: 10 },
    );
  });

  it('reads nothing that was not written', () => {
    const seen: bigint[] = [];
    const program = (pointer: PercpuPtr): TaskProgram => {
      const inner = repeat(30, (task, turn) => ({
        operation: turn % 2 === 0 ? 'write' : 'read',
        widthBits: 64,
        operand: BigInt(task + 1) * 0x100000001n,
      }))(pointer);
      return {
        next: (task, result) => {
          if (result !== undefined && result !== 0n) seen.push(result);
          return inner.next(task, result);
        },
      };
    };
    runInterleaved({ mode, cpus: 3, tasks: 6, seed: 5, program });
    expect(seen.length).toBeGreaterThan(30);
    for (const value of seen) expect([1n, 2n, 3n, 4n, 5n, 6n]).toContain(value / 0x100000001n);
  });
});

describe('unprotected', () => {
  const additions = (seed: number, tasks: number, cpus: number) =>
    runInterleaved({
      mode: 'unprotected',
      cpus,
      tasks,
      seed,
      interrupts: 60,
      program: repeat(200, () => ({ operation: 'add', widthBits: 32, operand: 1n })),
    });

  it('loses additions to migrations', () => {
    const { copies, figures } = additions(1, 8, 4);
    expect(figures.migrations).toBeGreaterThan(10);
    expect(figures.strayAccesses).toBeGreaterThan(10);
    expect(sum(copies)).toBeLessThan(1600n);
    expect(sum(copies)).toBeGreaterThan(0n);
  });

  it('loses additions to another task of the same CPU too', () => {
    expect(sum(additions(2, 4, 1).copies)).toBeLessThan(800n);
  });

  it('loses nothing while nobody else is there', () => {
    expect(sum(additions(3, 1, 1).copies)).toBe(200n);
  });
});

describe('what an operation costs', () => {
  it.each([
    ['segment', { preemptPairs: 0, checks: 0, offsetReads: 0, notes: 0, windowAccesses: 0, atomics: 0 }],
    ['preempt-offset', { preemptPairs: 1, checks: 1, offsetReads: 1, notes: 0, windowAccesses: 0, atomics: 1 }],
    ['fixup', { preemptPairs: 0, checks: 0, offsetReads: 1, notes: 1, windowAccesses: 0, atomics: 1 }],
    ['local-mapping', { preemptPairs: 0, checks: 0, offsetReads: 0, notes: 0, windowAccesses: 1, atomics: 1 }],
    ['unprotected', { preemptPairs: 0, checks: 0, offsetReads: 1, notes: 0, windowAccesses: 0, atomics: 0 }],
  ] as const)('%s', (mode, each) => {
    const program = repeat(100, () => ({ operation: 'add', widthBits: 64, operand: 1n }));
    const { figures } = runInterleaved({ mode, cpus: 2, tasks: 4, seed: 9, program });
    expect(figures.operations).toBe(400);
    expect({
      preemptPairs: figures.preemptPairs / 400,
      checks: figures.rescheduleChecks / 400,
      offsetReads: figures.offsetReads / 400,
      notes: figures.notes / 400,
      windowAccesses: figures.windowAccesses / 400,
      atomics: figures.atomics / 400,
    }).toEqual(each);
    expect(figures.switches).toBeGreaterThan(0);
    expect(figures.migrations).toBeGreaterThan(0);
  });

  it('is one translation in every mode but unprotected, which makes two', () => {
    const program = repeat(100, () => ({ operation: 'add', widthBits: 32, operand: 1n }));
    for (const mode of ACCESS_MODES) {
      const { figures } = runInterleaved({ mode, cpus: 2, tasks: 4, seed: 9, program });
      expect(figures.tlbHits + figures.tlbMisses).toBe(mode === 'unprotected' ? 800 : 400);
    }
  });

  it('is rewritten addresses in fixup alone, as many as migrations came in between', () => {
    const program = repeat(200, () => ({ operation: 'add', widthBits: 32, operand: 1n }));
    for (const mode of ACCESS_MODES) {
      const { figures } = runInterleaved({ mode, cpus: 3, tasks: 6, seed: 4, program });
      if (mode === 'fixup') expect(figures.fixups).toBeGreaterThan(0);
      else expect(figures.fixups).toBe(0);
      expect(figures.fixups).toBeLessThanOrEqual(figures.migrations);
    }
  });
});

describe('a run', () => {
  it('is the same, byte for byte, from the same seed', () => {
    const run = (seed: number) =>
      runInterleaved({
        mode: 'preempt-offset',
        cpus: 3,
        tasks: 5,
        seed,
        program: repeat(40, () => ({ operation: 'add', widthBits: 32, operand: 3n })),
      });
    expect(run(7)).toEqual(run(7));
    expect(run(7).fingerprint).not.toBe(run(8).fingerprint);
  });
});

describe('modify', () => {
  it('does what the kernel’s operations do', () => {
    const cases = THIS_CPU_OPERATIONS.map((operation) => modify(operation, { found: 6n, operand: 3n, expected: 6n }));
    expect(cases).toEqual([
      { stored: undefined, result: 6n },
      { stored: 3n, result: 0n },
      { stored: 9n, result: 0n },
      { stored: 9n, result: 9n },
      { stored: 2n, result: 0n },
      { stored: 7n, result: 0n },
      { stored: 3n, result: 6n },
      { stored: 3n, result: 6n },
    ]);
    expect(modify('cmpxchg', { found: 6n, operand: 3n, expected: 5n })).toEqual({ stored: undefined, result: 6n });
  });
});
