import { describe, expect, it } from 'vitest';
import { fioJobRemarkText } from '../../../../src/main/evidence/fio-job/fio-job.ts';
import { parseFioJobFile } from '../../../../src/main/evidence/fio-job/parse-fio-job-file.ts';
import type { JobContents } from '../../../../src/main/workload/data/job-contents.ts';
import { CONTEXT, errorsOf, jobOf, jobsOf, notesOf, variable } from './contexts.ts';

const JOB_2010 = `[global]
bs=4k
ioengine=libaio
iodepth=8
size=1g
direct=1
runtime=60
numjobs=2
verify=meta
verify_pattern=0x1234567890abcdef
rw=write

[seq-write]
`;

describe('the job file of 2010', () => {
  it('gives two clones of one job, every value worked out', () => {
    const shared = {
      name: 'seq-write',
      line: 13,
      rw: 'write',
      readPercent: 0,
      blockBytes: 4096,
      sizeBytes: 1 << 30,
      offsetBytes: 0,
      runtimeMs: 60_000,
      timeBased: false,
      loops: 1,
      ioDepth: 8,
      phaseGroup: 0,
      reportGroup: 0,
      verify: 'meta',
      verifyPattern: [0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef],
      doVerify: true,
      buffer: {
        zero: false,
        refill: false,
        scramble: true,
        compressPercent: 0,
        compressChunkBytes: 512,
        dedupePercent: 0,
      },
    };
    expect(parseFioJobFile(JOB_2010, CONTEXT)).toEqual({
      ok: true,
      jobs: [
        { ...shared, cloneIndex: 0, fileName: 'seq-write.0.0' },
        { ...shared, cloneIndex: 1, fileName: 'seq-write.1.0' },
      ],
      ignored: [{ name: 'direct', line: 6, column: 1 }],
      notes: [],
    });
  });

  it('describes page data as the generators of page data take it', () => {
    const contents: JobContents = jobOf(JOB_2010);
    expect(contents.verify).toBe('meta');
  });
});

describe('sections', () => {
  it('adds up all [global…] sections above a job and none below', () => {
    const [a, b] = jobsOf(
      '[global]\nsize=1m\nrw=write\n[a]\n[global-more]\nbs=8k\nrw=read\n[b]\n[global]\nrw=randread\n',
    );
    expect([a?.rw, a?.blockBytes, a?.sizeBytes]).toEqual(['write', 4096, 1 << 20]);
    expect([b?.rw, b?.blockBytes, b?.sizeBytes]).toEqual(['read', 8192, 1 << 20]);
  });

  it('lets a later line win over an earlier one', () => {
    expect(jobOf('[a]\nsize=1m\nsize=2m\n').sizeBytes).toBe(2 << 20);
  });

  it('accepts a name again, blanks and brackets in names, CRLF, indentation and comments anywhere', () => {
    const text =
      '; a file\r\n  [a b] # first\r\n\tsize=8k ; eight\r\n\r\n[a b]\r\nsize=8k#\r\n[x]y]\r\nsize = 1048576\r\n';
    expect(jobsOf(text).map(({ name, line }) => [name, line])).toEqual([
      ['a b', 2],
      ['a b', 5],
      ['x]y', 7],
    ]);
  });

  it('starts a phase at stonewall and a reporting group at stonewall and new_group, never at the first job', () => {
    const text = `[global]
size=64k
[a]
stonewall
numjobs=2
[b]
[c]
wait_for_previous=1
[d]
new_group
[e]
stonewall=0
`;
    const groups = jobsOf(text).map(({ name, phaseGroup, reportGroup }) => `${name} ${phaseGroup} ${reportGroup}`);
    expect(groups).toEqual(['a 0 0', 'a 0 0', 'b 0 0', 'c 1 1', 'd 1 2', 'e 1 2']);
  });

  it('lets a stonewall in [global] separate every job', () => {
    const phases = jobsOf('[global]\nstonewall\nsize=64k\n[a]\nnumjobs=2\n[b]\n[c]\n').map((job) => job.phaseGroup);
    expect(phases).toEqual([0, 0, 1, 2]);
  });
});

