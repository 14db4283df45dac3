/**
 * What the dashboard's words mean, for hovers: one or two sentences each, and where it helps how to read the number.
 * Design names have their own words in `src/shared/design.ts`.
 */
import { ADDRESS_SPACE_GLOSSARY } from './address-space-glossary.ts';
import { PERCPU_GLOSSARY } from './percpu-glossary.ts';
import { THIS_CPU_GLOSSARY } from './this-cpu-glossary.ts';

/** Every word with a hover. */
export const GLOSSARY = {
  ...PERCPU_GLOSSARY,
  ...THIS_CPU_GLOSSARY,
  ...ADDRESS_SPACE_GLOSSARY,
  possibleCpus:
    'CPUs that may ever exist in the simulated machine. Every chunk of per-CPU memory has a unit for each of these, used or not, so this drives its size.',
  onlineCpus:
    'CPUs that really run. Each is one worker thread of this host, with real contention; per-CPU compression buffers exist for these alone.',
  pageSize: 'Size of a page frame: what memory is handed out in, and what zram compresses at a time.',
  memory: 'Page frames of the simulated machine. A run that needs more ends with a clear error.',
  devices: 'Number of zram block devices. Jobs are spread over them in order.',
  diskSize: 'Size of each zram device before compression. It decides the size of the slot table.',
  zramSettings:
    'How the devices store pages beside the buffers: limit, build options and behaviour of a kernel release. Not folded out: as in Linux 6.17 and later.',
  memLimit:
    'The most memory that the pool of a device may take (mem_limit), rounded up to whole pages. A write that would pass it fails with an I/O error and ends its job, as in the kernel; same-filled pages always fit.',
  zspagePages: 'The most page frames that are put together to hold objects of one size (CONFIG_ZSMALLOC_CHAIN_SIZE).',
  freeOrder:
    'What happens first when a page is written again: the new content is stored and the old one freed last (up to 6.13, and from 6.17), or the old one is freed first.',
  allocationStages:
    'How a write finds room: one allocation that may sleep (6.15 and later), or one that may not and, when it fails, a second one after which the page is compressed again.',
  recompress:
    'During: the jobs write once more without, and once more with a CPU of its own that recompresses beside them. After: what was written is read, recompressed by one CPU, and read again. The result tells saving and cost.',
  afterwards: 'What is done to the devices when the jobs of a repetition have ended, outside every time.',
  codec:
    'What the devices compress with. lz4-kernel gives the kernel’s sizes exactly and works in the machine’s own memory; lz4 is the package lz4-napi.',
  design:
    'A variant of the machine. Those of a fio workload differ in who compresses into which buffer, those of a percpu workload in where the first chunk lies, those of a this-cpu workload in how code reaches its own CPU’s copy. All designs of an experiment get the same work.',
  baseline: 'The design that the others are compared with: ratios say how many times as fast as this one.',
  jobFile:
    'The workload as a fio job file: sections are jobs, [global] holds what they share, numjobs makes clones. What is not modelled is reported with line and column.',
  dataJob: 'Pages as fio itself would write them for this job (its buffer_* and verify options).',
  dataFiles:
    'Pages of real files of the host that the lab runs on, in the order given, or spread evenly over them where time ends the jobs. Compressibility is then that of your data.',
  dataGenerator: 'Pages made from a seed with stated shares of zero, same-filled, random and compressible data.',
  zeroPages: 'Share of pages that hold only zero bytes. zram stores them without compressing.',
  samePages: 'Share of pages in which every machine word is equal. zram stores only that word.',
  randomPages: 'Share of pages that do not shrink. zram stores them raw.',
  compressiblePart:
    'In all other pages: the part of each page that compresses well, as fio’s buffer_compress_percentage.',
  seed: 'Every random choice derives from it. The same seed gives the same data and the same order of operations.',
  repetitions:
    'Measured repetitions of each design, in blocks of random order after a warm-up. The exact 95 % interval needs six.',
  seconds:
    'Seconds to measure in all, shared out equally, the first block, which is thrown away, among them; starting machines and threads, the rest of the warm-up and counting come on top. Jobs then take pages of files not in their order but spread evenly over them, so that the faster design writes more of the same data. Empty: every phase runs until the job’s size is done.',
  equivalence:
    'Differences whose whole interval lies within ± this margin count as “same”, and one that does itself is not called faster or slower. Choose the smallest difference that would matter to you.',
  oversubscribed:
    'More simulated CPUs than cores of this host. CPUs then share cores, so a lock holder can lose its core and ratios between designs are distorted.',
  measured: 'Times come from a clock of this host while real code ran, not from a model.',
  kernelEngine:
    'The kernel engine: the jobs run on threads of this host against the zram of its own kernel, through direct I/O.',
  live: 'The live engine: CPUs are worker threads of this host that run the simulated machine, with real contention.',
  wallClock: 'Time is that of this host’s clock. Other load on the host shows up in the figures.',
  throughput:
    'What all CPUs together do per second. MB/s: 10⁶ bytes before compression, written or read. objects/s: per-CPU objects allocated or freed. operations/s: this_cpu operations.',
  median: 'Half of the samples lie below it, half above. One odd repetition does not move it much.',
  sample: 'One design in one repetition.',
  lowHigh: 'The smallest and the largest sample.',
  ratio:
    'Throughput of a design over that of the baseline in the same block: 1.20 × is 20 % more. The bar is the interval that contains, with the stated confidence, the ratio under the conditions of this run: another hour of a shared host may have another. Wholly inside the band it counts as “same”.',
  latency:
    'Time of one operation: a request of the job’s block size, from handing it to the device to its completion; the call that allocates or frees one per-CPU object; or one this_cpu operation, in the mean of a slice between two ticks.',
  percentile:
    'For example p99 = 1.2 ms: 99 of 100 operations (requests, allocations and frees; of this_cpu operations slices between two ticks, in the mean of each) took 1.2 ms or less. Of several repetitions the median of their percentiles.',
  longest: 'The longest operation of all repetitions; the other latencies are medians over the repetitions.',
  shortSamples:
    'What some design did in one direction took less than a millisecond in the median, of which starting the CPUs’ threads is a good part: throughput and latency say little, what is counted holds all the same. The run’s notes say how much was done in how long.',
  storedAmounts:
    'Designs stored different amounts of data; in a run with a time limit each stores what it can write in the same time. Bytes of compressed data and pool then do not compare. Their shares of the original do where every design wrote pages spread evenly over the data, more or fewer of them, and else as far as the data is alike throughout: the run’s notes say which.',
  withheld:
    'Part of the CPUs’ time in which their threads neither ran nor slept on a lock of the machine (they look for a while before they sleep): others had the cores of this host, such as other programs, the page that you look at, or the compiler of the lab’s own runtime. Much of it makes throughput and latency those of a busy host: from 5 % on a difference must be larger than what the slower design lost so may account for if one CPU bore it all, and from 25 % on nothing is called faster or slower.',
  requestShare:
    'Part of their time that the CPUs’ threads were in requests to the devices, in a mixed phase in those of both directions. The rest is the jobs’ own, much alike in all designs: filling and comparing pages, keeping time. Throughput counts all of it, so what a design gains in a request is more than its throughput tells.',
  lockWait: 'Part of the CPUs’ time that was spent waiting for a contended lock: 50 % means half of it was lost.',
  memoryAtEnd:
    'State after the last operation of a repetition and the steps that the profile has done afterwards; median over the repetitions.',
  memoryAtPeak:
    'Highest value during a repetition and the steps done afterwards, each column on its own; median over the repetitions.',
  original: 'Stored pages × page size, before compression (mm_stat: orig_data_size).',
  compressed: 'Sum of the stored sizes (mm_stat: compr_data_size).',
  storedShare:
    'Part of the bytes as written that the compressed data, or the page frames of the pool, come to at the end of a repetition; median over the repetitions. It compares where designs stored different amounts of the same data.',
  pool: 'Page frames that hold compressed objects, with what fragmentation leaves unused (mm_stat: mem_used_total).',
  streamProtection:
    'What keeps others off a stream from taking it to giving it back: preemption off (2010, Linux 4.7), a local lock (5.8), a mutex whose holder may sleep (6.15), or a mutex with a second one for reads (2026).',
  maxStreams:
    'Most streams that a device’s list may have; who finds none idle waits in a queue. Linux 3.15 had one unless told otherwise.',
  localCopy:
    'A page of a stream in which a read joins an object that crosses pages, before it is decompressed (since Linux 6.15).',
  streamRecords:
    'Per-CPU memory of the streams’ own records: lock and pointers, 32 bytes for each stream of a CPU. The streams of 2010 hang on two static variables instead.',
  buffers:
    'Page frames of the compression buffers, two pages each: one for every device where a mutex guards it, up to N on a list, else one for every online CPU (of each device, or of each algorithm of it), made when the CPU comes up.',
  workMemory:
    'Page frames of the compressor’s scratch memory, one piece beside each compression buffer of the primary algorithm; with local copies of streams, where there are any.',
  percpuArea:
    'Page frames behind per-CPU chunks, static variables and big per-CPU objects, all CPUs together. Compression buffers are not among them: only the pointers to them are.',
  slotTable: 'One entry per page of every device: where its compressed object is, and a lock bit.',
  ioBuffers: 'Page frames of the jobs’ requests in flight (iodepth × bs each), which fio would fill and check.',
  otherMemory:
    'Page frames in use that belong to none of the other kinds: compression buffers with their work memory, requests in flight, page tables.',
  used: 'All page frames in use, counted from the machine’s memory, not estimated; one of them is frame 0, which nobody may use.',
  held: 'What the zram devices hold: data as written, its compressed sizes, and the page frames of the pools. The distance between pool and compressed is what the size classes waste.',
  mmStat:
    'The columns of mm_stat as the kernel prints them, all devices together: bytes, the last four pages. mem_limit is 0 where there is no limit.',
  storedBy:
    'The bytes of compr_data_size by the algorithm that made the object; huge pages are stored as they are. Same-filled pages take no bytes.',
  liveZram:
    'The pools of the running machine, class by class, twice a second. No lock is taken, but the caches of the CPUs notice: close it while figures matter.',
  sizeClass:
    'Objects of similar sizes share a class, whose zspages are cut into objects of one size. Classes whose zspages would look alike are merged.',
  zspage: 'Page frames that are put together so that objects of one size fill them with the least waste.',
  fullness:
    'How many zspages of the class are below 10 %, 20 % … 100 % in use, and, set apart at the right, full. Many half-empty ones are what compaction takes back.',
  classWaste:
    'Bytes of the class’s pages that hold no object: free objects, and tails of zspages in which no whole object fits; and their share of the pages.',
  freeable: 'Pages that compaction of the class would give back (as the kernel lists them).',
  rounding:
    'Bytes of objects in use beyond the compressed data: an 8-byte header each, and rounding up to the size of the class.',
  freeObjects: 'Objects of zspages that nobody uses now; new data of that size goes there first.',
  tails: 'Ends of zspages in which no whole object fits.',
  utilisation:
    'What each CPU did since the last update: working, waiting for a lock, without a core of this host (where the host tells), or idle.',
  warmUp:
    'What comes first and is thrown away: a block of every design, again and again until each has worked as long as the profile asks, or for a second. Meanwhile the code of the simulated CPUs is compiled, whose compiler takes cores from them. Threads of this-cpu workloads begin anew with each sample and warm up by themselves.',
  verifyRatio:
    'The lab over the kernel: 1.04 × is 4 % faster. The median of the rounds’ ratios, and in brackets the lowest and the highest of them.',
  verifyRounds:
    'Each round runs the kernel and then the lab over all the data, twice over: written, then read. More rounds, steadier medians; fewer than 7 give a warning.',
  verifiedPages:
    'Pages that were read back and equal what was written, each as often as it was read: in a run with a time limit again and again.',
  governor: 'How the kernel chooses the CPU frequency. Anything but “performance” adds noise.',
} as const satisfies Readonly<Record<string, string>>;

/** A word that has a hover. */
export type GlossaryTerm = keyof typeof GLOSSARY;
