import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUFFER_LAYOUTS, type BufferLayout } from '../../../src/shared/design.ts';
import { Interleaver } from '../../../src/main/engine/interleaved/interleaver.ts';
import type { IoPage } from '../../../src/main/machine/codec.ts';
import { complete, type Cpu, type Suspending } from '../../../src/main/machine/cpu.ts';
import { FailingCodec } from '../../../src/main/machine/faults/failing-parts.ts';
import { FaultInjector } from '../../../src/main/machine/faults/fault-injector.ts';
import { Machine } from '../../../src/main/machine/machine.ts';
import { CpuW, DeviceW } from '../../../src/main/machine/memory/arena-layout.ts';
import { IoStatus } from '../../../src/main/machine/zram/io-status.ts';
import { readDeviceStatistics } from '../../../src/main/machine/zram/device-statistics.ts';
import { cpuId, frameNumber, physicalAddress } from '../../../src/main/machine/units.ts';
import type { PageSet } from '../../../src/main/workload/data/page-set.ts';
import { FREE_ORDERS, type FreeOrder } from '../../../src/shared/zram-profile.ts';
import type { Direction } from '../../../src/shared/run-record.ts';
import { ioPagesOf, Job } from '../../../src/main/workload/job.ts';
import type { BatchOutcome, JobClock } from '../../../src/main/workload/job-clock.ts';
import { ACCESS_PATTERNS, type JobPlan } from '../../../src/main/workload/job-plan.ts';
import { Random } from '../../../src/main/workload/random.ts';
import { WrittenPages, writtenPagesBytes } from '../../../src/main/workload/written-pages.ts';
import { makeMachine } from '../machine/fixtures/make-machine.ts';
import { setLimit } from '../machine/fixtures/mm-stat.ts';
import { OneCpu } from '../machine/fixtures/one-cpu.ts';
import { auditMachine } from '../machine/fixtures/pool-audit.ts';
import { SizedCodec, sizedPage } from '../machine/fixtures/sized-pages.ts';

const SLOTS = 64;

/** A clock that a test advances, and the requests it saw: `w` and `r`. */
class HandClock implements JobClock {
  nowMs = 0;
  /** Added at each look. */
  tickMs = 0;
  isStopped = false;
  requests = '';

  now(): number {
    this.nowMs += this.tickMs;
    return this.nowMs;
  }

  record(direction: Direction): void {
    this.requests += direction === 'read' ? 'r' : 'w';
  }

  stopped(): boolean {
    return this.isStopped;
  }
}

/** Pages of different compressed sizes, the page's number as tag. */
function pageSet(count: number): PageSet {
  const bytes = new SharedArrayBuffer(count * 4096);
  const view = new Uint8Array(bytes);
  for (let page = 0; page < count; page++) view.set(sizedPage(100 + ((page * 531) % 3900), page).bytes, page * 4096);
  return { pageSizeBytes: 4096, count, bytes, description: 'numbered pages' };
}

function jobPlan(changes: Partial<JobPlan> = {}): JobPlan {
  return {
    name: 'job',
    cpu: 0,
    device: 0,
    firstSlot: 0,
    blocks: 16,
    blockPages: 1,
    pattern: 'write',
    readPercent: 50,
    ioDepth: 4,
    blocksToDo: 16,
    pageSet: 0,
    firstSetPage: 0,
    seed: 1,
    ...changes,
  };
}

/** I/O pages of the machine for a job. */
function pagesFor(cpu: OneCpu, machine: Machine, plan: JobPlan): readonly IoPage[] {
  const pages = cpu.run((on) => machine.takeIoPages(on, ioPagesOf(plan)));
  if (pages === undefined) throw new Error('the machine of this test is too small for its I/O pages');
  return pages;
}

