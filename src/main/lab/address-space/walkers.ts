/** Who walks where: one address through the tables of every CPU. */
import type { MappedMachine } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { type CpuId, cpuId, frameNumber, type FrameNumber, type VirtualAddress } from '../../machine/units.ts';
import { traceWalk } from '../../machine/memory/walk-trace.ts';

/** All CPUs of a machine. */
export function cpusOf({ arena }: MappedMachine): readonly CpuId[] {
  return Array.from({ length: arena.config.possibleCpus }, (_, cpu) => cpuId(cpu));
}

/** CPUs whose walks to `address` read an entry of the table at word `table`. */
export function tableWalkers(machine: MappedMachine, table: number, address: VirtualAddress): number {
  const { space } = machine;
  return cpusOf(machine).filter((cpu) =>
    traceWalk(space, space.rootOf(cpu), address).some((step) => step.table === table),
  ).length;
}

/** CPUs for which `address` is in `frame`. */
export function frameWalkers(machine: MappedMachine, frame: FrameNumber, address: VirtualAddress): number {
  const { space, tables } = machine;
  return cpusOf(machine).filter((cpu) => tables.walk(space.rootOf(cpu), address)?.frame === frame).length;
}

/** The frame that a word of the machine's memory lies in, and its byte there. */
export function frameOfWord({ arena }: MappedMachine, word: number): { frame: FrameNumber; offset: number } {
  const { pageSizeBytes } = arena.config;
  const byte = word * 4 - arena.geometry.frames;
  return { frame: frameNumber(Math.floor(byte / pageSizeBytes)), offset: byte % pageSizeBytes };
}
