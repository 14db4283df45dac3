/** What the words of page tables and of the local mapping mean, for hovers. */
export const ADDRESS_SPACE_GLOSSARY = {
  shownMachine: 'The machine that is run, or the one whose tables the profile counts because a paper speaks of it.',
  shownMoment: 'With the chunks that are mapped at rest, or with those that come on top.',
  walkingCpu: 'The CPU whose tables are walked. Each has a top-level table of its own.',
  pageTableTree:
    'All tables that walks of the chosen CPU can lead through, from its top-level table down. A bar at the foot of a table shows how many of its entries are in use.',
  tablePgd:
    'The top-level table: where walks begin. Each CPU has one; CPU 0’s is the machine’s own, the others are copies whose window entries differ.',
  tablePrivate: 'A table that only this CPU walks through. It lies below the window and leads to the CPU’s own units.',
  tableShared: 'A table that all CPUs walk through: an edit concerns all of them at once.',
  tableFrames: 'Page frames that entries of the last level lead to.',
  tableBlock: 'An entry above the last level that maps a run of frames by itself, as the linear map has them.',
  walkers: 'Found by walking the address through the tables of every CPU.',
  tableEntry: 'Eight bytes: nothing, the frame of the next table, a page frame, or the first frame of a block.',
  localColumn:
    'Address space only, no memory: the same address on every CPU, which shows each CPU its own unit through its own tables.',
  globalUnit: 'The CPU’s unit at an address of its own, the same for whoever uses it: what per_cpu_ptr() returns.',
  windowSpace: 'Address space of the units in the window: one per chunk, whatever the number of CPUs.',
  localMappingTables:
    'What the local mapping takes: the other CPUs’ top-level tables and all tables below the windows.',
  sharedTables: 'CPU 0’s top-level table and everything below it that all CPUs walk through.',
  tlbSets:
    'Translations that were walked lately, page by page. A page may lie in the ways of one set only: page number mod sets.',
  tlbSharing:
    'Two hardware threads may share one. Kernel entries are valid for both, so without a tag that says who filled them they see each other’s window.',
  addressStep:
    'The bits of the address choose an entry of each level’s table; the lowest ones are the byte in the page.',
  invalidation: 'A broadcast: all CPUs forget the page. The next access walks the tables again.',
} as const satisfies Readonly<Record<string, string>>;
