/** The core of a CPU's thread, in this process: requests in, answers collected, the barrier opened beforehand. */
import { compressSync, uncompressSync } from 'lz4-napi';
import { describe, expect, it } from 'vitest';
import { allocateArena } from '../../../../src/main/engine/codec/arena-memory.ts';
import { arenaModule } from '../../../../src/main/engine/codec/arena-module.ts';
import { CpuCore } from '../../../../src/main/engine/live/cpu-core.ts';
import type { CpuRequest, CpuResponse } from '../../../../src/main/engine/live/protocol.ts';
import type { SamplePlan } from '../../../../src/main/engine/live/sample-plan.ts';
import { Machine } from '../../../../src/main/machine/machine.ts';
import { bootMachine } from '../../../../src/main/machine/boot.ts';
import type { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { CpuW, DeviceW, HeaderW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { Operation } from '../../../../src/main/machine/operation.ts';
import { readDeviceStatistics } from '../../../../src/main/machine/zram/device-statistics.ts';
import { cpuId } from '../../../../src/main/machine/units.ts';
import { writtenPagesBytes } from '../../../../src/main/workload/written-pages.ts';
import { setLimit } from '../../machine/fixtures/mm-stat.ts';
import { auditMachine } from '../../machine/fixtures/pool-audit.ts';
import { valueOf } from '../../lab/small-lab.ts';
import { codecParts } from '../codec/test-codecs.ts';
import { arenaFor, smallSample } from './sample-plans.ts';

function coreWith(changes: Partial<Parameters<typeof smallSample>[0]> = {}) {
  const plan = smallSample({ cpus: 1, bufferLayout: 'single-mutex', blocks: 40, ...changes });
  const memory = arenaFor(plan);
  const booted = bootMachine(memory.buffer, plan.machine);
  if (!booted.ok) throw new Error(booted.error.message);
  const answers: CpuResponse[] = [];
  const core = new CpuCore((response) => answers.push(response));
  return { plan, arena: booted.value, core, answers };
}

function prepareRequest(plan: SamplePlan, arena: Arena, cpu = 0): CpuRequest {
  const jobs = plan.jobs.filter((job) => job.cpu === cpu);
  const written = [new SharedArrayBuffer(writtenPagesBytes(arena.slotCount))];
  return {
    kind: 'prepare',
    memory: { buffer: arena.buffer },
    codec: plan.codec,
    cpu,
    jobs,
    percpuJobs: [],
    pageSets: plan.pageSets,
    written,
  };
}

function phaseRequest(phase: 'main' | 'verify', number: number, jobs = ['job.0']): CpuRequest {
  return { kind: 'phase', phase, number, jobs };
}

/** All barriers are open. */
function openBarriers(arena: Arena): void {
  Atomics.store(arena.words, HeaderW.go, 100);
}

function kinds(answers: readonly CpuResponse[]): string {
  return answers.map((answer) => answer.kind).join(' ');
}

describe('a core', () => {
  it('answers each request in turn, and a phase twice', async () => {
    const { plan, arena, core, answers } = coreWith();
    openBarriers(arena);
    await core.handle(prepareRequest(plan, arena));
    await core.handle(phaseRequest('main', 1));
    await core.handle(phaseRequest('verify', 2));
    await core.handle({ kind: 'release' });
    expect(kinds(answers)).toBe('prepared armed phaseDone armed phaseDone released');
    expect(arena.word(arena.cpuWord(cpuId(0)) + CpuW.operation)).toBe(Operation.finished);
    auditMachine(Machine.attach(arena.buffer).arena);
  });

  it('frees what came before a phase with lz4-napi before it says that it is ready', async () => {
    const { plan, arena } = coreWith();
    expect(plan.codec.name).toBe('lz4');
    openBarriers(arena);
    const externalBytes: number[] = [];
    const core = new CpuCore(({ kind }) => {
      if (kind === 'armed') externalBytes.push(process.memoryUsage().external);
    });
    await core.handle(prepareRequest(plan, arena));
    await core.handle(phaseRequest('main', 1));
    const page = compressSync(Buffer.alloc(4096, 'leftover'));
    for (let each = 0; each < 2000; each++) uncompressSync(page);
    await core.handle(phaseRequest('verify', 2));
    const [first = NaN, second = NaN] = externalBytes;
    expect(second - first).toBeLessThan(2e6);
  });

  it('knows the memory of the next machine again, until it is told that there is none', async () => {
    const { core, answers } = coreWith();
    const { module } = codecParts('lz4-kernel');
    const memory = valueOf(allocateArena(65_536, 'lz4-kernel'));
    const before = arenaModule(module, memory);
    await core.handle({ kind: 'release' });
    expect(arenaModule(module, memory)).toBe(before);
    await core.handle({ kind: 'release', memoryToo: true });
    expect(arenaModule(module, memory)).not.toBe(before);
    expect(kinds(answers)).toBe('released released');
  });

  it('reports what each phase did, and no more', async () => {
    const { plan, arena, core, answers } = coreWith();
    openBarriers(arena);
    await core.handle(prepareRequest(plan, arena));
    await core.handle(phaseRequest('main', 1));
    await core.handle(phaseRequest('verify', 2));
    const reports = answers.flatMap((answer) => (answer.kind === 'phaseDone' ? [answer.report] : []));
    expect(
      reports.map((report) => [report.latencies.write?.count, report.latencies.read?.count, report.verifiedPages]),
    ).toEqual([
      [40, undefined, 0],
      [undefined, 40, 40],
    ]);
    for (const report of reports) expect(report.endNs).toBeGreaterThan(report.startNs);
    expect(reports[1]?.startNs).toBeGreaterThan(reports[0]?.endNs ?? 0n);
  });

  it('reports the time of its thread on a core, which some hosts count by the tick', async () => {
    const { plan, arena, core, answers } = coreWith();
    openBarriers(arena);
    await core.handle(prepareRequest(plan, arena));
    const isTold = (): boolean =>
      answers.some((answer) => answer.kind === 'phaseDone' && answer.report.processorNs > 0);
    for (let attempt = 0; attempt < 5000 && !isTold(); attempt++) await core.handle(phaseRequest('main', 1));
    expect(isTold()).toBe(true);
  });

  it('runs only the jobs that the phase names', async () => {
    const { plan, arena, core, answers } = coreWith({ cpus: 3 });
    openBarriers(arena);
    const jobs = plan.jobs.map((job) => ({ ...job, cpu: 0 }));
    await core.handle(prepareRequest({ ...plan, jobs }, arena));
    await core.handle(phaseRequest('main', 1, ['job.0', 'job.2']));
    const done = answers.at(-1);
    expect(done?.kind === 'phaseDone' && done.report.latencies.write?.count).toBe(80);
    expect(readDeviceStatistics(arena, 0).pagesStored).toBe(80);
  });

  it('reports the job that failed, with the rest of its figures', async () => {
    const { plan, arena, core, answers } = coreWith();
    openBarriers(arena);
    setLimit(arena, 8);
    await core.handle(prepareRequest(plan, arena));
    await core.handle(phaseRequest('main', 1));
    const done = answers.at(-1);
    if (done?.kind !== 'phaseDone') throw new Error(`answered ${done?.kind ?? 'nothing'}`);
    expect(done.report.failure).toMatchObject({ kind: 'no-memory', job: 'job.0', device: 0 });
    expect(done.report.latencies.write?.count).toBeLessThan(40);
  });

  it('ends a phase at once when the run is stopped', async () => {
    const { plan, arena, core, answers } = coreWith();
    openBarriers(arena);
    Atomics.store(arena.words, HeaderW.stop, 1);
    await core.handle(prepareRequest(plan, arena));
    await core.handle(phaseRequest('main', 1));
    const done = answers.at(-1);
    expect(done?.kind === 'phaseDone' && done.report.latencies.write).toBeUndefined();
  });

  it('leaves the barrier when the machine is halted', async () => {
    const { plan, arena, core, answers } = coreWith();
    Atomics.store(arena.words, HeaderW.halt, 1);
    await core.handle(prepareRequest(plan, arena));
    await core.handle(phaseRequest('main', 1));
    expect(kinds(answers)).toBe('prepared armed halted');
  });

  it('gives up waiting for a lock that a dead CPU holds when the machine is halted', async () => {
    const { plan, arena, core, answers } = coreWith();
    openBarriers(arena);
    arena.words[arena.deviceWord(0) + DeviceW.mutex] = 1;
    Atomics.store(arena.words, HeaderW.halt, 1);
    await core.handle(prepareRequest(plan, arena));
    await core.handle(phaseRequest('main', 1));
    expect(kinds(answers)).toBe('prepared armed halted');
  });
});

describe('with lz4, whose outputs Node frees in turns of the event loop alone', () => {
  it('gives them back while a phase runs', async () => {
    const blocks = 150_000;
    const mixture = { zeroPercent: 0, samePercent: 0, randomPercent: 100 };
    const { plan, arena, core, answers } = coreWith({ blocks: 2000, memoryPages: 4096, mixture });
    openBarriers(arena);
    const jobs = plan.jobs.map((job) => ({ ...job, blocksToDo: blocks }));
    await core.handle(prepareRequest({ ...plan, jobs }, arena));
    await core.handle(phaseRequest('main', 1));
    const before = process.memoryUsage.rss();
    await core.handle(phaseRequest('main', 2));
    const grownBytes = process.memoryUsage.rss() - before;
    const done = answers.at(-1);
    expect(done?.kind === 'phaseDone' && done.report.latencies.write?.count).toBe(blocks);
    expect(grownBytes, 'of some 600 MB that were allocated').toBeLessThan(blocks * 1024);
  });
});

describe('what must not happen', () => {
  it('is said in a sentence, and the core goes on serving', async () => {
    const { plan, arena, core, answers } = coreWith();
    await core.handle(phaseRequest('main', 1));
    expect(answers).toEqual([{ kind: 'threw', message: 'a phase was asked for before anything was prepared' }]);
    openBarriers(arena);
    await core.handle(prepareRequest(plan, arena));
    await core.handle(phaseRequest('main', 1));
    await core.handle({ kind: 'release' });
    await core.handle(phaseRequest('main', 2));
    expect(kinds(answers)).toBe('threw prepared armed phaseDone released threw');
  });

  it('covers an arena that holds no machine, and parts that a plan names but does not bring', async () => {
    const { plan, arena, core, answers } = coreWith();
    const request = prepareRequest(plan, arena);
    await core.handle({ ...request, memory: { buffer: new SharedArrayBuffer(4096) } } as CpuRequest);
    await core.handle({ ...request, pageSets: [] } as CpuRequest);
    await core.handle({ ...request, jobs: plan.jobs.map((job) => ({ ...job, device: 5 })) } as CpuRequest);
    const messages = answers.map((answer) => (answer.kind === 'threw' ? answer.message : answer.kind));
    expect(messages[0]).toBe('the buffer holds no machine of this version');
    expect(messages[1]).toContain('page set 0');
    expect(messages[2]).toMatch(/device 5|record/);
  });
});
