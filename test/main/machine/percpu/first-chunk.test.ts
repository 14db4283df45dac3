import { describe, expect, it } from 'vitest';
import {
  type BootRequest,
  bootFirstChunk,
  type FirstChunkSpec,
  planFirstChunk,
  type TakeBlock,
} from '../../../../src/main/machine/percpu/first-chunk.ts';
import { pagesPerCpu } from '../../../../src/main/machine/percpu/unit-layout.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { errorOf, valueOf } from '../../lab/small-lab.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** x86-64 of 4.15 with CPUs 0-7 on two nodes; what a test is about is changed. */
function spec(changes: Partial<FirstChunkSpec> = {}): FirstChunkSpec {
  return {
    method: 'embed',
    pageSizeBytes: 4096,
    staticBytes: 144_408,
    reservedBytes: 8192,
    dynamicRequestBytes: 28 * KIB,
    earlyDynamicBytes: 12 * KIB,
    minUnitBytes: 32 * KIB,
    atomBytes: 2 * MIB,
    possibleCpus: Array.from({ length: 8 }, (_, cpu) => cpuId(cpu)),
    distance: (a, b) => (a % 2 === b % 2 ? 10 : 20),
    groupRule: 'all-members',
    ...changes,
  };
}

/** ia64: 64 KiB pages, 64 KiB per CPU and not a byte more. */
function ia64(changes: Partial<FirstChunkSpec> = {}): FirstChunkSpec {
  return spec({ method: 'fixed-unit', pageSizeBytes: 64 * KIB, atomBytes: 64 * KIB, staticBytes: 43_032, ...changes });
}

describe('the plan of a first chunk', () => {
  it('embed makes groups of near CPUs in atoms', () => {
    const layout = valueOf(planFirstChunk(spec()));
    expect(layout).toMatchObject({
      unitBytes: 512 * KIB,
      groups: [
        [0, 2, 4, 6],
        [1, 3, 5, 7],
      ],
    });
  });

  it('page asks for the early size alone, in one group without gaps', () => {
    // x86_64 with percpu_alloc=page printed 56 4K pages/cpu s208152 r8192 d13032.
    const layout = valueOf(planFirstChunk(spec({ method: 'page', staticBytes: 208_152 })));
    expect(layout).toMatchObject({ dynamicBytes: 13_032, unitBytes: 56 * 4096, atomBytes: 4096, unitsPerAlloc: 1 });
    expect(layout.groups).toEqual([[0, 1, 2, 3, 4, 5, 6, 7]]);
  });

  it('fixed-unit leaves to the dynamic part what is left', () => {
    // ia64 2.6.33 printed s43032 r8192 d14312 u65536 alloc=1*65536.
    expect(valueOf(planFirstChunk(ia64()))).toMatchObject({
      dynamicBytes: 14_312,
      unitBytes: 65_536,
      unitsPerAlloc: 1,
    });
  });

  it('uniprocessor has no parts but the dynamic one', () => {
    const layout = valueOf(planFirstChunk(spec({ method: 'uniprocessor', possibleCpus: [cpuId(0)] })));
    expect(layout).toMatchObject({ staticBytes: 0, reservedBytes: 0, dynamicBytes: 32 * KIB, groups: [[0]] });
  });

  it('may be limited, up to the last byte', () => {
    const pages = pagesPerCpu(valueOf(planFirstChunk(spec())));
    expect(planFirstChunk(spec({ limitBytes: pages * 4096 })).ok).toBe(true);
    expect(valueOf(planFirstChunk(ia64({ staticBytes: 64 * KIB - 8192 }))).dynamicBytes).toBe(0);
  });

  it.each<[string, FirstChunkSpec]>([
    [
      'the per-CPU area of a CPU holds 65536 bytes, but static 43032 + reserved 32768 = 75800 bytes are 10264 too many',
      ia64({ reservedBytes: 32 * KIB }),
    ],
    [
      'the per-CPU area of a CPU holds 184319 bytes, but static 144408 + reserved 8192 + dynamic 31720 = 184320 bytes' +
        ' are 1 too many',
      spec({ limitBytes: 45 * 4096 - 1 }),
    ],
    ['the reserved part must be a whole number of bytes from 0 on, not -1', spec({ reservedBytes: -1 })],
    ['the reserved part must be a whole number of bytes from 0 on, not 0.5', ia64({ reservedBytes: 0.5 })],
    ['the static part must be a whole number of bytes from 0 on, not NaN', spec({ staticBytes: Number.NaN })],
    ['a uniprocessor kernel has one possible CPU, not 8', spec({ method: 'uniprocessor' })],
  ])('fails: %s', (message, wrong) => {
    expect(errorOf(planFirstChunk(wrong))).toEqual({ code: 'bad-input', message });
  });
});

