import { describe, expect, it } from 'vitest';
import { CODECS } from '../../../../src/shared/codec.ts';
import { allocateArena, arenaTooLarge } from '../../../../src/main/engine/codec/arena-memory.ts';
import { codecSource } from '../../../../src/main/engine/codec/codec-source.ts';
import { makeCodec } from '../../../../src/main/engine/codec/make-codec.ts';
import { physicalAddress } from '../../../../src/main/machine/units.ts';
import { errorOf, KERNEL_LZ4, valueOf } from '../../lab/small-lab.ts';
import { codecParts } from './test-codecs.ts';

const GIB = 2 ** 30;

describe('the memory of an arena', () => {
  it.each(CODECS)('for %s is shared, zeroed and at least as large as asked for', (codec) => {
    const { buffer } = valueOf(allocateArena(100_001, codec));
    expect(buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(buffer.byteLength).toBeGreaterThanOrEqual(100_001);
    expect(new Uint8Array(buffer).every((byte) => byte === 0)).toBe(true);
  });

  it.each(CODECS)('for %s is that of a WebAssembly memory below 4 GiB', (codec) => {
    const small = valueOf(allocateArena(70_000, codec));
    expect(small.wasm?.memory.buffer).toBe(small.buffer);
    expect(small.buffer.byteLength).toBe(2 * 65536);
    expect(valueOf(allocateArena(4 * GIB - 1, codec)).wasm).toBeDefined();
  });

  it('is a plain one from there on, for lz4', () => {
    const { buffer, wasm } = valueOf(allocateArena(4 * GIB, 'lz4'));
    expect(wasm).toBeUndefined();
    expect(buffer.byteLength).toBe(4 * GIB);
  });

  it('may be a byte less than 4 GiB for lz4-kernel and no more, with a sentence that says what to do', () => {
    expect(arenaTooLarge(4 * GIB - 1, 'lz4-kernel')).toBeUndefined();
    expect(arenaTooLarge(4 * GIB, 'lz4')).toBeUndefined();
    const { code, message, where } = errorOf(allocateArena(4 * GIB, 'lz4-kernel'));
    expect({ code, where }).toEqual({ code: 'bad-input', where: 'machine.memoryBytes' });
    expect(message).toContain('4294967296 bytes');
    expect(message).toContain('less memory or the codec lz4');
  });

  it('of more than the host can give is refused in one sentence', () => {
    expect(errorOf(allocateArena(2 ** 53 - 1, 'lz4')).code).toBe('out-of-memory');
  });

  it('lets lz4-kernel work at its very end, beyond 2 GiB, where addresses no longer fit a signed word', () => {
    const arenaBytes = 4 * GIB - 4096;
    const memory = valueOf(allocateArena(arenaBytes, 'lz4-kernel'));
    const codec = makeCodec(codecParts('lz4-kernel'), memory, 4096);
    const at = (address: number) => address as Parameters<typeof codec.compress>[1];
    const address = at(arenaBytes - 4096);
    const bytes = new Uint8Array(memory.buffer, address, 4096);
    const page = { address, bytes, words: new Int32Array(memory.buffer, address, 1024) };
    for (let index = 0; index < 4096; index++) bytes[index] = index % 97 < 60 ? 65 : (index * index) >> 7;
    const before = bytes.slice();
    const length = codec.compress(page, at(3 * GIB), at(3 * GIB - 32768));
    bytes.fill(0);
    const object = { first: at(3 * GIB), firstBytes: length, rest: at(0), restBytes: 0 };
    expect(codec.decompress(object, page)).toBe(true);
    expect(Buffer.compare(bytes, before)).toBe(0);
  });
});

describe('the source of codecs', () => {
  it('has lz4 without the compiled module, which then copies objects as the machine does without it', () => {
    const parts = valueOf(codecSource(new URL('file:///nowhere.wasm'))('lz4'));
    expect(parts).toEqual({ name: 'lz4' });
    const memory = valueOf(allocateArena(65_536, 'lz4'));
    expect(makeCodec(parts, memory, 4096).copyWords).toBeUndefined();
  });

  it('lets lz4 copy by the compiled module, where the arena is in its reach', () => {
    const memory = valueOf(allocateArena(65_536, 'lz4'));
    const codec = makeCodec(codecParts('lz4'), memory, 4096);
    const bytes = new Uint8Array(memory.buffer);
    bytes.set([1, 2, 3, 4, 5, 6, 7, 8], 800);
    codec.copyWords?.(physicalAddress(800), physicalAddress(1600), 5);
    expect([...bytes.subarray(1600, 1609)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 0]);
    const beyond = valueOf(allocateArena(4 * GIB + 1, 'lz4'));
    expect(makeCodec(codecParts('lz4'), beyond, 4096).copyWords).toBeUndefined();
  });

  it('says in one sentence that lz4-kernel was not built, and what helps', () => {
    const missing = errorOf(codecSource(new URL('file:///nowhere.wasm'))('lz4-kernel'));
    expect(missing).toMatchObject({ code: 'unavailable', where: 'machine.codec' });
    expect(missing.message).toMatch(/lz4-kernel is not there \(ENOENT.*npm run build/);
  });

  it('refuses a file that is no module', () => {
    const source = codecSource(new URL(import.meta.url));
    expect(errorOf(source('lz4-kernel')).message).toContain('lz4-kernel is not there');
  });

  it('compiles the module once', () => {
    const source = codecSource(KERNEL_LZ4);
    expect(valueOf(source('lz4-kernel')).module).toBe(valueOf(source('lz4-kernel')).module);
  });

  it('makes no lz4-kernel over a plain arena', () => {
    const plain = { buffer: new SharedArrayBuffer(4096) };
    expect(() => makeCodec(codecParts('lz4-kernel'), plain, 4096)).toThrow('WebAssembly memory');
  });
});
