import type { Profile } from '../../src/shared/profile.ts';

const MIB = 2 ** 20;

/** A valid profile like the 2010 experiment, with parts replaced. */
export function sampleProfile(parts: Partial<Profile> = {}): Profile {
  return {
    schemaVersion: 2,
    name: 'zram 2010: one mutex or per-CPU buffers',
    description:
      'Does one compression buffer per CPU write faster than one behind a mutex? Dual core, fio, 4 KiB blocks.',
    machine: {
      possibleCpus: 2,
      onlineCpus: 2,
      pageSizeBytes: 4096,
      memoryBytes: 4096 * MIB,
      devices: 1,
      codec: 'lz4',
      diskSizeBytes: 2048 * MIB,
    },
    designs: ['single-mutex', 'per-cpu-global'],
    workload: {
      kind: 'fio',
      jobFile: `[global]
bs=4k
ioengine=libaio
iodepth=8
size=1g
direct=1
numjobs=2
verify=meta
verify_pattern=0x1122334455667788

[seq-write]
rw=write
`,
      data: { kind: 'job' },
      seed: 2010,
    },
    experiment: { repetitions: 6, seconds: 30, equivalencePercent: 2 },
    ...parts,
  };
}
