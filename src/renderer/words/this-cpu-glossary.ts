/** What the words of this-cpu workloads and of page tables mean, for hovers: one or two sentences each. */
export const THIS_CPU_GLOSSARY = {
  pageTables:
    'How the machine’s CPUs translate addresses, and where the window of the local mapping lies: one address range that shows each CPU its own per-CPU data.',
  translation:
    'Page size and bits of the kernel’s half of the address space. They decide how many levels of tables there are.',
  mappingWindow:
    'How chunks lie in the window. same-offset: as far apart as globally; packed: close together; none: all CPUs walk the same tables.',
  mappedFirstChunk:
    'Where the first chunk lies. page: it is mapped page by page like the others; second-window: it lies in the linear map and has a window of its own.',
  tablesFor: 'CPUs that have tables of their own: all that may exist, from boot on, or each as it comes up.',
  mappedUnit: 'One CPU’s part of a chunk: what one chunk takes of the window.',
  tlb: 'Translation cache of each CPU. What is not in it is looked up in the page tables, a step per level.',
  tlbWays: 'Places in the cache that an address may take. Entries ÷ ways must be a power of two.',
  mix: 'What one unit of work does to per-CPU data: so many operations of each kind. Each mix is measured on its own.',
  unitOfWork: 'What the numbers of a mix are of: one page fault, one cgroup.',
  mixOperations: 'Operations of each kind in one unit of work, done in this order.',
  mixBatch:
    'After so many units in a row a CPU’s counter goes into the shared total, as the kernel’s counters do. Empty: never.',
  mixSource: 'Where the numbers come from.',
  accessOperations: 'How many this_cpu operations one sample is, shared out over the mixes in equal parts.',
  tasksPerCpu: 'Tasks of each CPU. Ticks make them take turns, and the balancer moves them to other CPUs.',
  tickOperations: 'Operations between two ticks of a CPU, about. A tick comes into the middle of an operation.',
  balanceTicks:
    'With every so many ticks of a CPU the balancer sends a task on to the next CPU. 0: only from longer to shorter queues.',
  tableCounting:
    'Page tables of machines too large to run, counted once per run by building them, beside the figures of a paper.',
  countedCpus: 'CPUs of the machine that the paper speaks of.',
  nsPerOperation:
    'Processor time of the CPUs’ threads over operations: what other programs do on the host does not count. Translating the address by software is most of it.',
  additions:
    'Additions that tasks did, against what the shared total and all counters came to. They must be equal in every mode but unprotected, which loses some.',
  countedPerOperation: 'Counted by the CPUs themselves and divided by the operations.',
  paperFigures: 'What the paper states, and what comes out of counting the frames of the machine built like it.',
  privateTables: 'Tables of single CPUs: top-level ones beside the first CPU’s, and those below the window.',
  mappingEvents:
    'What one event changes on a machine at rest. The cost is a chunk’s or a CPU’s: an allocation in a chunk that is there changes no table.',
} as const;
