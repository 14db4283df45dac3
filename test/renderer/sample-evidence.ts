/** Small pieces of evidence for the dashboard's tests, with the figures of a real 2-CPU kernel. */
import type { ReplayMoment } from '../../src/shared/evidence-contract.ts';
import type { BootCheck, FileCheck } from '../../src/shared/geometry-check.ts';
import { NO_CALL_SITE, type PercpuPicture, type PictureChunk } from '../../src/shared/percpu-picture.ts';
import type { ReplayReport } from '../../src/shared/replay-report.ts';

const FIGURES = {
  staticBytes: 185560,
  reservedBytes: 0,
  dynamicBytes: 31528,
  pagesPerCpu: 53,
  unitBytes: 1048576,
  atoms: 1,
  atomBytes: 2097152,
  groupMap: [[0, 1]],
  mapLines: ['[0] 0 1'],
};

/** A boot that matches, changed where `changes` says. */
export function sampleBoot(changes: Partial<BootCheck> = {}): BootCheck {
  return {
    line: 1,
    kernelRelease: '6.18.0',
    verdict: 'match',
    computed: FIGURES,
    printed: FIGURES,
    takenFromLog: ['staticBytes', 'reservedBytes', 'atomBytes'],
    inputs: [{ name: 'atom', value: '2097152', source: 'line 4' }],
    differences: [],
    missing: [],
    notes: [],
    dynamicPart: { outcome: 'explained', reason: '28672 bytes asked for' },
    ...changes,
  };
}

export function sampleCheck(changes: Partial<BootCheck> = {}): FileCheck {
  const boot = sampleBoot(changes);
  return { file: 'dmesg.txt', verdict: boot.verdict, boots: [boot], malformed: [] };
}

/** A chunk of four 4 KiB pages, of which two are populated: `AAB.` in its first bytes, 64 bytes each. */
export function sampleChunk(changes: Partial<PictureChunk> = {}): PictureChunk {
  return {
    key: '2.1',
    heading: 'ordinary',
    slot: 7,
    isolated: false,
    baseName: '00000000cf3d60bb',
    unitStartBytes: 0,
    sizeBytes: 16384,
    freeBytes: 16384 - 192,
    liveObjects: 3,
    emptyPages: 1,
    firstFreeBytes: 192,
    contigHint: { startBytes: 192, sizeBytes: 16192 },
    populated: Uint8Array.of(1, 1, 0, 0),
    fill: Uint8Array.of(12, 0, 0, 0),
    objects: {
      startBytes: Int32Array.of(0, 64, 128),
      sizeBytes: Int32Array.of(64, 64, 64),
      callSite: Uint16Array.of(0, 0, NO_CALL_SITE),
    },
    ...changes,
  };
}

/** Two CPUs and an unused unit pair of a second group; one chunk of 16 KiB units. */
export function samplePicture(chunks: readonly PictureChunk[] = [sampleChunk()]): PercpuPicture {
  return {
    geometry: {
      pageSizeBytes: 4096,
      unitBytes: 16384,
      staticBytes: 5000,
      reservedBytes: 1000,
      dynBytes: 2192,
      atomBytes: 16384,
      allocBytes: 16384,
    },
    units: [
      { cpu: 0, group: 0, offsetBytes: 0 },
      { cpu: 1, group: 0, offsetBytes: 16384 },
      { cpu: 2, group: 1 },
      { group: 1 },
    ],
    chunks,
    lists: { sidelined: 13, fullyFree: 14, toDepopulate: 15 },
    callSites: ['psi_cgroup_alloc+0x4a/0xd0', 'mm_init+0x2bf/0x4d0'],
  };
}

export const sampleMoments: readonly ReplayMoment[] = [
  { events: 0, timeUs: 0, chunks: 1, liveObjects: 0 },
  { events: 4, timeUs: 1500, chunks: 2, liveObjects: 3 },
];

/** Three allocations and a free, all as the kernel did; changed where `changes` says. */
export function sampleReport(changes: Partial<ReplayReport> = {}): ReplayReport {
  return {
    trace: 'trace.txt',
    geometry: {
      unitBytes: 1048576,
      staticBytes: 185560,
      reservedBytes: 0,
      dynBytes: 31528,
      atomBytes: 2097152,
      allocBytes: 2097152,
      possibleCpus: 2,
      units: 2,
    },
    geometrySource: 'boot log',
    geometryOrigin: { possibleCpus: 'boot log', unit: 'boot log', firstChunk: 'boot log' },
    lines: 12,
    events: 5,
    allocations: 3,
    frees: 1,
    failures: 0,
    freesOfOlderObjects: 1,
    chunksBorn: 1,
    chunksDestroyed: 0,
    bornWithin: { matched: 2, total: 2 },
    overall: { matched: 3, total: 3 },
    sameChunk: 3,
    reordered: 0,
    displacedLines: 0,
    doubledLines: 0,
    repaired: 0,
    mismatchCounts: { 'event-order': 0, 'lost-events': 0, 'starting-state': 0, unexplained: 0 },
    mismatches: [],
    lostEvents: {
      markers: 0,
      counted: 0,
      overwritten: 0,
      notInText: 0,
      proofs: [],
      proofCount: 0,
      missingFrees: 0,
      missingAllocations: 0,
      missingChunkEvents: 0,
    },
    malformedCount: 0,
    malformed: [],
    notes: [],
    memory: [
      { timeUs: 0, populatedBytes: 434176, liveBytes: 0, chunks: 1 },
      { timeUs: 1500, populatedBytes: 442368, liveBytes: 384, chunks: 2 },
    ],
    callSites: [
      { callSite: 'psi_cgroup_alloc+0x4a/0xd0', allocations: 2, sizeBytes: 64, totalBytes: 128, share: 2 / 3, live: 2 },
      { callSite: 'mm_init+0x2bf/0x4d0', allocations: 1, totalBytes: 64, share: 1 / 3, live: 0 },
    ],
    statsAtEnd: {
      info: {
        unitBytes: 1048576,
        staticBytes: 185560,
        reservedBytes: 0,
        dynBytes: 31528,
        atomBytes: 2097152,
        allocBytes: 2097152,
      },
      totals: {
        allocations: 3,
        frees: 1,
        liveObjects: 2,
        liveObjectsPeak: 3,
        chunks: 2,
        chunksPeak: 2,
        smallestBytes: 64,
        largestBytes: 64,
        emptyPages: 1,
      },
      chunks: [],
    },
    machines: [],
    ...changes,
  };
}
