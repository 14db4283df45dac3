import { availableParallelism } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CODECS } from '../../../../src/shared/codec.ts';
import { BUFFER_LAYOUTS } from '../../../../src/shared/design.ts';
import type { Result } from '../../../../src/shared/result.ts';
import { LiveEngine, type SampleObserver } from '../../../../src/main/engine/live/live-engine.ts';
import type { PhasePlan, SampleFigures, SamplePlan, Tick } from '../../../../src/main/engine/live/sample-plan.ts';
import { Machine } from '../../../../src/main/machine/machine.ts';
import { DeviceW, HeaderW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { memoryFigures } from '../../../../src/main/machine/memory-figures.ts';
import { auditMachine } from '../../machine/fixtures/pool-audit.ts';
import { arenaFor, NOBODY, smallSample } from './sample-plans.ts';

const WORKER = new URL('../../../../src/main/engine/live/cpu-worker.ts', import.meta.url);
/** Of tests whose CPUs do not stop by themselves. */
const SHORT_GRACE_MS = 200;

/** Entry of threads of which one fails; see there for the ways. */
function failingWorker(how: string, cpu: number, at: number): URL {
  vi.stubEnv('FAILING_CPU', `${how} ${cpu} ${at}`);
  return new URL('failing-cpu-worker.ts', import.meta.url);
}

const engines: LiveEngine[] = [];

function makeEngine(worker = WORKER, graceMs?: number, standstillMs?: number): LiveEngine {
  const engine = new LiveEngine(worker, graceMs, standstillMs);
  engines.push(engine);
  return engine;
}

/** Worker threads of this process, each of which keeps a port open; vitest runs the tests in a fork that has none. */
function threadCount(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'MessagePort').length;
}

const threadsAtStart = threadCount();

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  expect(threadCount(), 'threads left over').toBe(threadsAtStart);
});

function run(engine: LiveEngine, plan: SamplePlan, observer: SampleObserver = NOBODY, signal?: AbortSignal) {
  return engine.runSample(arenaFor(plan), plan, observer, signal ?? new AbortController().signal);
}

