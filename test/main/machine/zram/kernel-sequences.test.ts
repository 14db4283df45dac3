/**
 * The machine against a real kernel: sequences of writes, discards, compactions and limits with recorded compressed sizes, and
 * all nine columns of mm_stat at every checkpoint.
 */
import { describe, expect, it } from 'vitest';
import type { IoPage } from '../../../../src/main/machine/codec.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { readDeviceStatistics } from '../../../../src/main/machine/zram/device-statistics.ts';
import { IoStatus } from '../../../../src/main/machine/zram/io-status.ts';
import { CURRENT_ZRAM, type ZramVariant } from '../../../../src/main/machine/zram/zram-variant.ts';
import { type Checkpoint, kernelCases, noKernelCases, type OperationSequence } from '../fixtures/kernel-cases.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { mmStat } from '../fixtures/mm-stat.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditMachine } from '../fixtures/pool-audit.ts';
import { recordedSequences } from '../fixtures/recorded-sequences.ts';
import { blankPage, samePage, SizedCodec, sizedPage } from '../fixtures/sized-pages.ts';

/** Size 0 is recorded for same-filled pages. */
function pageOfSize(sizeBytes: number, tag: number): IoPage {
  return sizeBytes === 0 ? samePage(tag, 7) : sizedPage(sizeBytes, tag);
}

/** Does one recorded operation and notes in `written` what each slot now holds: nothing new where the write failed. */
function operate(machine: Machine, cpu: OneCpu, operation: string, written: Map<number, IoPage>): void {
  const [first = 0, second = 0] = operation.slice(1).split(':').map(Number);
  const device = machine.device(0);
  switch (operation.charAt(0)) {
    case 'w': {
      const page = pageOfSize(second, written.size + first * 7919);
      if (cpu.write(device, first, page) === IoStatus.done) written.set(first, page);
      return;
    }
    // Write-zeroes and discard do the same in zram.
    case 'd':
    case 'z':
      cpu.discard(device, first, second);
      for (let slot = first; slot < first + second; slot++) written.delete(slot);
      return;
    case 'c':
      cpu.run((on) => device.controls.compact(on));
      return;
    case 'l':
      device.controls.setMemoryLimit(first);
      return;
    case 'm':
      device.controls.resetMemoryPeak();
      return;
    default:
      throw new Error(`the recording has an unknown operation ${operation}`);
  }
}

/** Does all operations; every checkpoint, the content of every slot and the request counts must be the kernel's. */
function replay(sequence: OperationSequence, zram: ZramVariant = CURRENT_ZRAM): readonly Checkpoint[] {
  const { slots } = sequence;
  const diskSizeBytes = slots * 4096;
  const machine = makeMachine({ memoryBytes: 16 * 2 ** 20, diskSizeBytes, bufferLayout: 'single-mutex', zram });
  const cpu = new OneCpu(machine.arena, new SizedCodec(machine.arena));
  const written = new Map<number, IoPage>();
  const reached: Checkpoint[] = [];
  const wanted = new Set(sequence.checkpoints.map(([done]) => done));
  for (const [index, operation] of sequence.ops.split(' ').entries()) {
    operate(machine, cpu, operation, written);
    if (wanted.has(index + 1)) reached.push([index + 1, ...mmStat(machine.arena)]);
  }
  auditMachine(machine.arena);
  if (zram !== CURRENT_ZRAM) return reached;
  for (let slot = 0; slot < slots; slot++) {
    const expected = written.get(slot)?.bytes ?? blankPage().bytes;
    expect(cpu.read(machine.device(0), slot).equals(expected), `slot ${slot}`).toBe(true);
  }
  const { failedWrites, notifyFree } = readDeviceStatistics(machine.arena, 0);
  expect([failedWrites, notifyFree]).toEqual([sequence.io_stat.failed_writes, sequence.io_stat.notify_free]);
  return reached;
}

describe.each(recordedSequences())('the sequence $name, recorded on Linux 6.18', (sequence) => {
  it('gives the mm_stat of the kernel at every checkpoint, and reads back', () => {
    expect(sequence.checkpoints.length).toBe(100);
    expect(replay(sequence)).toEqual(sequence.checkpoints);
  });

  it.each([
    { rule: 'the old content freed first', zram: { ...CURRENT_ZRAM, freeOrder: 'first' as const } },
    { rule: 'zspages of at most four pages', zram: { ...CURRENT_ZRAM, zspagePages: 4 } },
  ])('does not with $rule, so it tells kernels apart', ({ zram }) => {
    expect(replay(sequence, zram)).not.toEqual(sequence.checkpoints);
  });
});

const SEQUENCES = ['overwrite', 'discard', 'compact', 'compact-text', 'lifo', 'alloc-first'];

describe.each(SEQUENCES)('the sequence %s of the kernel cases', (name) => {
  it('gives the mm_stat of the kernel at every checkpoint, and reads back', (context) => {
    if (noKernelCases !== undefined) context.skip(noKernelCases);
    const sequence = kernelCases().sequences.find((each) => each.name === name);
    if (sequence === undefined) throw new Error(`the recording has no sequence ${name}`);
    expect(replay(sequence)).toEqual(sequence.checkpoints);
  });
});