function bench(changes: Partial<JobPlan> = {}, bufferLayout: BufferLayout = 'per-cpu-global') {
  const machine = makeMachine({ bufferLayout, memoryBytes: 400 * 4096, diskSizeBytes: SLOTS * 4096 });
  const cpu = new OneCpu(machine.arena, new SizedCodec(machine.arena));
  const clock = new HandClock();
  const set = pageSet(40);
  const written = new WrittenPages(new SharedArrayBuffer(writtenPagesBytes(SLOTS)), [set]);
  const plan = jobPlan(changes);
  const job = new Job(plan, {
    device: machine.device(0),
    pageSet: set,
    written,
    clock,
    ioPages: pagesFor(cpu, machine, plan),
  });
  return {
    machine,
    clock,
    job,
    set,
    /** Runs batches until the job says that it has ended, at most `most` of them; answers with what it said last. */
    run: (phase: 'layout' | 'main' | 'verify', most = 1000): BatchOutcome => {
      job.begin(phase);
      let outcome: BatchOutcome = 'more';
      for (let batch = 0; batch < most && outcome === 'more'; batch++) outcome = cpu.run((on) => job.batch(on));
      return outcome;
    },
    batch: (): BatchOutcome => cpu.run((on) => job.batch(on)),
    discard: (slot: number): void => {
      cpu.discard(machine.device(0), slot);
    },
    /** Page of the set in each slot of the stretch, `.` for none: `0 1 2 . .`. */
    draw: (slots = 16): string =>
      Array.from({ length: slots }, (_, slot) => {
        const words = new Int32Array(new Uint8Array(cpu.read(machine.device(0), slot)).buffer);
        return words[0] === 0 ? '.' : String(words[1]);
      }).join(' '),
    stored: (): number => readDeviceStatistics(machine.arena, 0).pagesStored,
  };
}

describe('a job that goes on when requests fail', () => {
  /** A batch mixes writes to the same blocks, and the codec fails every so many pages. */
  function failing(
    seed: number,
    { every, blockPages, freeOrder }: { every: number; blockPages: number; freeOrder: FreeOrder },
  ) {
    const zram = { zspagePages: 8, freeOrder, allocationStages: 'one' } as const;
    const { arena } = makeMachine({ memoryBytes: 400 * 4096, diskSizeBytes: SLOTS * 4096, zram });
    const faults = FaultInjector.create({ codec: { every } });
    const machine = new Machine(arena, faults);
    const codec = new SizedCodec(arena);
    const cpu = new OneCpu(arena, new FailingCodec(codec, faults));
    const plan = jobPlan({ pattern: 'randrw', blocks: 4, blockPages, ioDepth: 8, blocksToDo: 200, seed });
    const set = pageSet(40);
    const written = new WrittenPages(new SharedArrayBuffer(writtenPagesBytes(SLOTS)), [set]);
    const job = new Job(plan, {
      device: machine.device(0),
      pageSet: set,
      written,
      clock: new HandClock(),
      ioPages: pagesFor(cpu, machine, plan),
      goesOn: {
        failedSlot: (on) => arena.word(arena.cpuWord(on.id) + CpuW.slot),
        losesOldContent: freeOrder === 'first',
      },
    });
    faults.arm(true);
    job.begin('main');
    let outcome: BatchOutcome = 'more';
    while (outcome === 'more') outcome = cpu.run((on) => job.batch(on));
    faults.arm(false);
    return {
      outcome,
      arena,
      job,
      written,
      read: (slot: number) => new OneCpu(arena, codec).read(machine.device(0), slot),
    };
  }

  it('finishes, and its record is what the device holds, page by page', () => {
    const setting = fc.record({
      every: fc.integer({ min: 1, max: 9 }),
      blockPages: fc.integer({ min: 1, max: 4 }),
      freeOrder: fc.constantFrom(...FREE_ORDERS),
    });
    const property = (seed: number, given: Parameters<typeof failing>[1]): void => {
      const { outcome, arena, written, read } = failing(seed, given);
      expect(outcome).toBe('finished');
      const { failedWrites } = readDeviceStatistics(arena, 0);
      expect(failedWrites).toBeGreaterThan(0);
      for (let slot = 0; slot < 4 * given.blockPages; slot++) {
        const bytes = new Uint8Array(read(slot));
        const page = { address: physicalAddress(0), bytes, words: new Int32Array(bytes.buffer) };
        expect(written.matches(slot, page), `slot ${slot}`).toBe(true);
      }
    };
    fc.assert(fc.property(fc.nat(10_000), setting, property), { numRuns: 60 });
  });

  it('does not count a read that failed as one that was verified', () => {
    const { job, arena } = failing(3, { every: 4, blockPages: 1, freeOrder: 'last' });
    const { failedReads, failedWrites } = readDeviceStatistics(arena, 0);
    expect(failedReads).toBeGreaterThan(0);
    expect(job.verifiedPages).toBeLessThanOrEqual(200 - failedReads - failedWrites);
  });
});

