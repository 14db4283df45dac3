import { describe, expect, it } from 'vitest';
import { readFirstChunkParameters } from '../../../../src/main/machine/percpu/first-chunk-parameters.ts';
import { errorOf, valueOf } from '../../lab/small-lab.ts';

describe('the command line of a kernel', () => {
  it.each([
    ['', {}],
    ['root=/dev/sda1 ro quiet percpu', {}],
    ['percpu=32768', { reservedBytes: 32_768 }],
    ['ro percpu=0x8000 quiet', { reservedBytes: 32_768 }],
    ['percpu=0', { reservedBytes: 0 }],
    ['percpu_alloc=page', { method: 'page' }],
    ['percpu_alloc=embed percpu=1\npercpu=2', { method: 'embed', reservedBytes: 2 }],
  ])('%j says %j', (commandLine, parameters) => {
    expect(valueOf(readFirstChunkParameters(commandLine))).toEqual(parameters);
  });

  it.each([
    ['percpu=32K', 'percpu=32K is not a number of bytes below 2^32', 'percpu'],
    ['percpu=', 'percpu= is not a number of bytes below 2^32', 'percpu'],
    ['percpu=-1', 'percpu=-1 is not a number of bytes below 2^32', 'percpu'],
    ['percpu=4294967296', 'percpu=4294967296 is not a number of bytes below 2^32', 'percpu'],
    ['percpu_alloc=huge', 'percpu_alloc=huge is neither embed nor page', 'percpu_alloc'],
  ])('%j is refused: %s', (commandLine, message, where) => {
    expect(errorOf(readFirstChunkParameters(commandLine))).toEqual({ code: 'bad-input', message, where });
  });
});
