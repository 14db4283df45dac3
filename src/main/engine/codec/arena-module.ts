/**
 * The compiled module over the arena: one instance for all of a thread that uses it, and the same again for the next machine in the
 * same memory, until the thread is told to forget it. V8 compiles the way into a module's function into its caller as long as that
 * has met no other instance's.
 */
import type { ArenaMemory } from './arena-memory.ts';
import { type KernelLz4Exports, kernelLz4Exports } from './lz4-kernel/kernel-lz4-module.ts';

/** The thread's latest; it holds the arena. */
let latest: { readonly id: string; readonly module: KernelLz4Exports } | undefined;

/** Undefined without the module, or where the arena is out of its reach. For the calling thread alone. */
export function arenaModule(
  compiled: WebAssembly.Module | undefined,
  { wasm }: ArenaMemory,
): KernelLz4Exports | undefined {
  if (compiled === undefined || wasm === undefined) return undefined;
  if (latest?.id !== wasm.id) latest = { id: wasm.id, module: kernelLz4Exports(compiled, wasm.memory) };
  return latest.module;
}

/** Has the calling thread let go of its instance, and so of the arena: when no other machine follows in the same memory. */
export function forgetArenaModule(): void {
  latest = undefined;
}
