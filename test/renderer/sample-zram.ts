/** zram devices for the dashboard's tests: real figures of a machine, and a record that has them. */
import { restingDeviceStates } from '../../src/main/lab/zram/device-states.ts';
import type { RunRecord } from '../../src/shared/run-record.ts';
import type { ZramDeviceState, ZramReport } from '../../src/shared/zram-report.ts';
import { makeMachine } from '../main/machine/fixtures/make-machine.ts';
import { OneCpu } from '../main/machine/fixtures/one-cpu.ts';
import { samePage, SizedCodec, sizedPage } from '../main/machine/fixtures/sized-pages.ts';
import { sampleProfile } from './sample-profile.ts';
import { finishedRecord } from './scripted-run.ts';

/** A device with objects of three sizes, some of them freed, a huge page and a same-filled one. */
export function sampleDevice(discards = 9): ZramDeviceState {
  const machine = makeMachine({ diskSizeBytes: 64 * 4096, memoryBytes: 256 * 4096 });
  const cpu = new OneCpu(machine.arena, new SizedCodec(machine.arena));
  const device = machine.device(0);
  for (let slot = 0; slot < 30; slot++) cpu.write(device, slot, sizedPage([1560, 2700, 700][slot % 3] ?? 8, slot));
  cpu.write(device, 30, sizedPage(4000, 30));
  cpu.write(device, 31, samePage(7));
  cpu.discard(device, 0, discards);
  const [state] = restingDeviceStates(machine.arena, ['lz4']);
  if (state === undefined) throw new Error('a machine has a device');
  return state;
}

/** Written in two seconds, read in one, then compacted and recompressed. */
export function sampleReport(): ZramReport {
  const before = sampleDevice();
  const [first = { by: 'lz4', pages: 0, bytes: 0 }, ...others] = before.stored ?? [];
  const recompressed = {
    ...before,
    stored: [{ ...first, pages: 1, bytes: 700 }, { by: 'zstd' as const, pages: 20, bytes: 9000 }, ...others],
  };
  const step = { pagesReleased: 0, pagesTried: 0, pagesRecompressed: 0 };
  return {
    atEnd: [before],
    afterwards: [
      { step: { do: 'idle' }, ...step, devices: [before] },
      {
        step: { do: 'recompress', algorithm: 'zstd' },
        ...step,
        pagesTried: 22,
        pagesRecompressed: 20,
        devices: [recompressed],
      },
      { step: { do: 'compact' }, ...step, pagesReleased: 4, devices: [recompressed] },
    ],
    course: {
      atMs: [0, 1000, 2000, 3000],
      originalBytes: [0, 60_000, 120_000, 120_000],
      compressedBytes: [0, 30_000, 55_000, 55_000],
      poolBytes: [0, 40_960, 81_920, 81_920],
      phases: [
        { phase: 'write', fromMs: 0 },
        { phase: 'read', fromMs: 2000 },
      ],
    },
  };
}

/** A finished run whose samples all have the report. */
export function zramRecord(): RunRecord {
  const record = finishedRecord('run-1', sampleProfile());
  return { ...record, samples: record.samples.map((sample) => ({ ...sample, zram: sampleReport() })) };
}
