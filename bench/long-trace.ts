/**
 * Writes a trace of any length as a kernel would print it: cgroups made and removed at random on a machine of one CPU, whose
 * allocator is the lab's own. It shows how time and memory of a replay grow with length; it is no evidence of a kernel.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { LoneCpu } from '../src/main/machine/lone-cpu.ts';
import { fillFirstChunk } from '../src/main/lab/replay/starting-state.ts';
import { PercpuAllocator, type PercpuRequest } from '../src/main/machine/percpu/chunks/allocator.ts';
import { ChunkW, RESERVED_CHUNK } from '../src/main/machine/percpu/chunks/chunk-layout.ts';
import { createFirstChunk } from '../src/main/machine/percpu/chunks/chunk-lifecycle.ts';
import { ChunkRegion } from '../src/main/machine/percpu/chunks/chunk-region.ts';
import { CountedPages } from '../src/main/machine/percpu/chunks/page-source.ts';
import type { PercpuGeometry } from '../src/main/machine/percpu/chunks/percpu-geometry.ts';
import { RegionWords } from '../src/main/machine/percpu/chunks/region-words.ts';
import type { Suspending } from '../src/main/machine/cpu.ts';
import { cpuId, type PercpuPtr } from '../src/main/machine/units.ts';
import { Random } from '../src/main/workload/random.ts';

/** Sizes and alignments of what a memory cgroup takes, as recorded. */
const CGROUP: readonly PercpuRequest[] = [
  [8, 8],
  [128, 8],
  [128, 64],
  [1216, 64],
  [24, 8],
  [528, 8],
  [4, 4],
  [8, 8],
  [32, 8],
  [16, 4],
  [16, 8],
  [32, 8],
].map(([sizeBytes = 0, alignBytes = 0]) => ({ sizeBytes, alignBytes }));
/** Of a 6.18 kernel on two CPUs. */
const GEOMETRY: PercpuGeometry = {
  pageSizeBytes: 4096,
  unitBytes: 2 ** 20,
  staticBytes: 185560,
  reservedBytes: 0,
  dynBytes: 31528,
  atomBytes: 2 ** 21,
  allocBytes: 2 ** 21,
  possibleCpus: 2,
  units: 2,
};
const MOST_CGROUPS = 1500;
const MAX_CHUNKS = 16;
const PIECE_CHARACTERS = 1 << 20;

class TracingMachine {
  readonly #allocator: PercpuAllocator;
  readonly #region: ChunkRegion;
  readonly #cpu = new LoneCpu(cpuId(0));
  readonly #generations: number[] = [];
  readonly #print: (event: string) => void;

  constructor(geometry: PercpuGeometry, print: (event: string) => void) {
    const capacity = { maxChunks: MAX_CHUNKS, mappedUnits: 0 };
    const words = new RegionWords(new SharedArrayBuffer(ChunkRegion.bytesFor(geometry, capacity)));
    this.#region = ChunkRegion.format(words, 0, geometry, capacity);
    createFirstChunk(this.#region);
    fillFirstChunk(this.#region);
    this.#allocator = new PercpuAllocator(this.#region, new CountedPages());
    this.#print = print;
  }

  allocate(request: PercpuRequest): PercpuPtr {
    const given = run(this.#allocator.allocate(this.#cpu, request));
    if (!given.ok) throw new Error(given.error.message);
    this.#printChunks();
    const place = this.#place(given.value);
    const { sizeBytes, alignBytes } = request;
    this.#print(
      `percpu_alloc_percpu: call_site=mem_cgroup_css_alloc+0x2d7/0x840 reserved=0 is_atomic=0 size=${sizeBytes} align=${alignBytes} ${place} bytes_alloc=${4 * sizeBytes} gfp_flags=GFP_KERNEL_ACCOUNT`,
    );
    return given.value;
  }

  free(ptr: PercpuPtr): void {
    this.#print(`percpu_free_percpu: ${this.#place(ptr)}`);
    if (run(this.#allocator.free(this.#cpu, ptr)) !== 'freed') throw new Error(`free of ${ptr}`);
  }

  /** Whether the balance work had something to do. */
  balance(): boolean {
    if (!this.#allocator.balanceWanted()) return false;
    run(this.#allocator.runBalanceWork(this.#cpu));
    this.#printChunks();
    return true;
  }

  #place(ptr: PercpuPtr): string {
    const at = this.#allocator.locate(ptr);
    if (at === undefined) throw new Error(`${ptr} lies nowhere`);
    return `base_addr=${baseOf(at.chunk)} off=${at.offsetBytes} ptr=${ptr.toString(16).padStart(16, '0')}`;
  }

  /** Events of chunks that went and came since: the balance work destroys before it creates. */
  #printChunks(): void {
    const changed = Array.from({ length: MAX_CHUNKS }, (_, chunk) => chunk).filter(
      (chunk) => chunk > RESERVED_CHUNK && this.#generationOf(chunk) !== (this.#generations[chunk] ?? 0),
    );
    for (const chunk of changed) {
      if ((this.#generations[chunk] ?? 0) !== 0) this.#print(`percpu_destroy_chunk: base_addr=${baseOf(chunk)}`);
    }
    for (const chunk of changed) {
      if (this.#generationOf(chunk) !== 0) this.#print(`percpu_create_chunk: base_addr=${baseOf(chunk)}`);
      this.#generations[chunk] = this.#generationOf(chunk);
    }
  }

  /** 0 where there is none. */
  #generationOf(chunk: number): number {
    return this.#region.exists(chunk) ? this.#region.chunkField(chunk, ChunkW.generation) : 0;
  }
}

function baseOf(chunk: number): string {
  return (0x682b_0000 + chunk * 4093).toString(16).padStart(16, '0');
}

function run<T>(computation: Suspending<T>): T {
  const result = computation.next();
  if (result.done !== true) throw new Error('a computation waited on a CPU that is alone');
  return result.value;
}

/** Writes a trace of at least so many events. The same length gives the same text. */
export function writeLongTrace(path: string, events: number): void {
  const file = openSync(path, 'w');
  let text = '# tracer: nop\n';
  let printed = 0;
  let timeUs = 1e9;
  const machine = new TracingMachine(GEOMETRY, (event) => {
    printed += 1;
    timeUs += 2;
    text += `            bash-5940    [000] .....  ${(timeUs / 1e6).toFixed(6)}: ${event}\n`;
    if (text.length > PIECE_CHARACTERS) {
      writeSync(file, text);
      text = '';
    }
  });
  const random = new Random(1);
  const cgroups: PercpuPtr[][] = [];
  while (printed < events) {
    // Waves, so that chunks come and go.
    const wanted = Math.floor(printed / 100_000) % 2 === 0 ? MOST_CGROUPS : MOST_CGROUPS / 5;
    const isMade = cgroups.length < wanted && random.nextBelow(8) > 0;
    if (isMade) cgroups.push(CGROUP.map((request) => machine.allocate(request)));
    else for (const ptr of cgroups.splice(random.nextBelow(cgroups.length), 1).flat()) machine.free(ptr);
    // A pause, in which the worker runs.
    if (machine.balance()) timeUs += 1000;
  }
  writeSync(file, text);
  closeSync(file);
}
