/**
 * A this_cpu operation as the steps at whose borders an interrupt may come.
 *
 *     segment          [ access through the segment base ]           an access is [ load │ store ]
 *     local-mapping    [ access in the window ]
 *     preempt-offset   [ preempt off ][ read offset ][ access ][ preempt on, check ]
 *     fixup            [ note ][ read offset ][ access ][ clear note ]
 *     unprotected      [ read offset ][ load ][ store ]           read: no store, write: no load
 *
 * A step is one instruction, or some that nothing can come between. A task's registers are in its block, so it may go on
 * with the next step on another CPU: that is a migration. What it then does to whom is what the modes differ in.
 *
 * Memory is always reached by `Tlb.translate` of the running CPU. An access is one instruction, so no interrupt of its own CPU
 * comes into it, but other CPUs may run between its load and its store: nothing here relies on its being atomic towards them,
 * though arm64's modes use atomic instructions (LDADD and its kin), which are counted. What protects an operation is that its
 * address leads to the copy of the CPU that makes the access; accesses of which that is not true are counted as stray.
 */
import type { AccessMode } from '../../../../shared/design.ts';
import { assertUnreachable } from '../../../../shared/result.ts';
import { SpaceCpuF64 } from '../../memory/address-space-layout.ts';
import { Tlb } from '../../memory/tlb.ts';
import {
  type CpuId,
  type PercpuPtr,
  percpuPtr,
  type PhysicalAddress,
  physicalAddress,
  type VirtualAddress,
  virtualAddress,
} from '../../units.ts';
import { CpuStatistics } from './cpu-statistics.ts';
import { isReadModifyWrite, modify, THIS_CPU_OPERATIONS, type ThisCpuOperation } from './operations.ts';
import { TaskF64, TaskI64, TaskW } from './task-layout.ts';
import type { Tasks } from './tasks.ts';

type Step =
  'preempt-off' | 'note' | 'offset' | 'load' | 'store' | 'access-load' | 'access-store' | 'preempt-on' | 'clear-note';

/** One instruction to its own CPU, two accesses of memory to the others. */
const ACCESS = ['access-load', 'access-store'] as const;

const STEPS: Readonly<Record<AccessMode, readonly Step[]>> = {
  segment: ACCESS,
  'local-mapping': ACCESS,
  'preempt-offset': ['preempt-off', 'offset', ...ACCESS, 'preempt-on'],
  fixup: ['note', 'offset', ...ACCESS, 'clear-note'],
  unprotected: ['offset', 'load', 'store'],
};

/** What an operation is to do. */
export interface ThisCpuRequest {
  readonly operation: ThisCpuOperation;
  readonly widthBits: 32 | 64;
  readonly pointer: PercpuPtr;
  /** Addend, mask or new value; nothing to a read. */
  readonly operand: bigint;
  /** Of cmpxchg: what must be found. */
  readonly expected?: bigint;
}

/** One CPU's execution of operations. By that CPU's thread. */
export class ThisCpuSteps {
  readonly #tasks: Tasks;
  readonly #cpu: CpuId;
  readonly #tlb: Tlb;
  readonly #statistics: CpuStatistics;

  constructor(tasks: Tasks, cpu: CpuId) {
    const { space, tables } = tasks.machine;
    this.#tasks = tasks;
    this.#cpu = cpu;
    this.#tlb = new Tlb(space, tables, cpu);
    this.#statistics = new CpuStatistics(space, cpu);
  }

  /** Puts an operation into a task's registers; no step of it is done. */
  begin(task: number, request: ThisCpuRequest): void {
    const { words, doubles, longs } = this.#tasks.machine.arena;
    const block = this.#tasks.taskWord(task);
    words[block + TaskW.step] = 0;
    words[block + TaskW.operation] = THIS_CPU_OPERATIONS.indexOf(request.operation);
    words[block + TaskW.widthBits] = request.widthBits;
    doubles[block / 2 + TaskF64.pointer] = request.pointer;
    longs[block / 2 + TaskI64.operand] = request.operand;
    longs[block / 2 + TaskI64.expected] = request.expected ?? 0n;
  }

