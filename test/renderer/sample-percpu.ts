/** A percpu profile and what it leaves, for the dashboard's tests: figures that are easy to tell apart. */
import type { PercpuWorkload, Profile } from '../../src/shared/profile.ts';
import type { DesignSummary, PercpuFigures } from '../../src/shared/run-record.ts';
import { sampleReport } from './sample-evidence.ts';
import { sampleProfile } from './sample-profile.ts';
import { finishedRecord } from './scripted-run.ts';

/** Two kinds of objects in each of 100 cgroups. */
export function samplePercpuWorkload(changes: Partial<PercpuWorkload> = {}): PercpuWorkload {
  return {
    kind: 'percpu',
    groupName: 'cgroup',
    groups: 100,
    objects: [
      { callSite: 'percpu_ref_init', number: 3, sizeBytes: 6, alignBytes: 8 },
      { callSite: 'psi_cgroup_alloc', number: 1, sizeBytes: 128, alignBytes: 64 },
    ],
    destroy: 'random',
    seed: 1,
    ...changes,
  };
}

export function samplePercpuProfile(changes: Partial<PercpuWorkload> = {}): Profile {
  return sampleProfile({
    name: 'cgroups',
    designs: ['embed', 'page'],
    workload: samplePercpuWorkload(changes),
    experiment: { repetitions: 6, equivalencePercent: 5 },
  });
}

/** `scale` tells designs apart. */
export function samplePercpuFigures(scale = 1): PercpuFigures {
  const atFull = {
    liveObjects: 400,
    liveBytes: 15_200,
    chunks: 3 * scale,
    populatedBytes: scale * 65_536,
    addressSpaceBytes: scale * 2 ** 21,
    metadataBytes: scale * 3072,
  };
  return {
    atFull,
    atEnd: { ...atFull, liveObjects: 0, liveBytes: 0, chunks: scale },
    callSites: [
      { callSite: 'psi_cgroup_alloc', number: 100, sizeBytes: 128, totalBytes: 12_800, share: 12_800 / 15_200 },
      { callSite: 'percpu_ref_init', number: 300, sizeBytes: 8, totalBytes: 2400, share: 2400 / 15_200 },
    ],
    statsAtFull: sampleReport().statsAtEnd,
  };
}

/** Both first chunks, the second with twice the memory. */
export function samplePercpuSummaries(): readonly DesignSummary[] {
  const [design] = finishedRecord('run-1', sampleProfile()).designs;
  if (design === undefined) throw new Error('the script has no design');
  const { memoryAtEnd, memoryAtPeak } = design;
  return [
    { design: 'embed', percpu: samplePercpuFigures(1), memoryAtEnd, memoryAtPeak },
    { design: 'page', percpu: samplePercpuFigures(2), memoryAtEnd, memoryAtPeak },
  ];
}
