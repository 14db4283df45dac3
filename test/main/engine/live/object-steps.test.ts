/** Steps that are compiled leave a machine, byte for byte, as those do that are taken one by one. */
import { arenaModule } from '../../../../src/main/engine/codec/arena-module.ts';
import { describe, expect, it } from 'vitest';
import { allocateArena, type ArenaMemory } from '../../../../src/main/engine/codec/arena-memory.ts';
import { makeCodec } from '../../../../src/main/engine/codec/make-codec.ts';
import { LiveCpu } from '../../../../src/main/engine/live/live-cpu.ts';
import { lockWordsOf } from '../../../../src/main/engine/live/lock-words.ts';
import { complete } from '../../../../src/main/machine/cpu.ts';
import { Arena, type MachineConfig } from '../../../../src/main/machine/memory/arena.ts';
import type { ObjectSteps } from '../../../../src/main/machine/object-steps.ts';
import { LOCKED } from '../../../../src/main/machine/sync/lock.ts';
import { cpuId, frameNumber, lockWord } from '../../../../src/main/machine/units.ts';
import { IoStatus, settle } from '../../../../src/main/machine/zram/io-status.ts';
import { CURRENT_ZRAM } from '../../../../src/main/machine/zram/zram-variant.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { valueOf } from '../../lab/small-lab.ts';
import { machineConfig, makeMachine } from '../../machine/fixtures/make-machine.ts';
import { codecParts } from '../codec/test-codecs.ts';

const PARTS = codecParts('lz4-kernel');
const SLOTS = 600;

/** How often each step served, and how often it left its work to others. */
interface Served {
  readonly stored: [done: number, left: number];
  readonly entered: [done: number, left: number];
}

function counting(steps: ObjectSteps): { readonly steps: ObjectSteps; readonly served: Served } {
  const served: Served = { stored: [0, 0], entered: [0, 0] };
  return {
    served,
    steps: {
      takeAndCopy: (...args) => {
        const handle = steps.takeAndCopy(...args);
        served.stored[handle === 0 ? 1 : 0]++;
        return handle;
      },
      enterObject: (...args) => {
        const entered = steps.enterObject(...args);
        served.entered[entered === 0 ? 1 : 0]++;
        return entered;
      },
    },
  };
}

function machineIn(memory: ArenaMemory, config: MachineConfig, withSteps: boolean) {
  const machine = makeMachine(config, memory.buffer);
  const compiled = arenaModule(PARTS.module, memory);
  if (compiled === undefined) throw new Error('the module reaches this memory');
  const { steps, served } = counting(compiled);
  const parts = { locks: lockWordsOf(PARTS, memory), objectSteps: withSteps ? steps : undefined };
  const cpu = new LiveCpu(machine.arena, cpuId(0), makeCodec(PARTS, memory, config.pageSizeBytes), parts);
  const [page] = complete(machine.takeIoPages(cpu, 1)) ?? [];
  if (page === undefined) throw new Error('the machine has a page left');
  return { machine, cpu, page, served };
}

/** Pages of all sizes of objects, huge and same-filled ones, over slots that are new or have content, and slots that are freed. */
function work({ machine, cpu, page }: ReturnType<typeof machineIn>, steps: number): void {
  const random = new Random(7);
  const device = machine.device(0);
  for (let step = 0; step < steps; step++) {
    const slot = random.nextBelow(SLOTS);
    if (random.nextBelow(8) === 0) {
      complete(device.discard(cpu, slot, 1));
      continue;
    }
    page.bytes.fill(random.nextBelow(3));
    const noise = random.nextBelow(page.bytes.length + 1);
    for (let at = 0; at < noise; at++) page.bytes[at] = random.nextBelow(256);
    expect(complete(settle(device.write(cpu, slot, [page])))).toBe(IoStatus.done);
  }
}

describe('compiled object steps', () => {
  it.each([
    { pageSizeBytes: 4096 as const, zspagePages: 8 },
    { pageSizeBytes: 4096 as const, zspagePages: 16 },
    { pageSizeBytes: 16_384 as const, zspagePages: 4 },
  ])('leave the same arena as single steps: %o', ({ pageSizeBytes, zspagePages }) => {
    const small = machineConfig({
      pageSizeBytes,
      diskSizeBytes: SLOTS * pageSizeBytes,
      memoryBytes: 2048 * pageSizeBytes,
    });
    const config = { ...small, zram: { ...CURRENT_ZRAM, zspagePages } };
    const memories = [0, 1].map(() => valueOf(allocateArena(Arena.bytesFor(config), 'lz4-kernel')));
    const [compiled, single] = memories.map((memory, index) => machineIn(memory, config, index === 0));
    if (compiled === undefined || single === undefined) throw new Error('two machines');
    for (const each of [compiled, single]) work(each, 3000);
    const [one, other] = memories.map(({ buffer }) => Buffer.from(buffer, 0, Arena.bytesFor(config)));
    expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true);
    // Both ways were gone often enough for this to say something.
    for (const counts of [...compiled.served.stored, ...compiled.served.entered]) expect(counts).toBeGreaterThan(50);
    expect(single.served).toEqual({ stored: [0, 0], entered: [0, 0] });
  });

  it('leave everything alone where a lock is held', () => {
    const config = machineConfig({ diskSizeBytes: SLOTS * 4096 });
    const memory = valueOf(allocateArena(Arena.bytesFor(config), 'lz4-kernel'));
    const { machine } = machineIn(memory, config, true);
    const steps = arenaModule(PARTS.module, memory);
    const { arena } = machine;
    const before = Buffer.from(Buffer.from(arena.buffer, 0, Arena.bytesFor(config)));
    const block = lockWord(arena.poolClassWord(0));
    arena.words[block] = LOCKED;
    expect(steps?.takeAndCopy(block, 32, 128, lockWord(9), arena.frameAddress(frameNumber(1)), 20)).toBe(0);
    expect(arena.words[block]).toBe(LOCKED);
    arena.words[block] = 0;
    expect(Buffer.from(arena.buffer, 0, Arena.bytesFor(config)).equals(before)).toBe(true);
  });
});
