import { ARCHITECTURES, type ArchitectureName } from '../../../../src/shared/percpu-settings.ts';
import { describe, expect, it } from 'vitest';
import { groupMapLines } from '../../../../src/main/evidence/boot-log/print-boot-lines.ts';
import { ARCHITECTURE_TABLE } from '../../../../src/main/machine/percpu/architectures.ts';
import { planFirstChunk } from '../../../../src/main/machine/percpu/first-chunk.ts';
import {
  type FirstChunkPreset,
  firstChunkSpec,
  type Topology,
} from '../../../../src/main/machine/percpu/first-chunk-preset.ts';
import { parseKernelVersion, USUAL_OPTIONS } from '../../../../src/main/machine/percpu/kernel-era.ts';
import { pagesPerCpu } from '../../../../src/main/machine/percpu/unit-layout.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { type KernelLog, KERNEL_LOGS } from '../../evidence/boot-log/kernel-logs.ts';
import { errorOf, valueOf } from '../../lab/small-lab.ts';

/** CPUs of nodes, CPU 0 first. */
function topology(nodeOfCpu: readonly number[], nodeIds = Math.max(...nodeOfCpu) + 1): Topology {
  return { possibleCpus: nodeOfCpu.map((_, cpu) => cpuId(cpu)), nodeIds, nodeOf: (cpu) => nodeOfCpu[cpu] ?? 0 };
}

function preset(architecture: ArchitectureName, changes: Partial<FirstChunkPreset> = {}): FirstChunkPreset {
  return {
    architecture,
    version: { major: 6, minor: 1, patch: 0 },
    options: USUAL_OPTIONS,
    multiprocessor: true,
    reserve: 'modules',
    staticBytes: 100_000,
    ...changes,
  };
}

/** Which rows of the table may have printed a log of that architecture. */
const ROWS: Readonly<Record<string, readonly ArchitectureName[]>> = {
  x86_64: ['x86-64'],
  x86: ['x86-32', 'x86-32-pae'],
  arm: ['generic-32'],
  arm64: ['generic-64', 'arm64-numa'],
  riscv64: ['generic-64'],
  s390x: ['generic-64'],
  mips: ['generic-32', 'generic-64'],
  parisc64: ['generic-64'],
  ppc64: ['powerpc64-hash', 'powerpc64-radix'],
  ppc64le: ['powerpc64-hash', 'powerpc64-radix'],
  sparc64: ['sparc64'],
  ia64: ['ia64'],
};

/** Nodes as the map tells them; page logs print none, and need none. */
function topologyOf(log: KernelLog): Topology {
  const map = log.group_map ?? [Array.from({ length: log.nr_cpu_ids ?? 1 }, (_, cpu) => cpu)];
  const nodeOfCpu = new Map(map.flatMap((cpus, group) => cpus.flatMap((cpu) => (cpu === null ? [] : [[cpu, group]]))));
  return {
    possibleCpus: [...nodeOfCpu.keys()].sort((a, b) => a - b).map(cpuId),
    nodeIds: log.nr_node_ids ?? map.length,
    nodeOf: (cpu) => nodeOfCpu.get(cpu) ?? 0,
  };
}

/** Everything that a log prints, computed from architecture, release, static size, CPUs and nodes alone. */
function printed(log: KernelLog, architecture: ArchitectureName, randomKmallocCaches: boolean): unknown {
  const version = parseKernelVersion(log.kernel ?? '');
  if (version === undefined) throw new Error(`${log.id} has no version`);
  const asked = preset(architecture, {
    version,
    pageSizeBytes: log.page_size,
    staticBytes: log.static_size ?? 0,
    options: { ...USUAL_OPTIONS, randomKmallocCaches, modules: architecture !== 'x86-64' || log.reserved_size !== 0 },
  });
  const method = log.first_chunk === 'page' ? ({ method: 'page' } as const) : {};
  const layout = valueOf(planFirstChunk(firstChunkSpec(asked, topologyOf(log), method)));
  return {
    pages: log.pages_per_cpu === null ? null : pagesPerCpu(layout),
    dynamic: layout.dynamicBytes,
    reserved: layout.reservedBytes,
    unit: log.unit_size === null ? null : layout.unitBytes,
    alloc: log.alloc_groups === null ? null : [layout.allocBytes / layout.atomBytes, layout.atomBytes],
    map: log.group_map === null ? null : withoutEnds(groupMapLines(layout.groups, layout.unitsPerAlloc)),
  };
}

function expected(log: KernelLog): unknown {
  return {
    pages: log.pages_per_cpu,
    dynamic: log.dyn_size,
    reserved: log.reserved_size,
    unit: log.unit_size,
    alloc: log.alloc_groups,
    map:
      log.group_map === null
        ? null
        : withoutEnds(log.raw.split('\n').filter((line) => line.startsWith('pcpu-alloc: ['))),
  };
}

