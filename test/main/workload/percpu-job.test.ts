/** Percpu jobs on real machines: alone, and four CPUs at once under random schedules. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Interleaver } from '../../../src/main/engine/interleaved/interleaver.ts';
import type { Cpu, Suspending } from '../../../src/main/machine/cpu.ts';
import { FaultInjector } from '../../../src/main/machine/faults/fault-injector.ts';
import { Machine } from '../../../src/main/machine/machine.ts';
import type { MachineConfig } from '../../../src/main/machine/memory/arena.ts';
import { memoryFigures } from '../../../src/main/machine/memory-figures.ts';
import { PageFrames } from '../../../src/main/machine/memory/page-frames.ts';
import { PercpuInterface } from '../../../src/main/machine/percpu/percpu-interface.ts';
import { RegionW } from '../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { liveObjects } from '../../../src/main/machine/percpu/chunks/live-objects.ts';
import { cpuId, type PercpuPtr } from '../../../src/main/machine/units.ts';
import type { BatchOutcome, JobClock } from '../../../src/main/workload/job-clock.ts';
import type { PercpuJobPlan, PercpuPhaseKind } from '../../../src/main/workload/job-plan.ts';
import { type ObjectTally, PercpuJob, type PercpuMachine } from '../../../src/main/workload/percpu-job.ts';
import { Random } from '../../../src/main/workload/random.ts';
import type { Direction } from '../../../src/shared/run-record.ts';
import type { Result } from '../../../src/shared/result.ts';
import { makeMachine, smallPercpu } from '../machine/fixtures/make-machine.ts';
import { SizedCodec } from '../machine/fixtures/sized-pages.ts';
import { auditRegion } from '../machine/percpu/chunks/region-audit.ts';

const CPUS = 4;
const OBJECTS_OF_GROUP = 4;

/** `c` for each object created, `d` for each destroyed. */
class HandClock implements JobClock {
  operations = '';
  isStopped = false;

  now(): number {
    return 0;
  }

  record(direction: Direction): void {
    this.operations += direction === 'create' ? 'c' : 'd';
  }

  stopped(): boolean {
    return this.isStopped;
  }
}

function jobPlan(cpu: number, changes: Partial<PercpuJobPlan> = {}): PercpuJobPlan {
  return {
    name: `groups of CPU ${cpu}`,
    cpu,
    groups: 12,
    objects: [
      { callSite: 0, number: 3, sizeBytes: 500, alignBytes: 8 },
      { callSite: 1, number: 1, sizeBytes: 6, alignBytes: 64 },
    ],
    destroyOrder: 'random',
    seed: cpu,
    ...changes,
  };
}

function percpuMachine(changes: Partial<MachineConfig> = {}): Machine {
  return makeMachine({ percpu: smallPercpu(4096, { callSites: 2 }), ...changes });
}

interface Bench {
  readonly clock: HandClock;
  readonly jobs: readonly PercpuJob[];
  /** Runs the phase on all CPUs; answers with each job's last outcome. */
  readonly run: (phase: PercpuPhaseKind) => readonly BatchOutcome[];
}

function bench(machine: PercpuMachine, seed: number, changes: Partial<PercpuJobPlan> = {}, goesOn = false): Bench {
  const clock = new HandClock();
  const jobs = Array.from({ length: CPUS }, (_, cpu) => new PercpuJob(jobPlan(cpu, changes), machine, clock, goesOn));
  const options = { arena: machine.arena, codec: new SizedCodec(machine.arena), switchChance: 100 };
  const engine = new Interleaver({ ...options, random: new Random(seed) });
  const run = (phase: PercpuPhaseKind): readonly BatchOutcome[] => {
    const outcomes: BatchOutcome[] = [];
    const toEnd = function* (cpu: Cpu, job: PercpuJob): Suspending<void> {
      let outcome: BatchOutcome = 'more';
      while (outcome === 'more') outcome = yield* job.batch(cpu);
      outcomes.push(outcome);
    };
    for (const job of jobs) {
      job.begin(phase);
      const cpu = engine.cpu(cpuId(job.plan.cpu));
      engine.spawn(cpu, job.plan.name, toEnd(cpu, job));
    }
    engine.run();
    return outcomes;
  };
  return { clock, jobs, run };
}

