/**
 * this_cpu_add in each access mode under the live engine: time per operation, and totals.
 *
 *     time      one CPU, three tasks, 10^7 additions; each mode in a machine and a thread of its own, all modes in turn beside an
 *               empty loop of as many turns. Five rounds of five measurements each, taken alternately, so that minutes in
 *               which the host is slower fall on all rounds; a round has the lower quartile of its five
 *     totals    two CPUs, three tasks each, 10^8 additions, with interrupts in the middle of operations and migrations
 *
 * All modes translate addresses by the same software TLB, once per access, which is most of the time. Times are processor
 * times of the threads, so that other programs on the host disturb less. The ratio is taken round by
 * round: local mapping over preempt-off + offset. 0.6 means that an operation takes 0.6 of the time.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { runStorm } from '../src/main/engine/live/storm/storm.ts';
import type { MixOutcome, StormPlan } from '../src/main/engine/live/storm/storm-plan.ts';
import { LoneCpu } from '../src/main/machine/lone-cpu.ts';
import { cpuId } from '../src/main/machine/units.ts';
import { ACCESS_MODE_WORDS, ACCESS_MODES, type AccessMode } from '../src/shared/design.ts';

const ROUNDS = 5;
const TURNS = 5;
const ADDITIONS = 10_000_000;
const TOTAL_ADDITIONS = 100_000_000;
const SLICE = 20_000;
const WORKER = new URL('../src/main/engine/live/storm/storm-worker.ts', import.meta.url);
const BOOT_CPU = new LoneCpu(cpuId(0));

const UNOBSERVED = { onMix: () => undefined, onTick: () => undefined };
const MACHINE: StormPlan['machine'] = {
  possibleCpus: 1,
  onlineCpus: 1,
  translation: '4k-48',
  memoryBytes: 4 * 2 ** 20,
  tlb: { entries: 64, ways: 4, cpusPerTlb: 1, isTagged: false },
  pgdTakesPage: false,
  mapping: { window: 'same-offset', firstChunk: 'page', tablesFor: 'possible', unitBytes: 65536, maxChunks: 1 },
};

type Row = AccessMode | 'empty loop';

async function storm(mode: AccessMode, cpus: number, additions: number): Promise<MixOutcome> {
  const tasksPerCpu = 3;
  const plan: StormPlan = {
    mode,
    machine: { ...MACHINE, possibleCpus: cpus, onlineCpus: cpus },
    tasksPerCpu,
    tickOperations: SLICE,
    balanceTicks: 4,
    mixes: [
      {
        name: 'counter storm',
        steps: [{ operation: 'add', number: 1 }],
        unitsPerTask: Math.ceil(additions / (cpus * tasksPerCpu)),
      },
    ],
    seed: 2026,
  };
  const outcome = await runStorm({ cpu: BOOT_CPU, workerUrl: WORKER }, plan, UNOBSERVED, new AbortController().signal);
  if (!outcome.ok) throw new Error(outcome.error.message);
  const [mix] = outcome.value.mixes;
  if (mix === undefined) throw new Error('the storm had no mix');
  return mix;
}

/** Nanoseconds a turn of a loop that only counts, in a thread of its own. */
function emptyLoop(): Promise<number> {
  const worker = new Worker(new URL(import.meta.url));
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function countTurns(): { turns: number; ns: number } {
  const before = process.threadCpuUsage();
  let turns = 0;
  while (turns < ADDITIONS) turns += 1;
  return { turns, ns: process.threadCpuUsage(before).user * 1000 };
}

async function measure(row: Row): Promise<number> {
  if (row === 'empty loop') return emptyLoop();
  const { processorNs, issued } = await storm(row, 1, ADDITIONS);
  return processorNs / issued;
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;
}

function spread(values: readonly number[], digits: number): string {
  const show = (value: number): string => value.toFixed(digits);
  return `${show(quantile(values, 0.5))} [${show(Math.min(...values))}, ${show(Math.max(...values))}]`;
}

async function benchTimes(): Promise<void> {
  const rows: readonly Row[] = ['empty loop', ...ACCESS_MODES];
  const times = new Map<Row, number[]>(rows.map((row) => [row, []]));
  const measured = new Map<Row, number[]>(rows.map((row) => [row, []]));
  for (let turn = 0; turn < ROUNDS * TURNS; turn++) {
    const order = turn % 2 === 0 ? rows : rows.toReversed();
    for (const row of order) measured.get(row)?.push(await measure(row));
  }
  for (const [row, values] of measured) {
    for (let round = 0; round < ROUNDS; round++) {
      times.get(row)?.push(
        quantile(
          values.filter((_, turn) => turn % ROUNDS === round),
          0.25,
        ),
      );
    }
  }
  for (const [row, values] of times) {
    const title = row === 'empty loop' ? row : ACCESS_MODE_WORDS[row].title;
    console.log(`${title.padEnd(22)}  ${spread(values, 2)} ns`);
  }
  const preempt = times.get('preempt-offset') ?? [];
  const ratios = (times.get('local-mapping') ?? []).map((local, round) => local / (preempt[round] ?? NaN));
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  console.log(
    `local mapping : preempt-off + offset  ${spread(ratios, 3)}, spread ${((most / least - 1) * 100).toFixed(1)} %`,
  );
}

async function benchTotals(): Promise<void> {
  for (const mode of ACCESS_MODES) {
    const { issued, counted, durationNs, figures } = await storm(mode, 2, TOTAL_ADDITIONS);
    const verdict = counted === issued ? 'exact' : `${issued - counted} lost`;
    const moves = `${figures.switches} switches, ${figures.migrations} migrations, ${figures.strayAccesses} stray`;
    const title = ACCESS_MODE_WORDS[mode].title.padEnd(22);
    console.log(`${title}  ${counted} of ${issued}: ${verdict}; ${moves}; ${(durationNs / 1e9).toFixed(2)} s`);
  }
}

if (isMainThread) {
  console.log(`Processor time per this_cpu_add, one CPU: median [low, high] of ${ROUNDS} rounds`);
  await benchTimes();
  console.log(`\nTotals, two CPUs with three tasks each`);
  await benchTotals();
} else {
  const { turns, ns } = countTurns();
  parentPort?.postMessage(ns / turns);
}