describe('writing', () => {
  it('puts page after page of the set into block after block', () => {
    const under = bench();
    expect(under.run('main')).toBe('finished');
    expect(under.draw()).toBe('0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15');
    expect(under.clock.requests).toBe('w'.repeat(16));
  });

  it('begins at its own page of the set and goes round in it', () => {
    const under = bench({ firstSetPage: 36 });
    under.run('main');
    expect(under.draw()).toBe('36 37 38 39 0 1 2 3 4 5 6 7 8 9 10 11');
  });

  it('stays within its stretch of the disk', () => {
    const under = bench({ firstSlot: 4, blocks: 3, blockPages: 2, blocksToDo: 3 });
    under.run('main');
    expect(under.draw(12)).toBe('. . . . 0 1 2 3 4 5 . .');
  });

  it('overwrites with other pages when it has more to do than its stretch holds', () => {
    const under = bench({ blocks: 4, blocksToDo: 10 });
    expect(under.run('main')).toBe('finished');
    expect(under.draw(4)).toBe('8 9 6 7');
  });

  it('in random order takes the same pages to other places, every block once', () => {
    const under = bench({ pattern: 'randwrite' });
    under.run('main');
    const drawn = under.draw();
    expect(drawn).not.toBe('0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15');
    expect(
      drawn
        .split(' ')
        .map(Number)
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 16 }, (_, at) => at));
    const again = bench({ pattern: 'randwrite' });
    again.run('main');
    expect(again.draw()).toBe(drawn);
    const other = bench({ pattern: 'randwrite', seed: 2 });
    other.run('main');
    expect(other.draw()).not.toBe(drawn);
  });

  it('submits no more than is left when the depth is larger', () => {
    const under = bench({ ioDepth: 32, blocks: 5, blocksToDo: 5 });
    under.job.begin('main');
    expect(under.batch()).toBe('finished');
    expect(under.clock.requests).toBe('wwwww');
    expect(under.stored()).toBe(5);
  });

  it('ends each batch at its depth', () => {
    const under = bench({ ioDepth: 6, blocksToDo: 14 });
    under.job.begin('main');
    expect([under.batch(), under.batch(), under.batch(), under.batch()]).toEqual([
      'more',
      'more',
      'finished',
      'finished',
    ]);
    expect(under.clock.requests).toHaveLength(14);
  });

  it.each(BUFFER_LAYOUTS)('puts the same bytes on the disk under %s', (bufferLayout) => {
    const under = bench({ pattern: 'randwrite', blocksToDo: 40, seed: 77 }, bufferLayout);
    under.run('main');
    const first = bench({ pattern: 'randwrite', blocksToDo: 40, seed: 77 }, BUFFER_LAYOUTS[0]);
    first.run('main');
    expect(under.draw()).toBe(first.draw());
  });
});