/** Memory that hands out the given addresses in turn, and what was asked of it. */
function memory(...addresses: (number | undefined)[]) {
  const asked: Parameters<TakeBlock>[0][] = [];
  const takeBlock: TakeBlock = (block) => {
    asked.push(block);
    return addresses[asked.length - 1];
  };
  return { asked, takeBlock };
}

function request(changes: Partial<BootRequest> & Pick<BootRequest, 'takeBlock'>): BootRequest {
  return { vmallocBytes: 32 * 2 ** 40, fallsBackToPage: true, linkedStart: 0, ...changes };
}

describe('booting a first chunk', () => {
  it('takes an aligned block near the first CPU of each group', () => {
    const { asked, takeBlock } = memory(64 * MIB, 32 * MIB);
    const booted = valueOf(bootFirstChunk(spec(), request({ takeBlock })));
    expect(asked).toEqual([
      { bytes: 2 * MIB, alignBytes: 2 * MIB, cpu: 0 },
      { bytes: 2 * MIB, alignBytes: 2 * MIB, cpu: 1 },
    ]);
    expect(booted).toMatchObject({ method: 'embed', notices: [] });
    expect(booted.placement.perCpuOffsets.get(cpuId(1))).toBe(32 * MIB);
    expect(booted.placement.perCpuOffsets.get(cpuId(2))).toBe(64.5 * MIB);
  });

  it('falls back to pages where the blocks lie too far apart, and says what the kernel says', () => {
    const far = 0x180ffe240000 - 2 * MIB;
    const { asked, takeBlock } = memory(0, far, 5 * MIB);
    const booted = valueOf(bootFirstChunk(spec(), request({ takeBlock, vmallocBytes: 0x1fffffffffff })));
    expect(booted.method).toBe('page');
    expect(booted.notices).toEqual([
      'max_distance=0x180ffe240000 too large for vmalloc space 0x1fffffffffff',
      'auto allocator failed (-22), falling back to page size',
    ]);
    expect(asked.at(-1)).toEqual({ bytes: 8 * booted.layout.unitBytes, alignBytes: 4096, cpu: 0 });
    expect(booted.placement).toMatchObject({ baseAddress: 5 * MIB, groupOffsets: [0] });
  });

  it('names what was forced when it falls back', () => {
    const { takeBlock } = memory(0, 64 * MIB, 0);
    const asked = request({ takeBlock, vmallocBytes: 64 * MIB, forced: 'embed' });
    expect(valueOf(bootFirstChunk(spec(), asked)).notices.at(-1)).toBe(
      'embed allocator failed (-22), falling back to page size',
    );
  });

  it('goes on with a warning where there is nothing to fall back to', () => {
    const { takeBlock } = memory(0, 64 * MIB);
    const asked = request({ takeBlock, vmallocBytes: 64 * MIB, fallsBackToPage: false });
    const booted = valueOf(bootFirstChunk(spec(), asked));
    expect(booted.method).toBe('embed');
    expect(booted.notices).toEqual(['max_distance=0x4200000 too large for vmalloc space 0x4000000']);
  });

  it('fails when a block is not to be had, for the first, the second and the pages', () => {
    const none = (group: number, cpu: number): string =>
      `no block of 2097152 bytes for the per-CPU units of group ${group} (CPU ${cpu})`;
    const refused = (...addresses: (number | undefined)[]) =>
      errorOf(bootFirstChunk(spec(), request({ ...memory(...addresses), vmallocBytes: 64 * MIB })));
    expect(refused(undefined)).toEqual({ code: 'out-of-memory', message: none(0, 0) });
    expect(refused(0, undefined)).toEqual({ code: 'out-of-memory', message: none(1, 1) });
    expect(refused(0, 64 * MIB, undefined)).toEqual({
      code: 'out-of-memory',
      message: 'no block of 1343488 bytes for the per-CPU units of group 0 (CPU 0)',
    });
  });

  it('takes nothing for a plan that fails', () => {
    const { asked, takeBlock } = memory(0);
    expect(errorOf(bootFirstChunk(ia64({ reservedBytes: 32 * KIB }), request({ takeBlock }))).code).toBe('bad-input');
    expect(asked).toEqual([]);
  });
});
