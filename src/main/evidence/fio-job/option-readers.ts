/**
 * The options that the lab models: each turns its value into a change of the settings.
 */
import type { FioBuffer, FioDirection, FioVerify } from './fio-job.ts';
import type { FioEngine, JobSettings } from './job-settings.ts';
import { readBoolean, readFlag, readNumber, readTimeMs, type KbBase } from './number-values.ts';
import { readPattern } from './pattern-value.ts';
import { mapReading, read, unreadable, type Reading } from './reading.ts';

type Change = Partial<JobSettings>;
/** `text` is undefined for a bare option. */
type OptionReader = (text: string | undefined, settings: JobSettings) => Reading<Change>;

/** fio's limit of jobs in one run. */
export const MAX_JOBS = 4096;

function withText(readText: (text: string, settings: JobSettings) => Reading<Change>): OptionReader {
  return (text, settings) => (text ? readText(text, settings) : unreadable('needs a value'));
}

function numberBetween(min: number, max: number, change: (value: number) => Change): OptionReader {
  return withText((text, { kbBase }) => {
    const number = readNumber(text, kbBase);
    if (!number.ok) return number;
    if (number.value < min || number.value > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `from ${min} to ${max}`;
      return unreadable(`must be ${range}, not ${number.value}`);
    }
    return mapReading(number, change);
  });
}

function bytes(change: (value: number) => Change): OptionReader {
  return numberBetween(0, Number.MAX_SAFE_INTEGER, change);
}

function bufferNumber(min: number, max: number, change: (value: number) => Partial<FioBuffer>): OptionReader {
  return (text, settings) =>
    numberBetween(min, max, (value) => ({ buffer: { ...settings.buffer, ...change(value) } }))(text, settings);
}

function boolean(change: (value: boolean) => Change): OptionReader {
  return withText((text) => mapReading(readBoolean(text), change));
}

function flag(change: (value: boolean, settings: JobSettings) => Change): OptionReader {
  return (text, settings) => mapReading(readFlag(text), (value) => change(value, settings));
}

interface Choices<T> {
  readonly modelled: Readonly<Record<string, T>>;
  /** Values that fio knows and the lab does not. */
  readonly unmodelled: readonly string[];
}

function choice<T>(choices: Choices<T>, change: (value: T) => Change): OptionReader {
  const names = Object.keys(choices.modelled).join(', ');
  return withText((text) => {
    if (Object.hasOwn(choices.modelled, text)) return read(change(choices.modelled[text] as T));
    if (choices.unmodelled.includes(text)) return unreadable(`can only be ${names} here: '${text}' is not modelled`);
    return unreadable(`must be one of ${names}, not '${text}'`);
  });
}

/** One block size for both directions, or `read,write` of which an empty one stays as it was. */
const blockSizes: OptionReader = withText((text, settings) => {
  const [readText = '', writeText = readText] = text.split(',');
  const readBlock = blockSize(readText, settings.readBlockBytes, settings.kbBase);
  if (!readBlock.ok) return readBlock;
  const writeBlock = blockSize(writeText, settings.writeBlockBytes, settings.kbBase);
  if (!writeBlock.ok) return writeBlock;
  const change = { readBlockBytes: readBlock.value, writeBlockBytes: writeBlock.value };
  return read(change, readBlock.note ?? writeBlock.note);
});

function blockSize(text: string, previous: number, kbBase: KbBase): Reading<number> {
  if (text === '') return read(previous);
  if (/[0-9a-z]\s*[-:]/i.test(text)) return unreadable(`is a range ('${text}'), which is not modelled`);
  const number = readNumber(text, kbBase);
  if (number.ok && number.value < 1) return unreadable('must be at least 1, not 0');
  return number;
}

const DIRECTIONS: Choices<FioDirection> = {
  modelled: {
    read: 'read',
    write: 'write',
    randread: 'randread',
    randwrite: 'randwrite',
    rw: 'readwrite',
    readwrite: 'readwrite',
    randrw: 'randrw',
  },
  unmodelled: ['trim', 'randtrim', 'trimwrite', 'randtrimwrite'],
};

const ENGINES: Choices<FioEngine> = {
  modelled: { sync: 'sync', psync: 'psync', libaio: 'libaio', io_uring: 'io_uring' },
  unmodelled: `vsync pvsync pvsync2 io_uring_cmd posixaio solarisaio windowsaio mmap splice sg null net netsplice cpuio
    rdma falloc ftruncate e4defrag rados rbd http gfapi gfapi_async libhdfs mtd dev-dax external filecreate filestat
    filedelete libpmem ime_psync ime_psyncv ime_aio libiscsi nbd libcufile dfs nfs exec xnvme libblkio`.split(/\s+/),
};

