import { afterEach, describe, expect, it, vi } from 'vitest';
import { runStorm, type StormParts } from '../../../../../src/main/engine/live/storm/storm.ts';
import type {
  MixOutcome,
  StormMix,
  StormOutcome,
  StormPlan,
} from '../../../../../src/main/engine/live/storm/storm-plan.ts';
import type { StormPatience } from '../../../../../src/main/engine/live/storm/storm-watch.ts';
import { ACCESS_MODES, type AccessMode } from '../../../../../src/shared/design.ts';
import { MIX_OPERATIONS } from '../../../../../src/shared/this-cpu-profile.ts';
import { bootCpu, mappedConfig } from '../../../machine/percpu/local-mapping/mapped-machines.ts';

const WORKER = new URL('../../../../../src/main/engine/live/storm/storm-worker.ts', import.meta.url);

const STORM: StormMix = { name: 'storm', steps: [{ operation: 'add', number: 1 }], unitsPerTask: 50_000 };
/** Two of every operation, xchg among them. */
const ALL: StormMix = {
  name: 'all',
  steps: MIX_OPERATIONS.map((operation) => ({ operation, number: 2 })),
  unitsPerTask: 2000,
};

function planOf(mode: AccessMode, changes: Partial<StormPlan> = {}): StormPlan {
  return {
    mode,
    machine: mappedConfig({ possibleCpus: 2 }),
    tasksPerCpu: 3,
    tickOperations: 200,
    balanceTicks: 4,
    mixes: [STORM],
    seed: 1,
    ...changes,
  };
}

function run(plan: StormPlan, signal = new AbortController().signal, onMix: (mix: number) => void = () => undefined) {
  return runStorm({ cpu: bootCpu, workerUrl: WORKER }, plan, { onMix, onTick: () => undefined }, signal);
}

async function storm(mode: AccessMode, changes: Partial<StormPlan> = {}): Promise<StormOutcome> {
  const outcome = await run(planOf(mode, changes));
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value;
}

function mixOf({ mixes }: StormOutcome, index = 0): MixOutcome {
  const mix = mixes[index];
  if (mix === undefined) throw new Error(`no mix ${index}`);
  return mix;
}

const SAFE_MODES = ACCESS_MODES.filter((mode) => mode !== 'unprotected');

const FAILING = new URL('./failing-storm-worker.ts', import.meta.url);
const DEADLOCKING = new URL('./deadlocking-storm-worker.ts', import.meta.url);

/** See failing-storm-worker.ts. */
async function runFailing(failing: string, changes: Partial<StormParts> = {}, signal = new AbortController().signal) {
  vi.stubEnv('FAILING_STORM_CPU', failing);
  const observer = { onMix: () => undefined, onTick: () => undefined };
  return runStorm(
    { cpu: bootCpu, workerUrl: FAILING, ...changes },
    planOf('preempt-offset', { mixes: [ALL] }),
    observer,
    signal,
  );
}

