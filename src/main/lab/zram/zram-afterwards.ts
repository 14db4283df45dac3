/**
 * What zram devices look like when a sample's jobs have ended, and what the profile has done to them then: idle marks,
 * compaction, recompression. The machine is at rest, so one CPU without contenders does it all, outside every time, in pieces that
 * let the lab's thread hear of other things.
 */
import { assertUnreachable, ok, type Result } from '../../../shared/result.ts';
import type { ZramProfile, ZramStep } from '../../../shared/zram-profile.ts';
import type { ZramReport, ZramStepOutcome } from '../../../shared/zram-report.ts';
import type { ArenaMemory } from '../../engine/codec/arena-memory.ts';
import { type CodecParts, makeCodec } from '../../engine/codec/make-codec.ts';
import { makeRecompressors } from '../../engine/codec/recompressors.ts';
import type { Cpu } from '../../machine/cpu.ts';
import { Machine } from '../../machine/machine.ts';
import { cpuId } from '../../machine/units.ts';
import type { ZramDevice } from '../../machine/zram/device.ts';
import { type DeviceCodecs, restingDeviceStates } from './device-states.ts';
import { inTurns, TurnTakingCpu } from './in-turns.ts';

/**
 * Reads the devices of the machine at rest in `memory`, which compressed with `codec`, and does the profile's steps. Errors:
 * 'bad-input' for a recompression that zram refuses, 'out-of-memory' when the machine has none for it, 'cancelled'.
 */
export async function zramAfterwards(
  { memory, codec }: { readonly memory: ArenaMemory; readonly codec: CodecParts },
  zram: ZramProfile | undefined,
  signal: AbortSignal,
): Promise<Result<ZramReport>> {
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
  const cpu = new TurnTakingCpu(cpuId(0), makeCodec(codec, memory, pageSizeBytes), recompressors);
  for (const step of steps) {
    const sums = { pagesReleased: 0, pagesTried: 0, pagesRecompressed: 0 };
    for (const device of machine.devices) {
      const done = await doStep({ cpu, signal }, device, step);
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

async function doStep(
  { cpu, signal }: { readonly cpu: Cpu; readonly signal: AbortSignal },
  { controls }: ZramDevice,
  step: ZramStep,
): Promise<Result<StepSums>> {
  const nothing: StepSums = { pagesReleased: 0, pagesTried: 0, pagesRecompressed: 0 };
  switch (step.do) {
    case 'idle': {
      const done = await inTurns(controls.markIdle(cpu), signal);
      return done.ok ? ok(nothing) : done;
    }
    case 'compact': {
      const released = await inTurns(controls.compact(cpu), signal);
      return released.ok ? ok({ ...nothing, pagesReleased: released.value }) : released;
    }
    case 'recompress': {
      const ended = await inTurns(controls.recompress(cpu, step), signal);
      if (!ended.ok) return ended;
      const outcome = ended.value;
      if (!outcome.ok) return { ok: false, error: { ...outcome.error, where: 'zram.afterwards' } };
      return ok({ ...nothing, pagesTried: outcome.value.tried, pagesRecompressed: outcome.value.recompressed });
    }
    default:
      return assertUnreachable(step);
  }
}