/** Of all jobs together. */
function tally(jobs: readonly PercpuJob[]): ObjectTally {
  return {
    bytes: jobs.reduce((sum, { objects }) => sum + objects.bytes, 0),
    failed: jobs.reduce((sum, { objects }) => sum + objects.failed, 0),
  };
}

function audit(machine: Machine): string[] {
  const region = machine.area.region;
  const live = [...liveObjects(region)];
  const cells = live.map(({ chunk, startBytes, sizeBytes }) => ({
    chunk,
    start: startBytes / 4,
    cells: sizeBytes / 4,
  }));
  return auditRegion(region, cells);
}

describe('a job that goes on without objects that are not to be had', () => {
  it('finishes both phases, destroys those that it has, and leaves none', () => {
    const { arena } = percpuMachine();
    const faults = FaultInjector.create({ frames: { every: 1 } });
    const machine = new Machine(arena, faults);
    faults.arm(true);
    const { clock, jobs, run } = bench(machine, 5, {}, true);
    expect(run('create')).toEqual(FINISHED);
    const [frames] = faults.counts();
    expect(frames?.injected).toBeGreaterThan(0);
    const made = machine.area.region.header(RegionW.liveObjects);
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(CPUS * 12 * OBJECTS_OF_GROUP);
    expect(audit(machine)).toEqual([]);
    // An allocation that failed is no operation, and its size is nowhere.
    expect(clock.operations).toBe('c'.repeat(made));
    const created = tally(jobs);
    expect(created.failed).toBe(CPUS * 12 * OBJECTS_OF_GROUP - made);
    // As they were asked for: 6 bytes take 8.
    const sizes = [...liveObjects(machine.area.region)].map(({ sizeBytes }) => (sizeBytes === 8 ? 6 : sizeBytes));
    expect(created.bytes).toBe(sizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0));
    expect(run('destroy')).toEqual(FINISHED);
    expect(machine.area.region.header(RegionW.liveObjects)).toBe(0);
    expect(clock.operations).toBe('c'.repeat(made) + 'd'.repeat(made));
    expect(tally(jobs)).toEqual({ bytes: created.bytes, failed: 0 });
  });
});

const FINISHED = Array.from({ length: CPUS }, () => 'finished');