/** Of the failure, numbers that are another in each run left out. */
async function sentenceOf(failing: string, patience?: StormPatience): Promise<string> {
  const outcome = await runFailing(failing, { patience });
  if (outcome.ok) throw new Error('the storm came to its end');
  return outcome.error.message.replaceAll(/(?<=task |has |operation )\d+/g, '#');
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a storm on threads', () => {
  it.each(SAFE_MODES)('ends with the exact total in mode %s, with tasks that migrate', async (mode) => {
    const { issued, counted, units, figures } = mixOf(await storm(mode));
    expect(units).toBe(300_000);
    expect(issued).toBe(300_000);
    expect(counted).toBe(issued);
    expect(figures.operations).toBe(issued);
    expect(figures.strayAccesses).toBe(0);
    expect(figures.switches).toBeGreaterThan(100);
    expect(figures.migrations).toBeGreaterThan(10);
    expect(figures.tlbHits + figures.tlbMisses).toBe(issued);
  });

  it.each(SAFE_MODES)('ends with the exact total in mode %s when a unit is one of every operation', async (mode) => {
    const { issued, counted, figures } = mixOf(await storm(mode, { mixes: [ALL] }));
    // 12 000 units of two shared_add, add, add_return and cmpxchg each.
    expect(issued).toBe(96_000);
    expect(counted).toBe(issued);
    // Sixteen this_cpu operations a unit, and each cmpxchg that had to be repeated.
    expect(figures.operations).toBeGreaterThanOrEqual(192_000);
  });

  it.each(SAFE_MODES)(
    'ends with the exact total in mode %s when the first chunk lies in the linear map',
    async (mode) => {
      const machine = mappedConfig({ possibleCpus: 2, mapping: { firstChunk: 'second-window', maxChunks: 1 } });
      const { issued, counted } = mixOf(await storm(mode, { machine, mixes: [{ ...ALL, unitsPerTask: 100 }] }));
      expect(issued).toBe(4800);
      expect(counted).toBe(issued);
    },
  );

  it('puts the counters into the shared total in batches and loses nothing', async () => {
    const { issued, counted, figures } = mixOf(await storm('local-mapping', { mixes: [{ ...STORM, batch: 32 }] }));
    expect(counted).toBe(issued);
    // At least one exchange for every 32 additions that no interrupt came between.
    expect(figures.operations - issued).toBeGreaterThan(300_000 / 32 - 3000);
  });

  it('says of each CPU what it counted', async () => {
    const outcome = await storm('preempt-offset', { mixes: [STORM, { ...STORM, name: 'again', unitsPerTask: 1000 }] });
    expect(outcome.cpus).toHaveLength(2);
    const [first, second] = outcome.cpus;
    expect((first?.operations ?? 0) + (second?.operations ?? 0)).toBe(306_000);
    expect(outcome.mixes.map(({ figures }) => figures.preemptPairs)).toEqual([300_000, 6000]);
    expect(first?.preemptPairs).toBe(first?.operations);
  });

  it('runs every mix from its own beginning', async () => {
    const begun: number[] = [];
    const mixes = [STORM, ALL, { ...STORM, name: 'third', unitsPerTask: 10 }];
    const outcome = await run(planOf('fixup', { mixes }), undefined, (mix) => begun.push(mix));
    expect(begun).toEqual([0, 1, 2]);
    expect(outcome.ok && outcome.value.mixes.map(({ issued, counted }) => issued === counted)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('loses additions in mode unprotected, whose tasks leave the CPU between load and store', async () => {
    // One CPU: nothing but the seed decides where ticks come, so that the loss is certain.
    const machine = mappedConfig({ possibleCpus: 1 });
    const mixes = [{ ...STORM, unitsPerTask: 3000 }];
    const { issued, counted, figures } = mixOf(await storm('unprotected', { machine, tickOperations: 10, mixes }));
    expect(figures.operations).toBe(issued);
    expect(counted).toBeLessThan(issued);
    expect(figures.strayAccesses).toBe(0);
  });

  it('counts per operation what the mode costs', async () => {
    const { figures } = mixOf(await storm('preempt-offset', { mixes: [{ ...STORM, unitsPerTask: 5000 }] }));
    const each = [figures.preemptPairs, figures.rescheduleChecks, figures.offsetReads, figures.atomics];
    expect(each).toEqual([30_000, 30_000, 30_000, 30_000]);
    expect(figures.windowAccesses).toBe(0);
    const local = mixOf(await storm('local-mapping', { mixes: [{ ...STORM, unitsPerTask: 5000 }] })).figures;
    expect(local.windowAccesses).toBe(30_000);
    expect(local.preemptPairs + local.offsetReads + local.notes).toBe(0);
  });

  it('ends by the clock with the units that were done', async () => {
    const mixes = [{ ...STORM, unitsPerTask: 300_000_000 }];
    const runFor = async (repeatForMs: number) => mixOf(await storm('local-mapping', { mixes, repeatForMs }));
    let outcome = await runFor(50);
    // A busy host may give the threads no turn in so short a time.
    for (let repeatForMs = 100; outcome.units === 0; repeatForMs *= 2) outcome = await runFor(repeatForMs);
    const { units, issued, counted } = outcome;
    expect(units).toBeLessThan(6 * 300_000_000);
    expect(counted).toBe(issued);
  });

  describe.each([
    ['before its threads have started', 0],
    ['while its threads start', 30],
    ['in a mix', undefined],
  ] as const)('that is cancelled %s', (_, delayMs) => {
    it('ends by its signal, whatever its CPUs are at', async () => {
      const abort = new AbortController();
      // Slices of a second and more, of which no CPU would be done in time.
      const changes = { mixes: [{ ...STORM, unitsPerTask: 300_000_000 }], tickOperations: 10_000_000 };
      if (delayMs !== undefined)
        setTimeout(() => {
          abort.abort();
        }, delayMs);
      const outcome = run(planOf('segment', changes), abort.signal, () => {
        setTimeout(() => {
          abort.abort();
        }, 20);
      });
      expect(await outcome).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    });
  });

  it('that is cancelled while a thread never starts does not wait for it', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    expect(await runFailing('wait 1', {}, abort.signal)).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  describe('of which a thread fails', () => {
    const LOOPS = 'in mix warm-up, in uninterrupted operations of task #, which has # units left';
    const INTERRUPTED =
      /in mix warm-up, at (operation # of 9 \([a-z_]+\)|the end) of an interrupted unit of task #, which has # units left/;
    it.each([
      ['exits in a slice', 'exit 1 loops 3', `CPU 1 died ${LOOPS}: its thread exited with code 3`],
      ['throws in a slice', 'throw 1 loops 3', `CPU 1 failed ${LOOPS}: the timer broke`],
      ['throws at a tick', 'throw 0 interrupt 3', INTERRUPTED],
      ['throws between tasks', 'throw 0 switch 9', 'CPU 0 failed in mix warm-up, between two tasks: the timer broke'],
      ['ends before its barrier', 'start 0', 'CPU 0 died before mix warm-up: its thread exited with code 3'],
      ['throws at its barrier', 'between 0', 'CPU 0 failed before mix warm-up: broke while nobody listened'],
    ])('that %s, says which CPU, at what, where and why', async (_, failing, sentence) => {
      expect(await sentenceOf(failing)).toMatch(sentence);
    });

    it.each([
      [
        'in a slice',
        'hang 1 loops 3',
        'CPU 1, in mix warm-up, in uninterrupted operations of task #, which has # units left',
      ],
      ['before its barrier', 'wait 0', 'CPU 0, before mix warm-up'],
    ])('that never answers, %s, says that nothing goes on', async (_, failing, place) => {
      // Long enough for threads to start on a busy host.
      const patience = { standstillMs: 60_000, silenceMs: 6000 };
      expect(await sentenceOf(failing, patience)).toMatch(
        new RegExp(`^nothing has gone on for \\d s, and no answer came from ${place}`),
      );
    });

    it('leaves the next storm fresh threads', async () => {
      await sentenceOf('exit 1 loops 3');
      expect((await runFailing('')).ok).toBe(true);
    });
  });

  it('whose CPUs wait for each other ends with who holds what', async () => {
    const outcome = await runStorm(
      { cpu: bootCpu, workerUrl: DEADLOCKING, patience: { standstillMs: 500, silenceMs: 60_000 } },
      planOf('segment', { tasksPerCpu: 2, balanceTicks: 0 }),
      { onMix: () => undefined, onTick: () => undefined },
      new AbortController().signal,
    );
    const wait = (cpu: number): string =>
      `CPU ${cpu}, in mix warm-up, .*, waits for run queue \\(word \\d+\\), which CPU ${1 - cpu} holds`;
    expect(outcome.ok ? 'ok' : outcome.error.message).toMatch(
      new RegExp(`^the CPUs wait for each other: ${wait(0)}; ${wait(1)}$`),
    );
  });

  it('whose page tables are damaged while it runs ends with CPU, address, what it maps and what it should', async () => {
    const outcome = await runStorm(
      { cpu: bootCpu, workerUrl: new URL('./damaging-storm-worker.ts', import.meta.url) },
      // Goes by offsets, so that nothing but an audit looks at the window.
      planOf('preempt-offset', { mixes: [{ ...STORM, unitsPerTask: 100 }] }),
      { onMix: () => undefined, onTick: () => undefined },
      new AbortController().signal,
    );
    expect(outcome.ok ? 'ok' : `${outcome.error.code}: ${outcome.error.message}`).toMatch(
      /^data-mismatch: page tables after mix warm-up in mode preempt-offset: CPU 1 maps 0xf[0-9a-f]{15} \(page 0 of chunk 0, in its window\) to nothing and should map it to frame \d+$/,
    );
  });

  it('says so when a thread cannot do its work', async () => {
    const workerUrl = new URL('./no-such-worker.ts', import.meta.url);
    const observer = { onMix: () => undefined, onTick: () => undefined };
    const outcome = await runStorm(
      { cpu: bootCpu, workerUrl },
      planOf('segment'),
      observer,
      new AbortController().signal,
    );
    expect(outcome).toMatchObject({ ok: false, error: { code: 'cpu-failed' } });
    expect(!outcome.ok && outcome.error.message).toContain('no-such-worker');
  });

  it('says so when the host cannot give the memory', async () => {
    const outcome = await run(
      planOf('segment', { machine: { ...mappedConfig({ possibleCpus: 2 }), memoryBytes: 2 ** 52 } }),
    );
    expect(outcome).toMatchObject({ ok: false, error: { code: 'out-of-memory', where: 'machine.memoryBytes' } });
    expect(!outcome.ok && outcome.error.message).toMatch(/^this host cannot give the machine \d+ bytes in one piece$/);
  });

  it('says so when the memory does not hold the units', async () => {
    const machine = { ...mappedConfig({ possibleCpus: 2 }), memoryBytes: 16 * 4096 };
    expect(await run(planOf('segment', { machine }))).toMatchObject({
      ok: false,
      error: { code: 'out-of-memory', where: 'machine.memoryBytes' },
    });
  });
});
