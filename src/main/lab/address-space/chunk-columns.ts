/** A chunk's units at their addresses, and which frames a CPU reaches by either of its two addresses. */
import type { ChunkColumn, ChunkColumns } from '../../../shared/address-space-contract.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { MappedMachine } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { type CpuId, cpuId, type VirtualAddress } from '../../machine/units.ts';

/** Found by walking each CPU's own tables. Errors: 'not-found' for a chunk or CPU that the machine does not have. */
export function chunkColumns(machine: MappedMachine, chunk: number, cpus: readonly number[]): Result<ChunkColumns> {
  const { mapping, arena } = machine;
  const missing = cpus.find((cpu) => cpu >= arena.config.possibleCpus);
  if (missing !== undefined) return fail('not-found', `The machine has no CPU ${missing}`, 'cpus');
  if (!mapping.chunks().includes(chunk)) return fail('not-found', `The machine has no chunk ${chunk}`, 'chunk');
  const start = mapping.pointer(chunk, 0);
  const unitDistance = arena.config.possibleCpus > 1 ? distance(machine, chunk) : mapping.config.unitBytes;
  return ok({
    chunk,
    unitBytes: mapping.config.unitBytes,
    columns: cpus.map((cpu) => columnOf(machine, chunk, cpuId(cpu))),
    localAddress: mapping.config.window === 'none' ? undefined : mapping.windowPtr(start),
    unitDistance,
  });
}

function columnOf(machine: MappedMachine, chunk: number, cpu: CpuId): ChunkColumn {
  const { mapping, arena } = machine;
  const pages = mapping.config.unitBytes / arena.config.pageSizeBytes;
  const pointers = Array.from({ length: pages }, (_, page) =>
    mapping.pointer(chunk, page * arena.config.pageSizeBytes),
  );
  const hasWindow = mapping.hasWindow(cpu);
  return {
    cpu,
    address: mapping.perCpuPtr(mapping.pointer(chunk, 0), cpu),
    frames: pointers.map((pointer) => frameAt(machine, cpu, mapping.perCpuPtr(pointer, cpu))),
    windowFrames: hasWindow ? pointers.map((pointer) => frameAt(machine, cpu, mapping.windowPtr(pointer))) : [],
    hasWindow,
  };
}

function frameAt({ space, tables }: MappedMachine, cpu: CpuId, address: VirtualAddress): number {
  return tables.walk(space.rootOf(cpu), address)?.frame ?? -1;
}

function distance({ mapping }: MappedMachine, chunk: number): number {
  const pointer = mapping.pointer(chunk, 0);
  return mapping.perCpuPtr(pointer, cpuId(1)) - mapping.perCpuPtr(pointer, cpuId(0));
}
