/**
 * Torture under the live engine: `npm run bench -- torture [SEQUENCES] [FIRST SEED]`, 1000 from seed 1 unless said. Each sequence is
 * a machine of four CPUs, each a thread: writes, reads, discards, per-CPU objects, compaction, recompression, CPUs that go down
 * and come up, a reset, with refused frames, atomic requests, codec calls and bring-ups, and the lock checker on. Stops at the first
 * sequence that ends otherwise than it should, and says its seed. Nothing is measured.
 */
import { codecSource } from '../src/main/engine/codec/codec-source.ts';
import type { TortureCounts } from '../src/main/engine/live/torture/torture-cpu.ts';
import { Torture } from '../src/main/engine/live/torture/torture.ts';

const WORKER = new URL('../src/main/engine/live/torture/torture-worker.ts', import.meta.url);
const TURNS = 40;
const REPORT_EVERY = 100;

const [sequences = 1000, firstSeed = 1] = process.argv.slice(2).map(Number);
const codec = codecSource(new URL('../out/codec/lz4-kernel.wasm', import.meta.url))('lz4-kernel');
if (!codec.ok) throw new Error(codec.error.message);
const torture = new Torture(WORKER, codec.value);
const sums: Record<string, number> = {};
let injected = 0;
for (let seed = firstSeed; seed < firstSeed + sequences; seed++) {
  const { problems, counts, faults } = await torture.run(seed, TURNS);
  if (problems.length > 0) {
    console.error(`seed ${seed}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    process.exitCode = 1;
    break;
  }
  add(counts);
  injected += faults.reduce((sum, fault) => sum + fault.injected, 0);
  const done = seed - firstSeed + 1;
  if (done % REPORT_EVERY === 0 || done === sequences)
    console.log(`${done} sequences: ${told()}, ${injected} refusals`);
}
await torture.close();

function add(counts: TortureCounts | undefined): void {
  for (const [name, count] of Object.entries(counts ?? {})) sums[name] = (sums[name] ?? 0) + Number(count);
}

function told(): string {
  return Object.entries(sums)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