describe('reading', () => {
  it('checks every page against what was written', () => {
    const under = bench();
    under.run('main');
    expect(under.run('verify')).toBe('finished');
    expect(under.job.verifiedPages).toBe(16);
    expect(under.clock.requests).toBe('w'.repeat(16) + 'r'.repeat(16));
  });

  it('verifies only the blocks that were written', () => {
    const under = bench({ pattern: 'randwrite', blocksToDo: 7 });
    under.run('main');
    under.run('verify');
    expect(under.job.verifiedPages).toBe(7);
  });

  it('has nothing to verify where nothing was written, and says so at once', () => {
    const under = bench();
    expect(under.run('verify')).toBe('finished');
    expect(under.clock.requests).toBe('');
    under.job.begin('verify', 1000);
    expect(under.batch()).toBe('finished');
  });

  it('expects zeros from blocks that were never written', () => {
    const under = bench({ pattern: 'read' });
    expect(under.run('main')).toBe('finished');
    expect(under.job.verifiedPages).toBe(16);
  });

  it('reads what layout wrote', () => {
    const under = bench({ pattern: 'randread', blocksToDo: 32 });
    expect(under.run('layout')).toBe('finished');
    expect(under.stored()).toBe(16);
    expect(under.run('main')).toBe('finished');
    expect(under.job.verifiedPages).toBe(32);
    expect(under.clock.requests).toBe('w'.repeat(16) + 'r'.repeat(32));
  });

  it('counts all pages of a block', () => {
    const under = bench({ blockPages: 4, blocks: 8, blocksToDo: 8 });
    under.run('main');
    under.run('verify');
    expect(under.job.verifiedPages).toBe(32);
  });

  it('finds a page that was lost, and names job, device and slot', () => {
    const under = bench({ name: 'writer', firstSlot: 10 });
    under.run('main');
    under.discard(13);
    expect(under.run('verify')).toEqual({ kind: 'mismatch', job: 'writer', device: 0, slot: 13 });
  });

  it('finds a page that was damaged in the pool', () => {
    const under = bench();
    under.run('main');
    // Page 2 of the set has 1162 bytes; its object begins with tag and size.
    const { arena } = under.machine;
    const object = Buffer.from(arena.buffer).lastIndexOf(Buffer.from(Int32Array.of(2, 100 + 2 * 531).buffer));
    arena.bytes.fill(0, object + 500, object + 510);
    expect(under.run('verify')).toEqual({ kind: 'corrupt', job: 'job', device: 0, slot: 2 });
    expect(under.job.verifiedPages).toBe(0);
  });

  it('finds pages of two slots that were exchanged', () => {
    const under = bench();
    under.run('main');
    const { arena } = under.machine;
    const table = arena.frameAddress(frameNumber(arena.word(arena.deviceWord(0) + DeviceW.slotTableFirstFrame)));
    const [first, second] = [arena.bytes.slice(table, table + 16), arena.bytes.slice(table + 16, table + 32)];
    arena.bytes.set(second, table);
    arena.bytes.set(first, table + 16);
    expect(under.run('verify')).toMatchObject({ kind: 'mismatch', slot: 0 });
  });
});

describe('mixed patterns', () => {
  it.each(['readwrite', 'randrw'] as const)(
    'of %s read about the share that was asked for, and all is as written',
    (pattern) => {
      const under = bench({ pattern, readPercent: 70, blocksToDo: 400 });
      expect(under.run('layout')).toBe('finished');
      under.clock.requests = '';
      expect(under.run('main')).toBe('finished');
      const reads = under.clock.requests.replaceAll('w', '').length;
      expect(reads).toBeGreaterThan(0.6 * 400);
      expect(reads).toBeLessThan(0.8 * 400);
      expect(under.job.verifiedPages).toBeGreaterThan(0);
      expect(under.run('verify')).toBe('finished');
      auditMachine(under.machine.arena);
    },
  );

  it('keep sequential cursors for reads and writes apart, as fio does', () => {
    const under = bench({ pattern: 'readwrite', blocksToDo: 40 });
    under.run('layout');
    under.run('main');
    const writes = under.clock.requests.slice(16).replaceAll('r', '').length;
    // Writes went on from block 0, one after another, with the set's pages after the 16 of layout.
    expect(under.draw().split(' ').slice(0, 4).map(Number)).toEqual(
      [0, 1, 2, 3].map((block) => (16 + block + (writes > block + 16 ? 16 : 0)) % 40),
    );
  });

  it('do not mistake a block that is written again in the same batch for a damaged one', () => {
    const under = bench({ pattern: 'readwrite', blocks: 2, blocksToDo: 200, ioDepth: 16 });
    under.run('layout');
    expect(under.run('main')).toBe('finished');
    expect(under.run('verify')).toBe('finished');
  });

  it.each(ACCESS_PATTERNS)('and all others repeat themselves from the same seed: %s', (pattern) => {
    const requests = (): string => {
      const under = bench({ pattern, blocksToDo: 60, seed: 5 });
      under.run('layout');
      under.run('main');
      return `${under.clock.requests} ${under.draw()}`;
    };
    expect(requests()).toBe(requests());
  });
});

