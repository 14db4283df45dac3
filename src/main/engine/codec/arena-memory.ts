/**
 * The memory that an arena is laid out in.
 *
 *     below 4 GiB   a shared WebAssembly memory, whose buffer the arena is: 2^16 pages of 64 KiB at most. lz4-kernel works in it,
 *                   and copies objects there for lz4; of both, CPUs take their locks by it
 *     from there    a plain SharedArrayBuffer, for lz4 alone
 *
 * Below, because the end of a page at the very end of 4 GiB would be address 0 to the module.
 *
 * (Memories with 64-bit addresses are larger, but AssemblyScript has no such target, and they are slower: the hardware no
 * longer checks their bounds for free.)
 */
import { randomUUID } from 'node:crypto';
import type { CodecName } from '../../../shared/codec.ts';
import { fail, type Failure, ok, type Result } from '../../../shared/result.ts';

const WASM_PAGE_BYTES = 2 ** 16;
/** Of a memory with 32-bit addresses. */
const MOST_WASM_PAGES = 2 ** 16;

/** The memory of the module, and the name by which a thread knows it again when it is sent a second time. */
export interface WasmMemory {
  readonly memory: WebAssembly.Memory;
  readonly id: string;
}

export interface ArenaMemory {
  readonly buffer: SharedArrayBuffer;
  /** Whose buffer it is; absent for a plain one. */
  readonly wasm?: WasmMemory | undefined;
}

/** Why an arena of `bytes` bytes cannot serve `codec`: 'bad-input'; undefined when it can. */
export function arenaTooLarge(bytes: number, codec: CodecName): Failure | undefined {
  if (codec !== 'lz4-kernel' || fitsWasm(bytes)) return undefined;
  return fail(
    'bad-input',
    `with the codec lz4-kernel machine and page descriptors must stay below 4 GiB together, and this machine needs ${bytes} bytes; ` +
      'give it less memory or the codec lz4',
    'machine.memoryBytes',
  );
}

/** Zeroed memory of at least `bytes` bytes. Errors: 'bad-input' (see arenaTooLarge), 'out-of-memory'. */
export function allocateArena(bytes: number, codec: CodecName): Result<ArenaMemory> {
  const tooLarge = arenaTooLarge(bytes, codec);
  if (tooLarge !== undefined) return tooLarge;
  try {
    return ok(fitsWasm(bytes) ? wasmMemory(bytes) : { buffer: new SharedArrayBuffer(bytes) });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail(
      'out-of-memory',
      `this host cannot give the machine ${bytes} bytes in one piece`,
      'machine.memoryBytes',
    );
  }
}

function fitsWasm(bytes: number): boolean {
  return bytes < MOST_WASM_PAGES * WASM_PAGE_BYTES;
}

function wasmMemory(bytes: number): ArenaMemory {
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { buffer } = memory;
  if (!(buffer instanceof SharedArrayBuffer)) throw new Error('a shared WebAssembly memory has a shared buffer');
  return { buffer, wasm: { memory, id: randomUUID() } };
}