describe('variables', () => {
  it('replaces environment variables in options, an unset one with nothing, and not in section names', () => {
    expect(
      jobOf(`[${variable('SIZE')}]\nsize=1${variable('SIZE')}\n${variable('OPTION')}=16${variable('NOT_SET')}k\n`),
    ).toMatchObject({
      name: variable('SIZE'),
      sizeBytes: 16384,
      blockBytes: 16384,
    });
  });

  it('replaces $ncpus, $pagesize and $mb_memory and works out integer arithmetic with them', () => {
    expect(jobOf('[a]\nsize=8*$pagesize\nnumjobs=$ncpus/2+1\nloops=$mb_memory-2000\n')).toMatchObject({
      sizeBytes: 32768,
      loops: 48,
    });
    expect(jobsOf('[a]\nsize=1m\nnumjobs=$ncpus/2+1\n')).toHaveLength(3);
    expect(jobOf('[a]\nsize=$ncpusm\n').sizeBytes).toBe(4 << 20);
  });
});

describe('values', () => {
  it('counts kb_base for the whole section, wherever it stands, and not for the defaults above', () => {
    const text = '[global]\nsize=64k\n[a]\nbs=4kib\nio_size=4096k\nkb_base=1000\n';
    expect(jobOf(text)).toMatchObject({ sizeBytes: 65536, blockBytes: 4096, ioSizeBytes: 4096000 });
  });

  it('rounds size down to whole blocks, io_size up within the region and down beyond it', () => {
    expect(jobOf('[a]\nsize=18k\nio_size=13k\n')).toMatchObject({ sizeBytes: 16384, ioSizeBytes: 16384 });
    expect(jobOf('[a]\nsize=18k\nio_size=30k\n')).toMatchObject({ sizeBytes: 16384, ioSizeBytes: 28672 });
    expect(jobOf('[a]\nsize=18k\nio_size=0\n').ioSizeBytes).toBeUndefined();
  });

  it('takes the block size of the direction that the job has', () => {
    const blocks = (bs: string, rw: string) => jobOf(`[a]\nsize=1m\nbs=16k\nbs=${bs}\nrw=${rw}\n`).blockBytes;
    expect([blocks('4k,8k', 'read'), blocks('4k,8k', 'randwrite')]).toEqual([4096, 8192]);
    expect([blocks(',8k', 'read'), blocks(',8k', 'write'), blocks('8k,', 'write')]).toEqual([16384, 8192, 16384]);
    expect(blocks('8k,8k,4k', 'randrw')).toBe(8192);
  });

  it('gives the share of reads of every direction', () => {
    const percent = (rw: string, option: string) => jobOf(`[a]\nsize=1m\nrw=${rw}\n${option}\n`).readPercent;
    expect([percent('write', 'rwmixread=70'), percent('randread', 'rwmixread=70')]).toEqual([0, 100]);
    expect([percent('rw', 'loops=1'), percent('randrw', 'rwmixread=70'), percent('rw', 'rwmixwrite=70')]).toEqual([
      50, 70, 30,
    ]);
  });

  it('moves each clone by offset_increment', () => {
    const jobs = jobsOf('[a]\nsize=64k\noffset=4k\noffset_increment=1m\nnumjobs=3\nfilename=/dev/zram0\n');
    expect(jobs.map((job) => job.offsetBytes)).toEqual([4096, 4096 + (1 << 20), 4096 + (2 << 20)]);
  });

  it('finds the zram device of filename, also through a variable', () => {
    expect(jobOf('[a]\nsize=64k\nfilename=/dev/zram12\n').deviceIndex).toBe(12);
    expect(jobOf(`[a]\nsize=64k\nfilename=${variable('DEVICE')}\n`).deviceIndex).toBe(1);
    const inFolder = '[a]\nsize=64k\nfilename=zram0\ndirectory=/dev\n';
    expect([jobOf(inFolder).deviceIndex, notesOf(inFolder)]).toEqual([0, []]);
  });

  it('leaves the device open for other files and says so', () => {
    const text = '[a]\nsize=64k\ndirectory=/mnt\n[b]\nsize=64k\nfilename=/dev/sda\n';
    expect(jobsOf(text).map(({ fileName, deviceIndex }) => [fileName, deviceIndex])).toEqual([
      ['/mnt/a.0.0', undefined],
      ['/dev/sda', undefined],
    ]);
    expect(notesOf(text)).toEqual([
      "3:11: '/mnt' is not a zram device: the lab chooses one",
      "6:10: '/dev/sda' is not a zram device: the lab chooses one",
    ]);
  });

  it('knows one operation at a time under the synchronous engines and says so', () => {
    const text = '[a]\nsize=64k\nioengine=sync\niodepth=8\n';
    expect(jobOf(text).ioDepth).toBe(1);
    expect(notesOf(text)).toEqual(["4:9: 'iodepth' has no effect with ioengine=sync: one operation at a time"]);
  });

  it('derives the verify mode as fio does', () => {
    const verify = (options: string) => jobOf(`[a]\nrw=write\nsize=64k\n${options}\n`).verify;
    expect(verify('loops=1')).toBe('none');
    expect(verify('verify_pattern=0x12')).toBe('pattern-header');
    expect(verify('verify_pattern=0x12\nverify=0')).toBe('none');
    expect(verify('verify=crc32c-intel')).toBe('crc32c');
    expect(verify('verify=pattern\nverify_pattern="ab"')).toBe('pattern');
  });

  it('collects the buffer options', () => {
    const options = `zero_buffers
refill_buffers=1
scramble_buffers=0
buffer_pattern=0x0102
buffer_compress_percentage=30
buffer_compress_chunk=4k
dedupe_percentage=20`;
    expect(jobOf(`[a]\nsize=64k\n${options}\n`).buffer).toEqual({
      zero: true,
      refill: true,
      scramble: false,
      pattern: [1, 2],
      compressPercent: 30,
      compressChunkBytes: 4096,
      dedupePercent: 20,
    });
  });

  it('notes what fio reads otherwise than it looks', () => {
    expect(notesOf('[a]\nsize=64kib\nruntime=3min\nio_size=8k!\nloops= 2k\n')).toEqual([
      "2:6: fio reads '64kib' as 64000",
      "3:9: fio reads '3min' as 0.003 ms",
      "4:9: fio reads '8k!' as 8192",
      "5:7: fio reads ' 2k' as 2",
    ]);
  });
});