describe('four CPUs that create and destroy groups', () => {
  it('make every object once, leave none, and agree with the bookkeeping, whatever the schedule', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('in-order' as const, 'random' as const), (seed, destroyOrder) => {
        const machine = percpuMachine();
        const { clock, run } = bench(machine, seed, { destroyOrder });
        expect(run('create')).toEqual(FINISHED);
        const objects = CPUS * 12 * OBJECTS_OF_GROUP;
        expect(clock.operations).toBe('c'.repeat(objects));
        expect([...liveObjects(machine.area.region)]).toHaveLength(objects);
        expect(audit(machine)).toEqual([]);
        clock.operations = '';
        expect(run('destroy')).toEqual(FINISHED);
        expect(clock.operations).toBe('d'.repeat(objects));
        expect(machine.area.region.header(RegionW.liveObjects)).toBe(0);
        expect(audit(machine)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('may do so again and again in the same memory', () => {
    const machine = percpuMachine();
    const { run } = bench(machine, 3);
    const before = memoryFigures(machine.arena).percpuAreaBytes;
    for (let round = 0; round < 5; round++) expect([run('create'), run('destroy')]).toEqual([FINISHED, FINISHED]);
    // One chunk of 32 KiB may stay, in the units of all CPUs.
    expect(memoryFigures(machine.arena).percpuAreaBytes - before).toBeLessThanOrEqual(2 * 32 * 1024 * CPUS);
  });

  it('end at once when the run is stopped', () => {
    const { clock, run } = bench(percpuMachine(), 1);
    clock.isStopped = true;
    expect(run('create')).toEqual(FINISHED);
    expect(clock.operations).toBe('');
  });
});

describe('a job that cannot go on', () => {
  it('for want of memory says in which group, and what it has made so far is whole', () => {
    const machine = percpuMachine({ memoryBytes: 120 * 4096 });
    const { clock, run } = bench(machine, 5, { groups: 400 });
    const failed = run('create').filter((outcome) => typeof outcome === 'object');
    expect(failed.length).toBeGreaterThan(0);
    for (const failure of failed) {
      expect(failure).toMatchObject({ kind: 'percpu', cause: 'out-of-memory' });
      expect(failure.job).toMatch(/^groups of CPU [0-3]$/);
    }
    // What failed is no operation.
    expect([...liveObjects(machine.area.region)]).toHaveLength(clock.operations.length);
    expect(audit(machine)).toEqual([]);
  });

  it('for want of chunks likewise', () => {
    const machine = percpuMachine({
      memoryBytes: 4096 * 4096,
      percpu: smallPercpu(4096, { callSites: 2, maxChunks: 2 }),
    });
    const [outcome] = bench(machine, 5, { groups: 400 }).run('create');
    expect(outcome).toMatchObject({ kind: 'percpu', cause: 'out-of-memory' });
  });
});

/** Gives out again, now and then, what the same CPU or another was given just before. */
class ForgetfulInterface extends PercpuInterface {
  #calls = 0;
  #last: Result<PercpuPtr> | undefined;

  override *allocPercpu(cpu: Cpu, request: Parameters<PercpuInterface['allocPercpu']>[1]) {
    this.#calls += 1;
    if (this.#calls % 25 === 0 && this.#last?.ok === true) return this.#last;
    this.#last = yield* super.allocPercpu(cpu, request);
    return this.#last;
  }
}

/** Notes what it gave out. */
class NotingInterface extends PercpuInterface {
  readonly given: PercpuPtr[] = [];

  override *allocPercpu(cpu: Cpu, request: Parameters<PercpuInterface['allocPercpu']>[1]) {
    const made = yield* super.allocPercpu(cpu, request);
    if (made.ok) this.given.push(made.value);
    return made;
  }
}

/** Does not clear what was there before. */
class DirtyInterface extends PercpuInterface {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    super(machine.arena, new PageFrames(machine.arena), machine.area);
    this.#machine = machine;
  }

  override *allocPercpu(cpu: Cpu, request: Parameters<PercpuInterface['allocPercpu']>[1]) {
    const made = yield* super.allocPercpu(cpu, request);
    if (made.ok) this.#machine.arena.words[this.#machine.area.physicalAddress(made.value, cpu.id) / 4] = 1;
    return made;
  }
}

function withInterface({ arena, area }: Machine, percpu: PercpuInterface): PercpuMachine {
  return { arena, area, percpu };
}

describe('an allocator that is broken', () => {
  it.each([1, 2, 3, 4, 5])('by giving an object out twice is caught, schedule %i', (seed) => {
    const machine = percpuMachine();
    const broken = new ForgetfulInterface(machine.arena, new PageFrames(machine.arena), machine.area);
    const { run } = bench(withInterface(machine, broken), seed);
    const outcomes = [...run('create'), ...run('destroy')].filter((outcome) => typeof outcome === 'object');
    const causes = outcomes.map((outcome) => outcome.kind === 'percpu' && outcome.cause);
    expect(causes.length).toBeGreaterThan(0);
    for (const cause of causes) expect(['overwritten', 'not-freed']).toContain(cause);
  });

  it('by not clearing an object is caught at its birth', () => {
    const machine = percpuMachine();
    const [outcome] = bench(withInterface(machine, new DirtyInterface(machine)), 1).run('create');
    expect(outcome).toMatchObject({ cause: 'overwritten', group: 0, reason: 'a new object is not zero' });
  });

  it('whose objects somebody else writes to is caught when they are destroyed', () => {
    const machine = percpuMachine();
    const noting = new NotingInterface(machine.arena, new PageFrames(machine.arena), machine.area);
    const { run } = bench(withInterface(machine, noting), 1);
    run('create');
    const [victim] = noting.given;
    if (victim === undefined) throw new Error('nothing was created');
    for (let cpu = 0; cpu < CPUS; cpu++) {
      machine.arena.words[machine.area.physicalAddress(victim, cpuId(cpu)) / 4] = 7;
    }
    expect(run('destroy').filter((outcome) => typeof outcome === 'object')).toMatchObject([
      { cause: 'overwritten', reason: 'an object was overwritten while it lived' },
    ]);
  });
});
