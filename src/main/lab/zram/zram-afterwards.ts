/**
 * What zram devices look like when a sample's jobs have ended, and what the profile has done to them then: idle marks,
 * compaction, recompression. The machine is at rest, so one CPU without contenders does it all, outside every time.
 */
import { assertUnreachable, ok, type Result } from '../../../shared/result.ts';
import type { ZramProfile, ZramStep } from '../../../shared/zram-profile.ts';
import type { ZramReport, ZramStepOutcome } from '../../../shared/zram-report.ts';
import type { ArenaMemory } from '../../engine/codec/arena-memory.ts';
import { type CodecParts, makeCodec } from '../../engine/codec/make-codec.ts';
import { makeRecompressors } from '../../engine/codec/recompressors.ts';
import { complete, type Cpu } from '../../machine/cpu.ts';
import { Machine } from '../../machine/machine.ts';
import { cpuId } from '../../machine/units.ts';
import type { ZramDevice } from '../../machine/zram/device.ts';
import { LoneCpu } from '../../machine/lone-cpu.ts';
import { type DeviceCodecs, restingDeviceStates } from './device-states.ts';

/**
 * Reads the devices of the machine at rest in `memory`, which compressed with `codec`, and does the profile's steps. Errors:
 * 'bad-input' for a recompression that zram refuses, 'out-of-memory' when the machine has none for it.
 */
export function zramAfterwards(
  { memory, codec }: { readonly memory: ArenaMemory; readonly codec: CodecParts },
  zram: ZramProfile | undefined,
): Result<ZramReport> {
  const { buffer } = memory;
  const machine = Machine.attach(buffer);
  const { arena } = machine;
  const codecs: DeviceCodecs = [codec.name, ...(zram?.recompression ?? [])];
  const atEnd = restingDeviceStates(arena, codecs);
  const afterwards: ZramStepOutcome[] = [];
  const steps = zram?.afterwards ?? [];
  if (steps.length === 0) return ok({ atEnd, afterwards });
  const { pageSizeBytes } = arena.config;
  const recompressors = makeRecompressors(zram?.recompression ?? [], buffer, pageSizeBytes);
  const cpu = new LoneCpu(cpuId(0), makeCodec(codec, memory, pageSizeBytes), recompressors);
  for (const step of steps) {
    const sums = { pagesReleased: 0, pagesTried: 0, pagesRecompressed: 0 };
    for (const device of machine.devices) {
      const done = doStep(cpu, device, step);
      if (!done.ok) return done;
      sums.pagesReleased += done.value.pagesReleased;
      sums.pagesTried += done.value.pagesTried;
      sums.pagesRecompressed += done.value.pagesRecompressed;
    }
    afterwards.push({ step, ...sums, devices: restingDeviceStates(arena, codecs) });
  }
  return ok({ atEnd, afterwards });
}

type StepSums = Pick<ZramStepOutcome, 'pagesReleased' | 'pagesTried' | 'pagesRecompressed'>;

function doStep(cpu: Cpu, { controls }: ZramDevice, step: ZramStep): Result<StepSums> {
  const nothing: StepSums = { pagesReleased: 0, pagesTried: 0, pagesRecompressed: 0 };
  switch (step.do) {
    case 'idle':
      complete(controls.markIdle(cpu));
      return ok(nothing);
    case 'compact':
      return ok({ ...nothing, pagesReleased: complete(controls.compact(cpu)) });
    case 'recompress': {
      const outcome = complete(controls.recompress(cpu, step));
      if (!outcome.ok) return { ok: false, error: { ...outcome.error, where: 'zram.afterwards' } };
      return ok({ ...nothing, pagesTried: outcome.value.tried, pagesRecompressed: outcome.value.recompressed });
    }
    default:
      return assertUnreachable(step);
  }
}
