/**
 * this_cpu_add(&counter, 1), 32 bits, many times without an interrupt: one loop per access mode, so that each is compiled for
 * itself. The same instructions as the steps of this-cpu-steps.ts, one after another; an interrupted operation takes those.
 *
 *     segment          translate(base + pointer), plain add
 *     preempt-offset   count up, read offset, translate(offset + pointer), atomic add, count down, look whether a task waits
 *     fixup            note, read offset, translate(offset + pointer), atomic add, clear note
 *     local-mapping    translate(window + pointer), atomic add
 *     unprotected      read offset, translate, load, translate, store
 *
 * All modes translate by the running CPU's TLB, once per access.
 */
import type { AccessMode } from '../../../../shared/design.ts';
import { assertUnreachable } from '../../../../shared/result.ts';
import { SpaceCpuF64, type SpaceCounter } from '../../memory/address-space-layout.ts';
import { Tlb } from '../../memory/tlb.ts';
import { type CpuId, type PercpuPtr, type VirtualAddress, virtualAddress } from '../../units.ts';
import { CpuStatistics } from './cpu-statistics.ts';
import { TaskCpuF64, TaskCpuW, TaskW } from './task-layout.ts';
import type { Tasks } from './tasks.ts';

/** Adds 1 `count` times for a task that runs on the loop's CPU. By that CPU's thread. */
export type AddLoop = (task: number, count: number) => void;

/** What the loops of one CPU have in hand. */
interface Registers {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly tlb: Tlb;
  readonly pointer: PercpuPtr;
  /** Double index of the CPU's offset register. */
  readonly offset: number;
  /** Word index of the CPU's needResched. */
  readonly needResched: number;
}

/** What one operation of a mode counts beside the TLB's own counters. */
const COUNTED: Readonly<Record<AccessMode, readonly SpaceCounter[]>> = {
  segment: [],
  'preempt-offset': [
    SpaceCpuF64.preemptPairs,
    SpaceCpuF64.rescheduleChecks,
    SpaceCpuF64.offsetReads,
    SpaceCpuF64.atomics,
  ],
  fixup: [SpaceCpuF64.notes, SpaceCpuF64.offsetReads, SpaceCpuF64.atomics],
  'local-mapping': [SpaceCpuF64.windowAccesses, SpaceCpuF64.atomics],
  unprotected: [SpaceCpuF64.offsetReads],
};

/** The loop of the tasks' mode for one CPU and counter. */
export function addLoop(tasks: Tasks, cpu: CpuId, pointer: PercpuPtr): AddLoop {
  const statistics = new CpuStatistics(tasks.machine.space, cpu);
  const loop = loopOf(tasks, cpu, pointer);
  return (task, count) => {
    loop(task, count);
    statistics.add(SpaceCpuF64.operations, count);
    for (const counter of COUNTED[tasks.mode]) statistics.add(counter, count);
  };
}

function loopOf(tasks: Tasks, cpu: CpuId, pointer: PercpuPtr): AddLoop {
  const { space, tables, arena, mapping } = tasks.machine;
  const block = tasks.cpuWord(cpu);
  const registers: Registers = {
    words: arena.words,
    doubles: arena.doubles,
    tlb: new Tlb(space, tables, cpu),
    pointer,
    offset: block / 2 + TaskCpuF64.offset,
    needResched: block + TaskCpuW.needResched,
  };
  switch (tasks.mode) {
    case 'segment':
      return (_task, count) => {
        addBySegment(registers, mapping.perCpuPtr(pointer, cpu), count);
      };
    case 'preempt-offset':
      return (task, count) => {
        addWithPreemptionOff(registers, tasks.taskWord(task) + TaskW.preemptCount, count);
      };
    case 'fixup':
      return (task, count) => {
        addWithNote(registers, tasks.taskWord(task) + TaskW.note, count);
      };
    case 'local-mapping':
      return (_task, count) => {
        addInWindow(registers, mapping.windowPtr(pointer), count);
      };
    case 'unprotected':
      return (_task, count) => {
        addUnprotected(registers, count);
      };
    default:
      return assertUnreachable(tasks.mode);
  }
}

function addBySegment({ words, tlb }: Registers, address: VirtualAddress, count: number): void {
  for (let turn = 0; turn < count; turn++) {
    const word = tlb.translate(address) / 4;
    words[word] = (words[word] ?? 0) + 1;
  }
}

function addWithPreemptionOff(registers: Registers, preemptCount: number, count: number): void {
  const { words, doubles, tlb, pointer, offset, needResched } = registers;
  for (let turn = 0; turn < count; turn++) {
    words[preemptCount] = (words[preemptCount] ?? 0) + 1;
    const address = virtualAddress((doubles[offset] ?? 0) + pointer);
    Atomics.add(words, tlb.translate(address) / 4, 1);
    const depth = (words[preemptCount] ?? 0) - 1;
    words[preemptCount] = depth;
    // No tick comes inside a slice; the look is part of the price.
    if (depth === 0 && words[needResched] === 1) throw new Error('a tick came into a slice');
  }
}

function addWithNote({ words, doubles, tlb, pointer, offset }: Registers, note: number, count: number): void {
  for (let turn = 0; turn < count; turn++) {
    words[note] = 1;
    const address = virtualAddress((doubles[offset] ?? 0) + pointer);
    Atomics.add(words, tlb.translate(address) / 4, 1);
    words[note] = 0;
  }
}

function addInWindow({ words, tlb }: Registers, address: VirtualAddress, count: number): void {
  for (let turn = 0; turn < count; turn++) Atomics.add(words, tlb.translate(address) / 4, 1);
}

function addUnprotected({ words, doubles, tlb, pointer, offset }: Registers, count: number): void {
  for (let turn = 0; turn < count; turn++) {
    const address = virtualAddress((doubles[offset] ?? 0) + pointer);
    const loaded = words[tlb.translate(address) / 4] ?? 0;
    words[tlb.translate(address) / 4] = loaded + 1;
  }
}
