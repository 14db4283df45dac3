/** The part of the host's WebAssembly that the codecs use; the types of Node 24 have none of it. */
declare namespace WebAssembly {
  /** Compiled code: can be sent to other threads. */
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  const Module: new (bytes: Uint8Array) => Module;
  class Memory {
    constructor(shape: { readonly initial: number; readonly maximum: number; readonly shared: true });
    readonly buffer: ArrayBufferLike;
  }
  class Instance {
    constructor(module: Module, imports: { readonly env: { readonly memory: Memory } });
    readonly exports: object;
  }
}