const VERIFIES: Choices<FioVerify> = {
  modelled: {
    '0': 'none',
    null: 'null',
    meta: 'meta',
    pattern: 'pattern',
    crc32c: 'crc32c',
    'crc32c-intel': 'crc32c',
  },
  unmodelled: `md5 crc64 crc32 crc16 crc7 sha1 sha256 sha512 sha3-224 sha3-256 sha3-384 sha3-512 xxhash`.split(' '),
};

/** fio before 2011 took the pattern itself, and the experiment of 2010 is written that way. */
const verify: OptionReader = (text, settings) =>
  text !== undefined && /^0x[0-9a-f]+$/i.test(text)
    ? unreadable(`takes no pattern any more: write verify=meta and verify_pattern=${text}`)
    : choice(VERIFIES, (mode) => ({ verify: mode }))(text, settings);

const KB_BASES: Choices<KbBase> = { modelled: { '1024': 1024, '1000': 1000 }, unmodelled: [] };

function oneFile(what: string, change: (name: string) => Change): OptionReader {
  return withText((text) =>
    text.includes(':') ? unreadable(`names several ${what} ('${text}'), which is not modelled`) : read(change(text)),
  );
}

const ANY = Number.MAX_SAFE_INTEGER;

/** By their first name. */
export const OPTION_READERS: Readonly<Record<string, OptionReader>> = {
  kb_base: choice(KB_BASES, (kbBase) => ({ kbBase })),
  rw: choice(DIRECTIONS, (rw) => ({ rw })),
  rwmixread: numberBetween(0, 100, (percent) => ({ mixedReadPercent: percent })),
  rwmixwrite: numberBetween(0, 100, (percent) => ({ mixedReadPercent: 100 - percent })),
  bs: blockSizes,
  ioengine: choice(ENGINES, (engine) => ({ engine })),
  iodepth: numberBetween(1, ANY, (ioDepth) => ({ ioDepth })),
  size: bytes((sizeBytes) => ({ sizeBytes })),
  io_size: bytes((ioSizeBytes) => ({ ioSizeBytes })),
  offset: bytes((offsetBytes) => ({ offsetBytes })),
  offset_increment: bytes((offsetIncrementBytes) => ({ offsetIncrementBytes })),
  runtime: withText((text) => mapReading(readTimeMs(text), (ms) => ({ runtimeMs: ms === 0 ? undefined : ms }))),
  time_based: flag((timeBased) => ({ timeBased })),
  // loops=0 runs once, as loops=1 does.
  loops: numberBetween(0, ANY, (loops) => ({ loops: Math.max(1, loops) })),
  numjobs: numberBetween(1, MAX_JOBS, (clones) => ({ clones })),
  filename: oneFile('files', (fileName) => ({ fileName })),
  directory: oneFile('folders', (directory) => ({ directory })),
  stonewall: flag((startsPhase) => ({ startsPhase })),
  new_group: flag((startsGroup) => ({ startsGroup })),
  randseed: numberBetween(0, ANY, (randSeed) => ({ randSeed })),
  verify,
  verify_pattern: withText((text) => mapReading(readPattern(text), (verifyPattern) => ({ verifyPattern }))),
  do_verify: boolean((doVerify) => ({ doVerify })),
  zero_buffers: flag((zero, { buffer }) => ({ buffer: { ...buffer, zero } })),
  refill_buffers: flag((refill, { buffer }) => ({ buffer: { ...buffer, refill } })),
  scramble_buffers: (text, settings) =>
    boolean((scramble) => ({ buffer: { ...settings.buffer, scramble } }))(text, settings),
  buffer_pattern: withText((text, { buffer }) =>
    mapReading(readPattern(text), (pattern) => ({ buffer: { ...buffer, pattern } })),
  ),
  buffer_compress_percentage: bufferNumber(0, 100, (compressPercent) => ({ compressPercent })),
  buffer_compress_chunk: bufferNumber(1, ANY, (compressChunkBytes) => ({ compressChunkBytes })),
  dedupe_percentage: bufferNumber(0, 100, (dedupePercent) => ({ dedupePercent })),
};

/** Second names of the options above. */
export const OPTION_ALIASES: Readonly<Record<string, string>> = {
  readwrite: 'rw',
  blocksize: 'bs',
  io_limit: 'io_size',
  fileoffset: 'offset',
  timeout: 'runtime',
  wait_for_previous: 'stonewall',
};
