/**
 * The machine against a real kernel: page sets written once, with their recorded compressed sizes, and mm_stat at every
 * checkpoint.
 */
import { describe, expect, it } from 'vitest';
import { Lz4Codec } from '../../../../src/main/engine/codec/lz4.ts';
import type { Codec, IoPage } from '../../../../src/main/machine/codec.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { fillContents, recordedFill } from '../fixtures/fill-contents.ts';
import { type Fill, kernelCases, noKernelCases } from '../fixtures/kernel-cases.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { mmStat } from '../fixtures/mm-stat.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditMachine } from '../fixtures/pool-audit.ts';
import { samePage, SizedCodec, sizedPage } from '../fixtures/sized-pages.ts';

const FILLS = ['zeros', 'words', 'random', 'prefix', 'text', 'text64k', 'fio25', 'fio75', 'node', 'libcrypto'];

function kernelMachine(slots: number): Machine {
  return makeMachine({ memoryBytes: 16 * 2 ** 20, diskSizeBytes: slots * 4096, bufferLayout: 'single-mutex' });
}

/** Size 0 is recorded for same-filled pages. */
function pageOfSize(sizeBytes: number, tag: number): IoPage {
  return sizeBytes === 0 ? samePage(tag, 7) : sizedPage(sizeBytes, tag);
}

function sizesOf(fill: Fill): readonly number[] {
  const sizes = fill.lz4_sizes ?? kernelCases().fills.find((other) => other.name === fill.lz4_sizes_of)?.lz4_sizes;
  if (sizes === undefined) throw new Error(`fill ${fill.name} has no sizes`);
  return sizes;
}

/** Writes the pages in the fill's requests and compares at each checkpoint. */
function replayFill(machine: Machine, fill: Fill, pages: readonly IoPage[], codec: Codec): void {
  const cpu = new OneCpu(machine.arena, codec);
  const device = machine.device(0);
  const checkpoints = new Map(fill.checkpoints.map(([done, ...columns]) => [done, columns]));
  let compared = 0;
  for (let slot = 0; slot < pages.length; slot += fill.request_pages) {
    cpu.write(device, slot, ...pages.slice(slot, slot + fill.request_pages));
    const expected = checkpoints.get(slot + fill.request_pages);
    if (expected === undefined) continue;
    expect(mmStat(machine.arena), `${fill.name} after ${slot + fill.request_pages} pages`).toEqual(expected);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(0);
}

describe.each(FILLS)('the recorded fill %s', (name) => {
  it('gives the mm_stat of the kernel at every checkpoint, and reads back', (context) => {
    if (noKernelCases !== undefined) context.skip(noKernelCases);
    const fill = recordedFill(name);
    const machine = kernelMachine(fill.pages);
    const pages = sizesOf(fill).map(pageOfSize);
    const codec = new SizedCodec(machine.arena);
    replayFill(machine, fill, pages, codec);
    auditMachine(machine.arena);
    const cpu = new OneCpu(machine.arena, codec);
    for (const [slot, page] of pages.entries()) {
      expect(cpu.read(machine.device(0), slot).equals(page.bytes), `slot ${slot}`).toBe(true);
    }
  });
});

describe.each(['zeros', 'random'])('the very bytes of the recorded fill %s through LZ4', (name) => {
  it('give the mm_stat of the kernel at every checkpoint', (context) => {
    if (noKernelCases !== undefined) context.skip(noKernelCases);
    const fill = recordedFill(name);
    const machine = kernelMachine(fill.pages);
    replayFill(machine, fill, fillContents(fill), new Lz4Codec(machine.arena.buffer, 4096));
  });
});

describe.each(['prefix', 'text'])('the very bytes of the recorded fill %s through LZ4', (name) => {
  it('take as much room as in the kernel, within 1.5 %, although the encoders differ', (context) => {
    if (noKernelCases !== undefined) context.skip(noKernelCases);
    const fill = recordedFill(name);
    const machine = kernelMachine(fill.pages);
    const cpu = new OneCpu(machine.arena, new Lz4Codec(machine.arena.buffer, 4096));
    for (const [slot, page] of fillContents(fill).entries()) cpu.write(machine.device(0), slot, page);
    const [original = 0, compressed = 0, used = 0] = mmStat(machine.arena);
    const [, kernelOriginal = 0, kernelCompressed = 0, kernelUsed = 0] = fill.checkpoints.at(-1) ?? [];
    expect(original).toBe(kernelOriginal);
    expect(Math.abs(compressed / kernelCompressed - 1)).toBeLessThan(0.015);
    expect(Math.abs(used / kernelUsed - 1)).toBeLessThan(0.015);
  });
});
