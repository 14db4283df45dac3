/** The lab's codecs over a machine, for one thread. */
import { arenaModule } from '../../src/main/engine/codec/arena-module.ts';
import { allocateArena, type ArenaMemory } from '../../src/main/engine/codec/arena-memory.ts';
import { codecSource } from '../../src/main/engine/codec/codec-source.ts';
import { type CodecParts, makeCodec } from '../../src/main/engine/codec/make-codec.ts';
import { LiveCpu } from '../../src/main/engine/live/live-cpu.ts';
import { lockWordsOf } from '../../src/main/engine/live/lock-words.ts';
import { percpuConfigOf } from '../../src/main/lab/plan/machine-config.ts';
import { bootMachine } from '../../src/main/machine/boot.ts';
import type { IoPage } from '../../src/main/machine/codec.ts';
import { complete } from '../../src/main/machine/cpu.ts';
import { Machine } from '../../src/main/machine/machine.ts';
import { Arena, type MachineConfig } from '../../src/main/machine/memory/arena.ts';
import type { PercpuConfig } from '../../src/main/machine/percpu/percpu-config.ts';
import { cpuId } from '../../src/main/machine/units.ts';
import type { Stream } from '../../src/main/machine/zram/streams/stream.ts';
import type { CodecName } from '../../src/shared/codec.ts';
import { usualPercpuSettings } from '../../src/shared/percpu-settings.ts';
import type { Result } from '../../src/shared/result.ts';
import { PAGE, PAGES } from './page-data.ts';

function usualPercpu(): PercpuConfig {
  const needs = { maxChunks: 8, callSites: 0 };
  return valueOf(percpuConfigOf(usualPercpuSettings(PAGE), { pageSizeBytes: PAGE, possibleCpus: 1 }, needs));
}

const config: MachineConfig = {
  possibleCpus: 1,
  onlineCpus: 1,
  pageSizeBytes: PAGE,
  memoryBytes: 128 * 2 ** 20,
  devices: 2,
  diskSizeBytes: PAGES * PAGE,
  bufferLayout: 'per-cpu-global',
  percpu: usualPercpu(),
};

const source = codecSource(new URL('../../out/codec/lz4-kernel.wasm', import.meta.url));

export function codecParts(codec: CodecName): CodecParts {
  return valueOf(source(codec));
}

/** A memory to boot machines in, and what a CPU of theirs compresses with. */
export interface Bench {
  readonly parts: CodecParts;
  readonly memory: ArenaMemory;
}

export function benchFor(codec: CodecName): Bench {
  return { parts: codecParts(codec), memory: valueOf(allocateArena(Arena.bytesFor(config), codec)) };
}

/** A fresh machine of one CPU and two devices, in the bench's memory. */
export function freshMachine({ parts, memory }: Bench): { readonly machine: Machine; readonly cpu: LiveCpu } {
  const arena = valueOf(bootMachine(memory.buffer, config));
  const compiled = { locks: lockWordsOf(parts, memory), writeSteps: arenaModule(parts.module, memory) };
  const cpu = new LiveCpu(arena, cpuId(0), makeCodec(parts, memory, PAGE), compiled);
  return { machine: new Machine(arena), cpu };
}

/** The buffer that `cpu` compresses into; nobody else runs on the bench's machines. */
export function bufferOf(machine: Machine, cpu: LiveCpu): Stream {
  const streams = machine.streams.ofDevice(0).primary;
  const stream = streams.tryTake(cpu);
  if (stream === undefined) throw new Error('the CPU of this bench has a stream');
  streams.tryGive(cpu, stream);
  return stream;
}

/** Pages of the machine, in its order. */
export function ioPagesOf(machine: Machine, cpu: LiveCpu, count: number): readonly IoPage[] {
  const pages = complete(machine.takeIoPages(cpu, count));
  if (pages === undefined) throw new Error(`the machine of this bench has memory for ${count} more pages`);
  return pages;
}

export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}