async function figuresOf(running: Promise<Result<SampleFigures>>): Promise<SampleFigures> {
  const result = await running;
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** Code and sentence of a run that failed. */
async function failureOf(running: Promise<Result<SampleFigures>>): Promise<string> {
  const result = await running;
  if (result.ok) throw new Error('the run did not fail');
  return `${result.error.code}: ${result.error.message}`;
}

/** Two CPUs, few pages: runs to its end on every engine of these tests. */
const NEXT_RUN = smallSample({ cpus: 2, bufferLayout: 'single-mutex', blocks: 16 });

async function expectNextRunWorks(engine: LiveEngine): Promise<void> {
  const figures = await figuresOf(run(engine, NEXT_RUN));
  expect(figures.verifiedPages).toBe(2 * 16);
}

describe.each(BUFFER_LAYOUTS.flatMap((bufferLayout) => CODECS.map((codec) => ({ bufferLayout, codec }))))(
  'a sample under $bufferLayout with $codec',
  ({ bufferLayout, codec }) => {
    it.each([1, 2, 4])('writes all and reads back what it wrote, on %i CPUs', async (cpus) => {
      const blocks = 300;
      const plan = smallSample({ cpus, bufferLayout, codec, blocks });
      const memory = arenaFor(plan);
      const engine = makeEngine();
      const figures = await figuresOf(engine.runSample(memory, plan, NOBODY, new AbortController().signal));
      expect(figures.write).toMatchObject({ operations: cpus * blocks, bytes: cpus * blocks * 4096 });
      expect(figures.read).toMatchObject({ operations: cpus * blocks, bytes: cpus * blocks * 4096 });
      expect(figures.verifiedPages).toBe(cpus * blocks);
      expect(figures.memoryAtEnd.originalBytes).toBe(cpus * blocks * 4096);
      // Eight requests of a page in flight on each CPU.
      expect(figures.memoryAtEnd.ioBufferBytes).toBe(cpus * 8 * 4096);
      const { arena } = Machine.attach(memory.buffer);
      auditMachine(arena);
      expect(figures.memoryAtEnd).toEqual(memoryFigures(arena));
    });

    it('has latencies in order, and rates that follow from bytes and time', async () => {
      const plan = smallSample({ cpus: 2, bufferLayout, codec, blocks: 200 });
      const { write } = await figuresOf(run(makeEngine(), plan));
      if (write === undefined) throw new Error('nothing was written');
      const { p50, p90, p99, p999, max, mean } = write.latencyNs;
      expect([p50, p90, p99, p999, max]).toEqual([p50, p90, p99, p999, max].toSorted((a, b) => a - b));
      expect(mean).toBeGreaterThan(0);
      expect(write.megabytesPerSecond).toBeCloseTo((write.bytes / write.durationNs) * 1000, 6);
      expect(write.lockWaitShare).toBeCloseTo(write.lockWaitNs / (write.durationNs * 2), 9);
    });

    it('goes round for as long as it is given time', async () => {
      const cancel = new AbortController();
      const plan = smallSample({ cpus: 2, bufferLayout, codec, blocks: 20, repeatForMs: 1e6 });
      const onTick = ({ writtenBytes }: Tick): void => {
        if (writtenBytes > 2 * 20 * 4096) cancel.abort();
      };
      const running = run(makeEngine(), plan, { ...NOBODY, onTick }, cancel.signal);
      expect(await failureOf(running)).toBe('cancelled: the run was cancelled');
    });
  },
);

describe('designs', () => {
  it('store the same pages in the same compressed bytes', async () => {
    const engine = makeEngine();
    const stored: number[][] = [];
    for (const bufferLayout of BUFFER_LAYOUTS) {
      const figures = await figuresOf(run(engine, smallSample({ cpus: 2, bufferLayout, blocks: 250 })));
      stored.push([figures.memoryAtEnd.originalBytes, figures.memoryAtEnd.compressedBytes]);
    }
    expect(stored[1]).toEqual(stored[0]);
  });
});

describe('phases', () => {
  it('are announced in order, and only their own CPUs take part', async () => {
    const plan = smallSample({ cpus: 3, bufferLayout: 'per-cpu-global', blocks: 10 });
    const [first = '', second = '', third = ''] = plan.jobs.map((job) => job.name);
    const phases: readonly PhasePlan[] = [
      { kind: 'main', jobs: [first], measures: ['write'] },
      { kind: 'main', jobs: [second, third], measures: ['write'] },
      { kind: 'verify', jobs: [third, first], measures: ['read'] },
    ];
    const seen: string[] = [];
    const observer = {
      ...NOBODY,
      onPhase: (phase: PhasePlan, at: number) => seen.push(`${at} ${phase.jobs.join(' ')}`),
    };
    const figures = await figuresOf(run(makeEngine(), { ...plan, phases }, observer));
    expect(seen).toEqual(['0 job.0', '1 job.1 job.2', '2 job.2 job.0']);
    expect(figures.write?.operations).toBe(30);
    expect(figures.verifiedPages).toBe(20);
  });

  it('that measure nothing do not count', async () => {
    const plan = smallSample({ cpus: 1, bufferLayout: 'single-mutex', blocks: 10 });
    const phases = plan.phases.map((phase) => ({ ...phase, measures: [] }));
    const figures = await figuresOf(run(makeEngine(), { ...plan, phases }));
    expect([figures.write, figures.read]).toEqual([undefined, undefined]);
    expect(figures.verifiedPages).toBe(10);
  });

  it('let several jobs of one CPU take turns', async () => {
    const plan = smallSample({ cpus: 4, bufferLayout: 'single-mutex', blocks: 50 });
    const jobs = plan.jobs.map((job) => ({ ...job, cpu: job.cpu % 2 }));
    const figures = await figuresOf(run(makeEngine(), { ...plan, jobs }));
    expect(figures.verifiedPages).toBe(200);
  });

  it('end when their time is over, each by itself', async () => {
    const plan = smallSample({ cpus: 2, bufferLayout: 'single-mutex', blocks: 20, repeatForMs: 50 });
    const seen: number[] = [];
    const observer = { ...NOBODY, onPhase: (_phase: PhasePlan, at: number) => seen.push(at) };
    const figures = await figuresOf(run(makeEngine(), plan, observer));
    expect(seen).toEqual([0, 1]);
    expect(figures.verifiedPages).toBe(figures.read?.operations ?? 0);
  });

  /** What was told of a run that would go on, until a tick is as the test waits for. */
  async function ticksUntil(plan: SamplePlan, isLast: (tick: Tick, ticks: readonly Tick[]) => boolean) {
    const ticks: Tick[] = [];
    const cancel = new AbortController();
    const onTick = (tick: Tick): void => {
      ticks.push(tick);
      if (isLast(tick, ticks)) cancel.abort();
    };
    expect(await failureOf(run(makeEngine(), plan, { ...NOBODY, onTick }, cancel.signal))).toMatch(/^cancelled/);
    return ticks;
  }

  it('are watched while they run: bytes grow, memory is there, CPUs are busy', async () => {
    const plan = smallSample({ cpus: 2, bufferLayout: 'single-mutex', blocks: 50, repeatForMs: 1e6 });
    const hasGrown = (tick: Tick, [first]: readonly Tick[]) => tick.writtenBytes > (first?.writtenBytes ?? 0);
    const ticks = await ticksUntil(plan, hasGrown);
    const bytes = ticks.map((tick) => tick.writtenBytes);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    for (const tick of ticks) {
      expect(tick).toMatchObject({ phaseIndex: 0, readBytes: 0 });
      expect(tick.memory.totalBytes).toBe(plan.machine.memoryBytes);
      expect(tick.cpus.map((cpu) => cpu.isBusy)).toEqual([true, true]);
    }
    if (process.platform !== 'linux') return;
    expect(ticks.at(-1)?.cpus.some(({ processorMs = 0 }) => processorMs > 0)).toBe(true);
  });

  it('are watched in the next one too, which counts anew', async () => {
    const plan = smallSample({ cpus: 2, bufferLayout: 'single-mutex', blocks: 50, repeatForMs: 1e6 });
    const phases = plan.phases.map((phase) => (phase.kind === 'main' ? { ...phase, measures: [] } : phase));
    const isReading = ({ phaseIndex, readBytes }: Tick) => phaseIndex === 1 && readBytes > 0;
    const last = (await ticksUntil({ ...plan, phases }, isReading)).at(-1);
    expect(last?.writtenBytes).toBe(0);
  });
});

describe('memory', () => {
  it('that runs out ends the run with a sentence, and the engine works again', async () => {
    const plan = smallSample({ cpus: 2, bufferLayout: 'per-cpu-global', blocks: 300, memoryPages: 120 });
    const engine = makeEngine();
    expect(await failureOf(run(engine, plan))).toMatch(
      /^out-of-memory: job job\.\d could not write page \d+ of zram0: the machine's memory of 0\.\d MiB is full, 0\.\d MiB of it the pool and 0\.\d MiB slot tables; give the machine more memory or the job less to write$/,
    );
    await expectNextRunWorks(engine);
  });

  it('that does not hold what boot needs is refused before any CPU is asked', async () => {
    const plan = smallSample({ cpus: 4, bufferLayout: 'per-cpu-global', blocks: 10, memoryPages: 12 });
    const engine = makeEngine();
    expect(await failureOf(run(engine, plan))).toMatch(/^out-of-memory: the machine's memory of .* does not hold/);
    await expectNextRunWorks(engine);
  });
});

describe('verification', () => {
  /** Overwrites every byte of the pool when the reading phase is announced. */
  function spoiler(buffer: SharedArrayBuffer): SampleObserver {
    const onPhase = (_phase: PhasePlan, at: number): void => {
      if (at !== 1) return;
      const { arena } = Machine.attach(buffer);
      const start = arena.geometry.frames + memoryFigures(arena).usedBytes - memoryFigures(arena).poolBytes;
      for (let word = start / 4; word < arena.words.length; word++) arena.words[word] = (arena.words[word] ?? 0) ^ 0x55;
    };
    return { ...NOBODY, onPhase };
  }

  it.each([
    {
      kind: 'raw',
      mixture: { zeroPercent: 0, samePercent: 0, randomPercent: 100 },
      sentence: 'got other data than it had written',
    },
    { kind: 'compressed', mixture: { zeroPercent: 0, samePercent: 0, randomPercent: 0 }, sentence: 'damaged' },
  ])('finds damaged $kind data, and the engine works again', async ({ mixture, sentence }) => {
    const plan = smallSample({ cpus: 2, bufferLayout: 'single-mutex', blocks: 100, mixture });
    const memory = arenaFor(plan);
    const engine = makeEngine();
    const failure = await failureOf(
      engine.runSample(memory, plan, spoiler(memory.buffer), new AbortController().signal),
    );
    expect(failure).toMatch(/^data-mismatch: job job\.\d (read|could not read) page \d+ of zram0/);
    expect(failure).toContain(sentence);
    await expectNextRunWorks(engine);
  });
});

describe('cancelling', () => {
  it('ends a run that would go on, and the engine works again', async () => {
    const cancel = new AbortController();
    const plan = smallSample({ cpus: 2, bufferLayout: 'single-mutex', blocks: 100, repeatForMs: 1e6 });
    const engine = makeEngine();
    const running = run(engine, plan, { ...NOBODY, onTick: () => cancel.abort() }, cancel.signal);
    expect(await failureOf(running)).toBe('cancelled: the run was cancelled');
    await expectNextRunWorks(engine);
  });

  it('before the start runs no phase', async () => {
    const seen: number[] = [];
    const observer = { ...NOBODY, onPhase: (_phase: PhasePlan, at: number) => seen.push(at) };
    expect(await failureOf(run(makeEngine(), NEXT_RUN, observer, AbortSignal.abort()))).toMatch(/^cancelled/);
    expect(seen).toEqual([]);
  });

  it('while threads are started starts no more of them, and the next run those that are missing', async () => {
    const cancel = new AbortController();
    const plan = smallSample({ cpus: 12, bufferLayout: 'per-cpu-global', blocks: 16 });
    const engine = makeEngine();
    const running = run(engine, plan, NOBODY, cancel.signal);
    cancel.abort();
    expect(await failureOf(running)).toBe('cancelled: the run was cancelled');
    expect(threadCount() - threadsAtStart).toBeLessThanOrEqual(availableParallelism());
    expect((await figuresOf(run(engine, plan))).verifiedPages).toBe(12 * 16);
  });

  it('ends by force a CPU that does not stop', async () => {
    const cancel = new AbortController();
    const engine = makeEngine(failingWorker('hang', 1, 100), SHORT_GRACE_MS);
    const plan = smallSample({ cpus: 2, bufferLayout: 'per-cpu-global', blocks: 300 });
    const running = run(engine, plan, { ...NOBODY, onTick: () => cancel.abort() }, cancel.signal);
    expect(await failureOf(running)).toBe('cancelled: the run was cancelled');
    await expectNextRunWorks(engine);
  });

  it('has CPUs that wait for a lock give up, whoever holds it', async () => {
    const cancel = new AbortController();
    const engine = makeEngine(failingWorker('hang', 1, 100), 3000);
    const plan = smallSample({ cpus: 3, bufferLayout: 'single-mutex', blocks: 300 });
    // Ticks since something was written: nothing is any more once CPU 1 has hung.
    let [ticks, writtenBefore] = [0, 0];
    const onTick = ({ writtenBytes }: Tick): void => {
      ticks = writtenBytes > 0 && writtenBytes === writtenBefore ? ticks + 1 : 0;
      writtenBefore = writtenBytes;
      if (ticks === 10) cancel.abort();
    };
    expect(await failureOf(run(engine, plan, { ...NOBODY, onTick }, cancel.signal))).toMatch(/^cancelled/);
    // The one that hangs was ended by force.
    expect(threadCount() - threadsAtStart).toBe(2);
    await expectNextRunWorks(engine);
  });
});

describe('a CPU that fails', () => {
  it('by dying with the mutex held is named with operation and page, and all others are released', async () => {
    const engine = makeEngine(failingWorker('exit', 1, 100));
    const plan = smallSample({ cpus: 4, bufferLayout: 'single-mutex', blocks: 400 });
    const memory = arenaFor(plan);
    const failure = await failureOf(engine.runSample(memory, plan, NOBODY, new AbortController().signal));
    expect(failure).toMatch(
      /^cpu-failed: CPU 1 died during the write of page \d+ of zram0: its thread exited with code 3$/,
    );
    // The state that it left is there to be looked at: nobody could take the mutex after it.
    const { arena } = Machine.attach(memory.buffer);
    expect(arena.word(arena.deviceWord(0) + DeviceW.mutex) & 1).toBe(1);
    expect(arena.word(HeaderW.halt)).toBe(1);
    await expectNextRunWorks(engine);
  });

  it('by dying with preemption off is named, and the others end their run', async () => {
    const engine = makeEngine(failingWorker('exit', 1, 100));
    const plan = smallSample({ cpus: 2, bufferLayout: 'per-cpu-global', blocks: 400 });
    expect(await failureOf(run(engine, plan))).toMatch(/^cpu-failed: CPU 1 died during the write of page \d+ of zram0/);
    await expectNextRunWorks(engine);
  });

  it('by dying while it waits for the mutex keeps nobody waiting', async () => {
    const engine = makeEngine(failingWorker('wait', 1, 2));
    const plan = smallSample({ cpus: 2, bufferLayout: 'single-mutex', blocks: 2000, repeatForMs: 1e6 });
    expect(await failureOf(run(engine, plan))).toMatch(/^cpu-failed: CPU 1 died during the write of page \d+ of zram0/);
  });

  it('by throwing is named with what it threw, keeps its thread, and all others are released', async () => {
    const engine = makeEngine(failingWorker('throw', 0, 50));
    const plan = smallSample({ cpus: 3, bufferLayout: 'single-mutex', blocks: 400 });
    expect(await failureOf(run(engine, plan))).toMatch(
      /^cpu-failed: CPU 0 failed during the write of page \d+ of zram0: the codec broke$/,
    );
    await expectNextRunWorks(engine);
  });

  it('while it is prepared is named, and those that do not answer are ended by force', async () => {
    const engine = makeEngine(failingWorker('prepare', 0, 0), SHORT_GRACE_MS);
    const plan = smallSample({ cpus: 4, bufferLayout: 'per-cpu-global', blocks: 16 });
    expect(await failureOf(run(engine, plan))).toMatch(/^cpu-failed: CPU 0 died/);
    expect(threadCount()).toBe(threadsAtStart);
  });

  it('to start, for the host has no such thread, ends the run with what the host says', async () => {
    const engine = makeEngine(new URL('https://localhost/no-worker.js'));
    const plan = smallSample({ cpus: 4, bufferLayout: 'per-cpu-global', blocks: 16 });
    await expect(run(engine, plan)).rejects.toThrow(/protocol|scheme/);
    expect(threadCount()).toBe(threadsAtStart);
    await expect(run(engine, plan)).rejects.toThrow(/protocol|scheme/);
  });

  it('before the barrier lets those go that wait there', async () => {
    const engine = makeEngine(failingWorker('arm', 1, 2));
    const plan = smallSample({ cpus: 4, bufferLayout: 'single-mutex', blocks: 20 });
    expect(await failureOf(run(engine, plan))).toMatch(
      /^cpu-failed: CPU 1 died between requests, after page \d+ of zram0: its thread exited with code 3$/,
    );
    const one = smallSample({ cpus: 1, bufferLayout: 'single-mutex', blocks: 20 });
    expect((await figuresOf(run(engine, one))).verifiedPages).toBe(20);
  });

  it('by not coming back when another job has failed is ended by force, and the job is named', async () => {
    const engine = makeEngine(failingWorker('hang', 0, 1), SHORT_GRACE_MS);
    const plan = smallSample({ cpus: 2, bufferLayout: 'per-cpu-global', blocks: 400, memoryPages: 116 });
    expect(await failureOf(run(engine, plan))).toMatch(/^out-of-memory: job job.1 could not write page \d+ of zram0/);
    // The thread that takes the place of the one that was ended.
    vi.stubEnv('FAILING_CPU', '');
    const one = smallSample({ cpus: 1, bufferLayout: 'per-cpu-global', blocks: 5 });
    expect((await figuresOf(run(engine, one))).verifiedPages).toBe(5);
  });
});

describe('CPUs that wait for each other', () => {
  it('end the run in a sentence that says for which lock each waits and who holds it, and the engine works again', async () => {
    const engine = makeEngine(new URL('deadlocking-cpu-worker.ts', import.meta.url), undefined, 500);
    const plan = smallSample({ cpus: 2, bufferLayout: 'per-cpu-global', blocks: 40 });
    const result = await run(engine, plan);
    expect(result.ok ? 'ok' : `${result.error.code}: ${result.error.message}`).toMatch(
      /^cpu-failed: the CPUs wait for each other: CPU 0, during the write of page \d+ of zram0, waits for allocation mutex \(word \d+\), which CPU 1 holds; CPU 1, during the write of page \d+ of zram0, waits for hotplug lock \(word \d+\), which CPU 0 holds$/,
    );
    const other = {
      ...plan,
      jobs: plan.jobs.map((job) => ({ ...job, blocksToDo: 2 })),
      phases: plan.phases.slice(0, 1),
    };
    expect((await run(engine, other)).ok).toBe(true);
  });

  it('are told from CPUs that wait for one that works', async () => {
    // CPU 0 never ends its compression, with the mutex held.
    const engine = makeEngine(failingWorker('hang', 0, 3), 200, 300);
    const abort = new AbortController();
    let ticks = 0;
    const onTick = (): void => {
      ticks += 1;
      if (ticks === 10) abort.abort();
    };
    const plan = smallSample({ cpus: 3, bufferLayout: 'single-mutex', blocks: 40 });
    expect(await failureOf(run(engine, plan, { ...NOBODY, onTick }, abort.signal))).toMatch(/^cancelled/);
  });
});

describe('the engine', () => {
  it('uses its threads again, for other machines and other designs', async () => {
    const engine = makeEngine();
    await figuresOf(run(engine, smallSample({ cpus: 2, bufferLayout: 'single-mutex', blocks: 10 })));
    const threads = threadCount();
    expect(threads).toBe(threadsAtStart + 2);
    for (const bufferLayout of BUFFER_LAYOUTS) {
      await figuresOf(run(engine, smallSample({ cpus: 2, bufferLayout, blocks: 30 })));
      expect(threadCount()).toBe(threads);
    }
  });

  it('runs one sample at a time', async () => {
    const engine = makeEngine();
    const running = run(engine, NEXT_RUN);
    await expect(run(engine, NEXT_RUN)).rejects.toThrow('a sample was asked for while the live engine is running');
    await expect(engine.forgetMemory()).rejects.toThrow('the memory of a running sample cannot be forgotten');
    await figuresOf(running);
  });

  it('has all threads forget the memory of its samples, dead ones too, and runs others', async () => {
    const engine = makeEngine(failingWorker('exit', 1, 3));
    await engine.forgetMemory();
    await run(engine, smallSample({ cpus: 2, bufferLayout: 'single-mutex', blocks: 16 }));
    await engine.forgetMemory();
    vi.unstubAllEnvs();
    await expectNextRunWorks(engine);
    await engine.forgetMemory();
    await engine.close();
    await expect(engine.forgetMemory()).resolves.toBeUndefined();
  });

  it('may be closed before it ran, twice, and runs nothing afterwards', async () => {
    const engine = makeEngine();
    await engine.close();
    await engine.close();
    await expect(run(engine, NEXT_RUN)).rejects.toThrow('the live engine is closed');
  });

  it('starts no more threads once it is closed', async () => {
    const engine = makeEngine();
    const running = failureOf(run(engine, smallSample({ cpus: 12, bufferLayout: 'per-cpu-global', blocks: 16 })));
    await new Promise((resolve) => setTimeout(resolve, 50));
    // While the first threads answer.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    await engine.close();
    expect(await running).toMatch(/^cpu-failed/);
    expect(threadCount()).toBe(threadsAtStart);
  });

  it('ends the sample in hand when it is closed', async () => {
    const engine = makeEngine();
    const plan = smallSample({ cpus: 2, bufferLayout: 'single-mutex', blocks: 100, repeatForMs: 1e6 });
    const running = run(engine, plan, { ...NOBODY, onTick: () => void engine.close() });
    expect(await failureOf(running)).toMatch(/^cpu-failed: CPU \d died/);
  });
});
