import { expect, it, onTestFinished } from 'vitest';
import { codecSource } from '../../../../src/main/engine/codec/codec-source.ts';
import { KernelEngine } from '../../../../src/main/engine/kernel/kernel-engine.ts';
import { LiveEngine } from '../../../../src/main/engine/live/live-engine.ts';
import { RunControl } from '../../../../src/main/lab/experiment/run-control.ts';
import { planProfile } from '../../../../src/main/lab/plan/plan-profile.ts';
import type { RunEvent } from '../../../../src/shared/contract.ts';
import { fail, ok } from '../../../../src/shared/result.ts';
import type { RunRecord } from '../../../../src/shared/run-record.ts';
import { recordOf } from '../run-record-fixtures.ts';
import { CPU_WORKER, KERNEL_LZ4, smallProfile, valueOf } from '../small-lab.ts';

const HOST = { cores: 2, memoryBytes: 8 * 2 ** 30, environment: {} };
const NO_WORKER = new URL('file:///nowhere');

/** Finds its input wrong at the end of its second sample. */
class MisledEngine extends LiveEngine {
  #samples = 0;

  override async runSample(...sample: Parameters<LiveEngine['runSample']>): ReturnType<LiveEngine['runSample']> {
    const figures = await super.runSample(...sample);
    this.#samples += 1;
    return this.#samples === 2 ? fail('bad-input', 'the data went bad') : figures;
  }
}

it('a run whose input is found wrong after its first sample began is stored like any other that failed', async () => {
  const live = new MisledEngine(CPU_WORKER);
  const kernel = new KernelEngine(NO_WORKER);
  onTestFinished(async () => {
    await Promise.all([live.close(), kernel.close()]);
  });
  const saved: RunRecord[] = [];
  const { promise, resolve } = Promise.withResolvers<RunEvent>();
  const control = new RunControl({
    engines: { live, kernel, stormWorkerUrl: NO_WORKER },
    environment: recordOf([]).environment,
    codecs: codecSource(KERNEL_LZ4),
    save: (record) => {
      saved.push(record);
      return ok(undefined);
    },
    emit: (event) => {
      if (event.kind === 'finished') resolve(event);
    },
  });
  valueOf(control.start(valueOf(planProfile(smallProfile(), HOST))));
  expect(await promise).toMatchObject({ outcome: 'failed', stored: true, error: { code: 'bad-input' } });
  expect(saved.map(({ outcome }) => outcome)).toEqual(['failed']);
});
