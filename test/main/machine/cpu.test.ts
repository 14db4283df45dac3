import { describe, expect, it } from 'vitest';
import { complete, type Suspending } from '../../../src/main/machine/cpu.ts';
import { LoneCpu } from '../../../src/main/machine/lone-cpu.ts';
import { cpuId } from '../../../src/main/machine/units.ts';

describe('complete', () => {
  it('gives what a computation returns, and throws when it yields', () => {
    const seven = function* (): Suspending<number> {
      return 7;
    };
    const yielding = function* (): Suspending<number> {
      yield undefined;
      return 7;
    };
    expect(complete(seven())).toBe(7);
    expect(() => complete(yielding())).toThrow('a computation yielded where no engine could suspend it');
  });
});

describe('a lone CPU', () => {
  it('gets every lock and never has to wait, pause or reschedule', () => {
    const cpu = new LoneCpu(cpuId(3));
    cpu.preemptDisable();
    expect([cpu.id, cpu.tryLock(), cpu.preemptEnable(), cpu.shouldPause()]).toEqual([3, true, false, false]);
    const waits = [cpu.lock(), cpu.reschedule(), cpu.pause()];
    expect(waits.map((computation) => computation.next().done)).toEqual([true, true, true]);
  });

  it('without codecs compresses nothing', () => {
    const { codec, recompressors } = new LoneCpu(cpuId(0));
    expect(recompressors).toEqual([]);
    expect(() => codec.compress(undefined as never, undefined as never, undefined as never)).toThrow(
      'compresses nothing',
    );
  });
});