describe('options that change nothing', () => {
  it('lists them, and those that are at the value that switches them off', () => {
    const parsed = parseFioJobFile('[a]\nsize=64k\ngroup_reporting\ndirect=1\nthinktime=0\nnrfiles=1\n', CONTEXT);
    expect(parsed.ok && parsed.ignored.map(({ name, line }) => `${line} ${name}`)).toEqual([
      '3 group_reporting',
      '4 direct',
      '5 thinktime',
      '6 nrfiles',
    ]);
  });
});

describe('errors', () => {
  it.each<[string, string[]]>([
    ['', ['1:1: The file has no job: a section that is not [global]']],
    ['[global]\nbs=4k\n', ['1:1: The file has no job: a section that is not [global]']],
    ['bs=4k\n[a]\nsize=1m\n', ["1:1: 'bs' stands before the first section"]],
    ['[a\nsize=1m\n', ["1:1: A section's line must end with ']'"]],
    // What may be a broken [global] has said nothing, so nothing is missed in the jobs behind it.
    ['[global\nsize=1m\n[b]\nrw=write\n', ["1:1: A section's line must end with ']'"]],
    ['[]\nsize=1m\n', ['1:1: A section needs a name']],
    [`[${'n'.repeat(256)}]\nsize=1m\n`, ["1:1: A section's name must have at most 255 characters"]],
    ['[a]\nsize=1m\n  include common.fio\n', ["3:3: 'include' is not modelled: put the file's lines here"]],
    ['[a]\nsize=1m\niodeph=8\n', ["3:1: 'iodeph' is not a fio option; did you mean 'iodepth'?"]],
    ['[a]\nsize=1m\nBS=8k\n', ["3:1: 'BS' is not a fio option; did you mean 'bs'?"]],
    ['[a]\nsize=1m\nfrobnicate=8\n', ["3:1: 'frobnicate' is not a fio option"]],
    ['[a]\nsize=1m\nzonemode=zbd\n', ["3:1: 'zonemode' is a fio option that the lab does not model"]],
    ['[a]\nsize=1m\nthinktime=5\n', ["3:1: 'thinktime' is a fio option that the lab does not model"]],
    ['[a]\nsize=1m\nnorandommap\n', ["3:1: 'norandommap' is a fio option that the lab does not model"]],
    ['[a]\nsize=1m\nname=b\n', ["3:1: 'name' is a fio option that the lab does not model"]],
    [
      '[a]\nsize=1m\nioengine=mmap\n',
      ["3:10: 'ioengine' can only be sync, psync, libaio, io_uring here: 'mmap' is not modelled"],
    ],
    ['[a]\nsize=1m\nioengine=fast\n', ["3:10: 'ioengine' must be one of sync, psync, libaio, io_uring, not 'fast'"]],
    [
      '[a]\nsize=1m\nrw=trimwrite\n',
      [
        "3:4: 'rw' can only be read, write, randread, randwrite, rw, readwrite, randrw here: 'trimwrite' is not modelled",
      ],
    ],
    [
      '[a]\nsize=1m\nverify=md5\n',
      ["3:8: 'verify' can only be 0, null, meta, pattern, crc32c, crc32c-intel here: 'md5' is not modelled"],
    ],
    [
      '[a]\nsize=1m\nverify=0x1234\n',
      ["3:8: 'verify' takes no pattern any more: write verify=meta and verify_pattern=0x1234"],
    ],
    ['[a]\nsize=1m\nverify=pattern\n', ["3:8: 'verify=pattern' needs 'verify_pattern'"]],
    ['[a]\nsize=1m\nverify_pattern=%o\n', ["3:16: 'verify_pattern' with the offset (%o) is not modelled"]],
    ["[a]\nsize=1m\nbuffer_pattern='/x'\n", ["3:16: 'buffer_pattern' from a file ('/x') is not modelled"]],
    [
      '[a]\nsize=1m\nverify_pattern=0xfg\n',
      [`3:16: 'verify_pattern' must be 0x and hexadecimal digits, a 32-bit decimal number or "text", not '0xfg'`],
    ],
    ['[a]\nsize=1m\nverify_pattern=""\n', ["3:16: 'verify_pattern' must have 1 to 511 bytes, not 0"]],
    ['[a]\nsize\n', ["2:1: 'size' needs a value"]],
    ['[a]\nsize=\n', ["2:6: 'size' needs a value"]],
    [`[a]\nsize=${variable('NOT_SET')}\n`, ["2:6: 'size' needs a value"]],
    ['[a]\nsize=abc\n', ["2:6: 'size' must be a number, not 'abc'"]],
    ['[a]\nsize=-4k\n', ["2:6: 'size' must not be negative, but is '-4k'"]],
    ['[a]\nsize=4k,8k\n', ["2:6: 'size' takes one number here, not '4k,8k'"]],
    ['[a]\nsize=50%\n', ["2:6: 'size' is a percentage of something that exists, which is not modelled"]],
    ['[a]\nsize=99999999p\n', ["2:6: 'size' is too large: '99999999p'"]],
    ['[a]\nsize=1k\n', ["2:6: 'size' (1024 bytes) is less than one block (4096 bytes)"]],
    ['[a]\nrw=write\n', ["1:1: This job has no 'size'"]],
    ['[a]\nsize=4k*$ncpus\n', ["2:6: 'size' cannot be worked out: '4k*4' is not a sum of plain integers"]],
    ['[a]\nsize=1m\nloops=8/0*$ncpus\n', ["3:7: 'loops' cannot be worked out: '8/0*4' is not a sum of plain integers"]],
    ['[a]\nsize=1m\nbs=4k-8k\n', ["3:4: 'bs' is a range ('4k-8k'), which is not modelled"]],
    ['[a]\nsize=1m\nbs=0\n', ["3:4: 'bs' must be at least 1, not 0"]],
    ['[a]\nsize=1m\nbs=512\n', ["3:4: 'bs' must be a multiple of zram's 4096 bytes, not 512"]],
    [
      '[a]\nsize=1m\nrw=randrw\nbs=4k,8k\n',
      ['4:4: Blocks of 4096 to read and 8192 to write in one job are not modelled'],
    ],
    ['[a]\nsize=1m\noffset=1k\n', ["3:8: 'offset' must be a multiple of zram's 4096 bytes, not 1024"]],
    ['[a]\nsize=1m\niodepth=0\n', ["3:9: 'iodepth' must be at least 1, not 0"]],
    ['[a]\nsize=1m\nnumjobs=0\n', ["3:9: 'numjobs' must be from 1 to 4096, not 0"]],
    ['[a]\nsize=1m\nrwmixread=101\n', ["3:11: 'rwmixread' must be from 0 to 100, not 101"]],
    ['[a]\nsize=1m\ndirect\n', ["3:1: 'direct' needs a value"]],
    ['[a]\nsize=1m\ndo_verify=true\n', ["3:11: 'do_verify' must be 0 or 1, not 'true'"]],
    ['[a]\nsize=1m\ninvalidate=2\n', ["3:12: 'invalidate' must be 0 or 1, not '2'"]],
    ['[a]\nsize=1m\nstonewall=yes\n', ["3:11: 'stonewall' stands alone or takes 0 or 1, not 'yes'"]],
    ['[a]\nsize=1m\ntime_based\n', ["3:1: 'time_based' needs 'runtime'"]],
    ['[a]\nsize=1m\nruntime=soon\n', ["3:9: 'runtime' must be a number, not 'soon'"]],
    ['[a]\nsize=1m\nfilename=x:y\n', ["3:10: 'filename' names several files ('x:y'), which is not modelled"]],
    [
      '[a]\nsize=1m\nrw = write\n',
      ["3:5: 'rw' must be one of read, write, randread, randwrite, rw, readwrite, randrw, not ' write'"],
    ],
    ['[a]\nsize=1m\nnumjobs=4096\n[b]\nsize=1m\n', ['1:1: The file has 4097 jobs; fio runs 4096 at most']],
  ])('%j', (text, expected) => {
    expect(errorsOf(text)).toEqual(expected);
  });

  it('are all reported, in file order, and nothing follows from a wrong option', () => {
    const text = '[a]\nsize=abc\ntime_based\n[b\nbs=x\n[c]\nnope=1\nkb_base=5\n';
    expect(errorsOf(text)).toEqual([
      "2:6: 'size' must be a number, not 'abc'",
      "4:1: A section's line must end with ']'",
      "5:4: 'bs' must be a number, not 'x'",
      "7:1: 'nope' is not a fio option",
      "8:9: 'kb_base' must be one of 1000, 1024, not '5'",
    ]);
  });

  it('in a default are reported once, not for every job', () => {
    expect(errorsOf('[global]\nbs=512\nsize=1m\n[a]\n[b]\n')).toHaveLength(1);
  });

  it('read as one line for a person', () => {
    expect(fioJobRemarkText({ line: 3, column: 6, message: "'size' needs a value" })).toBe(
      "line 3, column 6: 'size' needs a value",
    );
  });
});
