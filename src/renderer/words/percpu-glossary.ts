/** What the words of the per-CPU allocator mean, for hovers: one or two sentences each. */
export const PERCPU_GLOSSARY = {
  percpuUnit:
    'The part of a chunk that belongs to one CPU. An object has the same offset in every unit, so one pointer serves all CPUs.',
  chunk:
    'A block of address space with one unit per CPU. The first is made at boot, others when there is no room left.',
  firstChunk:
    'The chunk made at boot. Static variables lie at its start, then the reserve of modules, then dynamic space.',
  staticPart: 'Per-CPU variables of the kernel image itself (DEFINE_PER_CPU).',
  reservedPart: 'Space kept for per-CPU variables of modules, which some architectures need near the static ones.',
  dynamicPart:
    'Space for alloc_percpu() before other chunks exist. What rounding to whole pages leaves goes to it too.',
  givenBack:
    'Beyond static, reserved and dynamic part: given back to the page allocator at boot; later chunks use it all.',
  pagesPerCpu: 'Pages of one CPU’s static, reserved and dynamic part together.',
  atom: 'The piece in which memory for units is aligned: a huge page where the kernel maps itself with such.',
  atomsPerAlloc: 'An alloc is what one group of units is taken in: alloc=N*M is N atoms of M bytes.',
  group: 'CPUs that are near each other (one NUMA node). Each group’s units lie in memory near its CPUs.',
  groupMap: 'Which CPU has which unit, alloc by alloc, as pcpu-alloc: prints it. A dash is a unit that no CPU has.',
  populated: 'Pages of a chunk that have page frames behind them, one on every unit. Others are address space only.',
  emptyPages: 'Populated pages without any object. Some are kept ready for allocations that may not wait.',
  contigHint: 'The largest free run that the allocator knows of in the chunk. It may be stale: then a lower bound.',
  scanHint:
    'A smaller free run before the contig hint’s: requests that are too big for it skip everything up to its end.',
  firstFree: 'The first free byte. Requests that fit the scan hint are looked for from here on.',
  slot: 'The list that a chunk is on, by its contig hint. A request begins at the list of its size and goes upwards.',
  fragmentation: 'Free space that lies in runs smaller than the largest one: 0 % when all of it is one run.',
  callSite: 'The function that asked for the memory, as the kernel prints it: function + offset / length.',
  liveAtEnd: 'Objects that had not been freed when the trace ended.',
  bornWithin: 'Chunks whose creation is in the trace: nothing about their state has to be guessed.',
  overall: 'All chunks; those that are older than the trace begin with what the trace shows of them.',
  sameChunk: 'The same chunk as the kernel’s, whatever the offset in it.',
  olderObjects: 'Frees of objects that were allocated before the trace began.',
  reordered:
    'The kernel prints an allocation after it has released its locks, so a free may be printed before an allocation that it really followed.',
  repaired: 'They agree once events that the trace lacks (lost by the tracer) are put right.',
  lostEvents: 'The tracer’s buffer was full: it says where events are missing, and sometimes how many.',
  populatedMemory: 'Populated pages × units × page size, first chunk included; /proc/meminfo calls it Percpu.',
  liveMemory: 'Sizes of the live objects of the trace × possible CPUs.',
  addressSpace: 'Chunks × units × unit size: what they span, whether backed by pages or not.',
  chunkTables: 'Page tables of all CPUs, those of the linear map included, counted frame by frame.',
  replayAccessMode:
    'How code reaches the running CPU’s copy. A trace tells of allocations, not of accesses: the modes differ here in page tables and address space, not in time.',
  ownTables:
    'Top-level tables of the CPUs other than CPU 0, and the tables below each CPU’s window: what the local mapping takes.',
  tablesMade: 'Page tables made since boot began. They come with chunks and their pages, not with allocations.',
  tablesFreed: 'Page tables given back since boot began, when the last page that they led to had gone.',
  pgdCopiesOfChunks: 'Stores that kept the top-level tables of all CPUs equal: one per CPU and changed entry.',
  flushesOfChunks: 'Ranges that were invalidated on all CPUs, when pages of chunks went.',
  chunkMaps: 'The allocator’s own bookkeeping: bitmaps and summaries of its chunks.',
  sideTables: 'With memory cgroup accounting: 8 bytes beside every 4 bytes of a chunk, to know whom to charge.',
  modelled: 'Not measured: the trace’s requests on the lab’s allocator, starting with the first chunk full.',
  percpuMemory:
    'What the machine’s per-CPU memory is like: an architecture and a kernel, from which the sizes follow, and what a command line can change.',
  architecture: 'The way in which its kernels set up the first chunk: atom, smallest unit, reserve.',
  kernelVersion: 'Release whose constants hold, such as 6.18.',
  firstChunkChoice:
    'What percpu_alloc= chooses. auto: what the architecture does by itself; embed: in the kernel’s own linear mapping; page: put together from single pages; uniprocessor: one CPU, no units.',
  otherStatic: 'Per-CPU variables of the kernel image beside the lab’s own: the s of a boot line.',
  reserve: 'The boot parameter percpu= of 2008. Empty: what this kernel reserves for modules.',
  percpuLimit:
    'What static, reserved and dynamic part together must not exceed, as the 64 KiB of ia64. Empty: no limit.',
  numaNodes: 'Nodes over which the CPUs are spread; CPUs of one node make a group.',
  groupName: 'What is made and destroyed as a whole: a cgroup, a device, a boot.',
  groupCount: 'Groups in all, shared out over the online CPUs.',
  liveObjects: 'Per-CPU objects that are allocated at that moment, each once whatever the number of CPUs.',
  objectAlign: 'A power of two, in bytes.',
  destroyOrder:
    'Once all groups are there, each CPU destroys its own: in the order in which it made them, or at random.',
  atFull: 'When all groups are there.',
  afterDestroy: 'When the last phase has ended: what chunks that remain still hold.',
  liveOneCpu: 'Sizes of all live objects, one CPU’s copies.',
  metadataMemory: 'What a kernel’s bookkeeping of these chunks takes beside them.',
  livePicture:
    'The machine as it is, twice a second. To be of one moment, each look holds the allocator’s lock for a millisecond or two: CPUs that want it wait so long, so close this while figures matter.',
  kernelTexts:
    'What a kernel would print on these machines: the boot lines about its per-CPU area, and percpu_stats of debugfs.',
  percpuPointer: 'What alloc_percpu() returns. It is no address: a CPU’s offset must be added first.',
  unitOffset: 'Where the CPU’s unit lies from the first unit on; __per_cpu_offset[cpu] contains it.',
  pageFrame: 'The page of physical memory behind an address. Every CPU’s copy has its own.',
} as const satisfies Readonly<Record<string, string>>;