/** Blanks at the line's end did not survive in every copy. */
function withoutEnds(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.trimEnd());
}

describe('a preset', () => {
  const named = KERNEL_LOGS.filter((log) => log.kernel !== null && log.dyn_size !== null && log.alloc_groups !== null);
  it.each(named)(
    'gives what $arch Linux $kernel printed ($id): all of it from the release and the static size',
    (log) => {
      const rows = ROWS[log.arch] ?? [];
      const all = rows.flatMap((row) => [false, true].map((random) => printed(log, row, random)));
      expect(all).toContainEqual(expected(log));
    },
  );

  it.each(ARCHITECTURES)('%s makes a first chunk in each of its page sizes', (architecture) => {
    for (const pageSizeBytes of ARCHITECTURE_TABLE[architecture].pageSizesBytes) {
      const small = preset(architecture, { pageSizeBytes, staticBytes: 40_000 });
      const layout = valueOf(planFirstChunk(firstChunkSpec(small, topology([0, 0, 1, 1]), {})));
      expect(layout.groups.flat().filter((cpu) => cpu !== undefined)).toHaveLength(4);
    }
  });

  it('takes pages at once where the architecture does', () => {
    const method = (architecture: ArchitectureName, nodeIds: number) =>
      firstChunkSpec(preset(architecture), topology([0, 0], nodeIds), {}).method;
    expect([method('x86-32', 1), method('x86-32', 2)]).toEqual(['embed', 'page']);
    expect([method('loongarch64', 7), method('loongarch64', 8)]).toEqual(['embed', 'page']);
    expect([method('x86-64', 32), method('ia64', 2)]).toEqual(['embed', 'fixed-unit']);
  });

  it('obeys percpu_alloc=, but for one CPU and for fixed units', () => {
    const method = (changes: Partial<FirstChunkPreset>, architecture: ArchitectureName = 'x86-32') =>
      firstChunkSpec(preset(architecture, changes), topology([0], 9), { method: 'embed' }).method;
    expect([method({}), method({ multiprocessor: false }), method({}, 'ia64')]).toEqual([
      'embed',
      'uniprocessor',
      'fixed-unit',
    ]);
  });

  it('puts the modules’ reserve where the architecture has it', () => {
    const parts = (architecture: ArchitectureName, modules: boolean) => {
      const options = { ...USUAL_OPTIONS, modules };
      const { reservedBytes, dynamicRequestBytes } = firstChunkSpec(
        preset(architecture, { options }),
        topology([0]),
        {},
      );
      return [reservedBytes, dynamicRequestBytes];
    };
    expect(parts('x86-64', true)).toEqual([8192, 28_672]);
    expect(parts('x86-64', false)).toEqual([0, 28_672]);
    expect(parts('x86-32', true)).toEqual([0, 28_672]);
    expect(parts('powerpc64-radix', true)).toEqual([0, 36_864]);
    expect(parts('powerpc64-radix', false)).toEqual([0, 28_672]);
  });

  it('groups by node distance where the architecture asks for it', () => {
    // Nodes 0 and 1 are as near as one node, 2 is not.
    const near: Topology = { ...topology([0, 1, 2]), nodeDistance: (a, b) => (a !== b && a + b !== 1 ? 20 : 10) };
    const groups = (architecture: ArchitectureName) =>
      valueOf(planFirstChunk(firstChunkSpec(preset(architecture), near, {}))).groups.length;
    expect([groups('arm64-numa'), groups('sparc64'), groups('generic-64')]).toEqual([2, 3, 1]);
  });
});

describe('the configurable reserve of 2008', () => {
  it('is 2500 words unless percpu= says otherwise, and a part of its own everywhere', () => {
    const reserved = (architecture: ArchitectureName, parameters: { reservedBytes?: number } = {}) =>
      firstChunkSpec(preset(architecture, { reserve: '2008' }), topology([0]), parameters).reservedBytes;
    expect([reserved('x86-64'), reserved('x86-32')]).toEqual([20_000, 10_000]);
    expect(reserved('x86-32', { reservedBytes: 65_536 })).toBe(65_536);
    expect(reserved('x86-64', { reservedBytes: 0 })).toBe(0);
  });

  it('that does not fit the 64 KiB of ia64 fails with the sum', () => {
    const asked = preset('ia64', { reserve: '2008', staticBytes: 43_032 });
    const plan = (reservedBytes?: number) =>
      planFirstChunk(firstChunkSpec(asked, topology([0, 0]), reservedBytes === undefined ? {} : { reservedBytes }));
    expect(valueOf(plan()).dynamicBytes).toBe(65_536 - 43_032 - 20_000);
    expect(errorOf(plan(32_768))).toEqual({
      code: 'bad-input',
      message:
        'the per-CPU area of a CPU holds 65536 bytes, but static 43032 + reserved 32768 = 75800 bytes are 10264 too many',
    });
  });
});