  /** Does the next step of the task's operation; true when that was the last. */
  step(task: number): boolean {
    const block = this.#tasks.taskWord(task);
    const { words } = this.#tasks.machine.arena;
    const steps = STEPS[this.#tasks.mode];
    const done = words[block + TaskW.step] ?? 0;
    const step = steps[done];
    if (step === undefined) throw new Error(`task ${task} has no operation in hand`);
    this.#take(step, block);
    words[block + TaskW.step] = done + 1;
    if (done + 1 < steps.length) return false;
    this.#statistics.add(SpaceCpuF64.operations, 1);
    return true;
  }

  /** The result of the last finished operation: the value read, found or, for add_return, stored. */
  result(task: number): bigint {
    return this.#tasks.machine.arena.longs[this.#tasks.taskWord(task) / 2 + TaskI64.result] ?? 0n;
  }

  /** Whether the task may be taken off the CPU between two steps. */
  isPreemptible(task: number): boolean {
    return this.#tasks.machine.arena.word(this.#tasks.taskWord(task) + TaskW.preemptCount) === 0;
  }

  /** Whether the task has an operation of which some steps are done and others are not. */
  isUnderWay(task: number): boolean {
    const done = this.#tasks.machine.arena.word(this.#tasks.taskWord(task) + TaskW.step);
    return done > 0 && done < STEPS[this.#tasks.mode].length;
  }

  /** Whether an interrupt may come now: not into the middle of an instruction. */
  isInterruptible(task: number): boolean {
    const done = this.#tasks.machine.arena.word(this.#tasks.taskWord(task) + TaskW.step);
    return STEPS[this.#tasks.mode][done - 1] !== 'access-load';
  }

  /**
   * The exit of the exception that brings a task (back) to this CPU: an address that was noted and computed for another
   * CPU is rewritten.
   */
  resume(task: number): void {
    const { arena } = this.#tasks.machine;
    const block = this.#tasks.taskWord(task);
    if (arena.word(block + TaskW.note) === 0 || arena.word(block + TaskW.step) < 2) return;
    if (arena.word(block + TaskW.offsetCpu) === this.#cpu) return;
    this.#computeAddress(block);
    this.#statistics.add(SpaceCpuF64.fixups, 1);
  }

  #take(step: Step, block: number): void {
    switch (step) {
      case 'preempt-off':
        this.#addTo(block + TaskW.preemptCount, 1);
        return;
      case 'preempt-on':
        this.#addTo(block + TaskW.preemptCount, -1);
        this.#statistics.add(SpaceCpuF64.preemptPairs, 1);
        this.#statistics.add(SpaceCpuF64.rescheduleChecks, 1);
        return;
      case 'note':
        this.#addTo(block + TaskW.note, 1);
        this.#statistics.add(SpaceCpuF64.notes, 1);
        return;
      case 'clear-note':
        this.#addTo(block + TaskW.note, -1);
        return;
      case 'offset':
        this.#computeAddress(block);
        this.#statistics.add(SpaceCpuF64.offsetReads, 1);
        return;
      case 'access-load':
        this.#accessLoad(block);
        return;
      case 'access-store':
        this.#accessStore(block);
        return;
      case 'load':
        this.#load(block);
        return;
      case 'store':
        this.#store(block);
        return;
      default:
        assertUnreachable(step);
    }
  }

  #accessLoad(block: number): void {
    const { operation } = this.#request(block);
    const { mode, machine } = this.#tasks;
    if (mode === 'local-mapping') this.#statistics.add(SpaceCpuF64.windowAccesses, 1);
    if (mode !== 'segment' && isReadModifyWrite(operation)) this.#statistics.add(SpaceCpuF64.atomics, 1);
    const physical = this.#translate(block);
    machine.arena.doubles[block / 2 + TaskF64.physical] = physical;
    machine.arena.longs[block / 2 + TaskI64.loaded] = this.#memory(block, physical).load();
  }

  #accessStore(block: number): void {
    this.#finish(block, physicalAddress(this.#tasks.machine.arena.double(block / 2 + TaskF64.physical)));
  }

  #addressOfAccess(block: number): VirtualAddress {
    const { mapping } = this.#tasks.machine;
    const pointer = percpuPtr(this.#tasks.machine.arena.double(block / 2 + TaskF64.pointer));
    if (this.#tasks.mode === 'local-mapping') return mapping.windowPtr(pointer);
    if (this.#tasks.mode === 'segment') return mapping.perCpuPtr(pointer, this.#cpu);
    return virtualAddress(this.#tasks.machine.arena.double(block / 2 + TaskF64.address));
  }

  #load(block: number): void {
    if (this.#request(block).operation === 'write') return;
    this.#tasks.machine.arena.longs[block / 2 + TaskI64.loaded] = this.#memory(block, this.#translate(block)).load();
  }

  #store(block: number): void {
    if (this.#request(block).operation === 'read') {
      const { longs } = this.#tasks.machine.arena;
      this.#setResult(block, longs[block / 2 + TaskI64.loaded] ?? 0n);
    } else this.#finish(block, this.#translate(block));
  }

  /** What is to be stored and returned, from what was loaded. */
  #finish(block: number, physical: PhysicalAddress): void {
    const { operation, operand, expected } = this.#request(block);
    const found = this.#tasks.machine.arena.longs[block / 2 + TaskI64.loaded] ?? 0n;
    const { stored, result } = modify(operation, { found, operand, expected });
    const memory = this.#memory(block, physical);
    if (stored !== undefined) memory.store(stored);
    this.#setResult(block, memory.normal(result));
  }

  #translate(block: number): PhysicalAddress {
    const { arena } = this.#tasks.machine;
    const usesOffset = this.#tasks.mode !== 'local-mapping' && this.#tasks.mode !== 'segment';
    if (usesOffset && arena.word(block + TaskW.offsetCpu) !== this.#cpu) {
      this.#statistics.add(SpaceCpuF64.strayAccesses, 1);
    }
    return this.#tlb.translate(this.#addressOfAccess(block));
  }

  #computeAddress(block: number): void {
    const { arena, mapping } = this.#tasks.machine;
    const pointer = percpuPtr(arena.double(block / 2 + TaskF64.pointer));
    arena.doubles[block / 2 + TaskF64.address] = mapping.perCpuPtr(pointer, this.#cpu);
    arena.words[block + TaskW.offsetCpu] = this.#cpu;
  }

  #request(block: number): { operation: ThisCpuOperation; operand: bigint; expected: bigint } {
    const { words, longs } = this.#tasks.machine.arena;
    const operation = THIS_CPU_OPERATIONS[words[block + TaskW.operation] ?? 0];
    if (operation === undefined) throw new Error(`unknown operation ${words[block + TaskW.operation]}`);
    const operand = longs[block / 2 + TaskI64.operand] ?? 0n;
    return { operation, operand, expected: longs[block / 2 + TaskI64.expected] ?? 0n };
  }

  /** The bytes at an address, as signed integers of the operation's width. */
  #memory(
    block: number,
    physical: PhysicalAddress,
  ): { load: () => bigint; store: (value: bigint) => void; normal: (value: bigint) => bigint } {
    const { words, longs } = this.#tasks.machine.arena;
    const bits = words[block + TaskW.widthBits] ?? 0;
    const normal = (value: bigint): bigint => BigInt.asIntN(bits, value);
    if (bits === 64) {
      return {
        load: () => longs[physical / 8] ?? 0n,
        store: (value) => {
          longs[physical / 8] = normal(value);
        },
        normal,
      };
    }
    return {
      load: () => BigInt(words[physical / 4] ?? 0),
      store: (value) => {
        words[physical / 4] = Number(normal(value));
      },
      normal,
    };
  }

  #setResult(block: number, result: bigint): void {
    this.#tasks.machine.arena.longs[block / 2 + TaskI64.result] = result;
  }

  #addTo(word: number, change: number): void {
    const { arena } = this.#tasks.machine;
    arena.words[word] = arena.word(word) + change;
  }
}