describe('ends', () => {
  it('come with the run time, at the next batch', () => {
    const under = bench({ runtimeMs: 100, blocksToDo: undefined });
    under.clock.tickMs = 3;
    expect(under.run('main')).toBe('finished');
    expect(under.clock.nowMs).toBeGreaterThanOrEqual(100);
    expect(under.clock.requests.length).toBeGreaterThan(16);
    expect(under.clock.requests.length).toBeLessThan(60);
  });

  it('come with the size when that is reached before the run time', () => {
    const under = bench({ runtimeMs: 1e9 });
    under.clock.tickMs = 1;
    expect(under.run('main')).toBe('finished');
    expect(under.clock.requests).toHaveLength(16);
  });

  it('do not come with the run time in layout, which must be whole', () => {
    const under = bench({ pattern: 'read', runtimeMs: 1 });
    under.clock.tickMs = 10;
    expect(under.run('layout')).toBe('finished');
    expect(under.stored()).toBe(16);
  });

  it('come after the time to repeat for, whatever size and run time say', () => {
    for (const phase of ['main', 'verify'] as const) {
      const under = bench({ runtimeMs: 5 });
      under.run('main');
      under.clock.requests = '';
      under.clock.tickMs = 1;
      under.job.begin(phase, 200);
      while (under.batch() === 'more');
      expect(under.clock.requests.length).toBeGreaterThan(100);
      expect(new Set(under.clock.requests)).toEqual(new Set(phase === 'main' ? 'w' : 'r'));
    }
  });

  it('come when the run is stopped, before the next request', () => {
    const under = bench({ ioDepth: 8 });
    under.job.begin('main');
    expect(under.batch()).toBe('more');
    under.clock.isStopped = true;
    expect(under.batch()).toBe('finished');
    expect(under.clock.requests).toHaveLength(8);
  });

  it('come within a batch when the run is stopped in its middle', () => {
    const under = bench({ ioDepth: 16 });
    under.clock.record = () => {
      under.clock.requests += 'w';
      under.clock.isStopped = under.clock.requests.length === 3;
    };
    expect(under.run('main')).toBe('finished');
    expect(under.clock.requests).toBe('www');
  });

  it('come with a failure when memory runs out, naming the page', () => {
    const under = bench({ name: 'greedy', firstSlot: 2 });
    setLimit(under.machine.arena, 6);
    expect(under.run('main')).toMatchObject({ kind: 'no-memory', job: 'greedy', device: 0 });
    auditMachine(under.machine.arena);
  });
});

