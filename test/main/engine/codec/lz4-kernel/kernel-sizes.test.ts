/**
 * Sizes against the kernel: the recorded ones of fills that anybody can make, page by page and through the whole machine, and
 * those of the very kernel that runs the tests, where it has zram and lets us make a device.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { allocateArena } from '../../../../../src/main/engine/codec/arena-memory.ts';
import { makeCodec } from '../../../../../src/main/engine/codec/make-codec.ts';
import { Arena } from '../../../../../src/main/machine/memory/arena.ts';
import { bootMachine } from '../../../../../src/main/machine/boot.ts';
import { Machine } from '../../../../../src/main/machine/machine.ts';
import { Random } from '../../../../../src/main/workload/random.ts';
import { fillContents, recordedFill } from '../../../machine/fixtures/fill-contents.ts';
import { type Fill, kernelCases, noKernelCases } from '../../../machine/fixtures/kernel-cases.ts';
import { machineConfig } from '../../../machine/fixtures/make-machine.ts';
import { mmStat } from '../../../machine/fixtures/mm-stat.ts';
import { OneCpu } from '../../../machine/fixtures/one-cpu.ts';
import { auditMachine } from '../../../machine/fixtures/pool-audit.ts';
import { valueOf } from '../../../lab/small-lab.ts';
import { codecParts } from '../test-codecs.ts';
import { skipWithoutKernelZram } from '../../kernel/real-kernel.ts';
import { HostZram } from './host-zram.ts';
import { PageMemory } from './page-memory.ts';

const PAGE = 4096;
const PORTABLE = ['zeros', 'words', 'random', 'prefix', 'text'];

function pagesOf(bytes: Uint8Array): readonly Buffer[] {
  const count = Math.floor(bytes.length / PAGE);
  return Array.from({ length: count }, (_, page) => Buffer.from(bytes.subarray(page * PAGE, (page + 1) * PAGE)));
}

/** 0 for a page whose 8-byte words are all equal: it never reaches the codec. */
function isSameFilled(page: Buffer): boolean {
  return page.subarray(8).equals(page.subarray(0, PAGE - 8));
}

function fillPages(fill: Fill): readonly Buffer[] {
  return fillContents(fill).map((page) => Buffer.from(page.bytes));
}

describe.each(PORTABLE)('the recorded fill %s', (name) => {
  it('compresses to the size that the kernel gave, page by page', (context) => {
    if (noKernelCases !== undefined) context.skip(noKernelCases);
    const fill = recordedFill(name);
    const memory = new PageMemory();
    const sizes = fillPages(fill).map((page) => (isSameFilled(page) ? 0 : memory.compress(page).length));
    expect(sizes).toEqual(fill.lz4_sizes);
  });
});

describe.each([...PORTABLE, 'text64k'])('the recorded fill %s through the whole machine', (name) => {
  it('gives the mm_stat of the kernel at every checkpoint, and reads back', (context) => {
    if (noKernelCases !== undefined) context.skip(noKernelCases);
    const fill = recordedFill(name);
    const pages = fillPages({ ...fill, name: fill.lz4_sizes_of ?? fill.name });
    const { machine, cpu, write, read } = machineFor(pages.length, fill.request_pages);
    const reached: (readonly number[])[] = [];
    const wanted = new Set(fill.checkpoints.map(([done]) => done));
    for (let slot = 0; slot < pages.length; slot += fill.request_pages) {
      write(slot, pages.slice(slot, slot + fill.request_pages));
      const done = slot + fill.request_pages;
      if (wanted.has(done)) reached.push([done, ...mmStat(machine.arena)]);
    }
    expect(reached).toEqual(fill.checkpoints);
    for (const [slot, page] of pages.entries()) expect(read(slot).equals(page), `slot ${slot}`).toBe(true);
    expect(cpu).toBeDefined();
    auditMachine(machine.arena);
  });
});

/** A machine whose arena is a WebAssembly memory, with I/O pages for one request. */
function machineFor(slots: number, requestPages: number) {
  const config = machineConfig({ memoryBytes: 16 * 2 ** 20, diskSizeBytes: slots * PAGE });
  const memory = valueOf(allocateArena(Arena.bytesFor(config), 'lz4-kernel'));
  const machine = new Machine(valueOf(bootMachine(memory.buffer, config)));
  const cpu = new OneCpu(machine.arena, makeCodec(codecParts('lz4-kernel'), memory, PAGE));
  const ioPages = cpu.run((on) => machine.takeIoPages(on, requestPages)) ?? [];
  const device = machine.device(0);
  return {
    machine,
    cpu,
    write: (slot: number, pages: readonly Buffer[]): void => {
      for (const [index, page] of pages.entries()) ioPages[index]?.bytes.set(page);
      cpu.write(device, slot, ...ioPages.slice(0, pages.length));
    },
    read: (slot: number): Buffer => {
      const [page] = ioPages;
      if (page === undefined) throw new Error('there is no I/O page');
      cpu.run((on) => device.readRequest(on, slot, [page]));
      return Buffer.from(page.bytes);
    },
  };
}

/** Pages whose last bytes decide where the search ends: the only rule in which LZ4 libraries differ. */
function pagesThatEndInMatches(): readonly Buffer[] {
  const random = new Random(12);
  return Array.from({ length: 64 }, (_, index) => {
    const page = Buffer.alloc(PAGE);
    random.fillBytes(page);
    // The first 20 bytes come back near the end, `index` bytes before it.
    page.copy(page, PAGE - 4 - index, 0, Math.min(20, 4 + index));
    return page;
  });
}

const HOST_DATA: Readonly<Record<string, () => readonly Buffer[]>> = {
  'a program file': () => pagesOf(readFileSync(process.execPath).subarray(0, 1500 * PAGE)),
  'source text': () => pagesOf(readFileSync(fileURLToPath(import.meta.resolve('typescript'))).subarray(0, 1000 * PAGE)),
  'random bytes': () => {
    const bytes = Buffer.alloc(64 * PAGE);
    new Random(5).fillBytes(bytes);
    return pagesOf(bytes);
  },
  'matches near the end': pagesThatEndInMatches,
  'short periods': () =>
    Array.from({ length: 200 }, (_, period) => Buffer.from(new Uint8Array(PAGE).map((_byte, at) => at % (period + 2)))),
  'one odd byte': () =>
    Array.from({ length: 100 }, (_, index) => Buffer.alloc(PAGE).fill(1, index * 41, index * 41 + 1)),
};

describe.each(Object.keys(HOST_DATA))('%s through the zram of this host', (name) => {
  it('compresses to the same size, page by page', (context) => {
    skipWithoutKernelZram(context);
    const pages = (HOST_DATA[name]?.() ?? []).filter((page) => !isSameFilled(page));
    const memory = new PageMemory();
    const ours = pages.map((page) => Math.min(memory.compress(page).length, 3625));
    using host = new HostZram(pages.length);
    // From 3625 bytes on the kernel stores the raw page and does not tell the size.
    const kernels = pages.map((page, slot) => Math.min(host.storedSize(slot, page), 3625));
    expect(ours).toEqual(kernels);
    expect(pages.length).toBeGreaterThan(50);
  });
});

it('the recording states sizes for every portable fill', (context) => {
  if (noKernelCases !== undefined) context.skip(noKernelCases);
  const stated = kernelCases().fills.filter((fill) => PORTABLE.includes(fill.name) && fill.lz4_sizes !== undefined);
  expect(stated.map((fill) => fill.name).sort()).toEqual([...PORTABLE].sort());
});
