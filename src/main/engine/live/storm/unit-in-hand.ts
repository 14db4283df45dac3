/**
 * The unit of work in which a task is interrupted: its operations step by step, so that a tick can come between any two steps
 * and another CPU can go on with the next one. What is done of it is in the task's block.
 *
 *     unit     [ add ][ add ][ read ][ cmpxchg ]          doneOfUnit = 2
 *                             ▲ step 1 of its access: here the task left its CPU
 *
 * Its effects are those of OperationLoops: xchg puts what it found into the shared total, a cmpxchg that fails is repeated.
 */
import { TaskI64, TaskW } from '../../../machine/percpu/access/task-layout.ts';
import type { Tasks } from '../../../machine/percpu/access/tasks.ts';
import type { ThisCpuRequest, ThisCpuSteps } from '../../../machine/percpu/access/this-cpu-steps.ts';
import type { MixVariables } from '../../../machine/percpu/access/operation-loops.ts';
import type { MixOperation } from '../../../../shared/this-cpu-profile.ts';
import type { MixStep } from './storm-plan.ts';

const FLAG_BITS = 0x55n;

/** One CPU's execution of units in hand. By that CPU's thread. */
export class UnitInHand {
  readonly #tasks: Tasks;
  readonly #steps: ThisCpuSteps;
  /** Every operation of a unit, in order. */
  readonly #operations: readonly MixOperation[];
  readonly #variables: MixVariables;

  constructor(tasks: Tasks, steps: ThisCpuSteps, mix: { steps: readonly MixStep[]; variables: MixVariables }) {
    this.#tasks = tasks;
    this.#steps = steps;
    this.#operations = mix.steps.flatMap(({ operation, number }) =>
      Array.from({ length: number }, (): MixOperation => operation),
    );
    this.#variables = mix.variables;
  }

  /** Operations of a unit. */
  get length(): number {
    return this.#operations.length;
  }

  /** Whether the task has begun a unit and not finished it. */
  isUnderWay(task: number): boolean {
    return this.#done(task) > 0 || this.#steps.isUnderWay(task);
  }

  /** Does the rest of the unit, the operation in hand first. */
  finish(task: number): void {
    if (this.#steps.isUnderWay(task)) this.#finishOperation(task);
    while (this.#done(task) < this.#operations.length) this.#perform(task);
    this.#setDone(task, 0);
  }

  /** Does operations until `done` of the unit's are. */
  advance(task: number, done: number): void {
    while (this.#done(task) < done) this.#perform(task);
  }

  /** Begins the next operation and does up to `steps` of its steps; true when that finished it. */
  begin(task: number, steps: number): boolean {
    const operation = this.#operations[this.#done(task)];
    if (operation === undefined || operation === 'shared_add') return true;
    this.#steps.begin(task, this.#request(task, operation));
    for (let turn = 0; turn < steps; turn++) if (this.step(task)) return true;
    return false;
  }

  /** Does a step of the operation in hand; true when that finished it. */
  step(task: number): boolean {
    if (!this.#steps.step(task)) return false;
    this.#settle(task);
    return true;
  }

  #perform(task: number): void {
    const operation = this.#operations[this.#done(task)];
    if (operation === undefined) throw new Error(`task ${task} has no unit in hand`);
    if (operation === 'shared_add') {
      this.#addToShared(1);
      this.#setDone(task, this.#done(task) + 1);
      return;
    }
    this.#steps.begin(task, this.#request(task, operation));
    this.#finishOperation(task);
  }

  #finishOperation(task: number): void {
    while (!this.step(task));
  }

  /** The effects of an operation that has come to its end. */
  #settle(task: number): void {
    const operation = this.#operations[this.#done(task)];
    const result = this.#steps.result(task);
    if (operation === 'xchg') this.#addToShared(Number(result));
    if (operation === 'cmpxchg' && result !== this.#expected(task)) {
      this.#steps.begin(task, { ...this.#request(task, operation), operand: result + 1n, expected: result });
      this.#finishOperation(task);
      return;
    }
    this.#setDone(task, this.#done(task) + 1);
  }

  #request(task: number, operation: Exclude<MixOperation, 'shared_add'>): ThisCpuRequest {
    const { counter, flags } = this.#variables;
    switch (operation) {
      case 'add':
      case 'add_return':
        return { operation, widthBits: 32, pointer: counter, operand: 1n };
      case 'cmpxchg': {
        const seen = this.#steps.result(task);
        return { operation, widthBits: 32, pointer: counter, operand: seen + 1n, expected: seen };
      }
      case 'read':
      case 'xchg':
        return { operation, widthBits: 32, pointer: counter, operand: 0n };
      case 'and':
      case 'or':
      case 'write':
        return { operation, widthBits: 32, pointer: flags, operand: FLAG_BITS };
    }
  }

  #expected(task: number): bigint {
    return this.#tasks.machine.arena.longs[this.#tasks.taskWord(task) / 2 + TaskI64.expected] ?? 0n;
  }

  #addToShared(amount: number): void {
    Atomics.add(this.#tasks.machine.arena.words, this.#tasks.sharedTotalWord, amount);
  }

  #done(task: number): number {
    return this.#tasks.machine.arena.word(this.#tasks.taskWord(task) + TaskW.doneOfUnit);
  }

  #setDone(task: number, done: number): void {
    this.#tasks.machine.arena.words[this.#tasks.taskWord(task) + TaskW.doneOfUnit] = done;
  }
}