describe('two jobs of one CPU', () => {
  it('take turns without touching each other, and check each other through the shared record', () => {
    const machine = makeMachine({ memoryBytes: 400 * 4096, diskSizeBytes: SLOTS * 4096 });
    const set = pageSet(40);
    const clock = new HandClock();
    const written = new WrittenPages(new SharedArrayBuffer(writtenPagesBytes(SLOTS)), [set]);
    const before = new OneCpu(machine.arena);
    const makeJob = (changes: Partial<JobPlan>): Job => {
      const plan = jobPlan(changes);
      const ioPages = pagesFor(before, machine, plan);
      return new Job(plan, { device: machine.device(0), pageSet: set, written, clock, ioPages });
    };
    const jobs = [0, 1].map((index) =>
      makeJob({ name: `job ${index}`, firstSlot: index * 16, firstSetPage: index * 16, blocksToDo: 64 }),
    );
    const codec = new SizedCodec(machine.arena);
    const engine = new Interleaver({ arena: machine.arena, random: new Random(4), codec, switchChance: 100 });
    const outcomes: BatchOutcome[] = [];
    const runToEnd = function* (cpu: Cpu, job: Job): Suspending<void> {
      let outcome: BatchOutcome = 'more';
      while (outcome === 'more') outcome = yield* job.batch(cpu);
      outcomes.push(outcome);
    };
    for (const phase of ['main', 'verify'] as const) {
      for (const job of jobs) {
        job.begin(phase);
        const cpu = engine.cpu(cpuId(0));
        engine.spawn(cpu, job.plan.name, runToEnd(cpu, job));
      }
      engine.run();
    }
    expect(outcomes).toEqual(['finished', 'finished', 'finished', 'finished']);
    expect(jobs.map((job) => job.verifiedPages)).toEqual([16, 16]);
    const reader = makeJob({ name: 'reader', pattern: 'read', blocks: 32, blocksToDo: 32 });
    reader.begin('main');
    const cpu = engine.cpu(cpuId(1));
    engine.spawn(cpu, 'reader', runToEnd(cpu, reader));
    engine.run();
    expect(reader.verifiedPages).toBe(32);
  });
});

describe('at the extremes', () => {
  /** A job on a device that keeps nothing: what it is given to write, it is asked to look at. */
  function jobOn(set: PageSet, changes: Partial<JobPlan>, onWrite: (page: IoPage) => void = () => undefined) {
    const plan = jobPlan(changes);
    const buffer = new SharedArrayBuffer(set.pageSizeBytes);
    const page: IoPage = { address: physicalAddress(0), bytes: Buffer.from(buffer), words: new Int32Array(buffer) };
    return new Job<undefined>(plan, {
      device: {
        read: () => IoStatus.done,
        write: (_cpu, _slot, pages) => {
          for (const written of pages) onWrite(written);
          return IoStatus.done;
        },
      },
      pageSet: set,
      written: new WrittenPages(new SharedArrayBuffer(writtenPagesBytes(plan.blocks)), [set]),
      clock: new HandClock(),
      ioPages: Array.from({ length: ioPagesOf(plan) }, () => page),
    });
  }

  it('a job writes the pages of its set that lie beyond 4 GiB, not those 4 GiB below', () => {
    const [pageSizeBytes, firstSetPage] = [65536, 2 ** 32 / 65536 - 1];
    // Takes address space, and memory only for what is touched.
    const bytes = new SharedArrayBuffer(2 ** 32 + 2 * pageSizeBytes);
    const set = { pageSizeBytes, count: bytes.byteLength / pageSizeBytes, bytes, description: 'a block of 4 GiB' };
    const numbers = new Int32Array(bytes);
    const first = (page: number): number => (page * pageSizeBytes) / 4;
    for (let page = 0; page < 3; page++) numbers[first(firstSetPage + page)] = 100 + page;
    const found: number[] = [];
    const job = jobOn(set, { blocks: 3, blocksToDo: 3, ioDepth: 1, firstSetPage }, ({ words }) => {
      found.push(words[0] ?? 0);
    });
    job.begin('main');
    while (complete(job.batch(undefined)) === 'more');
    expect(found).toEqual([100, 101, 102]);
  });

  it.each(['read', 'randrw'] as const)(
    'a queue of 200,000 requests, pattern %s, is checked read by read',
    (pattern) => {
      const set = { pageSizeBytes: 64, count: 1, bytes: new SharedArrayBuffer(64), description: 'a page of zeros' };
      const [blocks, ioDepth] = [200_000, 200_000];
      let writes = 0;
      const job = jobOn(set, { pattern, blocks, ioDepth, blocksToDo: blocks }, () => {
        writes += 1;
      });
      job.begin('main');
      expect(complete(job.batch(undefined))).toBe('finished');
      expect(writes > 0).toBe(pattern === 'randrw');
      expect(job.verifiedPages).toBe(blocks - writes);
    },
  );
});
